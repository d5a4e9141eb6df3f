"""The SQLite library: footage, where it lies, what happens in it, and what is still to be done.

SQLite is the truth; stills and search indexes can be made again from it and the footage. One process
writes (`WritableLibrary`), any number read (`Library`), and a person may change a bin at any time (`Bins`).
"""

from momentidx.library.bins import Bins
from momentidx.library.library import Library
from momentidx.library.values import (
    BinSummary,
    Described,
    FailedFile,
    FootageSummary,
    Job,
    LayerSummary,
    Location,
    Select,
    Status,
)
from momentidx.library.writer import WritableLibrary

__all__ = [
    "BinSummary",
    "Bins",
    "Described",
    "FailedFile",
    "FootageSummary",
    "Job",
    "LayerSummary",
    "Library",
    "Location",
    "Select",
    "Status",
    "WritableLibrary",
]
