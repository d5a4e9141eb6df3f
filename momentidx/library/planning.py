"""What is still to be made of the footage that there is, and what is left over from former tools.

The functions that look need no writing transaction; there is none at all when nothing lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import aliased

from momentidx.events import Layer
from momentidx.library import jobs, queries
from momentidx.library.jobs import DESCRIBE, EMBED, PICTURES, PROBE
from momentidx.library.tables import EmbedderRow, EventRow, FootageRow, JobRow, LayerRow, LocationRow, VectorRow
from momentidx.library.values import Wanted

OUTDATED = -1
"""Priority of what has been described before and only could be better: new footage goes first."""
SWEPT_AT_ONCE = 50_000
"""Vectors of a former embedder that are deleted in one go; others are waiting for their turn to write."""

_OF_NO_USE = and_(~jobs.KNOWN_TOOLS, JobRow.state != "running")
"""Jobs for tools that are not used any more."""
_EMBEDDER = select(EmbedderRow.id).where(
    EmbedderRow.name == bindparam("name"), EmbedderRow.version == bindparam("version")
)
_NEW = insert(JobRow)
_DUE = ("queued_at", "priority", "file_time", "tries", *jobs.AGAIN)
_QUEUED = _NEW.on_conflict_do_update(
    index_elements=["footage_id", "stage", "tool"],
    set_={name: _NEW.excluded[name] for name in _DUE},
    where=JobRow.state != "running",
)


class Stage(NamedTuple):
    """One stage that a footage lacks."""

    footage: int
    stage: str
    tool: str = ""


def lacking(connection: Connection, wanted: Wanted, footage: int | None = None) -> list[Stage]:
    """The stages that footage, or this one, lacks and that nothing speaks against queueing.

    A job that waits, runs, waits for another try or was cancelled is left alone; one that failed for
    good, too, until another version of its tools may do better. Proxies are not described.
    """
    place = aliased(LocationRow)
    lies = exists().where(place.footage_id == FootageRow.id)
    shown = [lies, FootageRow.proxy_of.is_(None)] + ([] if footage is None else [FootageRow.id == footage])
    bare = or_(FootageRow.poster.is_(None), FootageRow.sprite.is_(None))
    without = select(FootageRow.id).where(*shown, bare, _free(wanted, PICTURES))
    found = [Stage(number, PICTURES) for number in connection.execute(without).scalars()]
    described = _undescribed(connection, wanted, shown)
    silent = dict.fromkeys([stage.footage for stage in described])
    silent |= dict.fromkeys(_unembedded(connection, wanted, shown))
    return described + found + [Stage(number, EMBED, wanted.embedder.name) for number in silent]


def whole(wanted: Wanted, footage: int, path: Path) -> list[Stage]:
    """The stages of new footage at a path: all that there are. The same as `lacking`, without a question."""
    described = [Stage(footage, DESCRIBE, of.captioner) for of in wanted.layers if wanted.describes(of.captioner, path)]
    embedded = [Stage(footage, EMBED, wanted.embedder.name)] if described else []
    return [*described, Stage(footage, PICTURES), *embedded]


def silent(connection: Connection, wanted: Wanted, fingerprint: str) -> dict[int, str]:
    """Number and caption of every event of a content that lacks its vector."""
    question = _silent(wanted.layers, _embedder(connection, wanted))
    return {row.id: row.caption for row in connection.execute(question, {"fingerprint": fingerprint})}


@lru_cache(maxsize=8)
def _silent(layers: tuple[Layer, ...], embedder: int | None) -> Executable:
    return (
        select(EventRow.id, EventRow.caption)
        .join(LayerRow)
        .join(FootageRow, FootageRow.id == LayerRow.footage_id)
        .where(FootageRow.fingerprint == bindparam("fingerprint"), *_unembedded_events(layers, embedder))
        .order_by(EventRow.id)
    )


def _unembedded_events(layers: tuple[Layer, ...], embedder: int | None) -> list[ColumnElement[bool]]:
    """Conditions for events that are shown, or are to be, and have no vector of this embedder (None: a new one)."""
    fresh = tuple_(LayerRow.captioner, LayerRow.version).in_([(of.captioner, of.version) for of in layers])
    vector = exists().where(VectorRow.event_id == EventRow.id, VectorRow.embedder_id == embedder)
    return [or_(LayerRow.current, fresh)] + ([] if embedder is None else [~vector])


def queue(
    connection: Connection, stages: Sequence[Stage], now: datetime, *, priority: int = OUTDATED, file_time: int = 0
) -> None:
    """Queue stages, unless they are running."""
    if not stages:
        return
    due = {"queued_at": now, "priority": priority, "file_time": file_time, "tries": 0, **jobs.AGAIN}
    new = {"attempts": 0, "deaths": 0}
    rows = [{"footage_id": each.footage, "stage": each.stage, "tool": each.tool, **new, **due} for each in stages]
    connection.execute(_QUEUED, rows)


def hopeless_probes(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Conditions for files that were given up, but not by the present version of what reads them."""
    return [JobRow.stage == PROBE, *_given_up(wanted, PROBE, "")]


def retry_probes(connection: Connection, wanted: Wanted, now: datetime) -> int:
    """Queue them; how many."""
    again = {"queued_at": now, "priority": OUTDATED, "tries": 0, **jobs.AGAIN}
    return connection.execute(update(JobRow).where(*hopeless_probes(wanted)).values(again)).rowcount


def has_leftovers(connection: Connection, wanted: Wanted) -> bool:
    """Whether `sweep` has something to do."""
    conditions = [_OF_NO_USE, _abandoned(wanted)]
    if not wanted.pair_proxies:
        conditions.append(FootageRow.proxy_of.is_not(None))
    questions = [select(exists().where(each)) for each in conditions]
    return any(connection.execute(each, jobs.tools(wanted)).scalar() for each in questions) or bool(
        _former_embedders(connection, wanted)
    )


def sweep(connection: Connection, wanted: Wanted) -> None:
    """Delete jobs and unfinished layers that nobody waits for any more, and some vectors of former embedders."""
    connection.execute(delete(JobRow).where(_OF_NO_USE), jobs.tools(wanted))
    connection.execute(delete(LayerRow).where(_abandoned(wanted)))
    if not wanted.pair_proxies:
        connection.execute(update(FootageRow).where(FootageRow.proxy_of.is_not(None)).values(proxy_of=None))
    for embedder in _former_embedders(connection, wanted):
        some = select(VectorRow.event_id).where(VectorRow.embedder_id == embedder).limit(SWEPT_AT_ONCE)
        gone = connection.execute(
            delete(VectorRow).where(VectorRow.embedder_id == embedder, VectorRow.event_id.in_(some))
        ).rowcount
        if gone < SWEPT_AT_ONCE:
            connection.execute(delete(EmbedderRow).where(EmbedderRow.id == embedder))


def _undescribed(connection: Connection, wanted: Wanted, shown: list[ColumnElement[bool]]) -> list[Stage]:
    found: dict[Stage, None] = {}
    for layer in wanted.layers:
        has_layer = exists().where(
            LayerRow.footage_id == FootageRow.id,
            LayerRow.captioner == layer.captioner,
            LayerRow.version == layer.version,
        )
        without = (
            select(FootageRow.id, LocationRow.path)
            .join(LocationRow)
            .where(*shown, ~has_layer, _free(wanted, DESCRIBE, layer.captioner))
            .order_by(FootageRow.id)
        )
        for number, path in connection.execute(without):
            if wanted.describes(layer.captioner, path):
                found[Stage(number, DESCRIBE, layer.captioner)] = None
    return list(found)


def _unembedded(connection: Connection, wanted: Wanted, shown: list[ColumnElement[bool]]) -> Sequence[int]:
    embedder = _embedder(connection, wanted)
    without = (
        select(LayerRow.footage_id)
        .distinct()
        .join(EventRow)
        .join(FootageRow, FootageRow.id == LayerRow.footage_id)
        .where(*shown, *_unembedded_events(wanted.layers, embedder), _free(wanted, EMBED, wanted.embedder.name))
    )
    return connection.execute(without).scalars().all()


def _embedder(connection: Connection, wanted: Wanted) -> int | None:
    """The number of the wanted embedder; None when it is new."""
    identity = {"name": wanted.embedder.name, "version": wanted.embedder.version}
    return connection.execute(_EMBEDDER, identity).scalar()


def _free(wanted: Wanted, stage: str, tool: str = "") -> ColumnElement[bool]:
    """Whether a footage has no such job, or one that may be queued again."""
    open_again = or_(JobRow.state == "done", and_(*_given_up(wanted, stage, tool)))
    return ~exists().where(JobRow.footage_id == FootageRow.id, JobRow.stage == stage, JobRow.tool == tool, ~open_again)


def _given_up(wanted: Wanted, stage: str, tool: str) -> list[ColumnElement[bool]]:
    other_version = JobRow.tried_with.is_distinct_from(wanted.version(stage, tool))
    return [JobRow.state == "failed", JobRow.not_before.is_(None), other_version]


def _abandoned(wanted: Wanted) -> ColumnElement[bool]:
    """Unfinished layers of a version that nobody makes any more."""
    fresh = tuple_(LayerRow.captioner, LayerRow.version).in_([(of.captioner, of.version) for of in wanted.layers])
    return and_(~LayerRow.current, ~fresh)


def _former_embedders(connection: Connection, wanted: Wanted) -> Sequence[int]:
    """Embedders that the wanted one has wholly taken the place of."""
    former = connection.execute(select(EmbedderRow.id).where(~queries.is_embedder(wanted.embedder))).scalars().all()
    if not former:
        return []
    unembedded = _unembedded_events(wanted.layers, _embedder(connection, wanted))
    missing = select(func.count()).select_from(
        select(EventRow.id).join(LayerRow).where(LayerRow.current, *unembedded).limit(1).subquery()
    )
    return [] if connection.execute(missing).scalar_one() else former
