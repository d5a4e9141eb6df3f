"""Describing, locating and answering with any `Chat`: windows, questions, reading, stitching, refining, snapping.

footage -> windows on shot borders -> pictures with their seconds -> replies
        -> readings, each with a status -> events in the footage's time
        -> stitched across windows -> edges looked at again -> on true pictures

Several footages are asked about in one stream (`together.py`): the windows of short clips fill a batch.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

import numpy as np

from momentidx.caption import answers
from momentidx.caption.answers import Reading, Status
from momentidx.caption.asking import PLAIN, Prompts
from momentidx.caption.chat import Chat, Clip, Reply, Request, Sight, Task
from momentidx.caption.protocol import Answer
from momentidx.caption.refine import closer, looks, settled
from momentidx.caption.snap import snapped
from momentidx.caption.stitch import Seen, stitched
from momentidx.caption.together import Questions, only, together
from momentidx.caption.windows import looked_at, spacing, windows
from momentidx.errors import UnusableFootage
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.media.frames import FrameSource
from momentidx.times import Span, round_half_up

log = logging.getLogger(__name__)

A = TypeVar("A")
B = TypeVar("B")

REVISION = "1"
"""Raised whenever a change here can change events."""
SMALL = 64
"""Width of pictures that are asked for only for their times."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What a model told of one footage, and how much of it could be read."""

    footage: Footage
    events: Sequence[Event]
    readings: Sequence[Reading]
    """One for each window, in order."""

    def summary(self) -> str:
        """`12 answers: 11 read, 1 unread ("I cannot ..."); 2 stretches cut to the clip.`"""
        counts = Counter(reading.status.value for reading in self.readings)
        text = f"{len(self.readings)} answer{'s'[: len(self.readings) != 1]}: "
        text += ", ".join(f"{counts[status.value]} {status.value}" for status in Status if counts[status.value])
        cut_off = sum(not reading.whole for reading in self.readings)
        text += f", {cut_off} cut off" if cut_off else ""
        lines = [line for reading in self.readings for line in reading.unread]
        if lines:
            more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
            text += f'. Not read: "{lines[0][:80]}"{more}'
        doubts = Counter(doubt.value for reading in self.readings for doubt in reading.doubts)
        if doubts:
            text += ". Stretches: " + ", ".join(f"{count} {doubt}" for doubt, count in doubts.items())
        return text + "."


class ChatCaptioner:
    """A captioner that asks a `Chat`."""

    def __init__(self, name: str, chat: Chat, prompts: Prompts = PLAIN, *, refine_edges: bool = False) -> None:
        self.name = name
        self.chat = chat
        self._prompts, self._refine_edges = prompts, refine_edges
        # Not `decoding` and `video_batch`: they change how an answer is come by and not, but for rounding, which; and
        # a batch is halved by itself when memory is short.
        told = f"{REVISION} {chat.version} {prompts.version} {chat.sight} {refine_edges}"
        self.version = f"{REVISION}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        """The events of one footage; see `Captioner.describe`."""
        return only(self.describe_all([(footage, frames)]))

    def describe_all(self, shown: Iterable[tuple[Footage, FrameSource]]) -> Iterator[Sequence[Event] | Exception]:
        """The events of footages that are asked about together; see `Together.describe_all`."""
        for telling in self._tellings(shown):
            if isinstance(telling, Exception):
                yield telling
            else:
                level = logging.INFO if all(one.status is Status.READ for one in telling.readings) else logging.WARNING
                log.log(level, "%s %s: %s", self.name, telling.footage.fingerprint, telling.summary())
                yield telling.events

    def tell(self, footage: Footage, frames: FrameSource) -> Telling:
        """The events of one footage with how they were read. Raises UnusableFootage when nothing could be."""
        return only(self._tellings([(footage, frames)]))

    def locate(self, footage: Footage, frames: FrameSource, words: str, within: Span | None = None) -> Sequence[Event]:
        """When the footage shows what the words say; see `Locator.locate`."""
        stretches = windows(within or footage.span, frames.shots, self._sight)
        look = _Look(footage, frames)
        only(together([look], lambda _: self._first(look, Task.LOCATE, words, stretches), self.chat))
        if all(reading.status is Status.UNREAD for reading in look.readings):
            log.warning("%s %s: %s", self.name, footage.fingerprint, Telling(footage, (), look.readings).summary())
        if self._refine_edges:
            only(together([look], self._second, self.chat))
        seen = snapped(look.seen, footage.span, frames.shots, lambda times: frames.at(times, width=SMALL).pts.tolist())
        return [_event(one, "located", _sentence(words), footage) for one in _in_order(seen)]

    def answer(self, footage: Footage, frames: FrameSource, question: str, within: Span | None = None) -> Answer:
        """An answer to a question about the footage; see `Answerer.answer`."""
        stretch = within or footage.span
        look = _Look(footage, frames)
        requests = [self._request(look, Task.ANSWER, question, stretch, self._sight)]
        reply = only(together([look], lambda _: Questions(requests, lambda replies: replies[0]), self.chat))
        return Answer(answers.read_text(reply.text), stretch, spacing(stretch, self._sight), reply.whole)

    @property
    def _sight(self) -> Sight:
        return self.chat.sight

    def _tellings(self, shown: Iterable[tuple[Footage, FrameSource]]) -> Iterator[Telling | Exception]:
        """What is told of each footage, or why nothing is."""
        looks: Iterable[_Look | Exception] = (_Look(footage, frames) for footage, frames in shown)
        looks = together(looks, self._watched, self.chat)
        if self._refine_edges:
            looks = together(looks, self._second, self.chat)
        return (_attempted(self._telling, look) for look in looks)

    def _watched(self, look: _Look | Exception) -> Questions[_Look]:
        """The windows of a footage, to be described."""
        look = _sound(look)
        for _ in look.frames.watch(per_second=Fraction(1, 2), width=SMALL):
            pass  # the pass that finds shots and keeps stills; the pictures for the model are read window by window
        stretches = windows(look.footage.span, look.frames.shots, self._sight)
        return self._first(look, Task.DESCRIBE, "", stretches)

    def _first(self, look: _Look, task: Task, words: str, stretches: Sequence[Span]) -> Questions[_Look]:
        """What is seen in each stretch, and how its answer was read."""
        read_reply = answers.read_events if task is Task.DESCRIBE else answers.read_spans

        def read(replies: Sequence[Reply]) -> _Look:
            found: list[list[Seen]] = []
            for window, reply in zip(stretches, replies, strict=True):
                reading = read_reply(reply.text, float(window.duration), whole=reply.whole)
                edge = spacing(window, self._sight) + self.chat.step
                found.append(
                    [
                        Seen(span, told.caption or words, window, (edge, edge))
                        for told in reading.told
                        if (span := _placed(told.start, told.end, window)) is not None
                    ]
                )
                look.readings.append(reading)
            look.seen = stitched(found)
            return look

        return Questions([self._request(look, task, words, stretch, self._sight) for stretch in stretches], read)

    def _second(self, look: _Look | Exception) -> Questions[_Look]:
        """The same events after a denser look at their edges."""
        look = _sound(look)
        seen = list(look.seen)
        wanted = looks(seen, look.footage.span, self._sight)
        fine = closer(self._sight)

        def read(replies: Sequence[Reply]) -> _Look:
            for one, reply in zip(wanted, replies, strict=True):
                reading = answers.read_spans(reply.text, float(one.span.duration), whole=reply.whole)
                placed = [_placed(told.start, told.end, one.span) for told in reading.told]
                told = [span for span in placed if span is not None]
                seen[one.event] = settled(seen[one.event], one, told, self._sight, self.chat.step)
            look.seen = seen
            return look

        requests = [self._request(look, Task.LOCATE, seen[one.event].caption, one.span, fine) for one in wanted]
        return Questions(requests, read)

    def _telling(self, look: _Look | Exception) -> Telling:
        look = _sound(look)
        if all(reading.status is Status.UNREAD for reading in look.readings):
            first = next(line for reading in look.readings for line in (*reading.unread, "")) or "nothing"
            raise UnusableFootage(
                "answers-unread",
                f"{self.name}: none of its {len(look.readings)} answers could be read; the first says '{first[:80]}'. "
                "Try another model (docs/captioners.md).",
            )
        every = look.frames.signals.pts
        seen = snapped(look.seen, look.footage.span, look.frames.shots, lambda times: _nearest(every, times))
        events = [_event(one, "event", _sentence(one.caption), look.footage) for one in _in_order(seen)]
        return Telling(look.footage, events, look.readings)

    def _request(self, look: _Look, task: Task, words: str, stretch: Span, sight: Sight) -> Callable[[], Request]:
        def make() -> Request:
            clip = _clip(look.footage, look.frames, stretch, sight)
            prompt = self._prompts.text(task, words, clip.duration)
            return Request(clip, task, words, prompt, self._prompts.tokens(task))

        return make


@dataclass(slots=True)
class _Look:
    """A footage, and what was seen in it so far."""

    footage: Footage
    frames: FrameSource
    seen: Sequence[Seen] = ()
    readings: list[Reading] = field(default_factory=list)


def _sound(look: _Look | Exception) -> _Look:
    if isinstance(look, Exception):
        raise look
    return look


def _attempted(act: Callable[[A], B], value: A) -> B | Exception:
    try:
        return act(value)
    except Exception as error:
        return error


def _clip(footage: Footage, frames: FrameSource, stretch: Span, sight: Sight) -> Clip:
    shown = frames.at(looked_at(stretch, sight), width=sight.width)
    # The picture shown when the stretch begins may have come up a little earlier.
    seconds = tuple(float(max(0, int(pts) - stretch.start) * stretch.base) for pts in shown.pts)
    start = float(footage.seconds(stretch.start))
    return Clip(shown.images, seconds, float(stretch.duration), footage.fingerprint, start)


def _placed(start: float, end: float, window: Span) -> Span | None:
    """Seconds of a window in the footage's ticks; None when no tick is left between them."""
    first = window.start + round_half_up(Fraction(start) / window.base)
    last = min(window.start + round_half_up(Fraction(end) / window.base), window.end)
    return Span(first, last, window.base) if first < last else None


def _nearest(every: np.ndarray[tuple[int], np.dtype[np.int64]], times: Sequence[int]) -> list[int]:
    """The timestamp of a picture that is nearest to each time."""
    right = np.clip(np.searchsorted(every, times), 1, max(1, len(every) - 1))
    left, right = right - 1, np.minimum(right, len(every) - 1)
    closer_left = np.asarray(times) - every[left] <= every[right] - np.asarray(times)
    return [int(pts) for pts in np.where(closer_left, every[left], every[right])]


def _in_order(seen: Sequence[Seen]) -> list[Seen]:
    return sorted(seen, key=lambda one: (one.span.start, one.span.end, one.caption))


def _event(one: Seen, kind: str, caption: str, footage: Footage) -> Event:
    shown = [round(float(footage.seconds(pts)), 3) for pts in (one.window.start, one.window.end)]
    return Event(one.span, caption, kind, one.edge, {"window": shown, "edges": [round(float(e), 3) for e in one.edges]})


def _sentence(words: str) -> str:
    """Words as one sentence: a capital first, a full stop last."""
    words = answers.plain(words).rstrip(".!?… ") or "-"
    return f"{words[0].upper()}{words[1:]}."
