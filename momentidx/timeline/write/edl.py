"""CMX 3600 edit decision lists (`.edl`): the oldest format, and the one that every program reads.

Our own writer, because the community adapter rescales source timecode, cannot write non-drop-frame at
29.97, ignores where the timeline starts and does not keep reels apart. One picture track; sound is not
carried. `FROM CLIP NAME` is the only name line: Premiere takes media with a `FROM FILE` for unknown.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.errors import WrongUse
from momentidx.timeline.conform.targets import edl
from momentidx.timeline.cuts import Cut, CutList, Hole
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
    alternates = True

    def __init__(self, reel_length: int = 8) -> None:
        self.reel_length = reel_length

    def write(self, timeline: Timeline, file: Path) -> None:
        cuts = edl(timeline, self.reel_length)
        events = [item for item in cuts.items if isinstance(item, Cut) or item.marks]
        if len(events) > MOST_EVENTS:
            raise WrongUse(
                f"An EDL holds {MOST_EVENTS} events, and this timeline has {len(events):,}. Export it as .otio, .xml "
                "or .fcpxml, or in parts."
            )
        lines = heading(cuts)
        for number, item in enumerate(events, start=1):
            lines += _event(number, item, cuts, self.reel_length)
        lines += _reels(cuts)
        write_whole(file, edl_bytes(lines))


def heading(cuts: CutList) -> list[str]:
    """Title, and how the record side counts."""
    counting = "DROP FRAME" if cuts.drop_frame else "NON-DROP FRAME"
    return [f"TITLE: {ascii_text(cuts.name)[:TITLE_LENGTH]}", f"FCM: {counting}", ""]


def edl_bytes(lines: list[str]) -> bytes:
    """Lines end as the format's first readers wanted them to."""
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _event(number: int, item: Cut | Hole, cuts: CutList, reel_length: int) -> list[str]:
    """A clip, or black where something is missing, with its captions and other takes as comments."""
    if isinstance(item, Cut):
        media, name = item.media, f"FROM CLIP NAME: {ascii_text(item.name)}"
        reel, source = media.facts["reel"], [media.timecode(item.start), media.timecode(item.end)]
    else:
        reel, name, zero = "BL", f"COMMENT: {ascii_text(item.name)}", replace(cuts, start=0)
        source = [zero.timecode(0), zero.timecode(item.length)]
    times = [*source, cuts.timecode(item.record), cuts.timecode(item.record_end)]
    lines = [f"{number:03}  {reel:<{reel_length}} V     C        {' '.join(map(str, times))}", f"* {name}"]
    for mark in item.marks:
        start, _ = cuts.mark_frames(item, mark)
        lines.append(f"* LOC: {cuts.timecode(start)} {mark.color:<7} {ascii_text(mark.name)}")
        if remark := mark.remark:
            lines.append(f"* COMMENT: {ascii_text(remark)}")
    for other in item.alternates if isinstance(item, Cut) else ():
        media = other.media
        times = [media.timecode(other.start), media.timecode(other.end)]
        lines.append(f"* ALTERNATE: {media.facts['reel']} {' '.join(map(str, times))} {ascii_text(other.name)}")
    return lines


def _reels(cuts: CutList) -> list[str]:
    """Which file each reel is, for the person who has to relink."""
    reels = {media.facts["reel"]: media for media in cuts.media}
    return [f"* REEL {reel} IS {ascii_text(media.path)}" for reel, media in reels.items()]
