"""How long something is there, from looks that err."""

from __future__ import annotations

from fractions import Fraction

import pytest

from momentidx.caption.shotlog.presence import Stretch, Sure, stretches
from momentidx.times import Span

SHOT = Span(1000, 2000, Fraction(1, 100))  # ten seconds
TIMES = [1000 + 100 * second for second in range(10)]  # a look a second
SURE = Sure(keeps=0.4, typical=0.6, best=0.7, looks=2, pause=2.0)


def seen(*scores: float) -> list[tuple[float, float]]:
    """Start and end of each stretch, in seconds of the shot."""
    found = stretches(SHOT, TIMES, [*scores, *[0.0] * (10 - len(scores))], SURE)
    return [(float((each.span.start - 1000) * SHOT.base), float((each.span.end - 1000) * SHOT.base)) for each in found]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((), []),
        ((0.8, 0.8), [(0, 1.5)]),  # from the shot's own edge to half-way to the next look
        ((0, 0.8, 0.8, 0.8), [(0.5, 3.5)]),
        ((0, 0.8, 0, 0.8), [(0.5, 3.5)]),  # a flicker is no end
        ((0, 0.9), []),  # a single false hit is no beginning
        ((0, 0.5, 0.5, 0.9), []),  # one good look does not make the others good
        ((0, 0.65, 0.65), []),  # never quite sure
        ((0.8, 0.8, 0, 0, 0.8, 0.8), [(0, 1.5), (3.5, 5.5)]),  # gone for longer than the pause
        ((0.8,) * 10, [(0, 10)]),
    ],
)
def test_a_stretch_begins_and_ends_half_way_between_looks(
    scores: tuple[float, ...], expected: list[tuple[float, float]]
) -> None:
    assert seen(*scores) == expected


def test_a_stretch_knows_its_looks_its_score_and_how_far_off_its_edges_may_be() -> None:
    times = [1000, 1100, 1112, 1200, 1600]
    (found,) = stretches(SHOT, times, [0, 0, 0.8, 0.7, 0], SURE)
    assert found == Stretch(Span(1106, 1400, SHOT.base), 2, 3, 0.75, Fraction(2))
