"""The formats in which the seeds' authors published (or described) what they trained on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from momentidx.errors import WrongUse
from momentidx.models.codecs.grid_tokens import DECIMAL, SECONDS
from momentidx.models.codecs.percent_text import PLACEHOLDER
from momentidx.models.momentor_records import NAMED
from momentidx.training.data.gathering import Gathered, Gathering, Item, Reading, items, mapping, pair, timed
from momentidx.training.data.tasks import joined
from momentidx.training.samples import Said, Sample, Turn

MARKERS = re.compile(r"\s*<(?:video|image)>\s*")
"""Where the picture goes; every method puts its own."""


def pairs(path: Path, reading: Reading) -> Gathered:
    """LCS-558K: `[{"id", "image", "conversations": [{"from": "human", ...}, {"from": "gpt", "value": caption}]}]`."""
    gathering = Gathering()
    for item in items(path):
        name = item.get("image", str)
        (_, caption), *_ = _exchanges(item, "conversations")

        def make(name: str = name, caption: str = caption) -> Sample:
            return Sample(name, reading.media.find(name), 0.0, (Turn((), (caption.strip(),)),))

        gathering.take(name, make)
    return gathering.done()


def vtimellm(path: Path, reading: Reading) -> Gathered:
    """VTimeLLM, stages 2 and 3: `{"id", "conversations", "meta": {"split", "duration", "token": {"<s0>": 2.5}}}`."""
    gathering = Gathering()
    for item in items(path):
        name = str(item.get("id", str, int))
        meta = Item(item.told.get("meta") or {}, f"{item.where}, 'meta'")
        start, end = meta.pair("split") if meta.told.get("split") else (0.0, None)
        duration = end - start if end is not None else float(meta.get("duration", int, float))
        times = Item(meta.told.get("token") or {}, f"{item.where}, 'token'")

        def put(found: str, times: Item = times) -> float:
            return float(times.get(found, int, float))

        talk = [
            Turn(replaced(asked, PLACEHOLDER, put), replaced(answered, PLACEHOLDER, put))
            for asked, answered in _exchanges(item, "conversations")
        ]

        def make(
            name: str = name, start: float = start, end: float | None = end, duration: float = duration,
            talk: list[Turn] = talk,
        ) -> Sample:  # fmt: skip
            return Sample(name, reading.media.find(name, start, end), duration, tuple(_held(talk, duration)))

        gathering.take(name, make)
    return gathering.done()


def moment10m(path: Path, reading: Reading) -> Gathered:
    """Moment-10M: `{video: {kind: [{"id", "variables", "conversations": [{"User", "Assistant"}]}]}}`."""
    gathering = Gathering()
    for video, kinds in mapping(path).items():
        for kind, records in Item(kinds, f"{path}, '{video}'").told.items():
            for number, record in enumerate(records, 1):
                item = Item(record, f"{path}, '{video}', '{kind}', item {number}")
                variables = item.told.get("variables", item.told)
                talk = [
                    Turn(
                        *(
                            _named(Item(turn, item.where).get(side, str), variables, item)
                            for side in ("User", "Assistant")
                        )
                    )
                    for turn in item.get("conversations", list)
                ]

                def make(video: str = video, talk: list[Turn] = talk, name: str = f"{video} {kind} {number}") -> Sample:
                    duration = reading.media.duration(video)
                    return Sample(name, reading.media.find(video), duration, tuple(_held(talk, duration)))

                gathering.take(f"{video} {kind} {number}", make)
    return gathering.done()


def gesm(path: Path, reading: Reading) -> Gathered:
    """GESM: `{video: {"timestamps": [[start, end]], "captions": [...]}}`, every event in one answer."""
    gathering = Gathering()
    for video, told in mapping(path).items():
        item = Item(told, f"{path}, '{video}'")
        spans = [pair(each, item.where) for each in item.get("timestamps", list)]
        captions = item.get("captions", list)
        if len(spans) != len(captions):
            raise WrongUse(f"{item.where}: {len(spans)} timestamps for {len(captions)} captions.")

        def make(video: str = video, spans: list[tuple[float, float]] = spans, said: list[Any] = captions) -> Sample:
            duration = reading.media.duration(video)
            events = timed([(*span, str(words)) for span, words in zip(spans, said, strict=True)], duration)
            return Sample(video, reading.media.find(video), duration, reading.turns(video, events))

        gathering.take(video, make)
    return gathering.done()


def grounded(path: Path, reading: Reading) -> Gathered:
    """Grounded-VideoLLM: `{"video_file", "conversation"}`, times as `<12.5>` or, in questions, `12.5 seconds`."""
    gathering = Gathering()
    for item in items(path):
        file = item.get("video_file", str)
        talk = [
            Turn(
                joined([each for part in replaced(asked, SECONDS, _number) for each in _spelled(part)]),
                replaced(answered, SECONDS, _number),
            )
            for asked, answered in _exchanges(item, "conversation")
        ]

        def make(
            file: str = file, talk: list[Turn] = talk, name: str = str(item.told.get("question_id", file))
        ) -> Sample:
            duration = reading.media.duration(file)
            return Sample(name, reading.media.find(file), duration, tuple(_held(talk, duration)))

        gathering.take(file, make)
    return gathering.done()


def replaced(text: str, pattern: re.Pattern[str], put: Any) -> Said:
    """The text with what the pattern finds as times."""
    parts: list[str | float] = []
    at = 0
    for found in pattern.finditer(text):
        parts += [text[at : found.start()], put(found[0])]
        at = found.end()
    return tuple(part for part in (*parts, text[at:]) if part != "")


def _number(found: str) -> float:
    return float(found.strip("<>"))


def _spelled(part: str | float) -> Said:
    """`12.5 seconds` in a question is a time."""
    if not isinstance(part, str):
        return (part,)
    return replaced(part, DECIMAL, lambda found: float(re.match(r"[\d.]+", found)[0]))  # type: ignore[index]


def _named(text: str, variables: Mapping[str, Any], item: Item) -> Said:
    """`{moment}` and its like as what they stand for (see `momentor_records`)."""
    parts: list[str | float] = []
    at = 0
    for found in NAMED.finditer(text):
        if found[1] not in variables:
            raise WrongUse(f"{item.where}: the text names '{found[1]}', and there is none.")
        parts += [text[at : found.start()], *_stands_for(found[1], variables[found[1]], item)]
        at = found.end()
    return joined([part for part in (*parts, text[at:]) if part != ""])


def _stands_for(name: str, value: Any, item: Item) -> Iterator[str | float]:
    where = f"{item.where}, '{name}'"
    if name in ("moment", "SOURCE_CLIP"):
        spans = value if isinstance(value, list) and value and isinstance(value[0], list) else [value]
        for number, span in enumerate(spans):
            start, end = pair(span, where)
            yield from ([] if not number else [" and "] if number + 1 == len(spans) else [", "])
            yield from (start, " to ", end)
    elif name == "click_position":
        match value:
            case [int() | float() as time, [x, y]]:
                yield from (f"<{x}, {y}>", float(time))
            case _:
                raise WrongUse(f"{where}: a time and a place were expected.")
    else:
        yield str(value)


def _exchanges(item: Item, name: str) -> list[tuple[str, str]]:
    """Pairs of what a person and what the model says."""
    said = [Item(each, f"{item.where}, '{name}' {number}") for number, each in enumerate(item.get(name, list), 1)]
    lines = [(each.get("from", str), MARKERS.sub("", each.get("value", str))) for each in said]
    if len(lines) % 2 or not lines or any(who != ("human", "gpt")[at % 2] for at, (who, _) in enumerate(lines)):
        raise WrongUse(f"{item.where}: '{name}' should go to and fro between 'human' and 'gpt'.")
    return [(asked, answered) for (_, asked), (_, answered) in zip(lines[::2], lines[1::2], strict=True)]


def _held(talk: list[Turn], duration: float) -> Iterator[Turn]:
    """Times that lie a little outside the clip, as annotators' do, are moved inside. Raises ValueError for others."""

    def held(said: Said) -> Said:
        return tuple(part if isinstance(part, str) else inside(part, duration) for part in said)

    for turn in talk:
        yield Turn(held(turn.asked), held(turn.answered))


def inside(time: float, duration: float) -> float:
    if not -1.0 <= time <= duration + 1.0:
        raise ValueError(f"{time:g} s does not lie in a clip of {duration:g} s")
    return min(max(time, 0.0), duration)
