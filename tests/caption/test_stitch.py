"""The same event of two windows becomes one; edges are looked at again, and put on pictures."""

from fractions import Fraction

from momentidx.caption.chat import Sight
from momentidx.caption.refine import Look, looks, settled
from momentidx.caption.snap import snapped
from momentidx.caption.stitch import Seen, alike, stitched
from momentidx.times import Span

BASE = Fraction(1, 25)
FIRST, SECOND = Span(0, 500, BASE), Span(400, 900, BASE)
EDGE = Fraction(1, 2)
FOOTAGE = Span(0, 900, BASE)


def seen(start: int, end: int, caption: str, window: Span, edge: Fraction = EDGE) -> Seen:
    return Seen(Span(start, end, BASE), caption, window, (edge, edge))


def test_an_event_that_goes_on_in_the_next_window_becomes_one() -> None:
    first = seen(300, 500, "A red car drives past.", FIRST)
    second = seen(400, 700, "The red car drives away.", SECOND, Fraction(1))
    assert stitched([[first], [second]]) == [
        Seen(Span(300, 700, BASE), "The red car drives away.", Span(0, 900, BASE), (EDGE, Fraction(1)))
    ]


def test_each_edge_is_taken_from_the_window_that_shows_more_around_it() -> None:
    first = seen(410, 470, "A dog barks twice.", FIRST)
    second = seen(415, 480, "A dog barks twice.", SECOND)
    assert [one.span for one in stitched([[first], [second]])] == [Span(410, 480, BASE)]


def test_events_that_sound_otherwise_or_lie_elsewhere_stay_two() -> None:
    first = seen(410, 470, "A dog barks twice.", FIRST)
    for second in (
        seen(410, 470, "Rain falls on a window.", SECOND),
        seen(480, 560, "A dog barks twice.", SECOND),
        seen(600, 700, "A dog barks twice.", SECOND),
    ):
        assert stitched([[first], [second]]) == [first, second]


def test_two_events_of_one_window_are_never_joined() -> None:
    both = [seen(410, 470, "A dog barks.", FIRST), seen(415, 470, "A dog barks.", FIRST)]
    assert stitched([both, []]) == both


def test_one_event_through_three_windows_is_one() -> None:
    third = Span(800, 1300, BASE)
    told = [(300, 500, FIRST), (400, 900, SECOND), (800, 1000, third)]
    found = stitched([[seen(start, end, "A train passes.", window)] for start, end, window in told])
    assert [one.span for one in found] == [Span(300, 1000, BASE)]


def test_sentences_are_alike_by_their_longer_words() -> None:
    assert alike("A man in a hat", "a HAT on a man") == 1
    assert alike("It is", "It is") == 1
    assert alike("A man in a hat", "A dog in a car") == 0


SIGHT = Sight(pictures=16, per_second=Fraction(1), window=Fraction(40))


def test_a_short_event_gets_one_second_look_and_a_long_one_gets_two() -> None:
    short = seen(100, 125, "A door opens.", FIRST, Fraction(2))
    long = seen(200, 800, "A man walks.", FIRST, Fraction(2))
    assert looks([short, long], FOOTAGE, SIGHT) == [
        Look(0, Span(0, 225, BASE), True, True),
        Look(1, Span(100, 300, BASE), True, False),
        Look(1, Span(700, 900, BASE), False, True),
    ]


def test_nothing_is_looked_at_again_that_cannot_be_seen_better() -> None:
    assert looks([seen(100, 125, "A door opens.", FIRST, Fraction(1, 25))], FOOTAGE, SIGHT) == []


def test_a_second_look_moves_only_the_edge_that_it_shows_and_only_as_far_as_it_may() -> None:
    one = seen(200, 800, "A man walks.", FIRST, Fraction(2))
    look = Look(0, Span(100, 300, BASE), True, False)
    step = Fraction(1, 10)
    better = settled(one, look, [Span(225, 300, BASE)], SIGHT, step)
    assert better.span == Span(225, 800, BASE)
    assert better.edges == (Fraction(1, 2) + step, Fraction(2))
    assert settled(one, look, [Span(290, 300, BASE)], SIGHT, step) == one, "farther than the first look left room for"
    assert settled(one, look, [Span(110, 150, BASE)], SIGHT, step) == one, "another event"
    assert settled(one, look, [], SIGHT, step) == one


def test_edges_snap_to_a_cut_in_reach_and_else_to_a_picture() -> None:
    shots = [Span(0, 204, BASE), Span(204, 900, BASE)]
    one = seen(200, 701, "A man walks.", FIRST)
    found = snapped([one], FOOTAGE, shots, lambda times: [time // 4 * 4 for time in times])
    assert found == [seen(204, 700, "A man walks.", FIRST)]


def test_an_event_never_loses_its_length_by_snapping() -> None:
    shots = [Span(0, 204, BASE), Span(204, 900, BASE)]
    one = seen(202, 206, "A flash.", FIRST)
    assert snapped([one], FOOTAGE, shots, lambda times: list(times)) == [one]
