"""What the API takes and gives. Names and meanings stay as they are within `/api/v1`; see docs/api.md.

Every time is told three ways: frames from the first picture with the end exclusive, which is what a client sends,
seconds and timecode.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from momentidx import events
from momentidx.library.queries import HUMAN

API = "/api/v1"
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""Of an event, as SQLite counts."""


class Value(BaseModel):
    """One JSON object of the API: frozen, and what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Problem(Value):
    """What went wrong."""

    kind: str = Field(description="Stable name of the kind: `wrong-use`, `not-found`, `busy`, ...")
    message: str = Field(description="A sentence for a person.")
    column: int | None = Field(default=None, description="Where in the query it is; 1 is the first character.")
    fix: str | None = Field(default=None, description="What to do about it, where that is not in the sentence.")


class Failure(Value):
    """The body of every answer that is an error."""

    error: Problem


class Part(Value):
    """One of the moments that an answer to a question about time is made of."""

    id: int
    start_frame: int
    end_frame: int
    start_seconds: float
    end_seconds: float
    start_timecode: str | None
    end_timecode: str | None
    caption: str
    kind: str
    captioner: str
    captioner_version: str
    score: float | None


class Moment(Value):
    """Something that happens in a clip, as `find --json` tells it (docs/json.md), and what a page shows beside it."""

    id: int
    path: str = Field(description="Where the file lies or lay; bytes that are no UTF-8 are shown as U+FFFD.")
    clip: str = Field(description="Name of the file.")
    online: bool
    footage: str = Field(description="Fingerprint of the content.")
    start_frame: int
    end_frame: int = Field(description="Exclusive.")
    duration_frames: int
    start_seconds: float
    end_seconds: float
    start_timecode: str | None
    end_timecode: str | None
    rate: str
    caption: str
    kind: str
    captioner: str
    captioner_version: str
    layer: str = Field(description="Who said it: name of the captioner, or `human`.")
    human: bool
    rating: int = Field(description="1 to 5; 0 is none.")
    labels: list[str]
    note: str
    score: float | None
    confidence: float | None = Field(description="Of how sure the captioner was, 0 to 1, where it says so.")
    still: str = Field(description="URL of its picture.")
    strip: str | None = Field(description="URL of the clip's strip of small pictures.")
    parts: list[Part]

    @classmethod
    def of(cls, moment: events.Moment) -> Moment:
        told = moment.to_json()
        parts = [Part(**part) for part in told.pop("parts")]
        confidence = moment.event.measures.get("confidence")
        return cls(
            **{**told, "path": shown(moment.path)},
            clip=shown(moment.path.name),
            duration_frames=told["end_frame"] - told["start_frame"],
            layer=moment.layer.captioner,
            human=moment.layer.captioner == HUMAN,
            rating=moment.remark.rating,
            labels=list(moment.remark.labels),
            note=moment.remark.note,
            confidence=confidence if isinstance(confidence, int | float) else None,
            still=f"{API}/events/{moment.id}/still",
            strip=f"{API}/footage/{quote(moment.footage.fingerprint)}/strip",
            parts=parts,
        )


class Miss(Value):
    """A condition that stands in the way."""

    part: str
    count: int
    """How many moments there would be without it."""


class Found(Value):
    """What a search found."""

    moments: list[Moment]
    more: bool
    """Whether there are others after these."""
    best: float | None
    """Score of the best answer of all."""
    confidence: float | None
    """How likely the best answer's clip is the one that was meant, if it is in the library at all."""
    doubtful: bool
    """Whether even the best answer hardly has to do with the words."""
    read_as: str | None
    """How the words were read."""
    notes: list[str]
    misses: list[Miss]
    """When nothing was found: conditions without which there would be something."""
    scope: str | None
    """When nothing was found: what was searched, as a sentence."""


class Health(Value):
    """Which server answers, and of which library."""

    version: str
    library: str
    """Identity of the library, wherever its folder lies."""
    indexing: bool
    """Whether a process indexes into it right now."""


class LoginLink(Value):
    """Where a browser logs in."""

    path: str


class InWork(Value):
    """The file that is worked on."""

    path: str
    part: float
    """How much of the current step is done, 0 to 1."""


class Progress(Value):
    """How the indexing goes."""

    indexing: bool
    """Whether a process indexes into the library."""
    in_work: InWork | None
    waits: str | None
    """Why nothing is worked on although something may be due."""
    speed: float | None
    """Seconds of footage that are done in a second, of late."""
    settling: int
    """Files that may still be growing."""
    files_done: int
    """Since the process started, like `files_failed`."""
    files_failed: int


class Changed(Value):
    """Two numbers, of which each grows with what it stands for."""

    generation: int
    """Moments, or what is told of them."""
    writes: int
    """Anything: a bin, the queue, a search."""


class FoundNew(Value):
    """New answers to a saved search."""

    name: str
    query: str
    count: int
    """Up to 20."""


def shown(path: Path | str) -> str:
    """A path as text that every JSON reader takes."""
    return os.fsencode(path).decode("utf-8", "replace")
