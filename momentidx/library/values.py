"""What the library takes and gives: values only, so that rows and sessions stay inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from momentidx.events import Event, Layer, Moment
from momentidx.files import SeenFile
from momentidx.footage import Footage

if TYPE_CHECKING:  # numpy takes a tenth of a second that `momentidx status` can do without
    import numpy as np
    from numpy.typing import NDArray


class EmbedderIdentity(Protocol):
    """What the library needs to know of an embedder: which one made a vector."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Job:
    """A claim on the work for one file. It ends with `finish`, `link`, `fail` or `release`."""

    id: int
    attempt: int
    """1 for the first claim of this job; an older claim of the same job no longer counts."""
    file: SeenFile
    """As it was when it was queued."""

    @property
    def path(self) -> Path:
        return self.file.path


@dataclass(frozen=True, slots=True)
class Described:
    """All that one captioner and the embedder made of one footage."""

    layer: Layer
    events: Sequence[Event]
    vectors: NDArray[np.float32]
    """(N, D), one for each event."""
    embedder: EmbedderIdentity
    stills: Sequence[bytes | None] = ()
    """JPEGs, one for each event; or none at all."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a footage lies, or lay."""

    path: Path
    size: int
    """Bytes."""
    online: bool
    """Whether it was there when last looked for."""
    seen_at: datetime
    """When it was last looked at and had changed its standing."""


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One captioner's work on one footage."""

    layer: Layer
    events: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class FootageSummary:
    """One footage with everything around it."""

    footage: Footage
    locations: tuple[Location, ...]
    """The best one first: online before offline, then the one known longest. Never empty."""
    layers: tuple[LayerSummary, ...]
    added_at: datetime
    poster: Path | None
    """A JPEG that stands for the whole."""


@dataclass(frozen=True, slots=True)
class Select:
    """A moment in a bin, as it was when a person chose it, and what they made of it."""

    bin: str
    position: int
    """1 is the first."""
    moment: Moment
    """Its number may stand for no event any more, if the footage was described anew."""
    note: str
    rating: int
    """1 to 5; 0 is none."""
    query: str | None
    """What it was found with."""
    added_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The moment's own keys (see `Moment.to_json`), and those of the entry."""
        return self.moment.to_json() | {
            "bin": self.bin,
            "position": self.position,
            "note": self.note,
            "rating": self.rating,
            "query": self.query,
            "added_at": self.added_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class BinSummary:
    """A bin as a whole."""

    name: str
    selects: int
    """How many there are in it ..."""
    seconds: Fraction
    """... and how long they are together."""


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be indexed."""

    path: Path
    code: str
    """Stable name of the kind of trouble."""
    reason: str
    """The sentence."""
    passing: bool
    """Whether trying again later may help."""
    attempts: int


@dataclass(frozen=True, slots=True)
class Status:
    """Where the library stands."""

    jobs: Mapping[str, int]
    """How many files are `queued`, `running`, `done` and `failed`; all four are always there."""
    offline: int
    """How many of all files were not there when last looked for."""
    footage: int
    footage_seconds: float
    events: int
    pending_seconds: float
    """Length of the queued and running files, as far as it is known ..."""
    pending_bytes: int
    """... and their size, which always is."""
    failures: tuple[FailedFile, ...]
