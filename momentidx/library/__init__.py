"""The SQLite library: footage, where it lies, what happens in it, and what is still to be done.

SQLite is the truth; stills and search indexes can be made again from it and the footage. One process
writes (`WritableLibrary`), any number read (`Library`), and a person may change a bin or the queue at any
time (`Bins`, `Captions`, `Queue`).
"""

from momentidx.library.bins import Bins
from momentidx.library.filtering import Condition, Range
from momentidx.library.human import Captions
from momentidx.library.library import Library
from momentidx.library.queue import Queue
from momentidx.library.said import CaptionVersion, Replaced
from momentidx.library.saved import SavedSearches
from momentidx.library.values import (
    BinSummary,
    Candidate,
    Claim,
    Coverage,
    Described,
    FailedFile,
    FootageSummary,
    Job,
    JobSummary,
    KnownFile,
    LayerSummary,
    Location,
    Root,
    SavedSearch,
    Select,
    Status,
    Strip,
    Wanted,
)
from momentidx.library.writer import WritableLibrary

__all__ = [
    "BinSummary",
    "Bins",
    "Candidate",
    "CaptionVersion",
    "Captions",
    "Claim",
    "Condition",
    "Coverage",
    "Described",
    "FailedFile",
    "FootageSummary",
    "Job",
    "JobSummary",
    "KnownFile",
    "LayerSummary",
    "Library",
    "Location",
    "Queue",
    "Range",
    "Replaced",
    "Root",
    "SavedSearch",
    "SavedSearches",
    "Select",
    "Status",
    "Strip",
    "Wanted",
    "WritableLibrary",
]
