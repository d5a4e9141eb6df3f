"""Long footage in windows that overlap and lie on shot borders."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from momentidx.caption.chat import Sight
from momentidx.caption.windows import looked_at, spacing, windows
from momentidx.times import Span

BASE = Fraction(1, 25)
SIGHT = Sight(pictures=8, per_second=Fraction(2), window=Fraction(20), overlap=Fraction(4))


def seconds(*edges: int) -> list[Span]:
    return [Span(start * 25, end * 25, BASE) for start, end in pairwise(edges)]


def times(spans: list[Span]) -> list[tuple[float, float]]:
    return [(float(span.start_seconds), float(span.end_seconds)) for span in spans]


def test_short_footage_is_one_window() -> None:
    footage = Span(1000, 1500, BASE)
    assert windows(footage, [footage], SIGHT) == [footage]


def test_without_shots_windows_have_one_length_and_share_the_overlap() -> None:
    footage = Span(0, 50 * 25, BASE)
    assert times(windows(footage, [footage], SIGHT)) == [(0, 20), (16, 36), (32, 50)]


def test_windows_end_and_begin_on_shot_borders_where_there_are_some() -> None:
    # 17 is the last border in reach of the first window; 11 the last one with enough overlap before 17.
    shots = seconds(0, 5, 11, 17, 22, 28, 50)
    assert times(windows(Span(0, 50 * 25, BASE), shots, SIGHT)) == [(0, 17), (11, 28), (22, 42), (38, 50)]


@settings(deadline=None)
@given(
    some.integers(1, 5000),
    some.lists(some.integers(1, 5000), max_size=30),
    some.integers(1, 60),
    some.integers(0, 60),
    some.integers(-1000, 1000),
)
def test_windows_cover_the_footage_and_share_what_they_should(
    length: int, cuts: list[int], window: int, overlap: int, first: int
) -> None:
    footage = Span(first, first + length, BASE)
    edges = sorted({first, first + length} | {first + cut for cut in cuts if cut < length})
    sight = Sight(window=Fraction(window, 5), overlap=Fraction(overlap, 5))
    found = windows(footage, [Span(*edge, BASE) for edge in pairwise(edges)], sight)
    assert (found[0].start, found[-1].end) == (footage.start, footage.end)
    assert all(one.duration <= sight.window for one in found)
    shared = min(sight.overlap, Fraction(int(sight.window / BASE) // 4) * BASE)
    for one, following in pairwise(found):
        assert one.start < following.start <= one.end < following.end
        assert one.overlap(following) >= min(shared, one.duration - BASE)


def test_pictures_lie_in_the_middles_of_equal_parts() -> None:
    assert looked_at(Span(100, 200, BASE), SIGHT) == [106, 118, 131, 143, 156, 168, 181, 193]
    assert spacing(Span(100, 200, BASE), SIGHT) == Fraction(1, 2)
    assert looked_at(Span(7, 8, BASE), SIGHT) == [7]
