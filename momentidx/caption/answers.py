"""Reading what a model answered: events and stretches of time out of free text.

Models were asked for one form and give many: lines, lists, JSON, clock times, thoughts before the answer,
an answer that stops in the middle. Everything that names a stretch of time clearly is read; everything
else is kept word for word in `unread` and counted, and nothing is put in its place. What is read lies
inside the clip: a stretch that begins after its end is no answer about it, and one that ends later is cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from momentidx.caption.told_times import moment, stretches

MAX_TEXT = 100_000
"""Letters of an answer that are looked at; a model that runs on and on says nothing new after them."""
MAX_CAPTION = 500
"""Letters of a caption."""
MAX_EVENTS = 500
"""Events of one answer."""
MAX_VALUES = 4 * MAX_EVENTS
"""Places of one answer at which JSON is tried: nested brackets without end must not take minutes."""


class Status(StrEnum):
    """How much of an answer could be read."""

    READ = "read"
    """All of it."""
    PARTLY = "partly"
    """Some of it: the rest stands in `unread`."""
    NOTHING = "nothing"
    """It says that there is nothing to tell."""
    UNREAD = "unread"
    """None of it."""


class Doubt(StrEnum):
    """What was done to a stretch, or why it was left out."""

    CUT = "cut to the clip"
    TURNED = "end before start, turned round"
    OUTSIDE = "outside the clip"
    EMPTY = "without length"


@dataclass(frozen=True, slots=True)
class Told:
    """A stretch of the clip, and what is said of it."""

    start: float
    """Seconds from the clip's start: 0 <= start < end <= duration."""
    end: float
    caption: str
    """May be empty where only a time was asked for."""
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read out of one answer."""

    status: Status
    told: tuple[Told, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read, word for word (control characters removed), a line each."""
    doubts: tuple[Doubt, ...] = ()
    """One for each stretch that was changed or left out."""
    whole: bool = True
    """False when the model was cut off; the last event may be missing."""


_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_TAG = re.compile(r"<\|?/?[A-Za-z_]{1,40}\|?>")
_NOTHING = re.compile(
    r"(?:there (?:is|are) )?(?:none|nothing|no events?|not (?:found|present|visible|shown)|n/?a|null|\[\s*\])"
    r"(?: (?:in|of) (?:the|this) (?:video|clip))?[.!]?",
    re.IGNORECASE,
)
_VALUE = re.compile(r"\{|\[\s*[\d\"]")
_LIST_MARK = re.compile(r"^\s*(?:[-*•#>]+|\(?\d{1,3}[.)](?!\d))\s+")
_START_KEYS, _END_KEYS = ("start", "start_time", "begin", "from"), ("end", "end_time", "stop", "to")
_SPAN_KEYS = ("timestamps", "timestamp", "time", "span", "segment", "interval", "range", "times")
_CAPTION_KEYS = ("caption", "event", "description", "sentence", "text", "label", "action")


def read_events(text: str, duration: float, *, whole: bool = True) -> Reading:
    """Events with captions; a stretch of which nothing is said is no event."""
    return _read(text, duration, whole, captions=True)


def read_spans(text: str, duration: float, *, whole: bool = True) -> Reading:
    """Stretches of time; words around them do not matter."""
    return _read(text, duration, whole, captions=False)


def read_text(text: str) -> str:
    """An answer in words: without thoughts, tags and control characters. Empty when nothing was said."""
    return plain(_TAG.sub(" ", _bare(text)))


def plain(text: str) -> str:
    """Text on one line, without control characters and whatever else has no shape, and without doubled blanks."""
    visible = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(visible.split())


def _read(text: str, duration: float, whole: bool, *, captions: bool) -> Reading:
    bare = _bare(text[:MAX_TEXT])
    whole = whole and len(text) <= MAX_TEXT
    if _NOTHING.fullmatch(plain(bare)):
        return Reading(Status.NOTHING, whole=whole)
    found = _Found(duration, captions)
    if not _from_json(bare, found):
        _from_lines(bare, found)
    unread = tuple(found.unread)
    if not found.told:
        return Reading(Status.UNREAD, (), unread or (plain(text)[:MAX_CAPTION],), tuple(found.doubts), whole)
    status = Status.PARTLY if unread or found.left_out or not whole else Status.READ
    told = tuple(sorted(found.told, key=lambda one: (one.start, one.end)))
    return Reading(status, told, unread, tuple(found.doubts), whole)


@dataclass
class _Found:
    """What was found so far in one answer."""

    duration: float
    captions: bool
    told: list[Told] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    left_out: bool = False

    def add(self, start: float, end: float, caption: str, words: str) -> None:
        """A stretch as it was told; `words` are those it was read from."""
        caption = plain(caption).strip(" -–—:;,|*\"'`()[]{}<>")[:MAX_CAPTION].rstrip()
        caption = re.sub(r" ([.,;:!?])", r"\1", caption)
        if self.captions and not any(letter.isalnum() for letter in caption):
            return self.could_not_read(words)
        if len(self.told) >= MAX_EVENTS:
            return self.could_not_read(words)
        doubt = None
        if end < start:
            start, end, doubt = end, start, Doubt.TURNED
        if end > self.duration > start:
            end, doubt = self.duration, doubt or Doubt.CUT
        if not 0 <= start < end <= self.duration:
            self.left_out = True
            self.doubts.append(Doubt.EMPTY if start == end else Doubt.OUTSIDE)
            return None
        self.doubts += [doubt] if doubt else []
        self.told.append(Told(start, end, caption, doubt))
        return None

    def could_not_read(self, words: str) -> None:
        if (shown := plain(words)[:MAX_CAPTION]) and len(self.unread) < MAX_EVENTS:
            self.unread.append(shown)


def _bare(text: str) -> str:
    """The answer itself: after the thoughts, inside its tags, without code fences."""
    text = _THOUGHT.sub("", text)
    inside: list[str] = _ANSWER.findall(text)
    return _FENCE.sub("", "\n".join(inside) if inside else text).strip()


def _from_lines(text: str, found: _Found) -> None:
    """One event a line: `12.5 - 20 seconds: words`, `[00:12-00:20] words`, `words (12s to 20s)`."""
    for line in text.splitlines():
        bare = _TAG.sub(" ", _LIST_MARK.sub("", line)).strip(" *_`\"'")
        times = stretches(bare)
        if not bare or (bare.endswith(":") and not times):
            continue  # a heading is no answer that was missed
        if not times or (found.captions and len(times) > 1):
            found.could_not_read(line)  # two times and one sentence: whose it is would be a guess
            continue
        for one in times:
            found.add(one.start, one.end, f"{one.before} {one.after}" if found.captions else "", line)


def _from_json(text: str, found: _Found) -> bool:
    """Read lists and objects of JSON, also when the end is missing; whether there was anything of the kind."""
    values = list(_values(text))
    for value in values:
        times = _times_of(value)
        if times is None:
            found.could_not_read(json.dumps(value, ensure_ascii=False))
            continue
        caption = _caption_of(value) if isinstance(value, dict) else ""
        found.add(*times, caption, json.dumps(value, ensure_ascii=False))
    return bool(values)


def _values(text: str) -> Iterator[Any]:
    """The innermost JSON values that may be events: objects, and pairs of numbers."""
    decoder = json.JSONDecoder()
    at = 0
    for _ in range(MAX_VALUES):
        if (match := _VALUE.search(text, at)) is None:
            return
        try:
            value, at = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            at = match.start() + 1
            continue
        if isinstance(value, list) and _pair(value) is None:
            continue
        if isinstance(value, dict) and not value:
            continue
        if isinstance(value, dict) and _times_of(value) is None:
            inner = [one for part in value.values() if isinstance(part, list) for one in part]
            if inner and all(isinstance(one, dict | list) for one in inner):
                yield from inner  # {"events": [...]}
                continue
        if isinstance(value, dict | list):
            yield value


def _times_of(value: Any) -> tuple[float, float] | None:
    if isinstance(value, list):
        return _pair(value)
    if not isinstance(value, dict):
        return None
    keys = {str(key).casefold(): part for key, part in value.items()}
    for key in _SPAN_KEYS:
        part = keys.get(key)
        if isinstance(part, list) and (pair := _pair(part)) is not None:
            return pair
        if isinstance(part, str) and len(times := stretches(part)) == 1:
            return times[0].start, times[0].end
    start = next((keys[key] for key in _START_KEYS if key in keys), None)
    end = next((keys[key] for key in _END_KEYS if key in keys), None)
    return _pair([start, end])


def _pair(value: list[Any]) -> tuple[float, float] | None:
    if len(value) != 2:
        return None
    start, end = (moment(part) for part in value)
    return None if start is None or end is None else (start, end)


def _caption_of(value: dict[str, Any]) -> str:
    keys = {str(key).casefold(): part for key, part in value.items()}
    return next((keys[key] for key in _CAPTION_KEYS if isinstance(keys.get(key), str)), "")
