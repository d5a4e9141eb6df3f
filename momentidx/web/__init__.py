"""The local page and its HTTP API: a process of its own that reads the library and never indexes."""
