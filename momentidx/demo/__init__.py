"""Footage of our own making, with known contents: for `momentidx demo` and for tests."""
