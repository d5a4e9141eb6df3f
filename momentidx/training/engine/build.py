"""One footage through the engine: its events, instances and matrix, and what can be learned from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

from momentidx.caption.detector import Detector
from momentidx.caption.protocol import Captioner
from momentidx.caption.shotlog.captioner import shrunk
from momentidx.caption.shotlog.detector import ShotLogDetector
from momentidx.footage import Footage
from momentidx.media.frames import FrameSource
from momentidx.times import Span
from momentidx.training.engine.boundaries import Limits, Region, consistency, difference, peaks, smoothed
from momentidx.training.engine.instances import Follower, Instance, instances
from momentidx.training.engine.instructions import ASKED, CAPTION, LEAST, drafts, record, seconds, sifted
from momentidx.training.engine.looks import Look, look
from momentidx.training.engine.matrix import Matrix, matrix
from momentidx.training.engine.wording import Flaw
from momentidx.training.engine.writers import Templates, Writer
from momentidx.training.samples import Picture

REVISION = "1"
"""Raised whenever a change here can change what is built."""
PER_SECOND = 8
WIDTH = 320
"""Pixels of the longer side of the pictures that are looked at."""
SHORTEST = Fraction(1, 2)
"""Seconds; events are not shorter, the weaker split falls."""


@dataclass(frozen=True, slots=True)
class Engine:
    """How data are built. The same engine gives the same data of the same footage."""

    captioner: Captioner
    detector: Detector = field(default_factory=ShotLogDetector)
    words: tuple[str, ...] = ()
    """What the detector looks for; whatever it knows where there are none."""
    writer: Writer = Templates()
    limits: Limits = Limits()
    least: dict[str, float] = field(default_factory=lambda: dict(LEAST))
    """Score below which a draft is rejected, by task."""
    seed: int = 0

    @property
    def key(self) -> str:
        """Changes whenever what is built could change."""
        parts = [REVISION, self.captioner.name, self.captioner.version, self.detector.version, self.seed, self.least]
        told = json.dumps([*parts, self.words, self.writer.version, asdict(self.limits), ASKED], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One pass over the pictures."""

    pts: list[int]
    looks: list[Look]
    scores: list[float]
    instances: list[Instance]


def build(name: str, footage: Footage, frames: FrameSource, engine: Engine) -> dict[str, Any]:
    """What is learned from one footage, as JSON values. Raises UnusableFootage when it cannot be read."""
    seen = _watched(footage, frames, engine)
    spans, joined = events(footage, frames, seen, engine.limits)
    known = matrix(spans, engine.captioner.describe(footage, frames), seen.instances)
    kept, rejected = sifted(drafts(known), engine.least)
    known = known.fitting(engine.least[CAPTION])
    told: dict[str, list[dict[str, Any]]] = {}
    written = engine.writer.write(kept, known, Random(f"{engine.seed} {footage.fingerprint}"))
    for draft, said in zip(kept, written, strict=True):
        if isinstance(said, Flaw):
            rejected[draft.task, said.value] += 1
            continue
        records = told.setdefault(draft.task, [])
        records.append(record(draft, said, len(records), footage))
    return {
        "name": name,
        "fingerprint": footage.fingerprint,
        "key": engine.key,
        "duration": round(float(footage.duration), 6),
        "splits_joined": joined,
        "instances": [one.name for one in known.instances],
        "events": _columns(known, footage),
        "records": told,
        "rejected": [[task, reason, count] for (task, reason), count in sorted(rejected.items())],
    }


def events(footage: Footage, frames: FrameSource, seen: _Seen, limits: Limits) -> tuple[list[Span], int]:
    """The events, which touch and cover the footage, and how many splits fell because both sides were consistent.

    A split near a cut lies on the cut's very picture, for smoothing moves peaks; others on one of `PER_SECOND`.
    """
    base = footage.span.base
    near = int(Fraction(limits.sigma) / base)
    curve = smoothed(seen.scores, limits.sigma * PER_SECOND)
    cuts = [shot.start for shot in list(frames.shots)[1:]]
    found = peaks(curve, limits.peak)
    kept = [at for at in found if _consistent(at, seen, limits, base) <= limits.consistent]
    strong: list[int] = []
    for at in sorted(kept, key=lambda at: -curve[at]):
        edges = [footage.span.start, footage.span.end, *strong]
        pts = min(cuts, key=lambda cut: abs(cut - seen.pts[at]), default=seen.pts[at])
        pts = pts if abs(pts - seen.pts[at]) <= near else seen.pts[at]
        if all(abs(pts - edge) * base >= SHORTEST for edge in edges):
            strong.append(pts)
    edges = [footage.span.start, *sorted(strong), footage.span.end]
    return [Span(start, end, base) for start, end in pairwise(edges)], len(found) - len(kept)


def _watched(footage: Footage, frames: FrameSource, engine: Engine) -> _Seen:
    follower = Follower(engine.detector, engine.words)
    pts: list[int] = []
    looks: list[Look] = []
    scores: list[float] = []
    before: Picture | None = None
    for batch in frames.watch(per_second=PER_SECOND, width=max(WIDTH, engine.detector.width)):
        for time, large in zip(batch.pts.tolist(), batch.images, strict=True):
            picture = shrunk(large, WIDTH) if max(large.shape[:2]) > WIDTH else large
            follower.see(time, picture, large)
            pts.append(time)
            looks.append(look(picture))
            scores.append(difference(before, picture))
            before = picture
    return _Seen(pts, looks, scores, instances(follower.finish(), footage.span.base))


def _consistent(at: int, seen: _Seen, limits: Limits, base: Fraction) -> float:
    """Consistency across a split before picture `at`."""
    aside = round(limits.aside * PER_SECOND)
    last, first = max(0, at - 1 - aside), min(len(seen.pts) - 1, at + aside)
    within = int(Fraction(1, 2 * PER_SECOND) / base) + 1
    return consistency(
        seen.looks[last],
        seen.looks[first],
        _regions(seen.instances, seen.pts[last], within),
        _regions(seen.instances, seen.pts[first], within),
    )


def _regions(found: Sequence[Instance], pts: int, within: int) -> dict[int, Region]:
    there = ((number, one.region(pts, within)) for number, one in enumerate(found))
    return {number: region for number, region in there if region is not None}


def _columns(known: Matrix, footage: Footage) -> list[dict[str, Any]]:
    """The matrix column by column."""
    return [
        {
            "start": seconds(column.span.start, footage),
            "end": seconds(column.span.end, footage),
            "caption": column.caption,
            "match": round(column.match, 3),
            "doing": [doing.does if doing else None for doing in column.doing],
        }
        for column in known.columns
    ]
