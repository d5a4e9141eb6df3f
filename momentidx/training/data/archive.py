"""Our own library as something to learn from: what people wrote or accepted, and what they cut out.

    {"footage": "2f…", "path": "/footage/door.mp4", "start": 12.0, "end": 72.0,
     "events": [{"start": 3.5, "end": 7.25, "caption": "A red door opens.", "by": "caption"}]}

One object a line, one line a clip: at most `WINDOW` seconds of a file around what was said of it, for the seeds tell
time as a share of the clip. Times are seconds, those of events since the clip's start.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentidx.library import Library
from momentidx.training.data.gathering import Gathered, Gathering, Item, Reading, items, timed
from momentidx.training.samples import Sample

HUMAN = "human"
WINDOW = 120.0
"""Longest clip in seconds: VTimeLLM's second stage has none longer, and a hundredth of it is about a second."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a person stands for."""

    start: float
    end: float
    caption: str
    by: str
    """`caption` for what was written or accepted, `select` for what was put into a bin."""


def lines(library: Library, window: float = WINDOW) -> Iterator[str]:
    """A line of JSON for each clip, in the order of the library."""
    chosen: dict[str, dict[Known, None]] = {}
    where: dict[str, tuple[Path, float]] = {}
    moments = [(moment, moment.event.caption, "caption") for moment in library.moments()]
    moments = [each for each in moments if each[0].layer.captioner == HUMAN]
    for kept in library.bins():
        moments += [(one.moment, one.query or one.moment.event.caption, "select") for one in library.selects(kept.name)]
    for moment, words, by in moments:
        if not words.strip() or not moment.online:
            continue
        footage, span = moment.footage, moment.event.span
        start, end = (round(float(footage.seconds(pts)), 3) for pts in (span.start, span.end))
        where[footage.fingerprint] = (moment.path, float(footage.duration))
        chosen.setdefault(footage.fingerprint, {})[Known(start, end, " ".join(words.split()), by)] = None
    for fingerprint, known in chosen.items():
        path, duration = where[fingerprint]
        for start, end, inside in clips(sorted(known, key=lambda one: (one.start, one.end)), duration, window):
            events = [
                {
                    "start": round(one.start - start, 3),
                    "end": round(one.end - start, 3),
                    "caption": one.caption,
                    "by": one.by,
                }
                for one in inside
            ]  # fmt: skip
            told = {"footage": fingerprint, "path": str(path), "start": start, "end": end, "events": events}
            yield json.dumps(told, ensure_ascii=False)


def clips(known: Sequence[Known], duration: float, window: float) -> Iterator[tuple[float, float, list[Known]]]:
    """Stretches of at most `window` seconds, each with the events that lie wholly in it; longer events are left out."""
    if duration <= window:
        yield 0.0, round(duration, 3), list(known)
        return
    waiting = [one for one in known if one.end - one.start <= window]
    while waiting:
        inside = [one for one in waiting if one.end <= waiting[0].start + window]
        reach = max(one.end for one in inside)
        # In the middle of the clip, as far as the file allows.
        start = min(max((waiting[0].start + reach - window) / 2, 0.0), max(duration - window, 0.0))
        start = min(start, waiting[0].start)
        yield round(start, 3), round(min(start + window, duration), 3), inside
        waiting = [one for one in waiting if one not in inside]


def read(path: Path, reading: Reading) -> Gathered:
    """What `lines` wrote."""
    gathering = Gathering()
    for item in items(path):
        start, end = float(item.get("start", int, float)), float(item.get("end", int, float))
        file = item.get("path", str)
        told = [Item(each, f"{item.where}, 'events' {at}") for at, each in enumerate(item.get("events", list), 1)]
        events: list[Any] = [
            (each.get("start", int, float), each.get("end", int, float), each.get("caption", str)) for each in told
        ]

        def make(
            file: str = file, start: float = start, end: float = end, events: list[Any] = events
        ) -> Sample:  # fmt: skip
            name = f"{file} {start:g}-{end:g}"
            turns = reading.turns(name, timed(events, end - start))
            return Sample(name, reading.media.find(file, start, end), end - start, turns)

        gathering.take(file, make)
    return gathering.done()
