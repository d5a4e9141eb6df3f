"""Moments in time: how two of one clip go together, and which tell the same stretch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from momentidx.events import Event, Moment
from momentidx.search.query import How
from momentidx.times import Span

FOOTAGES = 60
"""Best clips of each part in which the other one is looked for."""
PARTS = 8
"""Best moments of one clip that are tried as a part."""
NEAR_SECONDS = Fraction(10)
"""How far apart NEAR is when not told otherwise."""
SAME_STRETCH = Fraction(9, 10)
"""Two events of one footage that overlap by more than this (tIoU) are one answer."""
CLEARLY = 0.1
"""By how much a pair must tell a sentence better than one of its events alone."""
TOUCHING = Fraction(1, 10)
"""Seconds between two events that follow each other at once."""
TOGETHER = 0.03
"""Scores no further apart than this answer alike."""
JOINED_FROM = 0.5
"""Only what answers that well is joined with its neighbour."""


def paired(how: How, first: Iterable[Moment], second: Iterable[Moment], within: Fraction | None) -> list[Moment]:
    """Pairs of one clip that lie so to each other, best first. Their score is the mean of the two."""
    seconds = _by_clip(second)
    found = []
    for clip, starts in _by_clip(first).items():
        for a in starts:
            for b in seconds.get(clip, ()):
                if _lie_so(how, a.event.span, b.event.span, within) and not _share(a, b):
                    found.append(_pair(how, a, b))
    return sorted(found, key=_order)


def instead(
    pairs: Sequence[Moment], told: Sequence[Moment], first: Sequence[Moment], second: Sequence[Moment]
) -> tuple[list[Moment], list[Moment]]:
    """Pairs, and single events that answer the whole sentence; where a pair tells it better, only the pair.

    The words of the first part alone make an event look like the whole sentence. So of an event and a pair that it is
    in, the pair is taken when its other event has clearly more of the other part; it keeps the better score of both.
    """
    wholes = {moment.id: moment for moment in told}
    parts = [{moment.id: moment.score or 0.0 for moment in some if not moment.parts} for some in (first, second)]
    better, replaced = [], set()
    for pair in pairs:
        score = pair.score or 0.0
        for part in pair.parts:
            if part.id in wholes and (pair.score or 0.0) >= sum(each.get(part.id, 0.0) for each in parts) / 2 + CLEARLY:
                score = max(score, wholes[part.id].score or 0.0) if part.id not in replaced else score
                replaced.add(part.id)
        better.append(replace(pair, score=score))
    return sorted(better, key=_order), [moment for moment in told if moment.id not in replaced]


def without(first: Iterable[Moment], second: Iterable[Moment]) -> list[Moment]:
    """Moments of the first during which nothing of the second is."""
    there = _by_clip(second, None)
    return [
        moment for moment in first
        if not any(moment.event.span.overlap(other.event.span) for other in there.get(moment.footage.fingerprint, ()))
    ]  # fmt: skip


def distinct(ranked: Iterable[Moment]) -> list[Moment]:
    """The best moment of each stretch of footage; captioners and kinds often tell the same one twice."""
    kept: dict[str, list[Moment]] = defaultdict(list)
    found = []
    for moment in ranked:
        others = kept[moment.footage.fingerprint]
        if not any(_is_same(other.event.span, moment.event.span) for other in others):
            others.append(moment)
            found.append(moment)
    return found


def joined(ranked: Sequence[Moment]) -> list[Moment]:
    """Events of one layer that follow each other at once and answer alike, as one moment. Shots stay shots."""
    found: list[Moment] = []
    lines: dict[object, list[Moment]] = defaultdict(list)
    for place, moment in enumerate(ranked):
        single = not moment.parts and moment.event.kind != "shot" and (moment.score or 0) >= JOINED_FROM
        lines[(moment.footage.fingerprint, moment.layer, moment.event.kind) if single else place].append(moment)
    for line in lines.values():
        for run in _runs(sorted(line, key=lambda moment: moment.event.span)):
            best = min(run, key=_order)
            found.append(best if len(run) == 1 else _whole(best, run, best.event.caption, best.event.kind, best.score))
    return sorted(found, key=_order)


def _runs(line: Sequence[Moment]) -> list[list[Moment]]:
    runs: list[list[Moment]] = []
    for moment in line:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and abs(moment.event.span.start_seconds - last.event.span.end_seconds) <= TOUCHING
            and abs((moment.score or 0) - (last.score or 0)) <= TOGETHER
        ):
            runs[-1].append(moment)
        else:
            runs.append([moment])
    return runs


def _is_same(a: Span, b: Span) -> bool:
    """Whether their tIoU is above SAME_STRETCH. Asked of every pair in one clip: in ticks that takes a tenth of the
    time that fractions do."""
    if a.base != b.base:
        return a.tiou(b) > SAME_STRETCH
    common = min(a.end, b.end) - max(a.start, b.start)
    union = (a.end - a.start) + (b.end - b.start) - common
    return common * SAME_STRETCH.denominator > union * SAME_STRETCH.numerator


def _lie_so(how: How, a: Span, b: Span, within: Fraction | None) -> bool:
    """Of two spans of one clip, which share its time base."""
    if how == How.WHILE:
        return min(a.end, b.end) > max(a.start, b.start)
    if how == How.THEN:
        later = a.start < b.start and a.end < b.end
        return later and (within is None or _lasts_at_most(b.start - a.end, a.base, within))
    apart = max(a.start, b.start) - min(a.end, b.end)
    return _lasts_at_most(apart, a.base, NEAR_SECONDS if within is None else within)


def _lasts_at_most(ticks: int, base: Fraction, most: Fraction) -> bool:
    return ticks * base.numerator * most.denominator <= most.numerator * base.denominator


def _pair(how: How, a: Moment, b: Moment) -> Moment:
    parts = [part for moment in (a, b) for part in moment.parts or (moment,)]
    value = ((a.score or 0.0) + (b.score or 0.0)) / 2
    captions = " ".join(dict.fromkeys(part.event.caption for part in parts))
    moment = _whole(parts[0], parts, captions, how.value, value)
    if how == How.WHILE:  # where both are
        start, end = max(a.event.span.start, b.event.span.start), min(a.event.span.end, b.event.span.end)
        moment = replace(moment, event=replace(moment.event, span=Span(start, end, a.event.span.base)))
    return moment


def _whole(first: Moment, parts: Sequence[Moment], caption: str, kind: str, value: float | None) -> Moment:
    """One moment from the beginning of its parts to their end."""
    spans = [part.event.span for part in parts]
    span = Span(min(each.start for each in spans), max(each.end for each in spans), spans[0].base)
    event = Event(span, caption, kind, max(part.event.edge for part in parts))
    return replace(first, event=event, score=value, parts=tuple(parts))


def _share(a: Moment, b: Moment) -> bool:
    """Whether an event would be a part twice."""
    return bool({part.id for part in a.parts or (a,)} & {part.id for part in b.parts or (b,)})


def _by_clip(ranked: Iterable[Moment], most: int | None = PARTS) -> dict[str, list[Moment]]:
    found: dict[str, list[Moment]] = defaultdict(list)
    for moment in ranked:
        if most is None or len(found[moment.footage.fingerprint]) < most:
            found[moment.footage.fingerprint].append(moment)
    return found


def _order(moment: Moment) -> tuple[float, int]:
    return -(moment.score or 0.0), moment.id
