"""A shot list is cast and cut: who gets which slot, and what lies on the timeline."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from opentimelineio import adapters
from opentimelineio.opentime import RationalTime
from opentimelineio.schema import Clip, Gap, Timeline

from momentidx.errors import MomentidxError
from momentidx.events import Moment
from momentidx.timeline.assemble import FLOOR, Cast, cast, string_out
from momentidx.timeline.export import write_checked
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.shotlist import Slot
from momentidx.timeline.write.aaf import AafWriter
from momentidx.timeline.write.ale import AleWriter
from momentidx.timeline.write.captions import SrtWriter, VttWriter
from momentidx.timeline.write.edl import EdlWriter
from momentidx.timeline.write.fcp7xml import Fcp7XmlWriter
from momentidx.timeline.write.fcpxml import FcpxmlWriter
from momentidx.timeline.write.kdenlive import KdenliveWriter
from momentidx.timeline.write.markers import AvidLocatorsWriter, ResolveMarkersWriter
from momentidx.timeline.write.mlt import MltWriter
from momentidx.timeline.write.otio import OtioWriter, ResolveWriter
from momentidx.timeline.write.tables import BlenderWriter, CsvWriter, JsonLinesWriter
from tests.timeline import readers
from tests.timeline.moments import FILM, PAL, footage, moment, timecode

PLACE = ("start", "end", "in", "out")
ONE, TWO, THREE = Slot(1, "a red door", None), Slot(2, "a dog runs", None), Slot(3, "night", None)


def take(number: int, score: float, *, frames: tuple[int, int] | None = None, rate: Fraction = PAL) -> Moment:
    """Moment `number` is ten frames of its own, in one file for each rate."""
    of = replace(footage(rate, start=timecode(90_000)), fingerprint=f"at {rate}")
    return moment(of, *(frames or (number * 10, number * 10 + 10)), id=number, score=score)


def file_of(one: Moment) -> Moment:
    """The same moment in a file of its own, called as its number."""
    return replace(one, footage=replace(one.footage, fingerprint=f"f{one.id}"), path=Path(f"/media/{one.id}.mov"))


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
    answers = [[take(1, FLOOR)], [take(2, FLOOR - 0.01)], []]
    assert ids(cast([ONE, TWO, THREE], answers)) == [[1], [], []]
    assert ids(cast([ONE, TWO, THREE], answers, floor=FLOOR + 0.01)) == [[], [], []]


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


WRITERS = [
    AafWriter(), AleWriter(), AvidLocatorsWriter(), BlenderWriter(), CsvWriter(), EdlWriter(), Fcp7XmlWriter(),
    FcpxmlWriter(), JsonLinesWriter(), KdenliveWriter(), MltWriter(), OtioWriter(), ResolveMarkersWriter(),
    ResolveWriter(), SrtWriter(), VttWriter(),
]  # fmt: skip


def scene() -> Timeline:
    """A gap of three seconds, then a clip of ten frames under two alternates, the first four frames long."""
    takes = [take(1, 0.9, frames=(100, 110)), take(2, 0.8, frames=(500, 504)), take(3, 0.7, frames=(600, 640))]
    answers = [[], [file_of(one) for one in takes], [file_of(take(5, 0.9, frames=(100, 110)))]]
    found = cast([replace(ONE, length=Fraction(3)), TWO, THREE], answers, alternates=2)
    return string_out(found, name="scene")


def written(writer: TimelineWriter, tmp_path: Path) -> Path:
    file = tmp_path / f"scene{writer.suffix}"
    writer.write(scene(), file)
    return file


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_every_format_takes_a_string_out_with_gaps_and_alternates(tmp_path: Path, writer: TimelineWriter) -> None:
    file = tmp_path / f"scene{writer.suffix}"
    problems = write_checked(writer, scene(), file)
    assert problems
    assert all("is not there" in problem for problem in problems)


@pytest.mark.parametrize(
    "writer",
    [writer for writer in WRITERS if writer.name not in ("ale",)],
    ids=lambda writer: writer.name,
)
def test_the_words_of_a_gap_are_in_the_file(tmp_path: Path, writer: TimelineWriter) -> None:
    content = written(writer, tmp_path).read_bytes()
    words = "MISSING: a red door".encode("utf-16-le" if writer.name == "aaf" else "utf-8")
    assert words in content


def test_fcpxml_connects_the_alternates_above_their_take_and_switches_them_off(tmp_path: Path) -> None:
    _, root = readers.fcpxml(written(FcpxmlWriter(), tmp_path))
    gap, clip, last = next(root.iter("spine"))
    assert (gap.tag, gap.get("name"), gap.find("marker").get("value")) == ("gap", *["MISSING: a red door"] * 2)
    above = clip.findall("asset-clip")
    assert [(one.get("lane"), one.get("enabled"), one.get("offset")) for one in above] == [
        ("1", "0", clip.get("start")), ("2", "0", clip.get("start")),
    ]  # fmt: skip
    assert [readers.seconds(one.get("start")) * 25 - 90_000 for one in above] == [500, 600]
    assert [readers.seconds(one.get("duration")) * 25 for one in above] == [4, 10]
    assert last.findall("asset-clip") == []


def test_final_cut_7_has_the_alternates_on_tracks_that_are_off(tmp_path: Path) -> None:
    _, root = readers.fcp7xml(written(Fcp7XmlWriter(), tmp_path))
    tracks = root.findall("sequence/media/video/track")
    assert [track.findtext("enabled") for track in tracks] == [None, "FALSE", "FALSE"]
    places = [[tuple(int(clip.findtext(tag)) for tag in PLACE) for clip in track.iter("clipitem")] for track in tracks]
    assert places == [
        [(75, 85, 100, 110), (85, 95, 100, 110)], [(75, 79, 500, 504)], [(75, 85, 600, 610)],
    ]  # fmt: skip


@pytest.mark.parametrize(("writer", "tracks"), [(MltWriter(), "V{}"), (KdenliveWriter(), "alternates{}0")])
def test_mlt_has_the_alternates_on_tracks_that_are_hidden_and_muted(
    tmp_path: Path, writer: TimelineWriter, tracks: str
) -> None:
    first, second = (2, 3) if writer.name == "mlt" else (1, 2)
    file = written(writer, tmp_path)
    for number, start, length in ((first, 500, 4), (second, 600, 10)):
        shown, root = readers.mlt(file, tracks.format(number))
        assert [(clip.record * 25, clip.start * 25, clip.length * 25) for clip in shown] == [(75, start, length)]
    hidden = [track.get("producer") for track in root.find("tractor[@id='main']") if track.get("hide") == "both"]
    assert len(hidden) == 2


def test_an_edl_has_black_with_the_words_and_the_alternates_as_comments(tmp_path: Path) -> None:
    file = written(EdlWriter(), tmp_path)
    assert file.read_text().splitlines()[3:12] == [
        "001  BL       V     C        00:00:00:00 00:00:03:00 01:00:00:00 01:00:03:00",
        "* COMMENT: MISSING: a red door",
        "* LOC: 01:00:00:00 ORANGE  MISSING: a red door",
        "002  1        V     C        01:00:04:00 01:00:04:10 01:00:03:00 01:00:03:10",
        "* FROM CLIP NAME: 1.mov",
        "* LOC: 01:00:03:00 GREEN   A red door.",
        "* ALTERNATE: 2 01:00:20:00 01:00:20:04 2.mov",
        "* ALTERNATE: 3 01:00:24:00 01:00:24:10 3.mov",
        "003  5        V     C        01:00:04:00 01:00:04:10 01:00:03:10 01:00:03:20",
    ]
    back = adapters.read_from_file(str(file), adapter_name="cmx_3600", rate=25)
    told = [(type(item.media_reference).__name__, item.duration().value) for item in back.tracks[0]]
    assert told == [("GeneratorReference", 75), ("MissingReference", 10), ("MissingReference", 10)]


def test_logs_and_tables_have_a_row_for_each_alternate(tmp_path: Path) -> None:
    back = adapters.read_from_file(str(written(AleWriter(), tmp_path)), adapter_name="ale")
    assert [(clip.name, clip.metadata["ALE"]["Take"]) for clip in back] == [
        ("1", "1"), ("2", "2"), ("3", "3"), ("5", ""),
    ]  # fmt: skip
    rows = list(csv.DictReader(written(CsvWriter(), tmp_path).read_text("utf-8-sig").splitlines()))
    assert [(row["number"], row["clip"], row["alternate"], row["record_start"]) for row in rows] == [
        ("1", "MISSING: a red door", "0", "01:00:00:00"), ("2", "1.mov", "0", "01:00:03:00"),
        ("3", "2.mov", "1", "01:00:03:00"), ("4", "3.mov", "2", "01:00:03:00"), ("5", "5.mov", "0", "01:00:03:10"),
    ]  # fmt: skip


def test_blender_gets_the_alternates_of_each_strip(tmp_path: Path) -> None:
    strips = json.loads(written(BlenderWriter(), tmp_path).read_text())["strips"]
    keys = ("name", "source_start", "source_end", "record_start")
    assert [[tuple(other[key] for key in keys) for other in strip["alternates"]] for strip in strips] == [
        [("2.mov", 500, 504, 75), ("3.mov", 600, 610, 75)], [],
    ]  # fmt: skip


@pytest.mark.parametrize("writer", [EdlWriter(), AleWriter(), AafWriter(), BlenderWriter()], ids=lambda one: one.name)
def test_an_alternate_of_another_rate_is_left_out_where_there_can_be_one_rate(
    tmp_path: Path, writer: TimelineWriter
) -> None:
    answers = [[file_of(take(1, 0.9)), file_of(take(2, 0.8, rate=FILM))]]
    timeline = string_out(cast([ONE], answers, alternates=1), name="scene")
    writer.write(timeline, tmp_path / "t")
    assert b"2.mov" not in (tmp_path / "t").read_bytes()


def test_a_list_without_a_take_is_not_written() -> None:
    with pytest.raises(MomentidxError, match="No slot of the shot list has a take"):
        string_out(cast([ONE], [[]]), name="scene")


def test_a_gap_is_black_and_a_take_is_a_clip() -> None:
    timeline = string_out(cast([ONE, TWO], [[take(1, 0.9)], []]), name="scene")
    assert [type(item) for item in timeline.tracks[0]] == [Clip, Gap]
