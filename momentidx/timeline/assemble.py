"""A shot list becomes a string-out: the best take for each slot, others on muted tracks, and gaps where none is good.

*Casting.* The slot and the moment that fit best of all go together first, then the next best pair, so
that a moment goes to the slot it answers best. Nothing is shown twice: a moment that shares pictures
with one that was taken is passed over. Then the same again for the first alternates, and so on.

*Good enough.* A take scores at least the floor. A score is no probability (`search/find.py`), and the
floor only says "this caption has hardly to do with these words": `docs/selects.md` has what was measured.

*Length.* A take that is longer than its slot is cut from the middle, where what a caption tells is most
likely to be seen whole; a shorter one stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, Gap, Marker, MarkerColor, Timeline, Track, TrackKind

from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Moment
from momentidx.timeline.build import MARKER_NAME_LENGTH, Layout, build, rates
from momentidx.timeline.conform.grid import keep_source_frames
from momentidx.timeline.cuts import exact_rate
from momentidx.timeline.export import write_checked
from momentidx.timeline.names import one_line, safe_text
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.shotlist import Slot
from momentidx.timeline.write.files import refuse_to_replace
from momentidx.times import rate_text, round_half_up

FLOOR = 0.25
GAP_SECONDS = Fraction(2)
"""How long the gap for a slot without a length is."""
FEWEST_ANSWERS = 20
ONE_GRID = ("otio", "otio-resolve", "otioz")
"""Formats that `export` splits by frame rate, and that can hold several on the grid of one sequence."""


@dataclass
class Cast:
    """A slot and the takes it got."""

    slot: Slot
    answers: Sequence[Moment]
    """What was found for its words, best first."""
    takes: list[Moment] = field(default_factory=list)
    """The best and its alternates, cut to the slot's length."""

    @property
    def runner_up(self) -> Moment | None:
        """The best answer that is none of the takes."""
        taken = {take.id for take in self.takes}
        return next((moment for moment in self.answers if moment.id not in taken), None)

    def why(self, floor: float) -> str:
        """Why the slot has no take."""
        best = self.runner_up
        if best is None or best.score is None:
            return "nothing was found"
        if best.score < floor:
            return f"nothing scores {floor:.2f} or more; the nearest scores {best.score:.2f}"
        return "everything that scores enough is shown in another slot"

    def to_json(self, floor: float) -> dict[str, Any]:
        """The evidence for the slot as one JSON object, documented in `docs/selects.md`."""
        return {
            "slot": self.slot.number,
            "words": self.slot.words,
            "seconds": None if self.slot.length is None else float(self.slot.length),
            "state": "filled" if self.takes else "gap",
            "reason": None if self.takes else self.why(floor),
            "takes": [take.to_json() for take in self.takes],
            "runner_up": self.runner_up.to_json() if self.runner_up else None,
        }


def answers_wanted(slots: int, alternates: int) -> int:
    """How many moments to look at for each slot: more where the shot list is longer."""
    return max(FEWEST_ANSWERS, 2 * slots * (1 + alternates))


def cast(
    slots: Sequence[Slot],
    answers: Sequence[Sequence[Moment]],
    *,
    floor: float = FLOOR,
    alternates: int = 0,
    repeat: bool = False,
) -> list[Cast]:
    """Takes for each slot, out of its answers (best first, with scores)."""
    found = [Cast(slot, moments) for slot, moments in zip(slots, answers, strict=True)]
    shown: list[Moment] = []
    for _ in range(1 + alternates):
        pairs = [
            (-moment.score, one.slot.number, moment.id, one, moment)
            for one in found
            for moment in one.answers
            if moment.score is not None and moment.score >= floor
        ]
        due = {one.slot.number for one in found}
        for *_, one, moment in sorted(pairs, key=lambda pair: pair[:3]):
            take = fitted(moment, one.slot.length)
            if one.slot.number not in due or _seen(take, one.takes if repeat else shown):
                continue
            due.remove(one.slot.number)
            one.takes.append(take)
            shown.append(take)
    return found


def _seen(take: Moment, others: Sequence[Moment]) -> bool:
    return any(
        other.footage.fingerprint == take.footage.fingerprint and other.event.span.overlap(take.event.span)
        for other in others
    )


def fitted(moment: Moment, length: Fraction | None) -> Moment:
    """A moment, or its middle when it is longer than asked for (seconds); at least a frame."""
    if length is None:
        return moment
    (first, end), footage = moment.frames, moment.footage
    wanted = max(round_half_up(length * footage.rate), 1)
    if end - first <= wanted:
        return moment
    first += (end - first - wanted) // 2
    return replace(moment, event=replace(moment.event, span=footage.grid.span(first, first + wanted)))


def string_out(found: Sequence[Cast], *, name: str, handles: str = "0f") -> Timeline:
    """The timeline of what was cast.

    Raises MomentidxError when no slot has a take.
    """
    best = [one.takes[0] for one in found if one.takes]
    if not best:
        raise MomentidxError("No slot of the shot list has a take, so there is nothing to write.")
    layout = Layout(handles)
    timeline = build(best, name=name, layout=layout)
    rate = timeline.global_start_time.rate
    for track in timeline.tracks:
        pictures = track.kind == TrackKind.Video
        for place, one in enumerate(found):
            if not one.takes:
                track.insert(place, _gap(one.slot, rate, marked=pictures))
            elif pictures:
                track[place].metadata["momentidx"].update(_asked(one.slot))
    if any(len(one.takes) > 1 for one in found):
        keep_source_frames(timeline)
        lengths = [round(item.source_range.duration.value) for item in timeline.tracks[0]]
        for rank in range(1, max(len(one.takes) for one in found)):
            timeline.tracks.append(_alternates(found, rank, lengths, rate, layout))
    return timeline


def write_string_out(
    found: Sequence[Cast], writer: TimelineWriter, file: Path, *, name: str, handles: str = "0f", force: bool = False
) -> list[str]:
    """Write what was cast; what is wrong with the file.

    Raises WrongUse when the takes have several frame rates and the format holds one, and for a file
    that may not be replaced.
    """
    mixed = rates([one.takes[0] for one in found if one.takes])
    if len(mixed) > 1 and not (writer.mixed_rates or writer.name in ONE_GRID):
        raise WrongUse(
            f"The best takes have {', '.join(map(rate_text, mixed))} frames a second, and {writer.name} files hold one "
            "rate. Write .otio, .fcpxml, .mlt or .kdenlive."
        )
    timeline = string_out(found, name=name, handles=handles)
    refuse_to_replace(file, timeline, force=force)
    return write_checked(writer, timeline, file)


def _asked(slot: Slot) -> dict[str, object]:
    return {"query": safe_text(slot.words), "slot": slot.number}


def _gap(slot: Slot, rate: float, *, marked: bool) -> Gap:
    """Black where a take is missing, with the words on it."""
    length = RationalTime(max(round_half_up((slot.length or GAP_SECONDS) * exact_rate(rate)), 1), rate)
    span = TimeRange(RationalTime(0, rate), length)
    gap = Gap(name=one_line(f"MISSING: {slot.words}"), source_range=span)
    if marked:
        words = f"MISSING: {slot.words}"
        facts = {"momentidx": {"id": None} | _asked(slot)}
        marker = Marker(one_line(words, MARKER_NAME_LENGTH), span, MarkerColor.ORANGE, facts, safe_text(words))
        gap.markers.append(marker)
    return gap


def _alternates(found: Sequence[Cast], rank: int, lengths: Sequence[int], rate: float, layout: Layout) -> Track:
    """A track that does not play: another take for each slot, never longer than the one below it."""
    track = Track(f"Alternates {rank}", kind=TrackKind.Video)
    track.enabled = False
    for one, length in zip(found, lengths, strict=True):
        left = length
        if rank < len(one.takes):
            clip: Clip = build([one.takes[rank]], name="", layout=layout).tracks[0][0].deepcopy()
            source, own_rate = clip.source_range, exact_rate(clip.source_range.start_time.rate)
            lasts = min(length, int(Fraction(source.duration.value) * exact_rate(rate) / own_rate))
            clip.source_range = TimeRange(source.start_time, RationalTime(max(lasts, 1), rate))
            del clip.metadata["momentidx"]["link"]
            clip.metadata["momentidx"].update(_asked(one.slot))
            track.append(clip)
            left -= max(lasts, 1)
        if left:
            track.append(Gap(duration=RationalTime(left, rate)))
    return track
