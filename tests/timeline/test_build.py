"""What a timeline says is exactly what the footage is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, Gap, Timeline, Track

from momentidx import __version__
from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Moment
from momentidx.footage import Footage
from momentidx.timeline.build import Layout, build, rates
from momentidx.timeline.facts import Facts
from momentidx.times import Span
from tests.timeline.moments import FILM, HOUR_AT_FILM, NTSC, PAL, footage, moment, timecode


def frames(start: int, end: int, rate: float) -> TimeRange:
    return TimeRange(RationalTime(start, rate), RationalTime(end - start, rate))


def media_facts(timeline: Timeline) -> dict[str, object]:
    clip = picture(timeline)
    reference = clip.media_reference
    return dict(reference.metadata["momentidx"])


def picture(timeline: Timeline, number: int = 0) -> Clip:
    return timeline.video_tracks()[0][number]


def one_clip(of: Moment, handles: str = "0f") -> tuple[TimeRange, TimeRange, TimeRange]:
    """Available range, source range and marked range of a timeline with one moment."""
    timeline = build([of], name="selects", layout=Layout(handles=handles))
    clip = picture(timeline)
    return clip.media_reference.available_range, clip.source_range, clip.markers[0].marked_range


def test_ranges_count_from_the_timecode_of_the_file_at_23_976() -> None:
    shot = moment(footage(FILM, 240, start=timecode(HOUR_AT_FILM)), 24, 72)
    rate = 24000 / 1001
    assert one_clip(shot, handles="12f") == (
        frames(86400, 86640, rate),
        frames(86412, 86484, rate),
        frames(86424, 86472, rate),
    )


def test_ranges_run_across_a_dropped_label_at_29_97() -> None:
    """10:00:58;20 is frame 1080680; forty frames on the label is 10:01:00;02, for ;00 and ;01 do not exist."""
    shot = moment(footage(NTSC, 300, start=timecode(1080680, drop_frame=True)), 0, 40)
    rate = 30000 / 1001
    assert one_clip(shot) == (
        frames(1080680, 1080980, rate),
        frames(1080680, 1080720, rate),
        frames(1080680, 1080720, rate),
    )
    timeline = build([shot], name="selects")
    clip = picture(timeline)
    assert clip.metadata["momentidx"]["end_timecode"] == "10:01:00;02"
    assert media_facts(timeline)["start_timecode"] == "10:00:58;20"
    assert media_facts(timeline)["drop_frame"] is True


def test_footage_without_timecode_starts_at_zero_and_says_so() -> None:
    timeline = build([moment(footage(PAL, 250), 50, 75)], name="selects")
    clip = picture(timeline)
    assert clip.media_reference.available_range == frames(0, 250, 25)
    assert clip.source_range == frames(50, 75, 25)
    assert media_facts(timeline)["timecode_source"] == "none"


def test_59_94_footage_keeps_its_rate() -> None:
    rate = Fraction(60000, 1001)
    shot = moment(footage(rate, 600, start=timecode(3600 * 60)), 599, 600)
    assert one_clip(shot) == (
        frames(216000, 216600, 60000 / 1001),
        frames(216599, 216600, 60000 / 1001),
        frames(216599, 216600, 60000 / 1001),
    )


def test_a_rate_without_timecode_is_kept_as_it_is() -> None:
    timeline = build([moment(footage(Fraction(10), 100), 10, 20)], name="selects")
    assert picture(timeline).source_range == frames(10, 20, 10)
    assert media_facts(timeline)["start_timecode"] is None
    assert timeline.global_start_time == RationalTime(36000, 10)
    assert timeline.metadata["momentidx"]["start_timecode"] is None


def test_a_rate_written_as_a_decimal_is_the_exact_smpte_rate() -> None:
    available, source, marked = one_clip(moment(footage(Fraction(2997, 100), 300), 30, 60))
    assert {part.rate for whole in (available, source, marked) for part in (whole.start_time, whole.duration)} == {
        30000 / 1001
    }


def test_variable_rate_footage_gets_a_frame_more_on_both_sides_of_the_marker() -> None:
    shot = moment(footage(Fraction(30), 300, variable_rate=True), 100, 130)
    assert one_clip(shot, handles="2f") == (frames(0, 300, 30), frames(97, 133, 30), frames(100, 130, 30))
    timeline = build([shot], name="selects")
    assert media_facts(timeline)["variable_rate"] is True


def test_handles_end_where_the_file_ends() -> None:
    tape = footage(PAL, 100, start=timecode(90000))
    assert one_clip(moment(tape, 5, 95), handles="12f")[1] == frames(90000, 90100, 25)
    assert one_clip(moment(tape, 5, 50), handles="12f")[1] == frames(90000, 90062, 25)
    assert one_clip(moment(tape, 50, 95), handles="12f")[1] == frames(90038, 90100, 25)


def test_handles_in_seconds_are_as_many_frames_as_each_rate_needs() -> None:
    shots = [moment(footage(FILM), 100, 110), moment(footage(NTSC), 100, 110)]
    clips = build(shots, name="selects", layout=Layout(handles="0.5s")).tracks[0]
    assert [clip.source_range for clip in clips] == [frames(88, 122, 24000 / 1001), frames(85, 125, 30000 / 1001)]


def test_timecode_counts_on_after_midnight() -> None:
    """Labels wrap there, frame numbers must not: a range cannot end before it starts."""
    midnight = 24 * 3600 * 25
    shot = moment(footage(PAL, 100, start=timecode(midnight - 25)), 20, 30)
    assert one_clip(shot)[1] == frames(midnight - 5, midnight + 5, 25)


def test_a_moment_shorter_than_a_frame_at_the_very_end_is_the_last_frame() -> None:
    tape = replace(footage(PAL, 10), span=Span(0, 10_000, Fraction(1, 25_000)))
    sliver = moment(tape, 0, 1)
    sliver = replace(sliver, event=replace(sliver.event, span=Span(9_900, 10_000, tape.span.base)))
    assert one_clip(sliver)[1:] == (frames(9, 10, 25), frames(9, 10, 25))


def test_the_caption_is_a_marker_with_a_short_name_and_the_full_text() -> None:
    caption = "A woman in a red coat opens the door,\nlooks back once and walks out into the rain."
    timeline = build([moment(footage(), 10, 20, caption=caption)], name="selects")
    (marker,) = picture(timeline).markers
    assert marker.name == "A woman in a red coat opens the door, looks back once and w…"
    assert marker.comment == caption


def test_provenance_is_the_moment_as_find_tells_it_and_where_its_times_come_from() -> None:
    shot = moment(footage(PAL, 1000, start=timecode(90000)), 50, 75, online=False)
    timeline = build([shot], name="selects", query="red door")
    assert dict(timeline.metadata["momentidx"]) == {
        "version": __version__,
        "query": "red door",
        "rate": "25/1",
        "start_timecode": "01:00:00:00",
        "drop_frame": False,
        "width": 1920,
        "height": 1080,
    }
    assert dict(Facts(picture(timeline))) == shot.to_json() | {
        "query": "red door",
        "edge_seconds": 0.04,
        "note": "",
        "rating": 0,
        "labels": [],
        "link": 1,
    }
    assert media_facts(timeline) == {
        "footage": "f1",
        "start_frame": 90000,
        "start_timecode": "01:00:00:00",
        "drop_frame": False,
        "timecode_source": "track",
        "variable_rate": False,
        "reel": None,
        "width": 1920,
        "height": 1080,
        "sample_aspect": "1/1",
        "audio_channels": 2,
        "audio_rate": 48000,
    }


def test_offline_footage_keeps_the_path_where_it_was_last_seen() -> None:
    timeline = build([moment(footage(), 0, 10, path=Path("/gone/B002.mov"), online=False)], name="selects")
    clip = picture(timeline)
    assert clip.media_reference.target_url == "file:///gone/B002.mov"
    assert clip.metadata["momentidx"]["online"] is False


def test_clips_and_tracks_are_named_as_editors_expect() -> None:
    timeline = build([moment(footage(), 0, 10, path=Path("/card 1/C0001.MP4"))], name="red\ndoor")
    assert timeline.name == "red door"
    assert [track.name for track in timeline.tracks] == ["Video 1", "Audio 1"]
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio"]
    assert picture(timeline).name == "C0001.MP4"


def test_sound_plays_what_the_picture_shows_and_gaps_keep_it_in_sync() -> None:
    silent, loud = footage(PAL, 500, sound=False), footage(PAL, 500)
    timeline = build([moment(loud, 0, 30), moment(silent, 0, 20), moment(loud, 100, 110)], name="selects")
    video, audio = timeline.tracks
    assert [type(item) for item in audio] == [Clip, Gap, Clip]
    assert [item.range_in_parent() for item in audio] == [item.range_in_parent() for item in video]
    assert [audio[n].source_range for n in (0, 2)] == [video[n].source_range for n in (0, 2)]
    assert [audio[n].metadata["momentidx"]["link"] for n in (0, 2)] == [1, 3]
    assert [len(item.markers) for item in audio] == [0, 0, 0]


def test_footage_without_any_sound_makes_no_sound_track() -> None:
    timeline = build([moment(footage(sound=False), 0, 10)], name="selects")
    assert [track.name for track in timeline.tracks] == ["Video 1"]


@pytest.mark.parametrize(
    ("of", "frame", "label"),
    [
        (footage(PAL), 90000, "01:00:00:00"),
        (footage(FILM), 86400, "01:00:00:00"),
        (footage(NTSC), 108000, "01:00:00:00"),
        (footage(NTSC, start=timecode(0, drop_frame=True)), 107892, "01:00:00;00"),
    ],
)
def test_the_sequence_starts_one_hour_in(of: Footage, frame: int, label: str) -> None:
    timeline = build([moment(of, 0, 10)], name="selects")
    assert timeline.global_start_time.value == frame
    assert timeline.metadata["momentidx"]["start_timecode"] == label


def test_the_sequence_is_drop_frame_only_when_all_its_footage_is() -> None:
    drop, plain = footage(NTSC, start=timecode(0, drop_frame=True)), footage(NTSC)
    timeline = build([moment(drop, 0, 10), moment(plain, 0, 10)], name="selects")
    assert dict(timeline.metadata["momentidx"])["drop_frame"] is False


def test_mixed_rates_keep_their_own_frames_and_are_told() -> None:
    shots = [moment(footage(FILM), 24, 48), moment(footage(NTSC), 30, 60), moment(footage(FILM), 0, 12)]
    timeline = build(shots, name="selects")
    film, ntsc = 24000 / 1001, 30000 / 1001
    assert rates(shots) == (NTSC, FILM)
    assert timeline.global_start_time.rate == timeline.duration().rate == ntsc
    assert [clip.source_range for clip in timeline.tracks[0]] == [
        frames(24, 48, film),
        frames(30, 60, ntsc),
        frames(0, 12, film),
    ]


def test_two_spellings_of_one_rate_are_one_rate() -> None:
    assert len(rates([moment(footage(NTSC), 0, 1), moment(footage(Fraction(2997, 100)), 0, 1)])) == 1


def test_text_that_a_timeline_cannot_carry_is_shown_as_replaced() -> None:
    hostile = "a\0b\udcffc\x1bd"
    timeline = build(
        [moment(footage(), 0, 10, caption=hostile, path=Path("/m/x\udcff.mov"))], name=hostile, query=hostile
    )
    clip, safe = picture(timeline), "a�b�c�d"
    facts = clip.metadata["momentidx"]
    assert (timeline.name, clip.markers[0].comment, facts["caption"], facts["query"]) == (safe,) * 4
    assert (clip.name, facts["path"]) == ("x�.mov", "/m/x�.mov")


def test_nothing_to_show_is_a_sentence() -> None:
    with pytest.raises(MomentidxError, match="no moment was found"):
        build([], name="selects")


def test_handles_that_are_no_length_are_wrong_use() -> None:
    with pytest.raises(WrongUse, match="'-1f' is not a length"):
        build([moment(footage(), 0, 10)], name="selects", layout=Layout(handles="-1f"))


def test_a_moment_outside_its_footage_is_refused_with_the_file_named() -> None:
    shot = moment(footage(length=1000), 990, 1001)
    with pytest.raises(MomentidxError, match=r"A001\.mov: a moment \('A red door\.'\) lies outside"):
        build([shot], name="selects")


RATES = [
    Fraction(10), FILM, Fraction(24), PAL, Fraction(59, 2), NTSC, Fraction(30), Fraction(60000, 1001), Fraction(120)
]  # fmt: skip


@st.composite
def tapes_of_one_rate(draw: st.DrawFn) -> list[Moment]:
    """Moments in footage of one rate, in finer ticks than frames, so that edges fall anywhere."""
    rate, ticks = draw(st.sampled_from(RATES)), draw(st.integers(1, 3003))
    found = []
    for number in range(draw(st.integers(1, 6))):
        length, first = draw(st.integers(1, 200_000)), draw(st.integers(-5000, 5000))
        tape = replace(
            footage(rate, sound=draw(st.booleans()), start=timecode(draw(st.integers(0, 24 * 3600 * 60)))),
            span=Span(first, first + length * ticks, 1 / (rate * ticks)),
            variable_rate=draw(st.booleans()),
        )
        start = draw(st.integers(tape.span.start, tape.span.end - 1))
        event = replace(
            moment(tape, 0, 1).event, span=Span(start, draw(st.integers(start + 1, tape.span.end)), tape.span.base)
        )
        found.append(replace(moment(tape, 0, 1, path=Path(f"/media/{number}.mov")), event=event))
    return found


@settings(max_examples=100, deadline=None)
@given(shots=tapes_of_one_rate(), handles=st.integers(0, 500))
def test_any_timeline_of_one_rate_lies_inside_its_media_on_whole_frames(shots: list[Moment], handles: int) -> None:
    timeline = build(shots, name="any", layout=Layout(handles=f"{handles}f"))
    record = 0
    for shot, clip in zip(shots, timeline.tracks[0], strict=True):
        media, source, marked = clip.media_reference.available_range, clip.source_range, clip.markers[0].marked_range
        zero, length = shot.footage.start.frame, shot.footage.length_frames
        assert (media.start_time.value, media.duration.value) == (zero, length)
        first, end = source.start_time.value - zero, source.end_time_exclusive().value - zero
        core = marked.start_time.value - zero, marked.end_time_exclusive().value - zero
        pad = handles + shot.footage.variable_rate
        assert (first, end) == (max(core[0] - pad, 0), min(core[1] + pad, length))
        assert 0 <= core[0] < core[1] <= length
        # Edges round to the nearest frame; what is shorter than a frame is one frame, where it begins.
        start, stop = (
            shot.footage.seconds(pts) * shot.footage.rate for pts in (shot.event.span.start, shot.event.span.end)
        )
        if stop - start >= 1:
            assert max(abs(start - int(core[0])), abs(stop - int(core[1]))) <= Fraction(1, 2)
        else:
            assert core[1] - core[0] == 1
            assert abs(start - int(core[0])) <= 1
        assert clip.range_in_parent() == frames(record, record + int(source.duration.value), source.duration.rate)
        record += int(source.duration.value)
    for track in timeline.tracks:
        assert isinstance(track, Track)
        assert track.duration().value == record
