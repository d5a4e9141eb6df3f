"""Exact time: frames, timestamps, seconds and timecode labels."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentidx.errors import WrongUse
from momentidx.times import (
    FrameGrid,
    Span,
    StartTimecode,
    allows_drop_frame,
    clock,
    frame_of_timecode,
    parse_duration_frames,
    parse_frame,
    rate_text,
    smpte_rate,
    timecode,
)

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)
NTSC_DOUBLE = Fraction(60000, 1001)
SMPTE = [FILM, Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(50), NTSC_DOUBLE, Fraction(60)]
WITHOUT_TIMECODE = [
    Fraction(10),
    Fraction(25, 2),
    Fraction(15),
    Fraction(298, 10),
    Fraction(120000, 1001),
    Fraction(120),
]
BASES = [Fraction(1, 1000), Fraction(1, 90000), Fraction(1, 12800), Fraction(1001, 30000), Fraction(1, 10**9)]
DAY = 24 * 3600

labelled = st.sampled_from([(rate, False) for rate in SMPTE] + [(NTSC, True), (NTSC_DOUBLE, True)])


@given(labelled, st.data())
def test_a_timecode_label_and_its_frame_number_are_the_same_thing(
    mode: tuple[Fraction, bool], data: st.DataObject
) -> None:
    rate, drop = mode
    # 23 hours: a drop-frame day is shorter than 24 h x the nominal rate
    frame = data.draw(st.integers(0, 23 * 3600 * rate.__floor__()))
    label = timecode(frame, rate, drop_frame=drop)
    assert label is not None
    assert frame_of_timecode(label, rate) == (frame, drop)


@pytest.mark.parametrize(
    ("frame", "rate", "drop", "label"),
    [
        (86400, FILM, False, "01:00:00:00"),
        (90000, Fraction(25), False, "01:00:00:00"),
        (1080680, NTSC, True, "10:00:58;20"),
        (1081760, NTSC, False, "10:00:58:20"),
        (1799, NTSC, True, "00:00:59;29"),
        (1800, NTSC, True, "00:01:00;02"),
        (17982, NTSC, True, "00:10:00;00"),
        (3600, NTSC_DOUBLE, True, "00:01:00;04"),
        (24 * 3600 * 25 + 3, Fraction(25), False, "00:00:00:03"),
    ],
)
def test_known_labels(frame: int, rate: Fraction, drop: bool, label: str) -> None:
    assert timecode(frame, rate, drop_frame=drop) == label


@pytest.mark.parametrize("rate", WITHOUT_TIMECODE, ids=rate_text)
def test_a_rate_without_an_smpte_form_has_no_timecode_and_says_so(rate: Fraction) -> None:
    assert smpte_rate(rate) is None
    assert timecode(100, rate) is None
    with pytest.raises(WrongUse, match=r"has no SMPTE timecode\. Give seconds"):
        frame_of_timecode("00:00:01:00", rate)


@pytest.mark.parametrize("rate", SMPTE, ids=rate_text)
def test_drop_frame_exists_at_the_two_ntsc_rates_only(rate: Fraction) -> None:
    assert allows_drop_frame(rate) is (rate in (NTSC, NTSC_DOUBLE))


@pytest.mark.parametrize("mark", [";", ",", "."])
def test_every_spelling_of_drop_frame_is_read(mark: str) -> None:
    assert frame_of_timecode(f"10:00:58{mark}20", NTSC) == (1080680, True)


@pytest.mark.parametrize(
    ("label", "rate"),
    [
        ("00:01:00;00", NTSC),  # dropped
        ("00:00:00:25", Fraction(25)),
        ("00:61:00:00", Fraction(25)),
        ("25:00:00:00", Fraction(25)),
        ("1:2", Fraction(25)),
        ("", Fraction(25)),
    ],
)
def test_a_label_that_does_not_exist_is_refused(label: str, rate: Fraction) -> None:
    with pytest.raises(WrongUse):
        frame_of_timecode(label, rate)


@given(
    st.sampled_from(SMPTE + WITHOUT_TIMECODE),
    st.sampled_from(BASES),
    st.integers(-(10**9), 10**12),
    st.integers(0, DAY * 60),
)
def test_a_frame_keeps_its_number_through_any_time_base_fine_enough_for_it(
    rate: Fraction, base: Fraction, first: int, frame: int
) -> None:
    grid = FrameGrid(first, base, rate)
    if base * rate <= Fraction(1, 2):  # two ticks a frame or more
        assert grid.frame(grid.pts(frame)) == frame


@given(st.sampled_from(SMPTE), st.integers(0, 10**6), st.integers(1, 10**4))
def test_neighbouring_spans_share_a_frame_border_and_no_frame(rate: Fraction, start: int, length: int) -> None:
    grid = FrameGrid(17, Fraction(1, 1000), rate)
    a, b = grid.span(start, start + length), grid.span(start + length, start + 2 * length)
    assert a.end == b.start
    assert a.overlap(b) == 0
    assert grid.frames(a) == (start, start + length)


def test_a_span_shorter_than_a_frame_still_shows_one_frame() -> None:
    grid = FrameGrid(0, Fraction(1, 1000), Fraction(10))
    assert grid.frames(Span(100, 101, grid.base)) == (1, 2)


def test_an_empty_or_backward_span_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Span(5, 5, Fraction(1))
    with pytest.raises(ValueError, match="time base"):
        Span(0, 1, Fraction(0))


def test_temporal_intersection_over_union_across_time_bases() -> None:
    a, b = Span.seconds(0, 4), Span(2 * 90000, 6 * 90000, Fraction(1, 90000))
    assert a.tiou(b) == Fraction(1, 3)
    assert a.tiou(Span.seconds(4, 5)) == 0
    assert a.covers(Span.seconds(1, 4))
    assert not a.covers(b)


ONE_HOUR = StartTimecode(frame=90000, source="track")


@pytest.mark.parametrize(
    ("typed", "frame"),
    [
        ("01:00:00:00", 0),
        ("01:00:12:13", 313),
        ("01001213", 313),
        ("12.5s", 313),  # half a frame goes up
        ("12s", 300),
        (".04s", 1),
        ("300f", 300),
        ("+10", 10),
        (" 300f ", 300),
    ],
)
def test_times_as_people_type_them(typed: str, frame: int) -> None:
    assert parse_frame(typed, Fraction(25), ONE_HOUR) == frame


def test_packed_timecode_takes_drop_frame_from_the_footage() -> None:
    start = StartTimecode(frame=1080680, drop_frame=True, source="track")
    assert parse_frame("10005920", NTSC, start) == 30


@pytest.mark.parametrize("typed", ["", "soon", "12", "-3f", "1:2:3", "12.5", "00:59:59:24", "01:00:00:25", "１２f s"])
def test_what_is_not_a_time_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(WrongUse):
        parse_frame(typed, Fraction(25), ONE_HOUR)


@pytest.mark.parametrize(("typed", "frames"), [("12f", 12), ("12", 12), ("0.5s", 13), ("0", 0)])
def test_lengths_as_people_type_them(typed: str, frames: int) -> None:
    assert parse_duration_frames(typed, Fraction(25)) == frames


@pytest.mark.parametrize("typed", ["", "x", "-1f", "1:00"])
def test_what_is_not_a_length_is_refused(typed: str) -> None:
    with pytest.raises(WrongUse):
        parse_duration_frames(typed, Fraction(25))


@given(st.text(max_size=20))
def test_any_text_is_either_a_time_or_refused_in_words(typed: str) -> None:
    try:
        assert parse_frame(typed, Fraction(25), ONE_HOUR) >= 0
    except WrongUse as refused:
        assert str(refused).endswith(".")


def test_the_clock_rounds_to_the_nearest_millisecond() -> None:
    assert clock(Fraction(3723, 1) + Fraction(4567, 10000)) == "1:02:03.457"
    assert clock(59.9996) == "0:01:00.000"


@pytest.mark.parametrize(("rate", "nominal"), [(Fraction(30000, 1001), 30), (Fraction(60000, 1001), 60)])
def test_labels_without_drop_frame_go_on_until_midnight(rate: Fraction, nominal: int) -> None:
    day = 86_400 * nominal
    drop_frame_day = day - 24 * 54 * 2 * nominal // 30  # where opentime 0.18.1 starts again
    assert timecode(drop_frame_day, rate) == f"23:58:33:{18 * nominal // 30}"
    assert timecode(day - 1, rate) == f"23:59:59:{nominal - 1}"
    assert timecode(day, rate) == "00:00:00:00"
    assert frame_of_timecode("23:59:59:00", rate) == (day - nominal, False)
