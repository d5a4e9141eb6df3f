"""What a language model is asked to write, and what of its answer can be used.

It is told the cells of the matrix that a draft is about, and no time: times and places are names in braces, things
are names in square brackets. So whatever it says beyond them can be seen, and is refused: nothing is mended by guess.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
from string import Template

from momentidx.caption.answers import plain, read_text
from momentidx.times import Span
from momentidx.training.engine.instructions import ASKED, TASKS, Draft, Spoken
from momentidx.training.engine.matrix import Column, Matrix

REVISION = "1"
"""Raised whenever a change here can change prompts, or what is refused."""
PLACES = ("moment", "SOURCE_CLIP", "click_position")
"""Names that stand for times."""
LONGEST = 1000
"""Letters of a question or an answer."""

_NAME = re.compile(r"\{\s*(\w+)\s*\}")
_THING = re.compile(r"(^|[.?!]\s+)?\[([^\[\]]*)\]")
_STRAY = re.compile(r"[\[\]<>{}]")
_OBJECT = re.compile(r"\{\s*\"")
_SAID = re.compile(
    r"\b(?:question|user|q)\s?\d*\s?:\s*(?P<asked>.+?)\s*\b(?:answer|assistant|a)\s?\d*\s?:\s*(?P<answered>.+?)"
    r"\s*(?=\b(?:question|user|q)\s?\d*\s?:|\Z)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d+:\d\d|\d\s?(?:-|–|to)\s?\d|\d\s?(?:s|secs?|seconds?|min|minutes?|frames?)\b|\b(?:seconds|minutes?)\b",
    re.IGNORECASE,
)
_WAY = re.compile(r"\b(left|right|upward|downward)(?:s|wards?)?\b", re.IGNORECASE)
_ASKED, _ANSWERED = ("question", "user", "q", "instruction"), ("answer", "assistant", "a", "response")


class Flaw(StrEnum):
    """Why an answer cannot be used."""

    UNREAD = "no question with an answer was read"
    CUT = "the answer was cut off"
    LONG = "it is too long"
    PLACES = "a time or place is missing, or stands where it must not"
    THING = "it names a thing that is not there"
    ABOUT = "it does not name what it is about"
    TIME = "it tells a time of its own"
    WAY = "it tells a movement that was not seen"
    STRAY = "it holds marks that have a meaning"


def prompt(draft: Draft, known: Matrix, example: str) -> str:
    """What is asked for a draft; `example` is one of the templates' questions."""
    names = _there(draft, known)
    example = _NAME.sub(lambda found: _words(draft, found), example)
    return _text("form").substitute(
        task=_file(draft.task),
        facts=facts(draft, known),
        asked=_braced(_asked(draft)),
        answered=_braced(_answered(draft)),
        things=f"Write each thing by its name, in square brackets: {_listed(names)}." if names else "Name no thing.",
        question=_bracketed(example, names),
        answer=_bracketed(draft.answer, names),
    )


def again(prompt: str, said: str, flaw: Flaw) -> str:
    """The same once more, with what was wrong."""
    return f"{prompt}\n\n{_text('again').substitute(said=plain(said)[:LONGEST] or '(nothing)', flaw=flaw.value)}"


def facts(draft: Draft, known: Matrix) -> str:
    """The cells that a draft is about, part by part."""
    lines = []
    for name in ("SOURCE_CLIP", "moment"):
        spans = _spans(draft, name)
        for number, span in enumerate(spans, 1):
            which = f", part {number} of {len(spans)}" if len(spans) > 1 else ""
            lines += [f"{{{name}}}{which}:", *(f"- {fact}" for fact in _cells(_column(span, known), known))]
    if "click_position" in draft.variables:
        lines.append(f"{{click_position}}: the place of [{draft.variables['instance_class']}]")
    return "\n".join(lines)


def read(text: str, draft: Draft, known: Matrix, *, whole: bool = True) -> Spoken | Flaw:
    """What a model wrote for a draft, if it keeps to what is known."""
    if not whole:
        return Flaw.CUT
    found = _parts(read_text(text))
    if found is None:
        return Flaw.UNREAD
    if max(map(len, found)) > LONGEST:
        return Flaw.LONG
    asked, answered = (_NAME.sub(lambda name: f"{{{name[1]}}}", part) for part in found)
    return _against(draft, known, asked, answered) or Spoken(_unbracketed(asked), _unbracketed(answered))


def version() -> str:
    """Changes with the prompts and with what is read."""
    told = "\n".join([REVISION, *map(_file, ("form", "again", *TASKS))])
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _against(draft: Draft, known: Matrix, asked: str, answered: str) -> Flaw | None:
    """What speaks against using it."""
    names, told, both = _there(draft, known), facts(draft, known), f"{asked} {answered}"
    wanted, given = _asked(draft), _answered(draft)
    in_question, in_answer = (set(_NAME.findall(part)) for part in (asked, answered))
    if (in_question | in_answer) - draft.variables.keys() or _places(in_question) != wanted:
        return Flaw.PLACES
    if not given <= _places(in_answer) <= given | wanted:
        return Flaw.PLACES
    if any(plain(found[2]).casefold() not in names for found in _THING.finditer(both)):
        return Flaw.THING
    rest = both.casefold()
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, " ")
    if any(one.name.removeprefix("the ") in rest for one in known.instances if one.name not in names):
        return Flaw.THING
    about = draft.variables.get("instance_class")
    if about and about not in both.casefold() and "instance_class" not in in_question | in_answer:
        return Flaw.ABOUT
    if _marks(_TIME, both) - _marks(_TIME, told):
        return Flaw.TIME
    if _marks(_WAY, both) - _marks(_WAY, told):
        return Flaw.WAY
    return Flaw.STRAY if _STRAY.search(_NAME.sub("", _unbracketed(both))) else None


def _parts(text: str) -> tuple[str, str] | None:
    """Question and answer out of JSON, or out of a text that says which is which."""
    for found in _OBJECT.finditer(text):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        told = {str(key).casefold(): each for key, each in value.items() if isinstance(each, str) and each.strip()}
        asked, answered = (next((told[key] for key in keys if key in told), None) for keys in (_ASKED, _ANSWERED))
        if asked and answered:
            return plain(asked), plain(answered)
    if labelled := _SAID.search(text.replace("*", "")):
        return labelled["asked"].strip(), labelled["answered"].strip()
    return None


def _marks(pattern: re.Pattern[str], text: str) -> set[str]:
    """What the pattern finds; of a way its direction alone."""
    return {(found[1] if pattern.groups else found[0]).casefold() for found in pattern.finditer(text)}


def _unbracketed(text: str) -> str:
    """Things without their brackets, with a capital where a sentence begins."""

    def named(found: re.Match[str]) -> str:
        name = plain(found[2]).casefold()
        return name if found[1] is None else f"{found[1]}{name[:1].upper()}{name[1:]}"

    return _THING.sub(named, text)


def _bracketed(text: str, names: list[str]) -> str:
    """Things in brackets, the longest names first: `the person in blue` is not `the person`."""
    if not names:
        return text
    longest = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?<!\[)\b(?:{longest})\b", lambda found: f"[{found[0].casefold()}]", text, flags=re.IGNORECASE)


def _there(draft: Draft, known: Matrix) -> list[str]:
    """The names of what is in the draft's parts."""
    columns = [_column(span, known) for name in ("SOURCE_CLIP", "moment") for span in _spans(draft, name)]
    rows = [row for row in range(len(known.instances)) if any(column.doing[row] for column in columns)]
    return list(dict.fromkeys(known.instances[row].name for row in rows))


def _cells(column: Column, known: Matrix) -> Iterator[str]:
    yield f"the whole picture: {plain(column.caption)}" if column.caption else "nothing is known of the whole picture"
    for one, doing in zip(known.instances, column.doing, strict=True):
        if doing:
            yield f"[{one.name}] {doing.does}"


def _column(span: Span, known: Matrix) -> Column:
    return next(column for column in known.columns if column.span == span)


def _spans(draft: Draft, name: str) -> list[Span]:
    value = draft.variables.get(name, [])
    return value if isinstance(value, list) else [value]


def _asked(draft: Draft) -> set[str]:
    """The times and places of the question: those of the templates, which have the same in all."""
    return _places(set(_NAME.findall(ASKED[draft.task][0])))


def _answered(draft: Draft) -> set[str]:
    return _places(set(_NAME.findall(draft.answer)))


def _places(names: set[str]) -> set[str]:
    return names & set(PLACES)


def _words(draft: Draft, found: re.Match[str]) -> str:
    return found[0] if found[1] in PLACES else str(draft.variables[found[1]])


def _braced(names: set[str]) -> str:
    return " and ".join(f"{{{name}}}" for name in sorted(names)) or "no time"


def _listed(names: list[str]) -> str:
    return ", ".join(f"[{name}]" for name in names)


def _text(name: str) -> Template:
    return Template(_file(name))


def _file(name: str) -> str:
    return (files("momentidx.training.engine") / "prompts" / f"{name}.txt").read_text(encoding="utf-8").strip()
