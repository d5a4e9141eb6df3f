"""Annotation and prediction files, read or refused with a sentence that names the file, the place and the field."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from momentidx.errors import WrongUse

T = TypeVar("T")
Span = tuple[float, float]
"""Start and end in seconds, as a file says them: the end may come first."""


@contextmanager
def reading(path: Path, expected: str) -> Iterator[None]:
    """What goes wrong while `path` is read and taken apart becomes WrongUse; `expected` describes the format."""
    try:
        yield
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise WrongUse(f"{path}: not the expected format. Expected {expected}.") from error


def read_json(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return json.load(file)


def read_text(path: Path) -> str:
    """UTF-8, with or without a mark at its beginning. Raises WrongUse."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path}: is not UTF-8 text (byte {error.start}).") from error


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a file, and where it stands, for the sentence about a field that cannot be used."""

    path: Path
    place: str
    """"line 3", or the keys that lead to it."""
    content: dict[str, Any]

    def take(self, field: str, read: Callable[[Any], T]) -> T:
        """The field, as `read` gives it. Raises WrongUse; the first line of `read`'s docstring says what it takes."""
        expected = (read.__doc__ or "another value").splitlines()[0].rstrip(".")
        if field not in self.content:
            raise self.wrong(field, f"is missing. Expected {expected}")
        try:
            return read(self.content[field])
        except (ValueError, TypeError) as error:
            said = json.dumps(self.content[field])
            said = said if len(said) <= 60 else said[:57] + "..."
            raise self.wrong(field, f"is {said}. Expected {expected}") from error

    def wrong(self, field: str, why: str) -> WrongUse:
        """To be raised: why the field cannot be used."""
        return WrongUse(f"{self.path}, {self.place}: field '{field}' {why}.")

    def maybe(self, field: str, read: Callable[[Any], T]) -> T | None:
        return self.take(field, read) if self.content.get(field) is not None else None


def read_lines(path: Path) -> list[Record]:
    """JSON Lines: one object a line; empty lines are passed over. Raises WrongUse with the line."""
    found = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            found.append(record(path, f"line {number}", _parsed(path, line, f"line {number}, ")))
    return found


def read_object(path: Path) -> Any:
    """One JSON document. Raises WrongUse with the line where it stops being JSON."""
    return _parsed(path, read_text(path))


def read_list(path: Path) -> list[Any]:
    """A JSON list. Raises WrongUse."""
    content = read_object(path)
    if not isinstance(content, list):
        raise WrongUse(f"{path}: is not a list [...].")
    return content


def read_table(path: Path) -> list[Record]:
    """CSV with a heading: a row is an object of texts. Raises WrongUse."""
    table = csv.DictReader(io.StringIO(read_text(path), newline=""), restval="")
    try:
        table.fieldnames = [each.strip().casefold() for each in table.fieldnames or ()]
        return [Record(path, f"line {table.line_num}", dict(row)) for row in table]
    except csv.Error as error:
        raise WrongUse(f"{path}, line {table.line_num}: is not CSV: {error}.") from error


def record(path: Path, place: str, content: Any) -> Record:
    """Raises WrongUse when `content` is no object."""
    if not isinstance(content, dict):
        raise WrongUse(f"{path}, {place}: is not an object {{...}}.")
    return Record(path, place, content)


def _parsed(path: Path, text: str, line: str = "") -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = line or f"line {error.lineno}, "
        raise WrongUse(f"{path}, {place}column {error.colno}: is not JSON: {error.msg}.") from error


def number(value: Any) -> float:
    """a number"""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def length(value: Any) -> float:
    """a number of seconds above 0"""
    if number(value) <= 0:
        raise ValueError
    return float(value)


def text(value: Any) -> str:
    """a text"""
    if not isinstance(value, str):
        raise ValueError
    return value


def name(value: Any) -> str:
    """a text or a whole number"""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError
    return str(value)


def span(value: Any) -> Span:
    """[start, end] in seconds"""
    start, end = value
    return number(start), number(end)


def spans(value: Any) -> list[Span]:
    """a list of [start, end] in seconds"""
    return [span(each) for each in items(value)]


def whole(value: Any) -> int:
    """a whole number"""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    return value


def truth(value: Any) -> bool:
    """true or false"""
    if not isinstance(value, bool):
        raise ValueError
    return value


def items(value: Any) -> list[Any]:
    """a list"""
    if not isinstance(value, list):
        raise ValueError
    return value


def numbers(value: Any) -> list[float]:
    """a list of numbers"""
    return [number(each) for each in items(value)]


def texts(value: Any) -> list[str]:
    """a list of texts"""
    return [text(each) for each in items(value)]
