"""momentidx finds moments in footage and hands them to an editor's timeline."""

__version__ = "0.1.0"
