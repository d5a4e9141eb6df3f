"""What a person made of a moment, their note, rating and labels, in every format that has a place for it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import aaf2
import pycmx
import pytest
from opentimelineio import adapters
from opentimelineio.schema import Timeline

from momentidx.events import Remark
from momentidx.timeline.build import Layout, build
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.write.aaf import AafWriter
from momentidx.timeline.write.ale import AleWriter
from momentidx.timeline.write.captions import SrtWriter
from momentidx.timeline.write.edl import EdlWriter
from momentidx.timeline.write.fcp7xml import Fcp7XmlWriter
from momentidx.timeline.write.fcpxml import FcpxmlWriter
from momentidx.timeline.write.kdenlive import KdenliveWriter
from momentidx.timeline.write.markers import AvidLocatorsWriter, ResolveMarkersWriter
from momentidx.timeline.write.mlt import MltWriter
from momentidx.timeline.write.otio import OtioWriter, ResolveWriter
from momentidx.timeline.write.tables import BlenderWriter, CsvWriter, JsonLinesWriter
from tests.timeline import readers
from tests.timeline.moments import PAL, footage, moment

REMARK = Remark('Until the "door" shuts.', 4, ("hero", "wide"), "a door")
LINE = 'Rating: 4 of 5; Note: Until the "door" shuts.; Labels: hero, wide'
COMMENT = f"A red door.\n{LINE.replace('; ', chr(10))}"


@pytest.fixture
def chosen() -> Timeline:
    """Two clips, the second without a remark."""
    shots = [replace(moment(footage(), 10, 20), remark=REMARK), moment(footage(), 30, 40, caption="Rain.", id=42)]
    return build(shots, name="t")


def written(writer: TimelineWriter, timeline: Timeline, folder: Path) -> Path:
    file = folder / f"t{writer.suffix}"
    writer.write(timeline, file)
    return file


@pytest.mark.parametrize("writer", [OtioWriter(), ResolveWriter()], ids=lambda writer: writer.name)
def test_opentimelineio_has_it_as_values_and_on_the_marker(
    writer: TimelineWriter, chosen: Timeline, tmp_path: Path
) -> None:
    back = adapters.read_from_file(str(written(writer, chosen, tmp_path)))
    door, rain = back.video_tracks()[0]
    keys = ("note", "rating", "labels", "query")
    facts = json.loads(back.to_json_string())["tracks"]["children"][0]["children"]
    assert [[clip["metadata"]["momentidx"][key] for key in keys] for clip in facts] == [
        ['Until the "door" shuts.', 4, ["hero", "wide"], "a door"],
        ["", 0, [], None],
    ]
    assert (door.markers[0].comment, rain.markers[0].comment) == (COMMENT, "Rain.")
    assert [marker.comment for marker in back.tracks.markers] in ([], [COMMENT, "Rain."])


def test_an_edl_has_it_as_a_comment_below_its_event(chosen: Timeline, tmp_path: Path) -> None:
    file = written(EdlWriter(), chosen, tmp_path)
    assert file.read_text().splitlines()[5:8] == [
        "* LOC: 01:00:00:00 GREEN   A red door.",
        f"* COMMENT: {LINE}",
        "002  A001     V     C        00:00:01:05 00:00:01:15 01:00:00:10 01:00:00:20",
    ]
    with file.open() as stream:
        assert len(list(pycmx.parse_cmx3600(stream).events)) == 2
    back = adapters.read_from_file(str(file), adapter_name="cmx_3600", rate=25)
    assert [clip.source_range.start_time.value for clip in back.find_clips()] == [10, 30]


def test_final_cut_has_it_as_note_keywords_and_favourite(chosen: Timeline, tmp_path: Path) -> None:
    _, root = readers.fcpxml(written(FcpxmlWriter(), chosen, tmp_path))
    door, rain = root.iter("asset-clip")
    assert door.findtext("note") == COMMENT
    assert door.find("keyword").get("value") == "4 stars, hero, wide"
    assert door.find("rating").attrib == {
        "name": "Favorite", "start": "2/5s", "duration": "2/5s", "value": "favorite", "note": REMARK.note,
    }  # fmt: skip
    assert [child.tag for child in door] == ["note", "keyword", "marker", "rating"]
    assert [child.tag for child in rain] == ["note", "marker"]


def test_final_cut_7_has_it_in_the_log_and_on_the_marker(chosen: Timeline, tmp_path: Path) -> None:
    _, root = readers.fcp7xml(written(Fcp7XmlWriter(), chosen, tmp_path))
    logs = {log.findtext("description"): log for log in root.iter("logginginfo")}
    assert {key: (log.findtext("lognote"), log.findtext("good")) for key, log in logs.items()} == {
        "A red door.": (LINE, "TRUE")
    }
    assert {marker.findtext("comment") for marker in root.iter("marker")} == {COMMENT, "Rain."}
    back = adapters.read_from_file(str(tmp_path / "t.xml"), adapter_name="fcp_xml")
    assert len(list(back.video_tracks()[0].find_clips())) == 2


def test_an_avid_log_has_it_in_columns(chosen: Timeline, tmp_path: Path) -> None:
    back = adapters.read_from_file(str(written(AleWriter(), chosen, tmp_path)), adapter_name="ale")
    assert [
        [clip.metadata["ALE"][key] for key in ("Description", "Comments", "Rating", "Labels", "Query")] for clip in back
    ] == [["A red door.", REMARK.note, "4", "hero, wide", "a door"], ["Rain.", "", "", "", ""]]


def test_avid_compositions_and_locators_have_it_on_the_marker(chosen: Timeline, tmp_path: Path) -> None:
    with aaf2.open(str(written(AafWriter(), chosen, tmp_path))) as document:
        (composition,) = document.content.compositionmobs()
        (markers,) = [slot for slot in composition.slots if type(slot).__name__ == "EventMobSlot"]
        assert [marker["Comment"].value for marker in markers.segment.components] == [COMMENT, "Rain."]
    rows = written(AvidLocatorsWriter(), chosen, tmp_path).read_text().splitlines()
    assert rows[0].split("\t")[4] == COMMENT.replace("\n", " ")


def test_resolves_markers_kdenlives_guides_and_shotcuts_markers_have_it(chosen: Timeline, tmp_path: Path) -> None:
    assert f" {COMMENT.replace(chr(10), ' ')} |C:" in written(ResolveMarkersWriter(), chosen, tmp_path).read_text()
    title = f"A red door. ({LINE})"
    _, root = readers.mlt(written(KdenliveWriter(), chosen, tmp_path), "video0")
    (guides,) = [leaf.text for leaf in root.iter("property") if leaf.get("name") == "kdenlive:docproperties.guides"]
    assert [guide["comment"] for guide in json.loads(guides)] == [title, "Rain."]
    _, root = readers.mlt(written(MltWriter(), chosen, tmp_path), "V1")
    assert [leaf.text for leaf in root.iter("property") if leaf.get("name") == "text"] == [title, "Rain."]


def test_tables_have_it_in_columns_and_blender_on_the_strip(chosen: Timeline, tmp_path: Path) -> None:
    with written(CsvWriter(), chosen, tmp_path).open(encoding="utf-8-sig", newline="") as stream:
        rows = [[row[key] for key in ("caption", "note", "rating", "labels")] for row in csv.DictReader(stream)]
    assert rows == [["A red door.", REMARK.note, "4", "hero, wide"], ["Rain.", "", "0", ""]]
    lines = written(JsonLinesWriter(), chosen, tmp_path).read_text().splitlines()
    assert [(json.loads(line)["note"], json.loads(line)["labels"]) for line in lines] == [
        (REMARK.note, ["hero", "wide"]), ("", []),
    ]  # fmt: skip
    strips = json.loads(written(BlenderWriter(), chosen, tmp_path).read_text())["strips"]
    assert [(strip["caption"], strip["remark"]) for strip in strips] == [("A red door.", LINE), ("Rain.", "")]


def test_subtitles_say_the_caption_alone(chosen: Timeline, tmp_path: Path) -> None:
    assert written(SrtWriter(), chosen, tmp_path).read_text().split("\n")[2] == "A red door."


def test_whole_files_carry_the_remark_of_each_moment() -> None:
    shots = [replace(moment(footage(PAL), 10, 20), remark=REMARK), moment(footage(PAL), 30, 40, caption="Rain.")]
    timeline = build(shots, name="t", layout=Layout(whole_files=True))
    (clip,) = timeline.video_tracks()[0]
    assert [(marker.comment, marker.metadata["momentidx"]["rating"]) for marker in clip.markers] == [
        (COMMENT, 4), ("Rain.", 0),
    ]  # fmt: skip
