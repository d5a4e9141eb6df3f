"""What each format looks like, on one small timeline, and how other people's readers take it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from fractions import Fraction
from pathlib import Path, PureWindowsPath

import aaf2
import pytest
from opentimelineio import adapters
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Timeline

from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Moment
from momentidx.timeline.build import Layout, build
from momentidx.timeline.check import check_file
from momentidx.timeline.names import ascii_text, media_url, plain_path
from momentidx.timeline.protocol import TimelineWriter
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
from momentidx.timeline.write.otioz import OtiozWriter
from momentidx.timeline.write.tables import BlenderWriter, CsvWriter
from tests.timeline import readers
from tests.timeline.moments import FILM, HOUR_AT_FILM, NTSC, PAL, footage, moment, timecode

DROP = footage(NTSC, 300, start=timecode(1080680, drop_frame=True), reel="A001C003_210101_R2XY")
"""Starts at 10:00:58;20, so that the dropped labels of 10:01:00 lie in it."""
SILENT = footage(NTSC, 300, sound=False)


@pytest.fixture
def selects() -> Timeline:
    return build(
        [
            moment(DROP, 30, 60, path=Path("/card 1/A001 é#%.mov"), caption='A "red" door | opens.'),
            moment(SILENT, 0, 10, path=Path("/card 2/C0001.MP4"), caption="Rain.", score=None),
        ],
        name="red door",
        query="red door",
        layout=Layout(handles="10f", gap="5f"),
    )


def text_of(writer: TimelineWriter, timeline: Timeline, folder: Path) -> str:
    writer.write(timeline, folder / f"t{writer.suffix}")
    return (folder / f"t{writer.suffix}").read_bytes().decode("utf-8-sig")


def test_an_edl_line_by_line(selects: Timeline, tmp_path: Path) -> None:
    assert text_of(EdlWriter(), selects, tmp_path).split("\r\n") == [
        "TITLE: red door",
        "FCM: NON-DROP FRAME",
        "",
        "001  A001C003 V     C        10:00:59;10 10:01:01;02 01:00:00:00 01:00:01:20",
        "* FROM CLIP NAME: A001 e#%.mov",
        '* LOC: 01:00:00:10 GREEN   A "red" door | opens.',
        "002  C0001    V     C        00:00:00:00 00:00:00:20 01:00:01:25 01:00:02:15",
        "* FROM CLIP NAME: C0001.MP4",
        "* LOC: 01:00:01:25 GREEN   Rain.",
        "* REEL A001C003 IS /card 1/A001 e#%.mov",
        "* REEL C0001 IS /card 2/C0001.MP4",
        "",
    ]


def test_reels_are_unique_whatever_the_cards_call_their_files(tmp_path: Path) -> None:
    same_tape = [footage(PAL, 100, reel="A001", start=timecode(at)) for at in (0, 100, 50)]
    clips = [(footage(PAL, 100), Path(f"/card {n}/C0001.MP4")) for n in range(12)]
    clips += [(tape, Path(f"/tape/{n}.mov")) for n, tape in enumerate(same_tape)]
    clips += [(footage(PAL, 100), Path("/x/bl.mov")), (footage(PAL, 100), Path("/x/日本.mov"))]
    timeline = build([moment(tape, 0, 10, path=path) for tape, path in clips], name="t")
    lines = text_of(EdlWriter(), timeline, tmp_path).splitlines()
    assert [line.split()[1] for line in lines if line[:3].isdigit()] == [
        *["C0001", *(f"C0001{n}" for n in range(2, 13))],
        *["A001", "A001", "A0012"],  # side by side in timecode: one tape; overlapping: another
        *["BL2", "REEL"],
    ]


def test_a_longer_reel_keeps_more_of_the_name(selects: Timeline, tmp_path: Path) -> None:
    assert "001  A001C003_210101_R2XY             V     C" in text_of(EdlWriter(32), selects, tmp_path)


def test_drop_frame_of_the_sequence_is_said(tmp_path: Path) -> None:
    text = text_of(EdlWriter(), build([moment(DROP, 0, 10)], name="t"), tmp_path)
    assert "FCM: DROP FRAME\r\n" in text
    assert "10:00:58;20 10:00:59;00 01:00:00;00 01:00:00;10" in text


@pytest.mark.parametrize("writer", [EdlWriter(), AleWriter(), AafWriter()], ids=lambda writer: writer.name)
def test_timecode_formats_refuse_what_has_none(writer: TimelineWriter, tmp_path: Path) -> None:
    slow = build([moment(footage(Fraction(10)), 0, 10)], name="t")
    with pytest.raises(WrongUse, match=r"10 frames a second has none. Export this footage as \.otio"):
        writer.write(slow, tmp_path / "t")
    mixed = build([moment(footage(PAL), 0, 10), moment(footage(FILM), 0, 10, path=Path("/f.mov"))], name="t")
    with pytest.raises(WrongUse, match=r"cannot play footage of 23\.976 frames a second at 25"):
        writer.write(mixed, tmp_path / "t")
    assert list(tmp_path.iterdir()) == []


def test_final_cut_7_cannot_write_a_rate_with_a_fraction_and_says_so(tmp_path: Path) -> None:
    odd = build([moment(footage(Fraction(59, 2)), 0, 10)], name="t")
    with pytest.raises(WrongUse, match=r"no rate of 29\.5 frames a second"):
        Fcp7XmlWriter().write(odd, tmp_path / "t.xml")


def test_fcpxml_says_drop_frame_rates_and_captions(tmp_path: Path) -> None:
    shots = [
        moment(DROP, 30, 60, caption="Door."),
        moment(footage(FILM, 240, start=timecode(HOUR_AT_FILM)), 24, 72, path=Path("/f.mov")),
    ]
    FcpxmlWriter().write(build(shots, name="t", query="door"), tmp_path / "t.fcpxml")
    shown, root = readers.fcpxml(tmp_path / "t.fcpxml")
    assert [(clip.start, clip.length) for clip in shown] == [
        (1080710 / NTSC, 30 / NTSC),
        (86424 / FILM, 60 / NTSC),
    ]
    sequence, (door, film) = next(root.iter("sequence")), list(root.iter("asset-clip"))
    assert (root.get("version"), sequence.get("tcFormat"), sequence.get("tcStart")) == (
        "1.10", "DF", f"{(107892 / NTSC).numerator}/{(107892 / NTSC).denominator}s",
    )  # fmt: skip
    assert (door.get("tcFormat"), film.get("tcFormat")) == ("DF", "NDF")
    assert (door.find("conform-rate"), film.find("conform-rate").attrib) == (
        None, {"scaleEnabled": "0", "srcFrameRate": "23.98"},
    )  # fmt: skip
    assert (door.find("marker").attrib["value"], door.find("marker").attrib["note"]) == ("Door.", "Door. (score 0.75)")
    assert "completed" not in door.find("marker").attrib
    assert door.find("keyword").get("value") == "door"


def test_fcpxml_is_valid_for_apples_document_type(selects: Timeline, tmp_path: Path) -> None:
    """Apple's text is not ours to copy: name the file of your Final Cut Pro in FCPXML_DTD."""
    dtd = os.environ.get("FCPXML_DTD")
    if not dtd or shutil.which("xmllint") is None:
        pytest.skip("needs xmllint, and in FCPXML_DTD the path of Apple's FCPXMLv1_10.dtd")
    FcpxmlWriter().write(selects, tmp_path / "t.fcpxml")
    done = subprocess.run(
        ["xmllint", "--noout", "--nonet", "--dtdvalid", dtd, str(tmp_path / "t.fcpxml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_final_cut_7_reader_of_opentimelineio_finds_the_same_cut(selects: Timeline, tmp_path: Path) -> None:
    Fcp7XmlWriter().write(selects, tmp_path / "t.xml")
    back = adapters.read_from_file(str(tmp_path / "t.xml"), adapter_name="fcp_xml")
    assert [track.kind for track in back.tracks] == ["Video", "Audio", "Audio"]
    clips = list(back.video_tracks()[0].find_clips())
    rate = 30000 / 1001
    assert [clip.range_in_parent() for clip in clips] == [
        TimeRange(RationalTime(0, rate), RationalTime(50, rate)),
        TimeRange(RationalTime(55, rate), RationalTime(20, rate)),
    ]
    assert clips[0].media_reference.target_url == "file://localhost/card%201/A001%20%C3%A9%23%25.mov"
    assert clips[0].media_reference.available_range == TimeRange(RationalTime(1080680, rate), RationalTime(300, rate))


def test_the_ale_reader_of_opentimelineio_finds_every_moment(selects: Timeline, tmp_path: Path) -> None:
    AleWriter().write(selects, tmp_path / "t.ale")
    back = adapters.read_from_file(str(tmp_path / "t.ale"), adapter_name="ale")
    (door, rain) = list(back)
    assert (door.name, door.source_range) == (
        "A001 é#%", TimeRange(RationalTime(1080700, 30000 / 1001), RationalTime(50, 30000 / 1001)),
    )  # fmt: skip
    facts = door.metadata["ALE"]
    assert (facts["Tape"], facts["Tracks"], facts["Mark IN"], facts["Description"]) == (
        "A001C003_210101_R2XY", "VA1A2", "10:00:59;20", 'A "red" door | opens.',
    )  # fmt: skip
    assert door.media_reference.target_url == "A001 é#%.mov"
    assert (rain.metadata["ALE"]["Tracks"], rain.metadata["ALE"]["Score"]) == ("V", "")


def test_an_aaf_plays_one_master_clip_a_file_down_to_its_tape(selects: Timeline, tmp_path: Path) -> None:
    AafWriter().write(selects, tmp_path / "t.aaf")
    with aaf2.open(str(tmp_path / "t.aaf")) as document:
        (composition,) = document.content.compositionmobs()
        picture, *sound = [slot for slot in composition.slots if slot.segment.media_kind in ("Picture", "Sound")]
        parts = [(type(part).__name__, part.length) for part in picture.segment.components]
        assert parts == [("SourceClip", 50), ("Filler", 5), ("SourceClip", 20)]
        assert [[part.length for part in slot.segment.components] for slot in sound] == [[50, 25], [50, 25]]
        clip = next(iter(picture.segment.components))
        master = clip.mob.slot_at(clip.slot_id).segment
        file = master.mob.slot_at(master.slot_id).segment
        (locator,) = list(master.mob.descriptor["Locator"].value)
        assert locator["URLString"].value == "file:///card%201/A001%20%C3%A9%23%25.mov"
        assert (clip.start, master.start, file.start, file.mob.name) == (20, 0, 1080680, "A001C003_210101_R2XY")
        codes = {
            mob.name: slot.segment
            for mob in document.content.mobs
            for slot in mob.slots
            if type(slot.segment).__name__ == "Timecode"
        }
        assert {name: (code.fps, code.drop, code.start) for name, code in codes.items()} == {
            "A001C003_210101_R2XY": (30, True, 0),
            "C0001": (30, False, 0),
            "red door": (30, False, 108000),
        }
        (markers,) = [slot for slot in composition.slots if type(slot).__name__ == "EventMobSlot"]
        assert [(marker["Position"].value, marker["Comment"].value) for marker in markers.segment.components] == [
            (10, 'A "red" door | opens.'), (55, "Rain."),
        ]  # fmt: skip
        identities = {mob.name: str(mob.mob_id) for mob in document.content.mastermobs()}
    AafWriter().write(build([moment(DROP, 0, 5, path=Path("/card 1/A001 é#%.mov"))], name="u"), tmp_path / "u.aaf")
    with aaf2.open(str(tmp_path / "u.aaf")) as document:
        (again,) = document.content.mastermobs()
        assert str(again.mob_id) == identities[again.name]


def test_drop_frame_is_never_set_at_23_976(tmp_path: Path) -> None:
    film = footage(FILM, 240, start=timecode(HOUR_AT_FILM))
    AafWriter().write(build([moment(film, 0, 10)], name="t"), tmp_path / "t.aaf")
    with aaf2.open(str(tmp_path / "t.aaf")) as document:
        codes = [slot.segment for mob in document.content.mobs for slot in mob.slots]
        assert {(code.fps, code.drop) for code in codes if type(code).__name__ == "Timecode"} == {(24, False)}


def test_resolve_gets_bare_paths_names_and_captions_on_the_ruler(selects: Timeline, tmp_path: Path) -> None:
    plain = json.loads(text_of(ResolveWriter(), selects, tmp_path))
    assert "file:" not in json.dumps(plain)
    assert plain["global_start_time"]["value"] == 108000
    assert [track["name"] for track in plain["tracks"]["children"]] == ["Video 1", "Audio 1"]
    clip = plain["tracks"]["children"][0]["children"][0]
    reference = clip["media_references"][clip["active_media_reference_key"]]
    assert (clip["OTIO_SCHEMA"], clip["name"], reference["name"]) == ("Clip.2", "A001 é#%.mov", "A001 é#%.mov")
    assert reference["target_url"] == "/card 1/A001 é#%.mov"
    assert reference["available_range"]["start_time"]["value"] == 1080680
    assert clip["source_range"]["start_time"]["value"] == 1080700
    assert [
        (marker["name"], marker["marked_range"]["start_time"]["value"], marker["metadata"]["momentidx"]["customData"])
        for marker in plain["tracks"]["markers"]
    ] == [('A "red" door | opens.', 10, "momentidx:41"), ("Rain.", 55, "momentidx:41")]


def test_premiere_gets_urls_and_the_sequence_in_its_own_words(selects: Timeline, tmp_path: Path) -> None:
    plain = json.loads(text_of(OtioWriter(), selects, tmp_path))
    assert plain["metadata"]["PremierePro_OTIO"] == {"MetadataVersion": "1.0"}
    assert plain["tracks"]["metadata"]["PremierePro_OTIO"] == {
        "VideoFrameRate": 30000 / 1001,
        "VideoResolution": {"width": 1920, "height": 1080},
        "PixelAspectRatio": 1.0,
        "AudioFrameRate": 48000.0,
    }


def test_a_bundle_holds_the_bytes_of_every_file_under_a_name_of_its_own(tmp_path: Path) -> None:
    cards = [tmp_path / name / "C0001 é#.mov" for name in ("card 1", "card 2")]
    for card in cards:
        card.parent.mkdir()
        card.write_bytes(os.urandom(100_000))
    shots = [moment(footage(), 0, 10, path=path) for path in (*cards, cards[0])]
    OtiozWriter().write(build(shots, name="t"), tmp_path / "t.otioz")
    back = adapters.read_from_file(str(tmp_path / "t.otioz"))
    urls = [clip.media_reference.target_url for clip in back.video_tracks()[0].find_clips()]
    assert urls == ["media/C0001 e_.mov", "media/C0001 e_-2.mov", "media/C0001 e_.mov"]
    with zipfile.ZipFile(tmp_path / "t.otioz") as archive:
        assert archive.testzip() is None
        assert [archive.read(url) for url in urls[:2]] == [card.read_bytes() for card in cards]


def test_a_bundle_without_its_media_is_a_sentence(selects: Timeline, tmp_path: Path) -> None:
    with pytest.raises(MomentidxError, match=r"A001 é#%\.mov is not there, so it cannot be put into t\.otioz"):
        OtiozWriter().write(selects, tmp_path / "t.otioz")
    assert list(tmp_path.iterdir()) == []


def test_captions_run_along_the_timeline(selects: Timeline, tmp_path: Path) -> None:
    assert text_of(SrtWriter(), selects, tmp_path) == (
        '1\n00:00:00,334 --> 00:00:01,335\nA "red" door | opens.\n\n2\n00:00:01,835 --> 00:00:02,169\nRain.\n'
    )
    assert text_of(VttWriter(), selects, tmp_path) == (
        'WEBVTT\n\n00:00:00.334 --> 00:00:01.335\nA "red" door | opens.\n\n00:00:01.835 --> 00:00:02.169\nRain.\n'
    )


def test_markers_for_resolve_and_locators_for_avid(selects: Timeline, tmp_path: Path) -> None:
    at = "01:00:00:10 01:00:00:11"
    assert text_of(ResolveMarkersWriter(), selects, tmp_path).split("\r\n")[3:5] == [
        f"001  001      V     C        {at} {at}",
        ' A "red" door / opens. |C:ResolveColorGreen |M:A "red" door / opens. |D:30',
    ]
    assert text_of(AvidLocatorsWriter(), selects, tmp_path).split("\r\n") == [
        'momentidx\t01:00:00:10\tV1\tgreen\tA "red" door | opens.\t1',
        "momentidx\t01:00:01:25\tV1\tgreen\tRain.\t1",
        "",
    ]


def test_a_caption_is_never_a_formula(tmp_path: Path) -> None:
    text = text_of(CsvWriter(), build([moment(footage(), 0, 10, caption="=HYPERLINK(1)\nb")], name="t"), tmp_path)
    assert ",'=HYPERLINK(1) b," in text


def test_guides_lie_at_the_captions(selects: Timeline, tmp_path: Path) -> None:
    KdenliveWriter().write(selects, tmp_path / "t.kdenlive")
    _, root = readers.mlt(tmp_path / "t.kdenlive", "video0")
    facts = {element.get("name"): element.text for element in root.iter("property")}
    assert facts["kdenlive:docproperties.profile"] == "atsc_1080p_2997"
    assert json.loads(facts["kdenlive:docproperties.guides"]) == [
        {"comment": 'A "red" door | opens.', "pos": 10, "type": 0},
        {"comment": "Rain.", "pos": 55, "type": 0},
    ]


def test_uncut_files_carry_a_marker_for_each_moment(tmp_path: Path) -> None:
    shots = [moment(DROP, 200, 210, caption="b"), moment(DROP, 30, 60, caption="a", id=42)]
    timeline = build(shots, name="t", layout=Layout(whole_files=True, handles="9f"))
    (clip,) = timeline.video_tracks()[0].find_clips()
    assert clip.source_range == clip.media_reference.available_range
    FcpxmlWriter().write(timeline, tmp_path / "t.fcpxml")
    shown, root = readers.fcpxml(tmp_path / "t.fcpxml")
    assert [(one.start, one.length) for one in shown] == [(1080680 / NTSC, 300 / NTSC)]
    starts = {marker.get("value"): readers.seconds(marker.get("start")) for marker in root.iter("marker")}
    assert starts == {"b": 1080880 / NTSC, "a": 1080710 / NTSC}
    strips = json.loads(text_of(BlenderWriter(), timeline, tmp_path))
    assert strips["markers"] == [{"frame": 200, "name": "b"}, {"frame": 30, "name": "a"}]


WRITERS = [
    OtioWriter(), ResolveWriter(), FcpxmlWriter(), Fcp7XmlWriter(), EdlWriter(), AleWriter(), AafWriter(), MltWriter(),
    KdenliveWriter(), BlenderWriter(), CsvWriter(), SrtWriter(), ResolveMarkersWriter(), AvidLocatorsWriter(),
]  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_hostile_names_and_captions_break_no_format(writer: TimelineWriter, tmp_path: Path) -> None:
    hostile = "<a & 'b' \"c\"> #100% 😀\t日本\r\n* LOC: 001  AX V C |M:x --> \x00\x1b\u2028 \udcff"
    shot = moment(DROP, 0, 10, path=Path("/m/a\n'\"#% 😀&<.mov"), caption=hostile)
    timeline = build([shot, shot], name=hostile, query=hostile)
    before = timeline.to_json_string()
    text = text_of(writer, timeline, tmp_path) if writer.name != "aaf" else ""
    writer.write(timeline, tmp_path / f"u{writer.suffix}")
    assert timeline.to_json_string() == before
    assert writer.name == "aaf" or (tmp_path / f"u{writer.suffix}").read_bytes().decode("utf-8-sig") == text
    if writer.suffix in (".edl", ".ale", ".txt"):
        assert len([line for line in text.split("\r\n") if line.startswith(("001", "002", "a", "momentidx"))]) == 2
        assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize("writer", [ResolveWriter(), MltWriter(), KdenliveWriter()], ids=lambda writer: writer.name)
def test_a_name_that_only_a_url_can_spell_is_refused_where_paths_are_bare(
    writer: TimelineWriter, tmp_path: Path
) -> None:
    timeline = build([moment(footage(), 0, 10, path=Path("/m/caf\udce9.mov"))], name="t")
    with pytest.raises(MomentidxError, match=r"caf�\.mov: this format writes file names as they are"):
        writer.write(timeline, tmp_path / "t")


@pytest.mark.parametrize("writer", [OtioWriter(), FcpxmlWriter(), Fcp7XmlWriter()], ids=lambda writer: writer.name)
def test_a_name_that_only_a_url_can_spell_is_written_where_files_have_urls(
    writer: TimelineWriter, tmp_path: Path
) -> None:
    odd = tmp_path / "caf\udce9 \x01.mov"
    odd.touch()
    file = tmp_path / f"t{writer.suffix}"
    writer.write(build([moment(footage(), 0, 10, path=odd)], name="t"), file)
    assert check_file(file) == []


@pytest.mark.parametrize(
    ("path", "url", "plain"),
    [
        (r"C:\Media\A cam é#1.mp4", "file:///C:/Media/A%20cam%20%C3%A9%231.mp4", "C:/Media/A cam é#1.mp4"),
        (r"\\nas01\share\B 100%.mov", "file://nas01/share/B%20100%25.mov", "//nas01/share/B 100%.mov"),
    ],
)
def test_paths_of_windows_become_urls_and_come_back(path: str, url: str, plain: str) -> None:
    assert media_url(PureWindowsPath(path)) == url
    assert plain_path(url) == plain


def test_a_folder_called_like_a_drive_is_a_folder() -> None:
    assert plain_path(media_url(Path("/C:/a.mov"))) == "/C:/a.mov"


def test_accents_fall_off_and_the_rest_is_marked() -> None:
    assert ascii_text("Café 日本\n… what?") == "Cafe __ ... what?"


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_a_folder_that_cannot_be_written_is_a_sentence(
    writer: TimelineWriter, selects: Timeline, tmp_path: Path
) -> None:
    with pytest.raises(MomentidxError, match=r"was not written: there is no folder"):
        writer.write(selects, tmp_path / "missing" / "t")


def moments_over_midnight() -> list[Moment]:
    return [moment(footage(PAL, 100, start=timecode(24 * 3600 * 25 - 25)), 20, 30)]


def test_labels_wrap_at_midnight_and_frames_do_not(tmp_path: Path) -> None:
    timeline = build(moments_over_midnight(), name="t")
    assert "23:59:59:20 00:00:00:05" in text_of(EdlWriter(), timeline, tmp_path)
    FcpxmlWriter().write(timeline, tmp_path / "t.fcpxml")
    ((clip,), _) = readers.fcpxml(tmp_path / "t.fcpxml")
    assert (clip.start, clip.length) == (Fraction(24 * 3600) - Fraction(1, 5), Fraction(2, 5))
