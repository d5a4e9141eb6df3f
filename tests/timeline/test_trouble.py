"""What goes wrong on other people's desks: other systems' paths, midnight, too many events, odd rates, lost media."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path, PureWindowsPath

import aaf2
import pytest
from opentimelineio.schema import Timeline

from momentidx.errors import WrongUse
from momentidx.timeline.build import Layout, build
from momentidx.timeline.check import check_file
from momentidx.timeline.conform.media import clips
from momentidx.timeline.names import media_url
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.write.aaf import AafWriter
from momentidx.timeline.write.ale import AleWriter
from momentidx.timeline.write.edl import EdlWriter
from momentidx.timeline.write.fcp7xml import Fcp7XmlWriter
from momentidx.timeline.write.fcpxml import FcpxmlWriter
from momentidx.timeline.write.kdenlive import KdenliveWriter
from momentidx.timeline.write.markers import AvidLocatorsWriter, ResolveMarkersWriter
from momentidx.timeline.write.mlt import MltWriter
from momentidx.timeline.write.otio import OtioWriter, ResolveWriter
from momentidx.timeline.write.tables import BlenderWriter
from tests.timeline import readers
from tests.timeline.moments import NTSC, PAL, footage, moment, timecode

DRIVE = PureWindowsPath(r"C:\Media\A cam é#1 100%.mp4")
SHARE = PureWindowsPath(r"\\nas01\share\B 100%.mov")


@pytest.fixture
def windows() -> Timeline:
    """A timeline as it would be built on Windows: a file on a drive and one on a share."""
    shots = [moment(footage(), 0, 10, path=Path(f"/{name}")) for name in ("a", "b")]
    timeline = build(shots, name="t")
    urls = {media_url(Path("/a")): media_url(DRIVE), media_url(Path("/b")): media_url(SHARE)}
    for clip in clips(timeline):
        clip.media_reference.target_url = urls[clip.media_reference.target_url]
    return timeline


def written(writer: TimelineWriter, timeline: Timeline, folder: Path) -> Path:
    writer.write(timeline, folder / f"t{writer.suffix}")
    return folder / f"t{writer.suffix}"


def urls_in(writer: TimelineWriter, file: Path) -> Iterator[str]:
    """What the file calls its media, in the order of the clips."""
    if writer.name == "aaf":
        with aaf2.open(str(file)) as document:
            mobs = [mob for mob in document.content.sourcemobs() if "Locator" in mob.descriptor]
            yield from [next(iter(mob.descriptor["Locator"].value))["URLString"].value for mob in mobs]
    elif writer.suffix == ".otio":
        track = json.loads(file.read_text())["tracks"]["children"][0]["children"]
        yield from [clip["media_references"]["DEFAULT_MEDIA"]["target_url"] for clip in track]
    elif writer.name == "blender":
        yield from [strip["path"] for strip in json.loads(file.read_text())["strips"]]
    elif writer.name == "ale":
        yield from [row.split("\t")[10] for row in file.read_text().splitlines()[-2:]]
    elif writer.name == "fcpxml":
        yield from [one.get("src") for one in readers.fcpxml(file)[1].iter("media-rep")]
    elif writer.name == "fcp7xml":
        yield from [one.text for one in readers.fcp7xml(file)[1].iter("pathurl")]
    else:
        track = "V1" if writer.name == "mlt" else "video0"
        yield from [clip.path.decode() for clip in readers.mlt(file, track)[0]]


BARE = ["C:/Media/A cam é#1 100%.mp4", "//nas01/share/B 100%.mov"]
URLS = ["file:///C:/Media/A%20cam%20%C3%A9%231%20100%25.mp4", "file://nas01/share/B%20100%25.mov"]


@pytest.mark.parametrize(
    ("writer", "names"),
    [
        (OtioWriter(), URLS),
        (ResolveWriter(), BARE),
        (FcpxmlWriter(), URLS),
        (Fcp7XmlWriter(), [URLS[0].replace("file:///", "file://localhost/"), URLS[1]]),
        (AafWriter(), URLS),
        (AleWriter(), BARE),
        (MltWriter(), BARE),
        (KdenliveWriter(), BARE),
        (BlenderWriter(), BARE),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_drives_and_shares_of_windows_are_spelled_as_each_format_wants(
    writer: TimelineWriter, names: list[str], windows: Timeline, tmp_path: Path
) -> None:
    assert list(urls_in(writer, written(writer, windows, tmp_path))) == names


def test_an_edl_lists_the_paths_of_windows_in_its_table_of_reels(windows: Timeline, tmp_path: Path) -> None:
    assert written(EdlWriter(), windows, tmp_path).read_text().splitlines()[-2:] == [
        "* REEL A_CAM_E_ IS C:/Media/A cam e#1 100%.mp4",
        "* REEL B_100 IS //nas01/share/B 100%.mov",
    ]


def test_a_sequence_that_runs_over_midnight_starts_its_labels_again(tmp_path: Path) -> None:
    of = footage(NTSC, 300, start=timecode(0, drop_frame=True))
    timeline = build([moment(of, 0, 60), moment(of, 60, 120)], name="t", layout=Layout(start="23:59:58;00"))
    events = [line for line in written(EdlWriter(), timeline, tmp_path).read_text().splitlines() if line[:2] == "00"]
    assert [event.split()[-2:] for event in events] == [
        ["23:59:58;00", "00:00:00;00"], ["00:00:00;00", "00:00:02;00"],
    ]  # fmt: skip
    assert [problem for problem in check_file(tmp_path / "t.edl") if "not there" not in problem] == []
    markers = written(ResolveMarkersWriter(), timeline, tmp_path).read_text()
    assert "002  001      V     C        00:00:00;00 00:00:00;01" in markers
    rows = written(AvidLocatorsWriter(), timeline, tmp_path).read_text().splitlines()
    assert [row.split("\t")[1] for row in rows] == ["23:59:58;00", "00:00:00;00"]


def test_more_events_than_an_edl_holds_are_refused_by_the_writer(tmp_path: Path) -> None:
    timeline = build([moment(footage(), number, number + 1) for number in range(1000)], name="t")
    with pytest.raises(WrongUse, match=r"An EDL holds 999 events, and this timeline has 1,000\. Export it as \.otio"):
        EdlWriter().write(timeline, tmp_path / "t.edl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("writer", [ResolveMarkersWriter(), AvidLocatorsWriter()], ids=lambda one: one.name)
def test_markers_without_timecode_are_refused(writer: TimelineWriter, tmp_path: Path) -> None:
    timeline = build([moment(footage(Fraction(10)), 0, 10)], name="t")
    with pytest.raises(WrongUse, match="Markers lie at timecodes, and 10 frames a second has none"):
        writer.write(timeline, tmp_path / "t")
    assert list(tmp_path.iterdir()) == []


FORMATS = [OtioWriter(), FcpxmlWriter(), Fcp7XmlWriter(), MltWriter(), KdenliveWriter(), AleWriter(), AafWriter()]


@pytest.mark.parametrize("writer", FORMATS, ids=lambda one: one.name)
def test_offline_media_is_written_with_its_path_and_told(writer: TimelineWriter, tmp_path: Path) -> None:
    gone = moment(footage(PAL), 0, 10, path=Path("/Volumes/CARD 7/A001.mov"), online=False)
    (problem,) = check_file(written(writer, build([gone], name="t"), tmp_path))
    assert problem.startswith("/Volumes/CARD 7/A001.mov is not there (")
    assert problem.endswith("Connect its drive, or index the folder it was moved to, then export.")
