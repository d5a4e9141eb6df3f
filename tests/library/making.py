"""Small values to put into a library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentidx.events import Event, Layer
from momentidx.files import SeenFile
from momentidx.footage import AudioStream, Footage, VideoStream
from momentidx.library import Claim, Described, Job, Strip, Wanted, WritableLibrary
from momentidx.library.values import EmbedderIdentity
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
    """Stands for an embedder; the vectors come from `numbered`."""

    name: str = "letters"
    version: str = "1"


LETTERS = FakeEmbedder()


def other(fingerprint: str) -> Footage:
    return replace(FOOTAGE, fingerprint=fingerprint)


def event(start: int, end: int, caption: str) -> Event:
    return Event(Span(start, end, BASE), caption)


TWO = (event(1024, 65_024, "A red door opens."), event(65_024, 129_024, "A dog runs through."))


def wanted(*layers: Layer, embedder: EmbedderIdentity = LETTERS, **more: Any) -> Wanted:
    return Wanted(layers or (SHOTS,), embedder, **more)


WANTED = wanted()


def described(events: Sequence[Event] = TWO, layer: Layer = SHOTS) -> Described:
    return Described(layer, events)


def numbered(captions: Sequence[str], dimension: int = 3) -> NDArray[np.float32]:
    """Vectors that differ from each other and are easy to foretell: `vector(0)`, `vector(1)`, ..."""
    vectors = np.array([vector(number, dimension) for number in range(len(captions))], np.float32)
    return vectors.reshape(len(captions), dimension)


def vector(number: int, dimension: int = 3) -> list[float]:
    return [1.0, float(number), 0.5, *[0.0] * dimension][:dimension]


def file(folder: Path, name: str | bytes = "a.mp4", content: bytes = b"picture") -> SeenFile:
    """A file that exists, as it stands."""
    path = folder / (name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
    path.write_bytes(content)
    return SeenFile.of(path)


def claimed(library: WritableLibrary, seen: SeenFile, wanted: Wanted = WANTED) -> Claim:
    """The claim on what is due of a file that was just queued."""
    library.enqueue(seen)
    claim = library.claim(wanted, seen.path)
    assert claim is not None
    return claim


def recognised(library: WritableLibrary, seen: SeenFile, footage: Footage = FOOTAGE, wanted: Wanted = WANTED) -> Claim:
    """The claim on what is due of the content of a file that was just queued."""
    claim = library.recognise(claimed(library, seen, wanted), seen, footage, wanted)
    assert claim is not None
    return claim


Embed = Callable[[Sequence[str]], NDArray[np.float32]]


def indexed(
    library: WritableLibrary,
    seen: SeenFile,
    footage: Footage = FOOTAGE,
    *layers: Described,
    embedder: EmbedderIdentity = LETTERS,
    embed: Embed = numbered,
) -> None:
    """Bring a file through the queue, and its content up to these layers."""
    layers = layers or (described(),)
    goal = wanted(*(each.layer for each in layers), embedder=embedder)
    library.enqueue(seen)
    library.plan(goal)
    while (claim := library.claim(goal, seen.path)) is not None:
        carry_out(library, claim, goal, footage, layers, embed)


def carry_out(
    library: WritableLibrary,
    claim: Claim,
    goal: Wanted,
    footage: Footage,
    layers: Sequence[Described],
    embed: Embed = numbered,
) -> None:
    """Do all that is claimed, as the stages would."""
    if claim.footage is None:
        known = library.recognise(claim, claim.file, footage, goal)
        assert known is not None
        claim = known
    for job in claim.jobs:
        if job.stage == "describe":
            (made,) = (each for each in layers if each.layer.captioner == job.tool)
            assert library.keep_layer(job, footage, claim.path, made, goal)
        elif job.stage == "pictures":
            assert library.keep_pictures(job, b"JPEG of the whole", Strip(b"JPEG of the strip", {"columns": 2}))
        else:
            silent = library.unembedded(footage.fingerprint, goal)
            assert library.keep_vectors(job, claim.path, goal.embedder, list(silent), embed(list(silent.values())))


def stage(claim: Claim, name: str) -> Job:
    """The claim's job for a stage."""
    (job,) = (job for job in claim.jobs if job.stage == name)
    return job
