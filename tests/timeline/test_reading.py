"""Timelines of unknown origin: what is in them, and what harm they cannot do."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
from opentimelineio.core import serialize_json_to_string
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import (
    Clip,
    Effect,
    ExternalReference,
    Gap,
    GeneratorReference,
    LinearTimeWarp,
    MissingReference,
    SerializableCollection,
    Stack,
    Timeline,
    Track,
    Transition,
)  # fmt: skip

from momentidx.config import Settings
from momentidx.errors import UnusableFootage
from momentidx.media.child import Decoder
from momentidx.timeline.build import build
from momentidx.timeline.foreign import ForeignClip, ForeignItem, ForeignTimeline, ForeignTrack
from momentidx.timeline.reading import read, says_drop_frame
from momentidx.timeline.write.edl import EdlWriter
from momentidx.timeline.write.fcp7xml import Fcp7XmlWriter
from momentidx.timeline.write.otio import OtioWriter
from tests.timeline.moments import NTSC, PAL, footage, moment, timecode

HOUR = Fraction(3600)


def refused(file: Path, decoder: Decoder) -> str:
    """Why the child does not read a file; it must live on."""
    deaths = decoder.deaths
    with pytest.raises(UnusableFootage) as error:
        decoder.run(read, file, PAL, file=file, seconds=60)
    assert error.value.code == "not-a-timeline"
    assert decoder.deaths == deaths
    return str(error.value).removeprefix(f"{file}: this is no timeline that can be read: ")


def test_our_own_edl_says_reel_name_and_timecode(tmp_path: Path, decoder: Decoder) -> None:
    file = tmp_path / "cut.edl"
    EdlWriter().write(build([moment(footage(start=timecode(90_000), reel="A1"), 10, 60)], name="cut"), file)
    clip = ForeignClip(HOUR + Fraction(10, 25), PAL, 1.0, None, "A1", None, None, None)
    assert decoder.run(read, file, PAL, file=file, seconds=60) == ForeignTimeline(
        "cut", PAL, HOUR, False, (ForeignTrack("V", "Video", True, (ForeignItem("A001.mov", Fraction(2), clip),)),),
        ("1 marker",),
    )  # fmt: skip


def test_an_edl_of_another_program_keeps_its_gaps_speeds_and_tracks(tmp_path: Path, decoder: Decoder) -> None:
    file = tmp_path / "avid.edl"
    file.write_text(
        "TITLE: Reel 1\nFCM: DROP FRAME\n\n"
        "001  TAPE1    V     C        01:00:00;00 01:00:02;00 10:00:00;00 10:00:02;00\n"
        "* FROM CLIP NAME: Interview\n"
        "M2   TAPE1    059.9                01:00:00;00\n"
        "002  AX       A     C        02:00:00;00 02:00:01;00 10:00:01;00 10:00:02;00\n"
        "003  TAPE2    V     C        01:00:10;00 01:00:11;00 10:00:03;00 10:00:04;00\n"
    )
    found = decoder.run(read, file, NTSC, file=file, seconds=60)
    assert (found.name, found.rate, found.drop_frame) == ("Reel 1", NTSC, True)
    assert found.start == Fraction(1_078_920) / NTSC
    second = Fraction(30) / NTSC
    assert [(track.name, [(item.name, item.length) for item in track.items]) for track in found.tracks] == [
        ("V", [("Interview", 2 * second), ("", second), ("", second)]),
        ("A1", [("", second), ("", second)]),
    ]
    assert [item.clip.reel if item.clip else "gap" for track in found.tracks for item in track.items] == [
        "TAPE1", "gap", "TAPE2", "gap", None
    ]  # fmt: skip


def test_tracks_of_an_edl_that_begin_at_different_times_keep_their_distance(tmp_path: Path, decoder: Decoder) -> None:
    file = tmp_path / "late.edl"
    file.write_text(
        "TITLE: x\n001  A  V  C  01:00:00:00 01:00:01:00 00:00:00:00 00:00:01:00\n"
        "002  A  A  C  01:00:00:00 01:00:01:00 00:00:05:00 00:00:06:00\n"
    )
    found = decoder.run(read, file, PAL, file=file, seconds=60)
    assert found.start == 0
    assert [[item.length for item in track.items] for track in found.tracks] == [[1], [5, 1]]


def test_our_own_final_cut_xml_says_where_its_files_lie_and_begin(tmp_path: Path, decoder: Decoder) -> None:
    file = tmp_path / "cut.xml"
    of = footage(start=timecode(90_000), reel="A1", sound=False)
    Fcp7XmlWriter().write(build([moment(of, 10, 60, path=Path("/c/A #1.mov"))], name="cut"), file)
    found = decoder.run(read, file, None, file=file, seconds=60)
    (item,) = found.tracks[0].items
    assert (found.rate, found.start, item.length) == (PAL, HOUR, Fraction(2))
    assert item.clip == ForeignClip(
        start=HOUR + Fraction(10, 25), rate=PAL, speed=1.0, media=(HOUR, Fraction(40)), reel="A1",
        url="file://localhost/c/A%20%231.mov", file_name="A #1.mov", fingerprint=None,
    )  # fmt: skip


def test_our_own_opentimelineio_says_which_content_it_plays(tmp_path: Path, decoder: Decoder) -> None:
    file = tmp_path / "cut.otio"
    OtioWriter().write(build([moment(footage(NTSC, start=timecode(0, drop_frame=True)), 10, 60)], name="cut"), file)
    found = decoder.run(read, file, None, file=file, seconds=60)
    (item,) = found.tracks[0].items
    assert (found.drop_frame, [track.kind for track in found.tracks]) == (True, ["Video", "Audio"])
    assert item.clip is not None
    assert (item.clip.fingerprint, item.clip.start) == ("f1", Fraction(10) / NTSC)


def test_what_is_not_carried_is_counted(tmp_path: Path, decoder: Decoder) -> None:
    span = TimeRange(RationalTime(0, 25), RationalTime(50, 25))
    clip = Clip("a", ExternalReference("a.mov"), span, effects=[Effect("blur"), LinearTimeWarp(time_scalar=2.0)])
    track = Track("V1", kind="Video")
    nested = Stack("sub", children=[Track(children=[Gap(source_range=span)])])
    transition = Transition(in_offset=RationalTime(5, 25), out_offset=RationalTime(5, 25))
    bars = Clip("bars", GeneratorReference(generator_kind="SMPTEBars"), span)
    for one in (clip, transition, Clip("b", MissingReference(), span), nested, bars):
        track.append(one)
    track.enabled = False
    timeline = Timeline("cut")
    timeline.tracks.append(track)
    file = tmp_path / "cut.otio"
    file.write_text(serialize_json_to_string(SerializableCollection(children=[timeline])))
    found = decoder.run(read, file, None, file=file, seconds=60)
    (one,) = found.tracks
    assert [(item.name, item.clip.speed if item.clip else None) for item in one.items] == [
        ("a", 2.0), ("b", 1.0), ("sub", None), ("bars", None)
    ]  # fmt: skip
    assert (one.enabled, found.lost) == (False, ("1 effect", "1 generator", "1 nested sequence", "1 transition"))


def test_deep_files_are_refused_before_a_parser_sees_them(tmp_path: Path, decoder: Decoder) -> None:
    deep = tmp_path / "deep.otio"
    deep.write_text('{"OTIO_SCHEMA":"Timeline.1","metadata":' + '{"a":' * 200_000 + "1" + "}" * 200_001)
    assert refused(deep, decoder) == "it is nested 200001 deep, and at most 200 are read."
    deep = tmp_path / "deep.xml"
    deep.write_text("<xmeml>" + "<a>" * 100_000 + "</a>" * 100_000 + "</xmeml>")
    assert refused(deep, decoder) == "it is nested 100001 deep, and at most 200 are read."


def test_brackets_in_a_text_are_not_depth(tmp_path: Path, decoder: Decoder) -> None:
    file = tmp_path / "cut.otio"
    timeline = Timeline('a \\ " [{' + "[" * 1000)
    span = TimeRange(RationalTime(0, 25), RationalTime(50, 25))
    timeline.tracks.append(Track(children=[Clip("a", MissingReference(), span)]))
    file.write_text(serialize_json_to_string(timeline))
    assert decoder.run(read, file, None, file=file, seconds=60).name == timeline.name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.otio", b""), ("a.otio", b"{"), ("a.otio", b"[]"), ("a.otio", b"\xff\xfe\x00"),
        ("a.otio", b'{"OTIO_SCHEMA": "Clip.1"}'), ("a.otio", b'{"OTIO_SCHEMA": "Nonsense.7"}'),
        ("a.otio", b'{"OTIO_SCHEMA": "Timeline.1", "tracks": 5}'),
        ("a.xml", b""), ("a.xml", b"<html/>"), ("a.xml", b"<xmeml><sequence/></xmeml>"),
        ("a.edl", b"nonsense\n"), ("a.edl", b"001  A  V  C  99:99:99:99 1 2 3\n"), ("a.edl", b"001  A  V\n"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence(tmp_path: Path, decoder: Decoder, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert refused(file, decoder).endswith(".")


def test_a_small_file_that_unfolds_without_end_is_refused(tmp_path: Path, decoder: Decoder) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    file = tmp_path / "bomb.xml"
    file.write_text(f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><xmeml><sequence><name>&a9;</name></sequence></xmeml>')
    refused(file, decoder)


def test_files_that_a_timeline_names_are_not_opened(tmp_path: Path, decoder: Decoder) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    file = tmp_path / "cut.xml"
    file.write_text(
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]><xmeml><sequence><name>&e;</name></sequence></xmeml>'
    )
    assert "canary" not in refused(file, decoder)
    os.mkfifo(pipe := tmp_path / "pipe")  # opening it would wait for ever
    timeline = Timeline("cut")
    span = TimeRange(RationalTime(0, 25), RationalTime(50, 25))
    timeline.tracks.append(
        Track("V1", children=[Clip("a", ExternalReference(pipe.as_uri(), span), span)], kind="Video")
    )
    file = tmp_path / "cut.otio"
    file.write_text(serialize_json_to_string(timeline))
    (item,) = decoder.run(read, file, None, file=file, seconds=60).tracks[0].items
    assert item.clip is not None
    assert item.clip.url == pipe.as_uri()


def test_plug_ins_that_the_environment_names_do_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    (tmp_path / "evil.py").write_text(f'"""Runs when it is loaded."""\nopen({str(canary)!r}, "w").close()\n')
    manifest = tmp_path / "plugin_manifest.json"
    manifest.write_text(
        '{"OTIO_SCHEMA": "PluginManifest.1", "adapters": [{"OTIO_SCHEMA": "Adapter.1", "name": "fcp_xml", '
        '"filepath": "evil.py", "suffixes": ["xml"]}]}'
    )
    monkeypatch.setenv("OTIO_PLUGIN_MANIFEST_PATH", str(manifest))
    file = tmp_path / "cut.xml"
    Fcp7XmlWriter().write(build([moment(footage(start=timecode(0)), 10, 60)], name="cut"), file)
    with Decoder(Settings()) as fresh:
        assert fresh.run(read, file, None, file=file, seconds=60).name == "cut"
    assert not canary.exists()


def test_an_edl_says_how_it_counts() -> None:
    assert says_drop_frame("TITLE: x\nFCM: DROP FRAME\n") is True
    assert says_drop_frame("TITLE: x\r\nfcm: non-drop frame\r\n") is False
    assert says_drop_frame("FCM: DROP FRAME\nFCM: NON-DROP FRAME\n") is None
    assert says_drop_frame("* SAYS FCM: DROP FRAME\n") is None
