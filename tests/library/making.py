"""Small values to put into a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from momentidx.events import Event, Layer
from momentidx.files import SeenFile
from momentidx.footage import AudioStream, Footage, VideoStream
from momentidx.library import Described, Job, WritableLibrary
from momentidx.times import Span, StartTimecode

BASE = Fraction(1, 12800)
FOOTAGE = Footage(
    fingerprint="f00d" * 8,
    container="mov,mp4,m4a,3gp,3g2,mj2",
    span=Span(1024, 1024 + 128_000, BASE),  # 10 s that start late
    rate=Fraction(30000, 1001),
    video=VideoStream(0, "h264", 640, 360, "yuv420p", 8, rotation=90, sample_aspect=Fraction(4, 3), transfer="bt709"),
    variable_rate=True,
    frame_count=300,
    audio=(AudioStream(1, "aac", 48000, 2, "stereo", "deu"),),
    start=StartTimecode(107_892, drop_frame=True, source="track"),
    reel="A001",
    camera="ACME 3",
    created="2026-05-04T03:02:01Z",
    warnings=("The first picture is late.",),
)
SHOTS = Layer("shots", "1")


@dataclass(frozen=True)
class FakeEmbedder:
    """Stands for an embedder; the vectors come from `described`."""

    name: str = "letters"
    version: str = "1"


LETTERS = FakeEmbedder()


def other(fingerprint: str) -> Footage:
    return replace(FOOTAGE, fingerprint=fingerprint)


def event(start: int, end: int, caption: str) -> Event:
    return Event(Span(start, end, BASE), caption)


TWO = (event(1024, 65_024, "A red door opens."), event(65_024, 129_024, "A dog runs through."))


def described(
    events: Sequence[Event] = TWO, layer: Layer = SHOTS, embedder: FakeEmbedder = LETTERS, dimension: int = 3
) -> Described:
    """Vectors that differ from each other and are easy to foretell: `vector(0)`, `vector(1)`, ..."""
    vectors = np.array([vector(number, dimension) for number in range(len(events))], np.float32)
    return Described(layer, events, vectors.reshape(len(events), dimension), embedder)


def vector(number: int, dimension: int = 3) -> list[float]:
    return [1.0, float(number), 0.5, *[0.0] * dimension][:dimension]


def file(folder: Path, name: str | bytes = "a.mp4", content: bytes = b"picture") -> SeenFile:
    """A file that exists, as it stands."""
    path = folder / (name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
    path.write_bytes(content)
    return SeenFile.of(path)


def claimed(library: WritableLibrary, seen: SeenFile) -> Job:
    """The job of a file that was just queued."""
    library.enqueue(seen)
    job = library.claim({seen.path})
    assert job is not None
    return job


def indexed(library: WritableLibrary, seen: SeenFile, footage: Footage = FOOTAGE, *layers: Described) -> None:
    """Bring a file through the queue."""
    library.finish(claimed(library, seen), seen, footage, layers or [described()])
