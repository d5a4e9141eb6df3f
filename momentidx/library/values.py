"""What the library takes and gives: values only, so that rows and sessions stay inside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from momentidx.events import Event, Filter, Layer, Moment, Remark
from momentidx.files import Facts, SeenFile
from momentidx.footage import Footage

if TYPE_CHECKING:  # numpy takes a tenth of a second that `momentidx status` can do without
    pass


class Candidate(NamedTuple):
    """What it takes to rank a moment; reading the moment itself takes ten times as long. A tuple, since a question
    has thousands."""

    id: int
    """The moment's number."""
    clip: str
    """The footage's fingerprint."""
    base: Fraction
    """Seconds a tick of the span, one for all of a footage."""
    start: int
    end: int
    caption: str
    kind: str
    edge: Fraction
    captioner: str
    layer: int
    """The layer's own number."""


class EmbedderIdentity(Protocol):
    """What the library needs to know of an embedder: which one made a vector."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of footage, by the tools and settings of today."""

    layers: tuple[Layer, ...]
    """What each of the captioners in use would make."""
    embedder: EmbedderIdentity
    captioners: Callable[[Path], Collection[str]] | None = None
    """Names of the captioners for the file at a path; without it, all of them describe every file."""
    decoder: str = ""
    """Version of what reads media files."""
    pair_proxies: bool = True
    """Whether a lighter copy of other footage is recognised as such and not described."""
    newest_first: bool = False
    """Whether the file that was modified last goes first, and not the one that waits longest."""

    def describes(self, captioner: str, path: Path) -> bool:
        return self.captioners is None or captioner in self.captioners(path)

    def version(self, stage: str, tool: str) -> str:
        """Version of all that has a part in a stage: when it changes, another try may end otherwise."""
        if stage == "embed":
            return self.embedder.version
        return " ".join([self.decoder, *(layer.version for layer in self.layers if layer.captioner == tool)])


@dataclass(frozen=True, slots=True)
class Job:
    """A claim on one stage of the work. Every one is ended: as done with what was made, failed, or released."""

    id: int
    attempt: int
    """1 for the first claim of this job; an older claim of the same job no longer counts."""
    stage: str
    """`probe`, `describe`, `pictures` or `embed`."""
    tool: str = ""
    """Name of the captioner or embedder."""
    tries: int = 0
    """How often in a row it failed before, for reasons that may pass."""
    deaths: int = 0
    """How often in a row the process died while it was running."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The stages of one content's work that are due, or the probe of one file: work for one worker, done together."""

    file: SeenFile
    """Where the content lies, as it was when it was last looked at."""
    footage: Footage | None
    """None when it is still to be probed."""
    jobs: tuple[Job, ...]

    @property
    def path(self) -> Path:
        return self.file.path


@dataclass(frozen=True, slots=True)
class Described:
    """All that one captioner made of one footage."""

    layer: Layer
    events: Sequence[Event]
    stills: Sequence[bytes | None] = ()
    """JPEGs, one for each event; or none at all."""
    filters: Mapping[str, Filter] = field(default_factory=dict)
    """What of the events can be asked for by name."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Many small pictures of a footage in one JPEG."""

    jpeg: bytes
    layout: Mapping[str, Any]
    """How they lie in it, as JSON values."""


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
    proxy: bool = False
    """Whether it is a lighter copy and not the original."""


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
    entry: int
    """Its own number, which stays when others come before it."""

    @property
    def remarked(self) -> Moment:
        """The moment with what the person made of it, as a timeline takes it along."""
        return replace(self.moment, remark=Remark(self.note, self.rating, query=self.query))

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
    added_at: datetime
    """When something was put into it last."""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A question that a person keeps."""

    name: str
    query: str
    saved_at: datetime
    ran_at: datetime | None
    """When its answers were last looked at."""
    newest_event: int
    """Moments with a larger number came in since."""

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        ran = self.ran_at and self.ran_at.isoformat()
        return {"name": self.name, "query": self.query, "saved_at": self.saved_at.isoformat(), "ran_at": ran}


class KnownFile(NamedTuple):
    """How a file stood when the library was last told of it. A tuple, since there are a hundred thousand."""

    facts: Facts
    online: bool
    """Whether it was there when last looked for."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that is or was watched."""

    path: Path
    volume: str = ""
    """Identity of the volume it lay on when it last stood well; empty when any will do."""
    files: int = 0
    """While it is offline: how many files it held before."""
    offline: str | None = None
    """Why its files are taken to be away; None while it stands well."""
    offline_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far an embedder has come with the library."""

    name: str
    version: str
    events: int
    """How many have a vector of it."""


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be indexed, or not wholly."""

    path: Path
    code: str
    """Stable name of the kind of trouble."""
    reason: str
    """The sentence."""
    passing: bool
    """Whether trying again later may help."""
    attempts: int
    stages: tuple[str, ...] = ("probe",)
    """What failed: names of stages, those of captioners and embedders in their place."""
    next_try: datetime | None = None
    """When it is tried again by itself."""


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One job as a person sees it."""

    id: int
    stage: str
    tool: str
    state: str
    path: Path | None
    """Where the file lies or lay; None for content that lies nowhere any more."""
    online: bool
    priority: int
    attempts: int
    queued_at: datetime
    code: str | None
    reason: str | None
    next_try: datetime | None

    def to_json(self) -> dict[str, Any]:
        """One JSON object; names as here."""
        return {
            "id": self.id,
            "stage": self.stage,
            "tool": self.tool or None,
            "state": self.state,
            "path": None if self.path is None else str(self.path),
            "online": self.online,
            "priority": self.priority,
            "attempts": self.attempts,
            "queued_at": self.queued_at.isoformat(),
            "code": self.code,
            "reason": self.reason,
            "next_try": self.next_try and self.next_try.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Status:
    """Where the library stands."""

    jobs: Mapping[str, int]
    """How many jobs are `queued`, `running`, `done`, `failed` and `cancelled`; all five are always there."""
    stages: Mapping[str, Mapping[str, int]]
    """The same for `probe`, `describe`, `pictures` and `embed`, so far as there are any."""
    offline: int
    """How many of all files were not there when last looked for."""
    footage: int
    footage_seconds: float
    events: int
    pending_files: int
    """How many files that are there have work queued or in progress ..."""
    pending_bytes: int
    """... and their size ..."""
    pending_seconds: float
    """... and their length; of files that were not probed yet it is guessed from the size."""
    pending_stages: Mapping[str, float]
    """For each stage the length of the footage that it is still to be done for."""
    paused: tuple[Path, ...]
    """Folders whose files are not worked on; `Path()` stands for all."""
    failures: tuple[FailedFile, ...]
