"""Named things: objects that the small networks recognise, in plain words, said only when they are sure.

Two networks look at the same pictures. The detector finds objects and is often wrong about which; the
classifier tells what the whole picture shows and is often right where it is sure. What both say is
believed sooner than what one says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.boxes import apart
from momentidx.caption.shotlog.plain_words import SHOWN
from momentidx.caption.shotlog.presence import Stretch, Sure, most, stretches
from momentidx.models.tflite import Detection
from momentidx.times import Span

ALONE = Sure(keeps=0.5, typical=0.7, best=0.72, looks=5, pause=2.0)
"""For the detector's word alone ..."""
TOGETHER = Sure(keeps=0.4, typical=0.55, best=0.6, looks=2, pause=2.0)
"""... and where the classifier says the same:"""
SUPPORTED = 0.1
"""its mean probability from which it does."""
WHOLE = Sure(keeps=0.25, typical=0.42, best=0.5, looks=3, pause=2.0)
"""For the classifier's word alone, ..."""
MOST = Fraction(3, 5)
"""... which must hold for so much of a shot: what it says of a part depends on what else is in the picture."""
COUNTED, SAME = 0.45, 0.3
"""Score from which a box is counted, and common part of the smaller of two from which they are one thing."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the networks saw in one picture."""

    objects: Sequence[Detection]
    """But for people, which are another matter."""
    shown: Mapping[str, float]
    """Probability of each plain word that the picture as a whole shows."""


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with a name, and how long it is there."""

    span: Span
    name: str
    count: int
    """How many at a time, as far as they were told apart."""
    score: float
    """Median of the looks that saw it, 0 to 1."""
    edge: Fraction
    """Seconds that the edges of the span may be off."""


def plain(probabilities: NDArray[np.float32]) -> dict[str, float]:
    """From (1001,) probabilities of classes to those of plain words."""
    found = {word: float(probabilities[list(classes)].sum()) for word, classes in SHOWN.items()}
    return {word: share for word, share in found.items() if share >= 0.05}


def named(shot: Span, times: Sequence[int], sights: Sequence[Sight]) -> list[Named]:
    """The things of a shot with their stretches, from what looks at (N,) times saw."""
    found = []
    labels = {each.label for sight in sights for each in sight.objects}
    shown = {word for sight in sights for word in sight.shown}
    for label in sorted(labels | shown):
        seen = [max((o.score for o in sight.objects if o.label == label), default=0.0) for sight in sights]
        word = [sight.shown.get(label, 0.0) for sight in sights]
        together = float(np.mean(word)) >= SUPPORTED
        there = stretches(shot, times, seen, TOGETHER if together else ALONE)
        if not there:
            there = [each for each in stretches(shot, times, word, WHOLE) if each.span.duration >= MOST * shot.duration]
        found += [
            Named(each.span, label, _count(label, each, sights), round(each.score, 3), each.edge) for each in there
        ]
    return found


def _count(label: str, stretch: Stretch, sights: Sequence[Sight]) -> int:
    """The usual number of boxes that lie apart: the detector puts several on one thing."""
    counts = [
        len(apart((each for each in sight.objects if each.label == label and each.score >= COUNTED), SAME))
        for sight in sights[stretch.first : stretch.last + 1]
    ]
    return max(1, most(np.array([count for count in counts if count] or [1], float)))
