"""Rate and span, decided from the times of packets."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest

from momentidx.media.timing import Packets, Timing, decide
from momentidx.times import Span, round_half_up

MILLISECONDS = Fraction(1, 1000)
NTSC = Fraction(30000, 1001)


def packets(
    *windows: Sequence[int],
    base: Fraction = Fraction(1, 90000),
    claims: Sequence[Fraction | int] = (),
    last_duration: int = 0,
    complete: bool = True,
) -> Packets:
    return Packets(windows, last_duration, complete, base, [Fraction(claim) for claim in claims])


def grid(count: int, rate: Fraction, base: Fraction, first: int = 0) -> list[int]:
    return [first + round_half_up(number / (rate * base)) for number in range(count)]


def test_pictures_at_even_distances_are_of_constant_rate() -> None:
    times = grid(100, Fraction(25), Fraction(1, 12800))
    decided = decide(packets(times, base=Fraction(1, 12800), claims=[25], last_duration=512))
    assert decided == Timing(Span(0, 51200, Fraction(1, 12800)), Fraction(25), False, 100)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), NTSC, Fraction(60), Fraction(120000, 1001)])
def test_times_rounded_to_milliseconds_are_still_of_constant_rate(rate: Fraction) -> None:
    times = grid(1000, rate, MILLISECONDS, first=33)
    decided = decide(packets(times, base=MILLISECONDS, claims=[rate], last_duration=int(1000 / rate)))
    end = 33 + round_half_up(1000 / (rate * MILLISECONDS))
    assert decided == Timing(Span(33, end, MILLISECONDS), rate, False, 1000)


def test_a_rate_written_in_decimals_is_the_exact_one() -> None:
    times = grid(100, NTSC, MILLISECONDS)
    assert decide(packets(times, base=MILLISECONDS, claims=[Fraction(2997, 100)])).rate == NTSC


def test_an_unusual_constant_rate_stays_what_it_is() -> None:
    times = grid(100, Fraction(179, 6), Fraction(1, 11456))
    decided = decide(packets(times, base=Fraction(1, 11456), claims=[Fraction(179, 6)]))
    assert (decided.rate, decided.variable) == (Fraction(179, 6), False)


def test_packets_outweigh_what_the_header_claims() -> None:
    times = grid(100, Fraction(25), Fraction(1, 90000))
    decided = decide(packets(times, claims=[90000, 30]))
    assert (decided.rate, decided.variable) == (Fraction(25), False)


def test_capture_jitter_is_not_variable_rate() -> None:
    """A telephone's clock: 3002 to 3004 ticks where 3003 are meant."""
    times = [number * 3003 + (-1, 0, 1)[number % 3] for number in range(1, 100)]
    decided = decide(packets(times, claims=[NTSC]))
    assert (decided.rate, decided.variable) == (NTSC, False)


def test_a_clock_that_runs_away_is_variable_rate() -> None:
    """Ever slower: a whole frame late after a thousand."""
    times = [round(number * 3003 * (1 + number / 1_000_000)) for number in range(1000)]
    decided = decide(packets(times, claims=[NTSC]))
    assert (decided.rate, decided.variable) == (NTSC, True)


def test_left_out_pictures_make_the_rate_variable_and_keep_the_grid() -> None:
    times = [time for number, time in enumerate(grid(100, NTSC, MILLISECONDS)) if number % 4]
    decided = decide(packets(times, base=MILLISECONDS, claims=[NTSC], last_duration=33))
    assert decided == Timing(Span(33, 3336, MILLISECONDS), NTSC, True, 75)


def test_without_a_believable_claim_the_usual_distance_decides() -> None:
    """A telephone in the dark: about ten pictures a second, and a header that says 90,000."""
    times = [0, 9000, 18007, 25206, 34213, 43213, 51312, 60312]
    decided = decide(packets(times, claims=[90000], last_duration=8993))
    assert decided == Timing(Span(0, 69305, Fraction(1, 90000)), Fraction(10), True, 8)


def test_a_gap_between_the_last_pictures_comes_from_a_cut() -> None:
    """The pictures between were sent after the last one, and the file ended there."""
    times = [*grid(98, Fraction(25), Fraction(1, 25)), 100]
    assert not decide(packets(times, base=Fraction(1, 25), claims=[25])).variable


def test_a_gap_anywhere_else_is_variable_rate() -> None:
    times = [*range(50), *range(55, 100)]
    assert decide(packets(times, base=Fraction(1, 25), claims=[25])).variable


def test_pictures_sent_twice_are_counted_once() -> None:
    """VP9 sends pictures that are never shown, with the time of the next."""
    times = sorted([*grid(72, Fraction(24000, 1001), MILLISECONDS), 41, 42, 500])
    decided = decide(packets(times, base=MILLISECONDS, claims=[Fraction(24000, 1001)]))
    assert decided == Timing(Span(0, 3003, MILLISECONDS), Fraction(24000, 1001), False, 72)


def test_one_picture_lasts_as_long_as_its_packet_says() -> None:
    assert decide(packets([500], claims=[], last_duration=3000)) == Timing(
        Span(500, 3500, Fraction(1, 90000)), Fraction(30), False, 1
    )
    assert decide(packets([500], claims=[])).span == Span(500, 90500, Fraction(1, 90000))


def test_a_last_picture_cut_by_an_edit_list_ends_where_the_list_says() -> None:
    base = Fraction(1, 24000)
    times = grid(101, Fraction(24000, 1001), base)
    assert decide(packets(times, base=base, claims=[Fraction(24000, 1001)], last_duration=751)).span == Span(
        0, 100851, base
    )


def test_samples_of_a_long_file_must_lie_on_one_grid() -> None:
    even = [list(range(start, start + 50)) for start in (0, 10_000, 50_000)]
    decided = decide(packets(*even, base=Fraction(1, 25), claims=[25], complete=False))
    assert decided == Timing(Span(0, 50_050, Fraction(1, 25)), Fraction(25), False, None)

    slower = [[time * 2 for time in range(start, start + 50)] for start in (0, 10_000)]
    later = [*slower, [time * 2 + 1 for time in range(50_000, 50_050)]]
    assert decide(packets(*slower, base=Fraction(1, 50), claims=[25], complete=False)).variable is False
    assert decide(packets(*later, base=Fraction(1, 50), claims=[25], complete=False)).variable is True
