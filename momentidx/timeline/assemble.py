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

from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, Gap, Marker, MarkerColor, Timeline, Track, TrackKind

from momentidx.errors import MomentidxError
from momentidx.events import Moment
from momentidx.timeline.build import MARKER_NAME_LENGTH, Layout, build
from momentidx.timeline.conform.grid import keep_source_frames
from momentidx.timeline.cuts import exact_rate
from momentidx.timeline.names import one_line, safe_text
from momentidx.timeline.shotlist import Slot
from momentidx.times import round_half_up

FLOOR = 0.25
GAP_SECONDS = Fraction(2)
"""How long the gap for a slot without a length is."""


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
            take = _cut(moment, one.slot.length)
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


def _cut(moment: Moment, length: Fraction | None) -> Moment:
    """The middle of a moment, as long as asked for; at least a frame."""
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
