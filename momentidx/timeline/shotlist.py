"""Shot lists: what an editor wants to see, one line a slot, in the order of the cut.

A slot is a few words and, if wanted, a length. Three ways to write it:

- *text*: a line each; a number or bullet before it, blank lines and lines that begin with `#` do not
  count. The length stands at the end, after a comma, a bar or in brackets: `a red door opens, 4s`.
- *Markdown*: the rows of its first table, or else its list items; headings and paragraphs do not count.
- *CSV*: columns called `shot` (or description, words, query, what) and `duration` (or length, seconds);
  without such a first row the first column is the words and the second the length.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from momentidx.errors import MomentidxError, WrongUse
from momentidx.timeline.picking import parse_length

MOST_BYTES = 2**20
MOST_SLOTS = 500

WORDS_COLUMNS = ("shot", "description", "words", "query", "what")
LENGTH_COLUMNS = ("duration", "length", "seconds")

_BULLET = re.compile(r"\s*(?:[-*+•]\s+|\d+[.)]\s+)(?:\[[ xX]\]\s+)?")
_LENGTH = r"\d+(?:\.\d+)?\s*[smh]|\d+(?::\d\d){1,2}"
_WITH_LENGTH = re.compile(
    rf"(?P<words>.*\S)\s*(?:[,;|\t]\s*(?P<plain>{_LENGTH})|[(\[]\s*(?P<set_off>{_LENGTH})\s*[)\]])"
)
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in the cut."""

    number: int
    """From 1."""
    words: str
    length: Fraction | None
    """Seconds; None: as long as the take."""


def read_shot_list(file: Path) -> list[Slot]:
    """The slots of a shot list; its ending says how it is written (`.csv`, `.md`; anything else is text).

    Raises WrongUse for a list without a slot, with too many, and for a length that is none.
    """
    try:
        content = file.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise WrongUse(f"{file}: there is no such file.") from error
    except OSError as error:
        raise MomentidxError(f"{file}: the shot list cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise WrongUse(f"{file}: the shot list is not plain text in UTF-8. Save it so.") from error
    if len(content) > MOST_BYTES:
        raise WrongUse(f"{file}: this is too large for a shot list.")
    return parse_shot_list(text, file.suffix, str(file))


def parse_shot_list(text: str, suffix: str = "", name: str = "The shot list") -> list[Slot]:
    """The slots of a shot list that is a text already, written as a file of this ending would be."""
    readers = {".csv": _csv, ".md": _markdown, ".markdown": _markdown}
    found = list(readers.get(suffix.lower(), _text)(text))
    if not found:
        raise WrongUse(f"{name}: there is no slot in the shot list. Write one line a shot.")
    if len(found) > MOST_SLOTS:
        raise WrongUse(f"{name}: the shot list has {len(found)} slots; at most {MOST_SLOTS} are cast.")
    return [_slot(number, words, length, name) for number, (words, length) in enumerate(found, start=1)]


def _slot(number: int, words: str, length: str, name: str) -> Slot:
    try:
        seconds = parse_length(re.sub(r"\s", "", length)) if length else None
    except WrongUse as error:
        raise WrongUse(f"{name}, slot {number} ('{words}'): {error}") from error
    if seconds == 0:
        raise WrongUse(f"{name}, slot {number} ('{words}'): a length is more than nothing.")
    return Slot(number, words, seconds)


def _text(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            yield from _line(_BULLET.sub("", line, count=1))


def _line(line: str) -> Iterator[tuple[str, str]]:
    line = " ".join(re.sub(r"\*\*|__|`", "", line).split(" ")).strip()
    if match := _WITH_LENGTH.fullmatch(line):
        yield match["words"].strip(), match["plain"] or match["set_off"]
    elif line:
        yield line, ""


def _markdown(text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines()
    rule = next((number for number, line in enumerate(lines) if "|" in line and _RULE.fullmatch(line)), 0)
    if not rule:
        for line in lines:
            if match := _BULLET.match(line):
                yield from _line(line[match.end() :])
        return
    rows = [lines[rule - 1]]
    for line in lines[rule + 1 :]:
        if "|" not in line:
            break
        rows.append(line)
    yield from _rows([[re.sub(r"\*\*|__|`", "", cell) for cell in row.strip().strip("|").split("|")] for row in rows])


def _csv(text: str) -> Iterator[tuple[str, str]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    yield from _rows(list(csv.reader(text.splitlines(), delimiter=delimiter)))


def _rows(rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Words and length of each row of a table, whose first may name the columns."""
    if not rows:
        return
    heading = [cell.strip().casefold() for cell in rows[0]]
    words = next((heading.index(name) for name in WORDS_COLUMNS if name in heading), None)
    length = next((heading.index(name) for name in LENGTH_COLUMNS if name in heading), None)
    if words is None:
        words, length, body = 0, 1, rows
    else:
        body = rows[1:]
    for row in body:
        cells = [cell.strip() for cell in row]
        if words < len(cells) and cells[words]:
            said = cells[length] if length is not None and length < len(cells) else ""
            yield cells[words], f"{said}s" if re.fullmatch(r"\d+(\.\d+)?", said) else said
