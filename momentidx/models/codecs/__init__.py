"""Time as each model reads and writes it: one interface, one file per way."""
