"""Which events meet conditions on themselves, their footage, and where it lies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from momentidx.library import queries
from momentidx.library.tables import (
    BinEntryRow,
    EventRow,
    EventValueRow,
    FootageRow,
    HumanEventRow,
    LayerRow,
    LocationRow,
)

Asked = ColumnElement[Any] | InstrumentedAttribute[Any]
"""A column, or what is reckoned from it."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers, or text that sorts like what it means; None is open."""

    low: float | str | None = None
    high: float | str | None = None
    low_included: bool = True
    high_included: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is asked of events by name; met when any of the texts or ranges is."""

    name: str
    """`folder`, `camera`, ... (see `_BUILT_IN`), or what a captioner declares."""
    texts: tuple[str, ...] = ()
    """Compared whole and without case; `*` stands for anything."""
    ranges: tuple[Range, ...] = ()
    declared: bool = False
    """Whether it is a captioner's."""
    negative: bool = False
    """Whether it must not be met."""


Conditions = Sequence[Sequence[Condition]]
"""All of them, and of each any of the alternatives."""


COMMON = 20_000
"""A value that so many events have is looked up event by event; of a rarer one all events are listed first."""


def matching(
    connection: Connection, conditions: Conditions, among: Collection[int] | None, limit: int | None
) -> list[int]:
    """Numbers of shown events that meet the conditions; of these numbers, or of all, up to a limit."""
    question = (
        select(EventRow.id)
        .join(LayerRow, LayerRow.id == EventRow.layer_id)
        .join(FootageRow, FootageRow.id == LayerRow.footage_id)
        .where(queries.shown(), exists().where(LocationRow.footage_id == FootageRow.id))
    )
    for alternatives in conditions:
        each = among is not None
        question = question.where(or_(*(_met(one, each or _is_common(connection, one), each) for one in alternatives)))
    if among is None:
        return list(connection.execute(question.limit(limit)).scalars())
    these = question.where(EventRow.id.in_(queries.listed())).limit(limit)
    return list(connection.execute(these, queries.in_list(set(among))).scalars())


def footage_named(connection: Connection, words: Collection[str]) -> list[int]:
    """Footage that lies somewhere and has each of the words in a path, its reel or its camera, as it was added."""
    lies = exists().where(LocationRow.footage_id == FootageRow.id)
    named = [
        or_(
            exists().where(LocationRow.footage_id == FootageRow.id, _pattern(cast(LocationRow.path, String), word)),
            _pattern(_fact("reel"), word),
            _pattern(_fact("camera"), word),
        )
        for word in (f"*{word}*" for word in words)
    ]
    question = select(FootageRow.id).where(FootageRow.proxy_of.is_(None), lies, *named).order_by(FootageRow.id)
    return list(connection.execute(question).scalars())


def known_values(connection: Connection, name: str, limit: int = 1000) -> list[str]:
    """What events were told to be under a name that a captioner declares, and what footage has as that fact."""
    values = select(EventValueRow.text).where(EventValueRow.name == name).distinct().order_by(EventValueRow.text)
    found = list(connection.execute(values.limit(limit)).scalars())
    if name in _NAMED:
        known = connection.execute(_NAMED[name].distinct().limit(limit)).scalars()
        found += [text for text in known if text is not None and text not in found]
    return found


def _met(condition: Condition, by_event: bool, by_footage: bool) -> ColumnElement[bool]:
    """Whether an event meets a condition: asked of it and its footage, or of all events or footage once.

    What is asked once is a list that SQLite makes first; a million events would each read their footage's facts.
    """
    if condition.declared:
        found = _value(condition, by_event)
    else:
        found = _BUILT_IN[condition.name](condition)
        if not by_footage and condition.name == "folder":  # all paths once, not those of one footage after the other
            found = LayerRow.footage_id.in_(select(LocationRow.footage_id).where(_below(condition)))
        elif not by_footage and condition.name in _OF_FOOTAGE:
            found = LayerRow.footage_id.in_(select(FootageRow.id).where(found))
    # A fact that is not known is neither met nor, left out, a reason to drop the event.
    return ~func.coalesce(found, False) if condition.negative else found


def _value(condition: Condition, by_event: bool) -> ColumnElement[bool]:
    is_met = _compare(EventValueRow.text, EventValueRow.number, condition)
    if by_event:
        # An empty text added to the name keeps SQLite from going through all that have the value, for each event.
        named = EventValueRow.name.concat("") == condition.name
        return exists().where(EventValueRow.event_id == EventRow.id, named, is_met)
    return EventRow.id.in_(select(EventValueRow.event_id).where(EventValueRow.name == condition.name, is_met))


def _is_common(connection: Connection, condition: Condition) -> bool:
    if not condition.declared or condition.negative:
        return condition.declared
    is_met = _compare(EventValueRow.text, EventValueRow.number, condition)
    some = select(EventValueRow.event_id).where(EventValueRow.name == condition.name, is_met).limit(COMMON)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one() == COMMON


def _compare(text: Asked, number: Asked, condition: Condition) -> ColumnElement[bool]:
    return or_(*(_like(text, each) for each in condition.texts), *(_inside(number, each) for each in condition.ranges))


def _like(column: Asked, text: str) -> ColumnElement[bool]:
    """LIKE of SQLite ignores the case of ASCII letters; without a wildcard an index can answer."""
    if "*" not in text:
        return (
            func.lower(column) == text.lower() if text != text.lower() else or_(column == text, _pattern(column, text))
        )
    return _pattern(column, text)


def _pattern(column: Asked, text: str) -> ColumnElement[bool]:
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return column.like(text.replace("*", "%"), escape="\\")


def _inside(column: Asked, wanted: Range) -> ColumnElement[bool]:
    parts = []
    if wanted.low is not None:
        parts.append(column >= wanted.low if wanted.low_included else column > wanted.low)
    if wanted.high is not None:
        parts.append(column <= wanted.high if wanted.high_included else column < wanted.high)
    return and_(*parts)


def _fact(*path: str) -> ColumnElement[Any]:
    return func.json_extract(FootageRow.facts, "$." + ".".join(path))


def _folder(condition: Condition) -> ColumnElement[bool]:
    return exists().where(LocationRow.footage_id == FootageRow.id, _below(condition))


def _below(condition: Condition) -> ColumnElement[bool]:
    """A folder by its name, by several of them one below the other, or by its whole path."""
    path = cast(LocationRow.path, String)
    names = [text.strip("/") for text in condition.texts]
    patterns = [
        f"/{name}/*" if text.startswith("/") else f"*/{name}/*"
        for text, name in zip(condition.texts, names, strict=True)
    ]
    return or_(*(_pattern(path, each) for each in patterns))


def _contains(column: Asked, condition: Condition) -> ColumnElement[bool]:
    return or_(*(_pattern(column, f"*{text}*") for text in condition.texts))


def _date(condition: Condition) -> ColumnElement[bool]:
    """ISO dates sort like what they mean."""
    return or_(*(_inside(func.substr(_fact("created"), 1, 10), each) for each in condition.ranges))


def _rate(condition: Condition) -> ColumnElement[bool]:
    rate = _fact("rate")
    slash = func.instr(rate, "/")
    number = cast(func.substr(rate, 1, slash - 1), _FLOAT) / cast(func.substr(rate, slash + 1), _FLOAT)
    return or_(*(_inside(number, each) for each in condition.ranges))


def _orientation(condition: Condition) -> ColumnElement[bool]:
    width, height = _fact("video", "width"), _fact("video", "height")
    shape = case((width > height, "landscape"), (width < height, "portrait"), else_="square")
    return shape.in_(condition.texts)


def _resolution(condition: Condition) -> ColumnElement[bool]:
    """By the shorter side, or as `WIDTHxHEIGHT`."""
    width, height = _fact("video", "width"), _fact("video", "height")
    whole = width.concat("x").concat(height)
    shorter = case((cast(width, _FLOAT) < cast(height, _FLOAT), cast(width, _FLOAT)), else_=cast(height, _FLOAT))
    return or_(whole.in_(condition.texts), *(_inside(shorter, each) for each in condition.ranges))


def _has(condition: Condition) -> ColumnElement[bool]:
    kinds: dict[str, ColumnElement[bool]] = {
        "audio": func.json_array_length(FootageRow.facts, "$.audio") > 0,
        "timecode": _fact("start", "source") != "none",
    }
    return or_(*(kinds[text] for text in condition.texts))


def _rating(condition: Condition) -> ColumnElement[bool]:
    """Given to the caption, or to the moment in a bin."""
    said = exists().where(HumanEventRow.event_id == EventRow.id, _all_ranges(HumanEventRow.rating, condition))
    chosen = exists().where(BinEntryRow.event == EventRow.id, _all_ranges(BinEntryRow.rating, condition))
    return or_(said, chosen)


def _all_ranges(column: Asked, condition: Condition) -> ColumnElement[bool]:
    return or_(*(_inside(column, each) for each in condition.ranges))


def _label(condition: Condition) -> ColumnElement[bool]:
    labels = func.json_each(HumanEventRow.labels).table_valued("value", joins_implicitly=True)
    named = or_(*(_pattern(labels.c.value, text) for text in condition.texts))
    return exists(select(HumanEventRow.event_id).where(HumanEventRow.event_id == EventRow.id, named))


_FLOAT = FootageRow.seconds.type
_BUILT_IN = {
    "folder": _folder,
    "camera": lambda condition: _contains(_fact("camera"), condition),
    "reel": lambda condition: or_(*(_pattern(_fact("reel"), text) for text in condition.texts)),
    "date": _date,
    "duration": lambda condition: _all_ranges(FootageRow.seconds, condition),
    "fps": _rate,
    "orientation": _orientation,
    "resolution": _resolution,
    "has": _has,
    "captioner": lambda condition: or_(*(_pattern(LayerRow.captioner, text) for text in condition.texts)),
    "rating": _rating,
    "label": _label,
}
_LABELS = func.json_each(HumanEventRow.labels).table_valued("value", joins_implicitly=True)
_NAMED: dict[str, Select[Any]] = {
    "camera": select(_fact("camera")),
    "reel": select(_fact("reel")),
    "captioner": select(LayerRow.captioner),
    "label": select(_LABELS.c.value).select_from(HumanEventRow, _LABELS),
}
"""What is asked for by a name that only the library knows."""
_OF_FOOTAGE = {"folder", "camera", "reel", "date", "duration", "fps", "orientation", "resolution", "has"}
"""Conditions that all events of a footage meet, or none."""
