"""CMX 3600 edit decision lists (`.edl`): the oldest format, and the one that every program reads.

Our own writer, because the community adapter rescales source timecode, cannot write non-drop-frame at
29.97, ignores where the timeline starts and does not keep reels apart. One picture track; sound is not
carried. `FROM CLIP NAME` is the only name line: Premiere takes media with a `FROM FILE` for unknown.
"""

from __future__ import annotations

from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import edl
from momentidx.timeline.cuts import Cut, CutList
from momentidx.timeline.names import ascii_text
from momentidx.timeline.write.files import write_whole

MOST_EVENTS = 999
TITLE_LENGTH = 70


class EdlWriter:
    """Writes CMX 3600 with explicit drop-frame and a table of reels in comments."""

    name = "edl"
    suffix = ".edl"
    mixed_rates = False
    most_clips: int | None = MOST_EVENTS

    def __init__(self, reel_length: int = 8) -> None:
        self.reel_length = reel_length

    def write(self, timeline: Timeline, file: Path) -> None:
        cuts = edl(timeline, self.reel_length)
        lines = heading(cuts)
        for number, cut in enumerate(cuts.cuts, start=1):
            lines += _event(number, cut, cuts, self.reel_length)
        lines += _reels(cuts)
        write_whole(file, edl_bytes(lines))


def heading(cuts: CutList) -> list[str]:
    """Title, and how the record side counts."""
    counting = "DROP FRAME" if cuts.drop_frame else "NON-DROP FRAME"
    return [f"TITLE: {ascii_text(cuts.name)[:TITLE_LENGTH]}", f"FCM: {counting}", ""]


def edl_bytes(lines: list[str]) -> bytes:
    """Lines end as the format's first readers wanted them to."""
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _event(number: int, cut: Cut, cuts: CutList, reel_length: int) -> list[str]:
    times = [
        cut.media.timecode(cut.start),
        cut.media.timecode(cut.end),
        cuts.timecode(cut.record),
        cuts.timecode(cut.record_end),
    ]
    lines = [
        f"{number:03}  {cut.media.facts['reel']:<{reel_length}} V     C        {' '.join(map(str, times))}",
        f"* FROM CLIP NAME: {ascii_text(cut.name)}",
    ]
    for mark in cut.marks:
        start, _ = cuts.mark_frames(cut, mark)
        lines.append(f"* LOC: {cuts.timecode(start)} GREEN   {ascii_text(mark.name)}")
        if remark := mark.remark:
            lines.append(f"* COMMENT: {ascii_text(remark)}")
    return lines


def _reels(cuts: CutList) -> list[str]:
    """Which file each reel is, for the person who has to relink."""
    reels = {cut.media.facts["reel"]: cut.media for cut in cuts.cuts}
    return [f"* REEL {reel} IS {ascii_text(media.path)}" for reel, media in reels.items()]
