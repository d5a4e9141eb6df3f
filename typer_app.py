"""The Typer application; the entry point `momentidx`."""
