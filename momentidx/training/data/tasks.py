"""From events with their times to questions and answers: describe all, locate one, tell what happens in a stretch.

The questions that the captioners ask (`caption/prompts`) are among them, so that what is trained is what is asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from momentidx.training.samples import Said, Turn


@dataclass(frozen=True, slots=True)
class Timed:
    """A sentence, and when it is true: seconds of the clip."""

    start: float
    end: float
    sentence: str


DESCRIBE = (
    "Tell what happens in this video, event by event, each with its time.",
    "Describe the events of this video in order of time, one a line, each with its time.",
    "What happens in this video, and when?",
)
DESCRIBE_AS_JSON = (
    "List the events of this video in order of time, as JSON: "
    '[{"event": "what happens", "timestamps": "from xx to xx"}, ...]'
)
LOCATE = (
    'When does the video show "{}"?',
    'At which time interval in the video can we see "{}"?',
    'During which frames can we see "{}"?',
    'Find the moment: "{}".',
)
TELL = (
    ("What happens from ", " to ", "?"),
    ("Describe the video from ", " to ", "."),
    ("Say in one sentence what can be seen between ", " and ", "."),
)


def turns(events: Sequence[Timed], random: Random, dense: float, *, as_json: bool = False) -> tuple[Turn, ...]:
    """All events in one turn, for a share `dense` of the clips; else a turn for each, either way round."""
    ordered = sorted(events, key=lambda event: (event.start, event.end))
    if random.random() < dense:
        return (described(ordered, random, as_json=as_json),)
    return tuple(random.choice((located, told))(event, random) for event in random.sample(ordered, len(ordered)))


def described(events: Sequence[Timed], random: Random, *, as_json: bool = False) -> Turn:
    """Every event, one a line; or as VTimeLLM's list."""
    if as_json:
        said: list[str | float] = ["["]
        for number, event in enumerate(events):
            comma = ", " if number else ""
            said += [f'{comma}{{"event": {json.dumps(event.sentence, ensure_ascii=False)}, "timestamps": "from ']
            said += [event.start, " to ", event.end, '"}']
        return Turn((DESCRIBE_AS_JSON,), joined([*said, "]"]))
    lines: list[str | float] = []
    for number, event in enumerate(events):
        lines += ["\nFrom " if number else "From ", event.start, " to ", event.end, f", {lowered(event.sentence)}"]
    return Turn((random.choice(DESCRIBE),), joined(lines))


def located(event: Timed, random: Random) -> Turn:
    """Sentence to stretch."""
    words = event.sentence.rstrip(". ")
    return Turn((random.choice(LOCATE).format(words),), ("From ", event.start, " to ", event.end, "."))


def told(event: Timed, random: Random) -> Turn:
    """Stretch to sentence."""
    before, between, after = random.choice(TELL)
    return Turn((before, event.start, between, event.end, after), (event.sentence,))


def joined(parts: Sequence[str | float]) -> Said:
    """Words that stand side by side as one."""
    said: list[str | float] = []
    for part in parts:
        if isinstance(part, str) and said and isinstance(said[-1], str):
            said[-1] += part
        else:
            said.append(part)
    return tuple(said)


def lowered(sentence: str) -> str:
    """To go on after a comma; names written in capitals stay."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]
