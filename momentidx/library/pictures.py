"""Which pictures the rows name: what is gone is made again, and when all take too much room, the oldest go first."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, func, null, or_, select, update

from momentidx.footage import Footage
from momentidx.library import jobs, planning, queries
from momentidx.library.tables import BinEntryRow, EventRow, FootageRow, HumanEventRow, JobRow, LayerRow
from momentidx.times import Span

NAMED = (
    "SELECT layer.footage_id, event.still FROM event JOIN layer ON layer.id = event.layer_id"
    " WHERE event.still IS NOT NULL UNION ALL SELECT id, poster FROM footage WHERE poster IS NOT NULL"
    " UNION ALL SELECT id, json_extract(sprite, '$.still') FROM footage WHERE sprite IS NOT NULL"
)
"""The number of a footage and the name of a picture of it, so often as rows name it."""

_STRIP = FootageRow.sprite["still"].as_string()
_DONE = (JobRow.stage == jobs.PICTURES, JobRow.state == "done")


def named(connection: Connection) -> set[str]:
    """The pictures that rows name."""
    return {name for _, name in connection.exec_driver_sql(NAMED)}


def unpictured(connection: Connection, footage: Footage) -> tuple[bool, dict[int, Span]]:
    """Whether a content lacks its poster or its strip, and the stretch of every event that lacks its still.

    What a person added of their own never had one.
    """
    row = connection.execute(
        select(FootageRow.id, or_(FootageRow.poster.is_(None), FootageRow.sprite.is_(None)).label("bare")).where(
            FootageRow.fingerprint == footage.fingerprint
        )
    ).one()
    own = exists().where(HumanEventRow.event_id == EventRow.id, HumanEventRow.of_captioner.is_(None))
    without = (
        select(EventRow.id, EventRow.start_pts, EventRow.end_pts)
        .join(LayerRow)
        .where(LayerRow.footage_id == row.id, EventRow.still.is_(None), ~own)
        .order_by(EventRow.id)
    )
    base = footage.span.base
    return bool(row.bare), {at.id: Span(at.start_pts, at.end_pts, base) for at in connection.execute(without)}


def keep(connection: Connection, footage: int, whole: Mapping[str, Any], stills: Sequence[Mapping[str, Any]]) -> None:
    """Let a footage's row name its poster and strip, and events (`event`) name their `still`. Some may be gone."""
    if whole:
        connection.execute(update(FootageRow).where(FootageRow.id == footage).values(whole))
    if stills:
        connection.execute(update(EventRow).where(EventRow.id == bindparam("event")), stills)


def forget(connection: Connection, names: Collection[str], now: datetime) -> int:
    """Let no row name these pictures, which are gone, and queue the making of them; of how much footage."""
    gone = _among(sorted(names))
    footage = {number for number, name in connection.exec_driver_sql(NAMED) if name in names}
    connection.execute(update(EventRow).where(EventRow.still.in_(gone)).values(still=None))
    connection.execute(update(FootageRow).where(FootageRow.poster.in_(gone)).values(poster=None))
    connection.execute(update(FootageRow).where(_STRIP.in_(gone)).values(sprite=null()))
    again = {"queued_at": now, "priority": planning.OUTDATED, **jobs.AGAIN}
    connection.execute(update(JobRow).where(*_DONE, JobRow.footage_id.in_(_among(sorted(footage)))).values(again))
    return len(footage)


def shed(
    connection: Connection, there: Collection[str], excess: int, size: Callable[[str], int]
) -> tuple[set[str], int]:
    """Choose so many bytes of the pictures that are there; their names, and of how much footage they were.

    What no row names goes first, then whole footage: what was indexed longest ago before the rest, and
    what a person chose or spoke of at the very end. Its pictures are made again when a person retries
    the job that made them, which stands as cancelled.
    """
    of: dict[int, set[str]] = defaultdict(set)
    for number, name in connection.exec_driver_sql(NAMED):
        of[number].add(name)
    uses = Counter(name for names in of.values() for name in names)
    gone = set(there) - uses.keys()
    freed = sum(map(size, gone))
    bare: list[int] = []
    for number in _oldest_first(connection):
        if freed >= excess:
            break
        uses.subtract(of[number])
        free = {name for name in of[number] if not uses[name]}
        freed += sum(map(size, free))
        gone |= free
        bare += [number] if of[number] else []
    chosen = _among(bare)
    layers = select(LayerRow.id).where(LayerRow.footage_id.in_(chosen))
    connection.execute(update(EventRow).where(EventRow.layer_id.in_(layers)).values(still=None))
    connection.execute(update(FootageRow).where(FootageRow.id.in_(chosen)).values(poster=None, sprite=null()))
    connection.execute(update(JobRow).where(*_DONE, JobRow.footage_id.in_(chosen)).values(state="cancelled"))
    return gone, len(bare)


def _oldest_first(connection: Connection) -> Sequence[int]:
    newest = (
        select(func.max(JobRow.ended_at))
        .where(JobRow.footage_id == FootageRow.id, JobRow.stage.in_((jobs.DESCRIBE, jobs.PICTURES)))
        .scalar_subquery()
    )
    spoken_of = exists().where(LayerRow.footage_id == FootageRow.id, LayerRow.captioner == queries.HUMAN)
    chosen = or_(exists().where(BinEntryRow.footage_id == FootageRow.id), spoken_of)
    return connection.execute(select(FootageRow.id).order_by(chosen, newest, FootageRow.id)).scalars().all()


def _among(values: Sequence[Any]) -> Select[Any]:
    """The values as a table: any number of them is one parameter, and looked through once."""
    return select(func.json_each(json.dumps(values)).table_valued("value").c.value)
