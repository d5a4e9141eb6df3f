"""Plain lists for spreadsheets and scripts: CSV, JSON lines, and the versioned JSON that Blender's add-on reads."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import blender
from momentidx.timeline.cuts import Cut, CutList, Hole, Mark, cut_list
from momentidx.timeline.names import one_line
from momentidx.timeline.write.files import write_whole

COLUMNS = (
    "number", "clip", "reel", "start_timecode", "end_timecode", "start_frame", "end_frame", "start_seconds",
    "end_seconds", "rate", "record_start", "record_end", "alternate", "caption", "score", "query", "note", "rating",
    "labels", "captioner", "id", "footage", "path",
)  # fmt: skip
BLENDER_VERSION = 1


class CsvWriter:
    """Writes a row for each moment; UTF-8 with a mark at the beginning, which Excel needs."""

    name = "csv"
    suffix = ".csv"
    mixed_rates = True
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        text = io.StringIO()
        table = csv.DictWriter(text, COLUMNS)
        table.writeheader()
        for row in _rows(cut_list(timeline)):
            table.writerow({key: _cell(row.get(key)) for key in COLUMNS})
        write_whole(file, text.getvalue().encode("utf-8-sig"))


class JsonLinesWriter:
    """Writes an object for each moment: what `find --json` prints, and where it lies on the timeline."""

    name = "jsonl"
    suffix = ".jsonl"
    mixed_rates = True
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        rows = _rows(cut_list(timeline))
        write_whole(file, "".join(json.dumps(row) + "\n" for row in rows).encode())


class BlenderWriter:
    """Writes strips for Blender's sequencer as JSON (`docs/export.md` describes it); frames count from zero."""

    name = "blender"
    suffix = ".json"
    mixed_rates = False
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        cuts = blender(timeline)
        scene = {
            "format": "momentidx-blender",
            "version": BLENDER_VERSION,
            "name": cuts.name,
            "query": cuts.query,
            "scene": {
                "fps": -(-cuts.rate.numerator // cuts.rate.denominator),
                "fps_base": float(-(-cuts.rate.numerator // cuts.rate.denominator) / cuts.rate),
                "width": cuts.width,
                "height": cuts.height,
                "length": cuts.length,
            },
            "strips": [_strip(cut) | {"alternates": [_strip(other) for other in cut.alternates]} for cut in cuts.cuts],
            "markers": [{"frame": start, "name": mark.name} for start, _, _, mark in cuts.marks()],
        }
        write_whole(file, (json.dumps(scene, indent=1) + "\n").encode())


def _rows(cuts: CutList) -> list[dict[str, Any]]:
    """What plays, in order, each with its alternates below it."""
    found: list[dict[str, Any]] = []
    for start, end, item, mark in cuts.marks():
        found.append(_row(cuts, item, mark, (start, end), 0))
        for rank, other in enumerate(item.alternates if isinstance(item, Cut) else (), start=1):
            found += [_row(cuts, other, each, cuts.mark_frames(other, each), rank) for each in other.marks]
    return [row | {"number": number} for number, row in enumerate(found, start=1)]


def _row(cuts: CutList, item: Cut | Hole, mark: Mark, record: tuple[int, int], alternate: int) -> dict[str, Any]:
    start, end = record
    return dict(mark.facts) | {
        "clip": item.name,
        "reel": item.media.facts.get("reel") if isinstance(item, Cut) else None,
        "record_start": _record(cuts, start),
        "record_end": _record(cuts, end),
        "alternate": alternate,
    }


def _record(cuts: CutList, frame: int) -> str | int:
    """Timecode on the timeline, or the frame number where the rate has none."""
    return cuts.timecode(frame) or frame


def _cell(value: Any) -> str:
    """One line, lists with commas, and never a formula: a spreadsheet would run a caption that begins with `=`."""
    text = "" if value is None else one_line(", ".join(value) if isinstance(value, list) else str(value))
    return "'" + text if text.startswith(("=", "+", "-", "@")) and not isinstance(value, int | float) else text


def _strip(cut: Cut) -> dict[str, Any]:
    mark: Mark | None = cut.marks[0] if cut.marks else None
    return {
        "name": cut.name,
        "path": cut.media.path,
        "media_length": cut.media.length,
        "source_start": cut.start,
        "source_end": cut.end,
        "record_start": cut.record,
        "record_end": cut.record_end,
        "sound": cut.sound,
        "caption": mark.caption if mark else "",
        "moment": mark.facts.get("id") if mark else None,
        "remark": mark.remark if mark else "",
    }
