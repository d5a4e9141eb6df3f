"""The SQLite library: footage, where it lies, what happens in it, and what is still to be done.

SQLite is the truth; stills and search indexes can be made again from it and the footage. One process
writes (`WritableLibrary`), any number read (`Library`).
"""

from momentidx.library.library import Library
from momentidx.library.values import (
    Described,
    FailedFile,
    FootageSummary,
    Job,
    LayerSummary,
    Location,
    Status,
)
from momentidx.library.writer import WritableLibrary

__all__ = [
    "Described",
    "FailedFile",
    "FootageSummary",
    "Job",
    "LayerSummary",
    "Library",
    "Location",
    "Status",
    "WritableLibrary",
]
