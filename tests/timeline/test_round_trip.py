"""Random timelines through every writer and back: not one frame off, nothing outside its file."""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pycmx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentimelineio import adapters
from opentimelineio.schema import Timeline

from momentidx.events import Moment, Remark
from momentidx.timeline.build import Layout, build
from momentidx.timeline.check import check_file
from momentidx.timeline.conform.targets import generic, resolve
from momentidx.timeline.cuts import cut_list, exact_rate
from momentidx.timeline.names import one_line, safe_text
from momentidx.timeline.reading_aaf import read_aaf
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
from momentidx.times import allows_drop_frame, round_half_up
from tests.timeline import readers
from tests.timeline.moments import FILM, NTSC, PAL, footage, moment, timecode
from tests.timeline.readers import label_frame

SMPTE = [FILM, Fraction(24), PAL, NTSC, Fraction(30), Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60)]
ODD = [Fraction(10), Fraction(59, 2), Fraction(120)]
NTSC_OR_WHOLE = [*SMPTE, Fraction(10), Fraction(120)]
HALF = Fraction(1, 2)
HOUR = "01:00:00:00"

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\r\t", exclude_characters="/\ufffe\uffff"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", ".."))
CAPTIONS = st.text(max_size=80)

Check = Callable[["Case"], None]


def timelines(strategy: st.SearchStrategy[Case], few: int = 50) -> Callable[[Check], Callable[[int], None]]:
    """A test of a few random timelines, and of two hundred among the slow tests."""

    def decorated(check: Check) -> Callable[[int], None]:
        @pytest.mark.parametrize("examples", [few, pytest.param(200, marks=pytest.mark.slow)])
        def test(examples: int) -> None:
            quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
            settings(max_examples=examples, deadline=None, suppress_health_check=quiet)(given(case=strategy)(check))()

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorated


@dataclass(frozen=True)
class Case:
    """Moments and a layout, and the frames that each clip must show."""

    moments: list[Moment]
    layout: Layout
    ranges: list[tuple[int, int]]
    """First frame and frame after the last, from the first picture."""
    rate: Fraction
    """Of the sequence."""

    def timeline(self) -> Timeline:
        return build(self.moments, name="any", query="q", layout=self.layout)

    def paths(self) -> list[bytes]:
        return [os.fsencode(moment.path) for moment in self.moments]


@st.composite
def cases(draw: st.DrawFn, rates: list[Fraction], *, mixed: bool = False) -> Case:
    """Files of one or several rates with any timecode, and moments at their edges, overlapping, repeated."""
    pool = draw(st.lists(st.sampled_from(rates), min_size=1, max_size=4)) if mixed else [draw(st.sampled_from(rates))]
    tapes = []
    for number in range(draw(st.integers(1, 4))):
        rate = draw(st.sampled_from(pool))
        zero = timecode(
            draw(st.integers(0, int(24 * 3600 * rate) - 60)),
            drop_frame=allows_drop_frame(rate) and draw(st.booleans()),
        )
        tape = footage(rate, draw(st.integers(1, 5000)), sound=draw(st.booleans()), start=zero)
        tape = replace(tape, fingerprint=f"f{number}", reel=draw(st.sampled_from([None, "A001", "B" * 40])))
        tapes.append((tape, Path(f"/m/{number}") / draw(NAMES)))
    handles, gap = draw(st.integers(0, 30)), draw(st.integers(0, 12))
    moments, ranges = [], []
    for _ in range(draw(st.integers(1, 6))):
        tape, path = draw(st.sampled_from(tapes))
        first = draw(st.integers(0, tape.length_frames - 1))
        end = draw(st.integers(first + 1, min(tape.length_frames, first + 500)))
        remark = Remark(draw(CAPTIONS), draw(st.integers(0, 5)))
        moments.append(moment(tape, first, end, path=path, caption=draw(CAPTIONS), remark=remark))
        ranges.append((max(first - handles, 0), min(end + handles, tape.length_frames)))
    used = {one.footage.rate for one in moments}
    forced = draw(st.sampled_from([None, *SMPTE])) if mixed else None
    return Case(moments, Layout(f"{handles}f", f"{gap}f", rate=forced), ranges, forced or max(used))


@contextmanager
def written(writer: object, case: Case) -> Iterator[Path]:
    """The file of a case; the timeline it was made from is as it was before."""
    timeline = case.timeline()
    before = timeline.to_json_string()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"t{writer.suffix}"
        writer.write(timeline, file)
        assert timeline.to_json_string() == before
        yield file


def problems_besides_missing_files(file: Path) -> list[str]:
    return [problem for problem in check_file(file) if "is not there" not in problem and "are called" not in problem]


def starts(case: Case, lengths: list[Fraction]) -> list[Fraction]:
    """Where each clip starts when they follow each other with the gap between them."""
    gap, found, at = Fraction(int(case.layout.gap[:-1])) / case.rate, [], Fraction(0)
    for length in lengths:
        found.append(at)
        at += length + gap
    return found


@timelines(cases([*SMPTE, *ODD]))
def test_otio_of_one_rate_comes_back_equal_for_everyone_and_for_resolve(case: Case) -> None:
    for writer, conform in ((OtioWriter(), generic), (ResolveWriter(), resolve)):
        with written(writer, case) as file:
            back = adapters.read_from_file(str(file))
            assert back.is_equivalent_to(conform(case.timeline()))
            assert problems_besides_missing_files(file) == []
        clips = list(back.video_tracks()[0].find_clips())
        for clip, one, (first, end) in zip(clips, case.moments, case.ranges, strict=True):
            zero = one.footage.start.frame
            assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (zero + first, end - first)
            url = clip.media_reference.target_url
            assert (url == str(one.path)) if conform is resolve else (readers.decoded(url) == os.fsencode(one.path))


@timelines(cases(SMPTE))
def test_an_edl_says_the_same_to_two_readers_and_to_the_labels(case: Case) -> None:
    with written(EdlWriter(), case) as file:
        text = file.read_bytes().decode("ascii")
        assert problems_besides_missing_files(file) == []
        with file.open(encoding="ascii") as stream:
            events = list(pycmx.parse_cmx3600(stream).events)
    assert [event.number for event in events] == list(range(1, len(case.moments) + 1))
    rate, nominal = case.rate, -(-case.rate.numerator // case.rate.denominator)
    lengths = [Fraction(end - first) / rate for first, end in case.ranges]
    start = label_frame("01:00:00;00" if "FCM: DROP" in text else "01:00:00:00", rate)
    reels: dict[str, set[bytes]] = {}
    for event, one, (first, end), record in zip(events, case.moments, case.ranges, starts(case, lengths), strict=True):
        (edit,) = event.edits
        drop = one.footage.start.drop_frame
        zero = one.footage.start.frame
        day = label_frame(f"23:59:59{';' if drop else ':'}{nominal - 1}", rate) + 1  # labels wrap at midnight
        assert label_frame(edit.source_in, rate) == (zero + first) % day
        assert label_frame(edit.source_out, rate) == (zero + end) % day
        at = start + int(record * rate)
        assert (label_frame(edit.record_in, rate), label_frame(edit.record_out, rate)) == (at, at + end - first)
        assert re.fullmatch("[A-Z0-9_]{1,8}", edit.source)
        assert edit.source not in ("AX", "BL")
        reels.setdefault(edit.source, set()).add(os.fsencode(one.path))
    for files in reels.values():
        if len(files) > 1:  # one tape: its files name it themselves and lie apart in its timecode
            tapes = sorted(
                {
                    (Fraction(one.footage.start.frame), one.footage.start.frame + one.footage.length_frames)
                    for one in case.moments
                    if os.fsencode(one.path) in files
                }
            )
            assert all(one[1] <= next_[0] for one, next_ in pairwise(tapes))


@timelines(cases([Fraction(24), PAL, NTSC, Fraction(30)]))
def test_the_reader_of_opentimelineio_reads_the_same_frames_from_an_edl(case: Case) -> None:
    moments = [
        replace(one, footage=replace(one.footage, start=timecode(3000, drop_frame=one.footage.start.drop_frame)))
        for one in case.moments
    ]
    case = replace(case, moments=moments)
    with written(EdlWriter(), case) as file:
        back = adapters.read_from_file(str(file), adapter_name="cmx_3600", rate=float(case.rate))
    clips = list(back.video_tracks()[0].find_clips())
    seen = [(clip.source_range.start_time.value, clip.source_range.duration.value) for clip in clips]
    assert seen == [(3000 + first, end - first) for first, end in case.ranges]


@timelines(cases([*SMPTE, *ODD], mixed=True))
def test_fcpxml_starts_on_source_frames_and_lies_on_the_grid_of_the_sequence(case: Case) -> None:
    fcpxml_lies_on_the_grid(case)


def fcpxml_lies_on_the_grid(case: Case) -> None:
    with written(FcpxmlWriter(), case) as file:
        shown, root = readers.fcpxml(file)
        if all(clip.length * case.rate > 1 for clip in shown):  # a single frame may be longer than its file
            assert problems_besides_missing_files(file) == []
    assert [clip.path for clip in shown] == case.paths()
    assert [clip.record for clip in shown] == starts(case, [clip.length for clip in shown])
    for clip, one, (first, end) in zip(shown, case.moments, case.ranges, strict=True):
        tape = one.footage
        assert clip.start == (tape.start.frame + first) / tape.rate
        frames = clip.length * case.rate
        assert frames.denominator == 1
        # The last frame of the sequence still shows a frame of the moment; one more would not, or the file ends.
        assert frames == 1 or (frames - 1) / case.rate < (end - first) / tape.rate
        assert frames == 1 or clip.start + clip.length <= (tape.start.frame + tape.length_frames) / tape.rate
        more = clip.start + (frames + 1) / case.rate
        assert clip.length >= (end - first) / tape.rate or more > (tape.start.frame + tape.length_frames) / tape.rate
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


@timelines(cases(NTSC_OR_WHOLE, mixed=True))
def test_resampling_formats_show_only_frames_of_the_moment_and_all_that_fit(case: Case) -> None:
    found = {}
    for writer, reader in (
        (Fcp7XmlWriter(), readers.fcp7xml),
        (MltWriter(), lambda file: readers.mlt(file, "V1")),
        (KdenliveWriter(), lambda file: readers.mlt(file, "video0")),
    ):
        with written(writer, case) as file:
            found[writer.name], _ = reader(file)
    shown = found["mlt"]
    assert found == dict.fromkeys(found, shown)
    assert [clip.path for clip in shown] == case.paths()
    assert [clip.record for clip in shown] == starts(case, [clip.length for clip in shown])
    for clip, one, (first, end) in zip(shown, case.moments, case.ranges, strict=True):
        step = one.footage.rate / case.rate
        begin, after = clip.start * case.rate, (clip.start + clip.length) * case.rate
        inside = [k for k in range(int(begin) - 2, int(after) + 3) if first - HALF < k * step < end - HALF and k >= 0]
        assert list(range(int(begin), int(after))) == inside or (not inside and clip.length * case.rate == 1)
        if step == 1:
            assert (begin, after) == (first, end)


@timelines(cases(SMPTE))
def test_final_cut_7_labels_ids_and_markers_are_whole_and_unique(case: Case) -> None:
    with written(Fcp7XmlWriter(), case) as file:
        _, root = readers.fcp7xml(file)
        assert problems_besides_missing_files(file) == []
    clips = list(root.iter("clipitem"))
    assert len({clip.get("id") for clip in clips}) == len(clips)
    files = [element for element in root.iter("file") if len(element)]
    assert len({element.get("id") for element in files}) == len(files) == len(set(case.paths()))
    for element in files:
        (tape,) = {
            one.footage for one in case.moments if os.fsencode(one.path) == readers.decoded(element.findtext("pathurl"))
        }
        code = element.find("timecode")
        assert code.findtext("displayformat") == ("DF" if tape.start.drop_frame else "NDF")
        assert int(code.findtext("frame")) == tape.start.frame
        assert label_frame(code.findtext("string"), tape.rate) == tape.start.frame
    for clip, (first, end), one in zip(clips, case.ranges, case.moments, strict=False):
        marker = clip.find("marker")
        assert first <= int(marker.findtext("in")) < int(marker.findtext("out")) <= end
        assert (int(marker.findtext("in")), int(marker.findtext("out"))) == one.frames
        assert [child.tag for child in clip][:9] == [
            "masterclipid", "name", "enabled", "duration", "rate", "start", "end", "in", "out",
        ]  # fmt: skip


@timelines(cases(SMPTE))
def test_logs_and_tables_have_a_row_for_each_moment(case: Case) -> None:
    nominal = -(-case.rate.numerator // case.rate.denominator)
    with written(AleWriter(), case) as file:
        rows = file.read_bytes().decode().split("\r\n")
        assert problems_besides_missing_files(file) == []
    columns = rows[rows.index("Column") + 1].split("\t")
    log = [dict(zip(columns, row.split("\t"), strict=True)) for row in rows[rows.index("Data") + 1 : -1]]
    with written(JsonLinesWriter(), case) as file:
        objects = [json.loads(line) for line in file.read_text().splitlines()]
    with written(CsvWriter(), case) as file, file.open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    with written(BlenderWriter(), case) as file:
        strips = json.loads(file.read_text())["strips"]
    assert [(strip["source_start"], strip["source_end"]) for strip in strips] == case.ranges
    assert [strip["path"].encode() for strip in strips] == case.paths()
    assert len(log) == len(objects) == len(table) == len(case.moments)
    for one, (first, end), entry, row, found in zip(case.moments, case.ranges, log, table, objects, strict=True):
        start, stop = one.frames
        assert (found["start_frame"], found["end_frame"], found["caption"]) == (start, stop, found["caption"])
        assert (int(row["start_frame"]), int(row["end_frame"])) == (start, stop)
        assert row["start_timecode"] == one.footage.timecode(start)
        assert (entry["Start"], entry["End"]) == (one.footage.timecode(first), one.footage.timecode(end))
        assert entry["Mark IN"] == one.footage.timecode(start)
        assert label_frame(entry["Duration"], Fraction(nominal)) == end - first


@timelines(cases([*SMPTE, *ODD], mixed=True))
def test_otio_on_one_grid_has_whole_positions_and_exact_first_frames(case: Case) -> None:
    case = replace(case, layout=replace(case.layout, rate=case.rate))
    for writer in (OtioWriter(), ResolveWriter()):
        with written(writer, case) as file:
            back = adapters.read_from_file(str(file))
            # Where the sequence is slower than a file of one frame, that frame lasts longer than its file.
            assert [told for told in problems_besides_missing_files(file) if "after its file ends" not in told] == []
        pictures = back.video_tracks()[0]
        for clip, one, (first, _) in zip(pictures.find_clips(), case.moments, case.ranges, strict=True):
            assert clip.source_range.start_time.value == one.footage.start.frame + first
            assert exact_rate(clip.source_range.start_time.rate) == exact_rate(float(one.footage.rate))
        for item in pictures:
            place = item.range_in_parent()
            assert exact_rate(place.duration.rate) == exact_rate(float(case.rate))
            assert place.start_time.value == int(place.start_time.value)


@timelines(cases(SMPTE), few=5)  # pyaaf2 takes a quarter of a second for the smallest file
def test_an_aaf_leads_every_clip_to_the_frames_of_its_file(case: Case) -> None:
    with written(AafWriter(), case) as file:
        found = read_aaf(file)
        assert problems_besides_missing_files(file) == []
    picture, *sounds = found.tracks
    rate = case.rate
    assert (found.rate, found.start * rate) == (rate, label_frame("01:00:00;00" if found.drop_frame else HOUR, rate))
    clips = [item.clip for item in picture.items if item.clip]
    assert [item.length * rate for item in picture.items if item.clip] == [end - first for first, end in case.ranges]
    for clip, one, (first, _) in zip(clips, case.moments, case.ranges, strict=True):
        zero = one.footage.start.frame
        assert (clip.start * rate, clip.media[0] * rate) == (zero + first, zero)
        assert (clip.media[1] * rate, clip.fingerprint) == (one.footage.length_frames, one.footage.fingerprint)
        assert readers.decoded(clip.url) == os.fsencode(one.path)
    lengths = [Fraction(end - first) / rate for first, end in case.ranges]
    for track in (picture, *sounds):
        at, places = Fraction(0), []
        for item in track.items:
            places += [at] if item.clip else []
            at += item.length
        heard = [start for start, one in zip(starts(case, lengths), case.moments, strict=True) if one.footage.audio]
        assert places == (starts(case, lengths) if track is picture else heard)


@timelines(cases(SMPTE, mixed=True))
def test_markers_locators_and_subtitles_lie_where_the_moment_does(case: Case) -> None:
    marks = cut_list(case.timeline()).marks()
    assert len(marks) == len(case.moments)
    for (start, end, cut, mark), one, (first, _) in zip(marks, case.moments, case.ranges, strict=True):
        # The frame of the sequence that is nearest to the moment's first, inside the clip.
        lead = Fraction(one.frames[0] - first) * case.rate / one.footage.rate
        assert abs(start - cut.record - lead) <= HALF or start == cut.record_end - 1
        assert cut.record <= start < end <= cut.record_end
        assert mark.caption == safe_text(one.event.caption)
    with written(ResolveMarkersWriter(), case) as file:
        text = file.read_bytes().decode()
    drop = "FCM: DROP" in text
    zero = label_frame("01:00:00;00" if drop else HOUR, case.rate)
    labels = re.findall(r"^\d{3}  001      V     C        (\S+) ", text, re.MULTILINE)
    lengths = [int(length) for length in re.findall(r"\|D:(\d+)\r$", text, re.MULTILINE)]
    assert [label_frame(label, case.rate) - zero for label in labels] == [start for start, *_ in marks]
    assert lengths == [end - start for start, end, *_ in marks]
    with written(AvidLocatorsWriter(), case) as file:
        rows = [row.split("\t") for row in file.read_bytes().decode().split("\r\n")[:-1]]
    assert [row[1] for row in rows] == labels
    assert {len(row) for row in rows} == {6}
    for writer, point in ((SrtWriter(), ","), (VttWriter(), ".")):
        with written(writer, case) as file:
            times = re.findall(r"^(\d\d+:\d\d:\d\d[.,]\d{3}) --> (\S+)$", file.read_text("utf-8"), re.MULTILINE)
        assert [(milliseconds(start, point), milliseconds(end, point)) for start, end in times] == [
            (round_half_up(start * 1000 / case.rate), round_half_up(end * 1000 / case.rate)) for start, end, *_ in marks
        ]


def milliseconds(clock: str, point: str) -> int:
    hours, minutes, seconds = clock.replace(point, ".").split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000 + int(Fraction(seconds) * 1000)


@timelines(cases(SMPTE), few=20)
def test_words_names_and_remarks_come_back_from_every_format_that_has_them(case: Case) -> None:
    captions = [safe_text(one.event.caption) for one in case.moments]
    notes = [safe_text(one.remark.note) for one in case.moments]
    ratings = [one.remark.rating for one in case.moments]
    with written(OtioWriter(), case) as file:
        clips = json.loads(file.read_text())["tracks"]["children"][0]["children"]
    facts = [clip["metadata"]["momentidx"] for clip in clips if clip["OTIO_SCHEMA"] == "Clip.2"]
    assert [(one["caption"], one["note"], one["rating"]) for one in facts] == list(
        zip(captions, notes, ratings, strict=True)
    )
    with written(FcpxmlWriter(), case) as file:
        _, root = readers.fcpxml(file)
    for clip, one, caption in zip(root.iter("asset-clip"), case.moments, captions, strict=True):
        note = clip.findtext("note")
        assert note.startswith(caption)
        assert safe_text(one.remark.note) in note
        assert clip.get("name") == one_line(one.path.name)
        assert (clip.find("rating") is not None) == (one.remark.rating >= 4)
    with written(Fcp7XmlWriter(), case) as file:
        _, root = readers.fcp7xml(file)
    comments = [clip.findtext("marker/comment") for clip in root.findall("sequence/media/video/track/clipitem")]
    assert all(told.startswith(caption) for told, caption in zip(comments, captions, strict=True))
    assert all(note in told for told, note in zip(comments, notes, strict=True))
    with written(JsonLinesWriter(), case) as file:
        rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(row["caption"], row["note"], row["rating"]) for row in rows] == list(
        zip(captions, notes, ratings, strict=True)
    )
    with written(AleWriter(), case) as file:
        rows = [row.split("\t") for row in file.read_bytes().decode().split("\r\n")]
    columns = rows[rows.index(["Column"]) + 1]
    log = [dict(zip(columns, row, strict=True)) for row in rows[rows.index(["Data"]) + 1 : -1]]
    assert [(row["Description"], row["Comments"]) for row in log] == [
        (one_line(caption), one_line(note)) for caption, note in zip(captions, notes, strict=True)
    ]


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases([*SMPTE, *ODD], mixed=True))
def test_fcpxml_at_length(case: Case) -> None:
    fcpxml_lies_on_the_grid(case)
