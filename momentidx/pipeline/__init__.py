"""The order of the steps, the worker that takes them, and the daemon."""
