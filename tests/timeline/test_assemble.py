"""A shot list is cast and cut: who gets which slot, and what lies on the timeline."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from opentimelineio.opentime import RationalTime
from opentimelineio.schema import Clip, Gap, Timeline

from momentidx.errors import MomentidxError
from momentidx.events import Moment
from momentidx.timeline.assemble import Cast, cast, string_out
from momentidx.timeline.check import check
from momentidx.timeline.shotlist import Slot
from momentidx.timeline.write.edl import EdlWriter
from momentidx.timeline.write.fcp7xml import Fcp7XmlWriter
from momentidx.timeline.write.fcpxml import FcpxmlWriter
from momentidx.timeline.write.mlt import MltWriter
from momentidx.timeline.write.otio import OtioWriter, ResolveWriter
from tests.timeline.moments import FILM, PAL, footage, moment, timecode

ONE, TWO, THREE = Slot(1, "a red door", None), Slot(2, "a dog runs", None), Slot(3, "night", None)


def take(number: int, score: float, *, frames: tuple[int, int] | None = None, rate: Fraction = PAL) -> Moment:
    """Moment `number` is ten frames of its own, in one file for each rate."""
    of = replace(footage(rate, start=timecode(90_000)), fingerprint=f"at {rate}")
    return moment(of, *(frames or (number * 10, number * 10 + 10)), id=number, score=score)


def ids(found: list[Cast]) -> list[list[int]]:
    return [[one.id for one in each.takes] for each in found]


def test_each_slot_gets_its_best_answer() -> None:
    found = cast([ONE, TWO], [[take(1, 0.9), take(2, 0.5)], [take(3, 0.8), take(4, 0.7)]])
    assert ids(found) == [[1], [3]]
    assert [one.runner_up and one.runner_up.id for one in found] == [2, 4]


def test_a_moment_goes_to_the_slot_it_answers_best_and_is_shown_once() -> None:
    answers = [[take(1, 0.6), take(2, 0.4)], [take(1, 0.9), take(3, 0.8)], [take(1, 0.7)]]
    assert ids(cast([ONE, TWO, THREE], answers)) == [[2], [1], []]
    assert ids(cast([ONE, TWO, THREE], answers, repeat=True)) == [[1], [1], [1]]


def test_pictures_that_were_shown_are_not_shown_again_under_another_number() -> None:
    answers = [[take(1, 0.9, frames=(0, 50))], [take(2, 0.8, frames=(40, 60)), take(3, 0.7, frames=(50, 60))]]
    assert ids(cast([ONE, TWO], answers)) == [[1], [3]]


def test_what_is_not_good_enough_leaves_a_gap() -> None:
    answers = [[take(1, 0.3)], [take(2, 0.29)], []]
    assert ids(cast([ONE, TWO, THREE], answers)) == [[1], [], []]
    assert ids(cast([ONE, TWO, THREE], answers, floor=0.31)) == [[], [], []]


def test_alternates_are_cast_when_every_slot_has_its_best() -> None:
    answers = [[take(1, 0.9), take(2, 0.8), take(3, 0.7)], [take(2, 0.5), take(4, 0.4), take(5, 0.1)]]
    assert ids(cast([ONE, TWO], answers, alternates=2)) == [[1, 3], [2, 4]]


def test_a_take_is_cut_from_the_middle_to_the_length_of_its_slot() -> None:
    slots = [
        replace(ONE, length=Fraction(2)),
        replace(TWO, length=Fraction(2)),
        replace(THREE, length=Fraction(1, 1000)),
    ]
    answers = [[take(1, 0.9, frames=(100, 201))], [take(2, 0.9, frames=(300, 320))], [take(3, 0.9, frames=(400, 410))]]
    assert [one.takes[0].frames for one in cast(slots, answers)] == [(125, 175), (300, 320), (404, 405)]


def layout_of(timeline: Timeline) -> list[tuple[str, bool, list[tuple[str, float]]]]:
    """Each track: name, whether it plays, and what lies on it with its length in frames of the sequence."""
    return [
        (track.name, track.enabled, [(type(item).__name__, item.duration().value) for item in track])
        for track in timeline.tracks
    ]


def test_gaps_carry_the_words_and_keep_everything_in_its_place() -> None:
    slots = [replace(ONE, length=Fraction(3)), TWO, THREE]
    timeline = string_out(cast(slots, [[], [take(1, 0.9)], [take(2, 0.1)]]), name="scene", handles="5f")
    assert layout_of(timeline) == [
        ("Video 1", True, [("Gap", 75), ("Clip", 20), ("Gap", 50)]),
        ("Audio 1", True, [("Gap", 75), ("Clip", 20), ("Gap", 50)]),
    ]
    gap, clip, _ = timeline.tracks[0]
    assert (gap.name, gap.markers[0].comment) == ("MISSING: a red door", "MISSING: a red door")
    assert (clip.metadata["momentidx"]["query"], clip.metadata["momentidx"]["slot"]) == ("a dog runs", 2)


def test_alternates_lie_above_their_take_and_do_not_play() -> None:
    answers = [
        [take(1, 0.9), take(2, 0.8, frames=(500, 504)), take(3, 0.7, frames=(600, 640))],
        [],
        [take(4, 0.9)],
    ]
    timeline = string_out(cast([ONE, TWO, THREE], answers, alternates=2), name="scene")
    assert layout_of(timeline) == [
        ("Video 1", True, [("Clip", 10), ("Gap", 50), ("Clip", 10)]),
        ("Audio 1", True, [("Clip", 10), ("Gap", 50), ("Clip", 10)]),
        ("Alternates 1", False, [("Clip", 4), ("Gap", 6), ("Gap", 50), ("Gap", 10)]),
        ("Alternates 2", False, [("Clip", 10), ("Gap", 50), ("Gap", 10)]),
    ]
    alternate = timeline.tracks[2][0]
    assert alternate.source_range.start_time == RationalTime(90_500, 25)
    assert alternate.metadata["momentidx"]["query"] == "a red door"


def test_takes_of_several_rates_lie_on_the_frames_of_the_sequence() -> None:
    answers = [[take(1, 0.9), take(2, 0.8, rate=FILM)], [take(3, 0.9, rate=FILM), take(4, 0.5)]]
    timeline = string_out(cast([ONE, TWO], answers, alternates=1), name="scene")
    assert layout_of(timeline) == [
        ("Video 1", True, [("Clip", 10), ("Clip", 11)]),
        ("Audio 1", True, [("Clip", 10), ("Clip", 11)]),
        ("Alternates 1", False, [("Clip", 10), ("Clip", 10), ("Gap", 1)]),
    ]
    assert {item.source_range.duration.rate for track in timeline.tracks for item in track} == {25.0}


WRITERS = [EdlWriter(), Fcp7XmlWriter(), FcpxmlWriter(), MltWriter(), OtioWriter(), ResolveWriter()]


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_every_format_takes_a_string_out_with_gaps(tmp_path: Path, writer: OtioWriter) -> None:
    found = cast([ONE, TWO, THREE], [[], [take(1, 0.9), take(2, 0.8)], []], alternates=1)
    timeline = string_out(found, name="scene", alternates=writer.name.startswith("otio"))
    file = tmp_path / f"scene{writer.suffix}"
    writer.write(timeline, file)
    assert file.stat().st_size
    assert all("is not there" in problem for problem in check(timeline))


def test_a_list_without_a_take_is_not_written() -> None:
    with pytest.raises(MomentidxError, match="No slot of the shot list has a take"):
        string_out(cast([ONE], [[]]), name="scene")


def test_a_gap_is_black_and_a_take_is_a_clip() -> None:
    timeline = string_out(cast([ONE, TWO], [[take(1, 0.9)], []]), name="scene")
    assert [type(item) for item in timeline.tracks[0]] == [Clip, Gap]
