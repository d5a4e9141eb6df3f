"""Which files an export writes, and what it says about them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.timeline.build import Layout, build
from momentidx.timeline.export import PROGRAMS, deliver, deliveries, parse_rate, targets
from momentidx.timeline.plugin import timeline_writers
from momentidx.timeline.write.edl import EdlWriter
from momentidx.timeline.write.fcpxml import FcpxmlWriter
from momentidx.timeline.write.otio import OtioWriter
from momentidx.timeline.write.tables import CsvWriter
from tests.timeline.moments import FILM, NTSC, PAL, footage, moment, timecode

WRITERS = {offer.name: offer.make(Settings.model_validate({})) for offer in timeline_writers()}


def chosen(names: list[str], output: str) -> list[tuple[str, str]]:
    return [(writer.name, str(file)) for writer, file in targets(names, Path(output), WRITERS)]


@pytest.mark.parametrize(
    ("names", "output", "files"),
    [
        ([], "a.otio", [("otio", "a.otio")]),
        ([], "a.EDL", [("edl", "a.EDL")]),
        ([], "a.xml", [("fcp7xml", "a.xml")]),
        (["premiere"], "a", [("fcp7xml", "a.xml")]),
        (["premiere"], "a.otio", [("otio", "a.otio")]),
        (["resolve"], "a.otio", [("otio-resolve", "a.otio")]),
        (["resolve"], "day 1.v2", [("otio-resolve", "day 1.v2.otio")]),
        (["finalcut"], "a.otio", [("fcpxml", "a.fcpxml")]),
        (["avid", "ale"], "a", [("edl", "a.edl"), ("ale", "a.ale")]),
        (["premiere", "resolve"], "a.otio", [("otio", "a.otio"), ("otio-resolve", "a.resolve.otio")]),
        (["kdenlive", "kdenlive"], "a", [("kdenlive", "a.kdenlive")]),
        (["edl", "markers"], "a.edl", [("edl", "a.edl"), ("markers", "a.markers.edl")]),
    ],
)
def test_a_program_or_an_ending_picks_the_format(names: list[str], output: str, files: list[tuple[str, str]]) -> None:
    assert chosen(names, output) == files


def test_every_program_has_a_format_that_exists() -> None:
    assert {name for formats in PROGRAMS.values() for name in formats} <= set(WRITERS)


def test_an_unknown_program_or_ending_is_told_what_there_is() -> None:
    with pytest.raises(WrongUse, match=r"no program or format 'vegas' .* Programs: premiere, resolve"):
        chosen(["vegas"], "a")
    with pytest.raises(WrongUse, match=r"a\.docx: the ending picks the format, and it is none of: \.aaf, \.ale"):
        chosen([], "a.docx")


MIXED = [moment(footage(PAL), 0, 10), moment(footage(FILM), 0, 10), moment(footage(PAL), 20, 30)]


def test_a_format_of_one_rate_gets_a_file_for_each() -> None:
    found = deliveries(MIXED, EdlWriter(), Path("x/a.edl"), Layout())
    assert [(str(one.file), len(one.moments), one.alone) for one in found] == [
        ("x/a-25.edl", 2, False),
        ("x/a-23.976.edl", 1, False),
    ]


def test_a_format_of_many_rates_gets_one_file_and_so_does_a_chosen_rate() -> None:
    for writer, layout in ((FcpxmlWriter(), Layout()), (OtioWriter(), Layout(rate=PAL))):
        assert [(one.moments, one.alone) for one in deliveries(MIXED, writer, Path("a"), layout)] == [
            (tuple(MIXED), True)
        ]


def test_more_events_than_an_edl_holds_go_into_parts(tmp_path: Path) -> None:
    shots = [moment(footage(), n % 900, n % 900 + 10) for n in range(2000)]
    found = deliveries(shots, EdlWriter(), tmp_path / "a.edl", Layout())
    assert [(one.file.name, len(one.moments)) for one in found] == [("a-1.edl", 999), ("a-2.edl", 999), ("a-3.edl", 2)]
    list(deliver(found, query=None, force=False))
    lines = (tmp_path / "a-2.edl").read_text().splitlines()
    assert next(line for line in lines if line.startswith("999")).startswith("999  A001")


def test_nothing_found_is_a_sentence() -> None:
    with pytest.raises(MomentidxError, match="no moment was found"):
        deliveries([], EdlWriter(), Path("a.edl"), Layout())


def test_no_file_is_written_when_one_of_them_exists(tmp_path: Path) -> None:
    (tmp_path / "a-23.976.edl").write_text("mine")
    found = deliveries(MIXED, EdlWriter(), tmp_path / "a.edl", Layout())
    with pytest.raises(WrongUse, match=r"a-23\.976\.edl exists already"):
        list(deliver(found, query=None, force=False))
    assert [path.name for path in tmp_path.iterdir()] == ["a-23.976.edl"]
    assert len(list(deliver(found, query=None, force=True))) == 2


def test_files_are_checked_after_they_were_written(tmp_path: Path) -> None:
    here = tmp_path / "A001.mov"
    here.write_bytes(b"")
    shots = [moment(footage(), 0, 10, path=here), moment(footage(), 0, 10, path=Path("/gone/B.mov"), online=False)]
    for writer in (OtioWriter(), FcpxmlWriter(), CsvWriter()):
        plan = deliveries(shots, writer, tmp_path / f"a{writer.suffix}", Layout(audio=False))
        ((_, problems),) = deliver(plan, query=None, force=False)
        assert problems == [
            "/gone/B.mov is not there (Video 1, clip 2 (B.mov)). "
            "Connect its drive, or index the folder it was moved to, then export."
        ]


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    shots = []
    for card in ("1", "2"):
        path = tmp_path / card / "C0001.MP4"
        path.parent.mkdir()
        path.write_bytes(b"")
        shots.append(moment(replace(footage(), fingerprint=card), 0, 10, path=path))
    ((_, problems),) = deliver(deliveries(shots, OtioWriter(), tmp_path / "a.otio", Layout()), query=None, force=False)
    assert problems == [
        f"2 different files are called C0001.MP4 ({shots[0].path}; {shots[1].path}). A program that relinks by name "
        "can take the wrong one: keep each in the folder of its card."
    ]


@pytest.mark.parametrize(
    ("text", "rate"), [("25", PAL), ("23.976", FILM), ("29.97", NTSC), ("30000/1001", NTSC), ("10", Fraction(10))]
)
def test_rates_as_people_write_them(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "0", "-25", "1/0"])
def test_what_is_no_rate_is_wrong_use(text: str) -> None:
    with pytest.raises(WrongUse, match="is not a frame rate"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("layout", "start", "label"),
    [
        (Layout(start="00:59:50:00"), 107700, "00:59:50:00"),
        (Layout(start="01:00:00;00"), 107892, "01:00:00;00"),
        (Layout(drop_frame=False), 108000, "01:00:00:00"),
        (Layout(drop_frame=True, start="01:00:00:00"), 107892, "01:00:00;00"),
    ],
)
def test_the_start_is_what_was_asked_for(layout: Layout, start: int, label: str) -> None:
    timeline = build([moment(footage(NTSC, start=timecode(0, drop_frame=True)), 0, 10)], name="t", layout=layout)
    assert timeline.global_start_time.value == start
    assert timeline.metadata["momentidx"]["start_timecode"] == label


def test_drop_frame_where_there_is_none_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match=r"not at 25\. Use --ndf"):
        build([moment(footage(), 0, 10)], name="t", layout=Layout(drop_frame=True))
