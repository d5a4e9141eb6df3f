"""Answers in time: how two of one clip go together, and which tell the same stretch.

Their times are compared in ticks: all events of a footage are in its time base.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from momentidx.search.found import Found
from momentidx.search.query import How

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


def paired(how: How, first: Iterable[Found], second: Iterable[Found], within: Fraction | None) -> list[Found]:
    """Pairs of one clip that lie so to each other, best first. Their score is the mean of the two."""
    seconds = _by_clip(second)
    found = []
    for clip, starts in _by_clip(first).items():
        for a in starts:
            for b in seconds.get(clip, ()):
                if _lie_so(how, a, b, within) and not _share(a, b):
                    found.append(_pair(how, a, b))
    return sorted(found, key=_order)


def instead(
    pairs: Sequence[Found], told: Sequence[Found], first: Sequence[Found], second: Sequence[Found]
) -> tuple[list[Found], list[Found]]:
    """Pairs, and single events that answer the whole sentence; where a pair tells it better, only the pair.

    The words of the first part alone make an event look like the whole sentence. So of an event and a pair that it is
    in, the pair is taken when its other event has clearly more of the other part; it keeps the better score of both.
    """
    wholes = {each.id: each for each in told}
    parts = [{each.id: each.score for each in some if not each.parts} for some in (first, second)]
    better, replaced = [], set()
    for pair in pairs:
        score = pair.score
        for part in pair.parts:
            if part.id in wholes and pair.score >= sum(each.get(part.id, 0.0) for each in parts) / 2 + CLEARLY:
                score = max(score, wholes[part.id].score) if part.id not in replaced else score
                replaced.add(part.id)
        better.append(pair._replace(score=score))
    return sorted(better, key=_order), [each for each in told if each.id not in replaced]


def without(first: Iterable[Found], second: Iterable[Found]) -> list[Found]:
    """Answers of the first during which nothing of the second is."""
    there = _by_clip(second, None)
    return [each for each in first if not any(overlap(each, other) for other in there.get(each.clip, ()))]


def overlap(a: Found, b: Found) -> bool:
    """Whether two of one clip have a stretch in common."""
    return min(a.end, b.end) > max(a.start, b.start)


def distinct(ranked: Iterable[Found]) -> list[Found]:
    """The best answer of each stretch of footage; captioners and kinds often tell the same one twice."""
    # Asked of every two answers of a clip, tens of thousands for a question about time.
    inside, outside = SAME_STRETCH.denominator, SAME_STRETCH.numerator
    kept: dict[str, list[tuple[int, int]]] = defaultdict(list)
    found = []
    for each in ranked:
        start, end = each.start, each.end
        others = kept[each.clip]
        for from_, to in others:
            common = (end if end < to else to) - (start if start > from_ else from_)
            if common * inside > (end - start + to - from_ - common) * outside:
                break
        else:
            others.append((start, end))
            found.append(each)
    return found


def joined(ranked: Sequence[Found]) -> list[Found]:
    """Events of one layer that follow each other at once and answer alike, as one answer. Shots stay shots."""
    found: list[Found] = []
    lines: dict[tuple[int, str], list[Found]] = defaultdict(list)
    for each in ranked:
        if each.parts or each.event.kind == "shot" or each.score < JOINED_FROM:
            found.append(each)
        else:
            lines[each.event.layer, each.event.kind].append(each)
    for line in lines.values():
        for run in _runs(sorted(line, key=lambda each: (each.start, each.end))):
            best = min(run, key=_order)
            found.append(best if len(run) == 1 else _together(best, best.score, tuple(run)))
    return sorted(found, key=_order)


def _runs(line: Sequence[Found]) -> list[list[Found]]:
    runs: list[list[Found]] = []
    for each in line:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and _lasts_at_most(abs(each.start - last.end), each.event.base, TOUCHING)
            and abs(each.score - last.score) <= TOGETHER
        ):
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _lie_so(how: How, a: Found, b: Found, within: Fraction | None) -> bool:
    if how is How.WHILE:
        return overlap(a, b)
    if how is How.THEN:
        later = a.start < b.start and a.end < b.end
        return later and (within is None or _lasts_at_most(b.start - a.end, a.event.base, within))
    apart = max(a.start, b.start) - min(a.end, b.end)
    return _lasts_at_most(apart, a.event.base, NEAR_SECONDS if within is None else within)


def _lasts_at_most(ticks: int, base: Fraction, most: Fraction) -> bool:
    return ticks * base.numerator * most.denominator <= most.numerator * base.denominator


def _pair(how: How, a: Found, b: Found) -> Found:
    parts, score = (*a.events, *b.events), (a.score + b.score) / 2
    if how is How.WHILE:  # where both are
        return Found(parts[0].event, score, max(a.start, b.start), min(a.end, b.end), how, parts)
    return _together(parts[0], score, parts, how)


def _together(best: Found, score: float, parts: tuple[Found, ...], how: How | None = None) -> Found:
    """One answer from the beginning of its parts to their end."""
    return Found(best.event, score, min([each.start for each in parts]), max([each.end for each in parts]), how, parts)


def _share(a: Found, b: Found) -> bool:
    """Whether an event would be a part twice."""
    if not a.parts and not b.parts:
        return a.id == b.id
    return not {part.id for part in a.events}.isdisjoint(part.id for part in b.events)


def _by_clip(ranked: Iterable[Found], most: int | None = PARTS) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = defaultdict(list)
    for each in ranked:
        line = found[each.event.clip]
        if most is None or len(line) < most:
            line.append(each)
    return found


def _order(found: Found) -> tuple[float, int]:
    return found.order
