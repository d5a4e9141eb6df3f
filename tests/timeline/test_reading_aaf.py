"""Compositions of our own and of others, read from AAF files in the limited child."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import pytest
from opentimelineio import adapters

from momentidx.config import Settings
from momentidx.errors import UnusableFootage
from momentidx.media.child import Decoder
from momentidx.timeline.build import Layout, build
from momentidx.timeline.foreign import ForeignClip, ForeignItem, ForeignTimeline, ForeignTrack
from momentidx.timeline.reading import read
from momentidx.timeline.relink import Medium, relink
from momentidx.timeline.write.aaf import AafWriter
from tests.timeline.moments import FILM, NTSC, PAL, footage, moment, timecode

DROP = footage(NTSC, 300, start=timecode(1080680, drop_frame=True), reel="A001C003")
PATH = Path("/card 1/A001 é#%.mov")
DESCRIPTOR = {
    "SampleRate": "25", "Length": 1000, "StoredWidth": 1920, "StoredHeight": 1080, "FrameLayout": "FullFrame",
    "ImageAspectRatio": "16/9", "VideoLineMap": [42, 0], "ComponentWidth": 8, "HorizontalSubsampling": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(Settings.model_validate({})) as decoder:
        yield decoder


def read_in_child(decoder: Decoder, file: Path) -> ForeignTimeline:
    return decoder.run(read, file, None, file=file, seconds=60)


def ours(file: Path) -> Path:
    silent = replace(footage(NTSC, 300, sound=False), fingerprint="f2")
    shots = [moment(DROP, 30, 60, path=PATH), moment(silent, 0, 10, path=Path("/card 2/C0001.MP4"))]
    AafWriter().write(build(shots, name="cut", layout=Layout(handles="10f", gap="5f")), file)
    return file


def test_our_own_aaf_says_file_tape_timecode_and_content(tmp_path: Path, decoder: Decoder) -> None:
    found = read_in_child(decoder, ours(tmp_path / "t.aaf"))
    door = ForeignItem(
        "A001 é#%.mov", 50 / NTSC,
        ForeignClip(
            1080700 / NTSC, NTSC, 1.0, (1080680 / NTSC, 300 / NTSC), "A001C003",
            "file:///card%201/A001%20%C3%A9%23%25.mov", "A001 é#%.mov", "f1",
        ),
    )  # fmt: skip
    rain = ForeignItem(
        "C0001.MP4", 20 / NTSC,
        ForeignClip(
            Fraction(0), NTSC, 1.0, (Fraction(0), 300 / NTSC), "C0001", "file:///card%202/C0001.MP4", "C0001.MP4", "f2"
        ),
    )  # fmt: skip
    gap, silence = ForeignItem("", 5 / NTSC, None), ForeignItem("", 25 / NTSC, None)
    assert found == ForeignTimeline(
        "cut", NTSC, 108000 / NTSC, False,
        (
            ForeignTrack("", "Video", True, (door, gap, rain)),
            *[ForeignTrack("", "Audio", True, (door, silence))] * 2,
        ),
        ("2 markers",),
    )  # fmt: skip


def test_a_relinked_aaf_plays_the_same_frames(tmp_path: Path, decoder: Decoder) -> None:
    found = read_in_child(decoder, ours(tmp_path / "t.aaf"))
    elsewhere = Medium(replace(DROP, fingerprint="other"), (Path("/archive/a001 é#%.MOV"),))
    links = relink(found, [elsewhere])
    assert [(link.state, link.by, link.frames) for link in links if link.track == "Video 1"] == [
        ("relinked", ("reel", "name", "timecode"), (20, 70)), ("missing", (), None),
    ]  # fmt: skip


def test_the_community_reader_finds_the_same_cut_in_our_file(tmp_path: Path) -> None:
    back = adapters.read_from_file(str(ours(tmp_path / "t.aaf")), adapter_name="AAF")
    door, gap, rain = back.video_tracks()[0]
    rate = 30000 / 1001
    assert [(item.trimmed_range().start_time.value, item.duration().value) for item in (door, gap, rain)] == [
        (1080700, 50), (0, 5), (0, 20),
    ]  # fmt: skip
    assert door.media_reference.target_url == "file:///card%201/A001%20%C3%A9%23%25.mov"
    assert (back.global_start_time.value, back.global_start_time.rate) == (108000, rate)
    assert [len(list(track.find_clips())) for track in back.audio_tracks()] == [1, 1]


def composition(file: Path, fill: Callable[[Any, Callable[..., Any]], list[Any]], rate: Fraction = PAL) -> Path:
    """A composition of another program: one file of 1000 frames from the tape B007, which begins at one hour."""
    with aaf2.open(str(file), "w") as document:
        make, edit_rate = document.create, str(rate)
        tape = make.SourceMob("B007")
        tape.descriptor = make.TapeDescriptor()
        tape.create_timeline_slot(edit_rate, 1).segment = make.SourceClip(0, 100_000, media_kind="picture")
        slot = tape.create_timeline_slot(edit_rate)
        slot.segment = make.Timecode(round(rate), False, 100_000)
        slot.segment.start = 3600 * round(rate)
        source, master = make.SourceMob("B007_01"), make.MasterMob("B007_01.mxf")
        source.descriptor = make.CDCIDescriptor()
        for name, value in DESCRIPTOR.items():
            source.descriptor[name].value = value
        source.create_timeline_slot(edit_rate, 1).segment = make.SourceClip(250, 1000, tape.mob_id, 1, "picture")
        master.create_timeline_slot(edit_rate, 1).segment = make.SourceClip(0, 1000, source.mob_id, 1, "picture")
        document.content.mobs.extend([tape, source, master])

        def clip(start: int, length: int) -> Any:
            return make.SourceClip(start, length, master.mob_id, 1, "picture")

        cut = make.CompositionMob("scene")
        cut.usage = "Usage_TopLevel"
        slot = cut.create_empty_sequence_slot(edit_rate, slot_id=1, media_kind="picture")
        slot.segment.components.extend(fill(document, clip))
        document.content.mobs.append(cut)
    return file


def shown(timeline: ForeignTimeline) -> list[tuple[Fraction, Fraction | None, float | None]]:
    """Length, start after the file's first picture, and speed, in frames."""
    (track,) = timeline.tracks
    return [
        (
            item.length * timeline.rate,
            item.clip and (item.clip.start - item.clip.media[0]) * timeline.rate,
            item.clip and item.clip.speed,
        )
        for item in track.items
    ]


def test_a_dissolve_becomes_a_cut_where_its_cut_point_is(tmp_path: Path, decoder: Decoder) -> None:
    def fill(document: Any, clip: Callable[..., Any]) -> list[Any]:
        dissolve = document.create.Transition("picture", 20)
        dissolve.cutpoint = 5
        effect = document.create.OperationDef("0c3bea40-fc05-11d2-8a29-0050040ef7d2", "Video Dissolve")
        effect.media_kind = "picture"
        effect["IsTimeWarp"].value, effect["Bypass"].value, effect["NumberInputs"].value = False, 0, 2
        effect["OperationCategory"].value = "OperationCategory_Effect"
        document.dictionary.register_def(effect)
        dissolve["OperationGroup"].value = document.create.OperationGroup(effect, 20, "picture")
        return [clip(100, 60), dissolve, clip(300, 50), document.create.Filler("picture", 7), clip(0, 10)]

    found = read_in_child(decoder, composition(tmp_path / "t.aaf", fill, FILM))
    # 60 and 50 frames overlap by 20; the cut is 5 frames into the dissolve.
    assert shown(found) == [(45, 100, 1.0), (45, 305, 1.0), (7, None, None), (10, 0, 1.0)]
    assert found.lost == ("1 transition",)
    first = found.tracks[0].items[0].clip
    assert (first.reel, first.file_name, first.url) == ("B007", "B007_01.mxf", None)
    assert first.media == ((3600 * 24 + 250) / FILM, 1000 / FILM)


def test_effects_are_looked_through_and_a_constant_retime_is_kept(tmp_path: Path, decoder: Decoder) -> None:
    def fill(document: Any, clip: Callable[..., Any]) -> list[Any]:
        define, make = document.dictionary, document.create
        ratio = make.ParameterDef("72559a80-24d7-11d3-8a50-0050040ef7d2", "SpeedRatio", "", "Rational")
        define.register_def(ratio)
        effect = make.OperationDef("9d2ea890-0968-11d3-8a38-0050040ef7d2", "Motion Control")
        blur = make.OperationDef("9d2ea890-0968-11d3-8a38-0050040ef7d3", "Blur")
        for one in (effect, blur):
            one.media_kind = "picture"
            one["IsTimeWarp"].value, one["Bypass"].value, one["NumberInputs"].value = one is effect, 0, 1
            one["OperationCategory"].value = "OperationCategory_Effect"
            define.register_def(one)
        fast, blurred, selector = (
            make.OperationGroup(effect, 10), make.OperationGroup(blur, 8), make.Selector("picture", 6),
        )  # fmt: skip
        fast.media_kind = blurred.media_kind = "picture"
        fast.parameters.append(make.ConstantValue(ratio, "1/2"))
        fast.segments.append(clip(40, 20))
        blurred.segments.append(clip(500, 8))
        selector["Selected"].value = clip(600, 6)
        selector["Alternates"].append(clip(700, 6))
        return [fast, blurred, selector]

    found = read_in_child(decoder, composition(tmp_path / "t.aaf", fill))
    assert shown(found) == [(10, 40, 2.0), (8, 500, 1.0), (6, 600, 1.0)]
    assert found.lost == ("1 effect",)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), bytes(5000), b"TITLE: cut\n"],
    ids=["empty", "header", "zeros", "text"],
)
def test_what_is_no_aaf_is_refused_with_a_sentence(tmp_path: Path, decoder: Decoder, content: bytes) -> None:
    file = tmp_path / "t.aaf"
    file.write_bytes(content)
    with pytest.raises(UnusableFootage, match="this is no timeline that can be read") as error:
        read_in_child(decoder, file)
    assert error.value.code == "not-a-timeline"


def test_a_damaged_aaf_ends_in_a_reason_and_never_in_ours(tmp_path: Path, decoder: Decoder) -> None:
    whole = ours(tmp_path / "t.aaf").read_bytes()
    for place in range(0, len(whole), len(whole) // 12):
        file = tmp_path / "damaged.aaf"
        file.write_bytes(whole[:place] + bytes(64) + whole[place + 64 :])
        try:
            found = read_in_child(decoder, file)
        except UnusableFootage as error:
            assert error.code in ("not-a-timeline", "decoder-error", "time-limit", "memory", "decoder-crash")
        else:
            assert found.tracks
