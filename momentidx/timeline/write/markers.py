"""The captions as markers for a timeline that is already there: Resolve's marker EDL and Avid's locators.

Positions are timecode on the timeline that the same command writes as EDL, XML or OTIO.
"""

from __future__ import annotations

from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.errors import WrongUse
from momentidx.timeline.cuts import CutList, cut_list
from momentidx.timeline.names import one_line
from momentidx.timeline.write.edl import MOST_EVENTS, heading
from momentidx.timeline.write.files import write_whole
from momentidx.times import rate_text


class ResolveMarkersWriter:
    """Writes an EDL of markers: Resolve's "Import > Timeline Markers from EDL"."""

    name = "markers"
    suffix = ".edl"
    mixed_rates = True
    most_clips: int | None = MOST_EVENTS
    alternates = False

    def write(self, timeline: Timeline, file: Path) -> None:
        cuts = _with_timecode(timeline)
        lines = heading(cuts)
        for number, (start, end, _, mark) in enumerate(cuts.marks(), start=1):
            at = f"{cuts.timecode(start)} {cuts.timecode(start + 1)}"
            lines.append(f"{number:03}  001      V     C        {at} {at}")
            # A bar would end the text: it begins Resolve's own fields.
            comment, name = (one_line(text).replace("|", "/") for text in (mark.comment, mark.name))
            lines += [f" {comment} |C:ResolveColorGreen |M:{name} |D:{end - start}", ""]
        write_whole(file, "".join(f"{line}\r\n" for line in lines).encode())


class AvidLocatorsWriter:
    """Writes locators: Media Composer's "Import Markers" in the Markers window."""

    name = "locators"
    suffix = ".txt"
    mixed_rates = True
    most_clips: int | None = None
    alternates = False

    def write(self, timeline: Timeline, file: Path) -> None:
        cuts = _with_timecode(timeline)
        rows = [
            ["momentidx", str(cuts.timecode(start)), "V1", "green", one_line(mark.comment), "1"]
            for start, _, _, mark in cuts.marks()
        ]
        write_whole(file, "".join("\t".join(row) + "\r\n" for row in rows).encode())


def _with_timecode(timeline: Timeline) -> CutList:
    cuts = cut_list(timeline)
    if cuts.timecode(0) is None:
        raise WrongUse(
            f"Markers lie at timecodes, and {rate_text(cuts.rate)} frames a second has none. "
            "Export this footage as .otio, .mlt or .csv, or choose a --rate."
        )
    return cuts
