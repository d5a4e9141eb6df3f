"""Avid Log Exchange (`.ale`): one row for each moment, ready for a bin.

Our own writer: the format is a table with tabs, and the community adapter replaces the file's name by
its URL, lists sound as further clips and rescales what is not at its one rate.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import avid
from momentidx.timeline.cuts import Cut, CutList, Mark
from momentidx.timeline.names import one_line
from momentidx.timeline.write.files import write_whole
from momentidx.times import rate_text

COLUMNS = (
    "Name", "Tracks", "Start", "End", "Duration", "Mark IN", "Mark OUT", "FPS", "Tape", "Source File", "Source Path",
    "Description", "Score", "Query", "Comments", "Rating", "Labels", "Take",
)  # fmt: skip
RATE_NAMES = {Fraction(24000, 1001): "23.976", Fraction(30000, 1001): "29.97", Fraction(60000, 1001): "59.94"}
FORMATS = {720: "720", 1080: "1080", 576: "PAL", 486: "NTSC", 480: "NTSC"}


class AleWriter:
    """Writes a row for each moment: `Start` and `End` with handles, `Mark IN` and `Mark OUT` the moment itself."""

    name = "ale"
    suffix = ".ale"
    mixed_rates = False
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        cuts = avid(timeline)
        heading = [
            ["Heading"],
            ["FIELD_DELIM", "TABS"],
            ["VIDEO_FORMAT", FORMATS.get(cuts.height, "CUSTOM")],
            ["AUDIO_FORMAT", "48khz"],
            ["FPS", rate_name(cuts.rate)],
        ]
        rows = [
            _row(one, mark, cuts, str(take) if cut.alternates else "")
            for cut in cuts.cuts
            for take, one in enumerate((cut, *cut.alternates), start=1)
            for mark in one.marks
        ]
        table = [*heading, [], ["Column"], list(COLUMNS), [], ["Data"], *rows]
        write_whole(file, "".join("\t".join(cells) + "\r\n" for cells in table).encode())


def rate_name(rate: Fraction) -> str:
    return RATE_NAMES.get(rate) or rate_text(rate)


def _row(cut: Cut, mark: Mark, cuts: CutList, take: str) -> list[str]:
    media, score = cut.media, mark.facts.get("score")
    cells = [
        cut.name.rsplit(".", 1)[0],
        "VA1A2" if cut.sound and media.channels > 1 else "VA1" if cut.sound else "V",
        media.timecode(cut.start),
        media.timecode(cut.end),
        _length(cut.length, media.rate),
        media.timecode(mark.start),
        media.timecode(mark.end),
        rate_name(media.rate),
        media.facts["reel"],
        media.name,
        media.path,
        mark.caption,
        "" if score is None else f"{score:.3f}",
        mark.facts.get("query") or cuts.query or "",
        mark.facts.get("note") or "",
        mark.facts.get("rating") or "",
        ", ".join(mark.facts.get("labels") or ()),
        take,
    ]
    return [one_line(str(cell)) for cell in cells]


def _length(frames: int, rate: Fraction) -> str:
    """A length has no drop-frame: it counts frames."""
    whole = -(-rate.numerator // rate.denominator)
    seconds, rest = divmod(frames, whole)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"
