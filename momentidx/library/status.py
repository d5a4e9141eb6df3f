"""Where the library stands: counts, what is pending, what failed, and the queue job by job."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, case, exists, func, or_, select

from momentidx.library import queries
from momentidx.library.jobs import EMBED, PROBE, STAGES
from momentidx.library.tables import (
    EmbedderRow,
    EventRow,
    FootageRow,
    JobRow,
    LayerRow,
    LocationRow,
    PausedRow,
    VectorRow,
)
from momentidx.library.values import Coverage, FailedFile, JobSummary, Status

STATES = ("queued", "running", "done", "failed", "cancelled")
PENDING = ("queued", "running")


def status(connection: Connection) -> Status:
    """Counts, sums and failures."""
    counts = select(JobRow.stage, JobRow.state, func.count()).group_by(JobRow.state, JobRow.stage)
    stages: dict[str, dict[str, int]] = {}
    for stage, state, count in connection.execute(counts):
        stages.setdefault(stage, dict.fromkeys(STATES, 0))[state] = count
    lies = FootageRow.id.in_(select(LocationRow.footage_id))  # of all at once: that is quicker than one by one
    proxies = select(FootageRow.id).where(FootageRow.proxy_of.is_not(None))
    footage = select(func.count(), func.total(FootageRow.seconds)).where(lies, FootageRow.id.not_in(proxies))
    footage_count, footage_seconds = connection.execute(footage).one()
    files, size, seconds, by_stage = _pending(connection)
    return Status(
        jobs={state: sum(counted[state] for counted in stages.values()) for state in STATES},
        stages={stage: stages[stage] for stage in STAGES if stage in stages},
        offline=connection.execute(select(func.count(LocationRow.id)).where(~LocationRow.online)).scalar_one(),
        footage=footage_count,
        footage_seconds=footage_seconds,
        events=_events(connection),
        pending_files=files,
        pending_bytes=size,
        pending_seconds=seconds,
        pending_stages=by_stage,
        paused=paused(connection),
        failures=_failures(connection),
    )


def silent(connection: Connection) -> int:
    """How much footage that lies somewhere has no event at all."""
    lies = exists().where(LocationRow.footage_id == FootageRow.id)
    told = exists().where(LayerRow.footage_id == FootageRow.id, LayerRow.current, EventRow.layer_id == LayerRow.id)
    question = select(func.count()).select_from(FootageRow).where(FootageRow.proxy_of.is_(None), lies, ~told)
    return int(connection.execute(question).scalar_one())


def paused(connection: Connection) -> tuple[Path, ...]:
    return tuple(connection.execute(select(PausedRow.path).order_by(PausedRow.path)).scalars())


def jobs(connection: Connection, states: Collection[str], limit: int | None) -> list[JobSummary]:
    """Jobs in these states: what is in work first, then what is next, then the others by their numbers."""
    path, online = (
        select(column).where(queries.LIES_AT).order_by(*queries.BEST_FIRST).limit(1).correlate(JobRow).scalar_subquery()
        for column in (LocationRow.path, LocationRow.online)
    )
    order = (
        case((JobRow.state == "running", 0), (JobRow.state == "queued", 1), else_=2),
        case((JobRow.state == "queued", -JobRow.priority), else_=0),
        case((JobRow.state == "queued", JobRow.queued_at), else_=""),
        JobRow.id,
    )
    rows = connection.execute(
        select(JobRow, path.label("path"), online.label("online"))
        .where(JobRow.state.in_(states))
        .order_by(*order)
        .limit(limit)
    )
    return [
        JobSummary(
            row.id, row.stage, row.tool, row.state, row.path, bool(row.online), row.priority, row.attempts,
            row.queued_at, row.code, row.reason, row.not_before,
        )
        for row in rows
    ]  # fmt: skip


def embedders(connection: Connection) -> list[Coverage]:
    """Every embedder of which there are vectors, and how many."""
    number = select(func.count()).where(VectorRow.embedder_id == EmbedderRow.id).scalar_subquery()
    rows = connection.execute(select(EmbedderRow.name, EmbedderRow.version, number).order_by(EmbedderRow.id))
    return [Coverage(*row) for row in rows]


def _events(connection: Connection) -> int:
    """All but those of layers in the making, which are few: counting the others one by one takes long."""
    unfinished = select(func.count()).select_from(EventRow).join(LayerRow).where(~LayerRow.current)
    everything = connection.execute(select(func.count()).select_from(EventRow)).scalar_one()
    return int(everything - connection.execute(unfinished).scalar_one())


def _pending(connection: Connection) -> tuple[int, int, float, dict[str, float]]:
    """Files, bytes and seconds that are still to be worked on, and seconds by stage; of what is there."""
    fresh = (
        select(func.count(), func.coalesce(func.sum(LocationRow.size), 0))
        .join(JobRow, JobRow.location_id == LocationRow.id)
        .where(JobRow.state.in_(PENDING), LocationRow.online)
    )
    files, size = connection.execute(fresh).one()
    there = exists().where(LocationRow.footage_id == FootageRow.id, or_(LocationRow.online, JobRow.stage == EMBED))
    by_stage = (
        select(JobRow.stage, func.total(FootageRow.seconds).label("seconds"))
        .join(FootageRow, FootageRow.id == JobRow.footage_id)
        .where(JobRow.state.in_(PENDING), there)
        .group_by(JobRow.stage)
    )
    stages = {row.stage: row.seconds for row in connection.execute(by_stage)}
    due = select(JobRow.footage_id).where(JobRow.state.in_(PENDING), JobRow.footage_id.is_not(None))
    here = (LocationRow.footage_id == FootageRow.id) & LocationRow.online
    largest = select(func.max(LocationRow.size)).where(here).correlate(FootageRow).scalar_subquery()
    known = (
        select(func.count(), func.total(FootageRow.seconds), func.coalesce(func.sum(largest), 0))
        .where(FootageRow.id.in_(due), exists().where(here))
    )  # fmt: skip
    more, seconds, more_size = connection.execute(known).one()
    if files:
        stages[PROBE] = size * _seconds_per_byte(connection)
    guessed = stages.get(PROBE, 0.0)
    by_order = {stage: stages[stage] for stage in STAGES if stage in stages}
    return files + more, size + more_size, seconds + guessed, by_order


def _seconds_per_byte(connection: Connection) -> float:
    """Of the footage that was probed; 0 when there is none."""
    known = select(func.total(FootageRow.seconds), func.total(LocationRow.size)).join_from(
        LocationRow, FootageRow, LocationRow.footage_id == FootageRow.id
    )
    seconds, size = connection.execute(known).one()
    return float(seconds / size) if size else 0.0


def _failures(connection: Connection) -> tuple[FailedFile, ...]:
    """What failed, by path; stages that failed for the same reason as one.

    A file that is away and whose failure may pass did not fail: it is tried again when it is back.
    """
    rows = connection.execute(
        select(JobRow, LocationRow.path)
        .join(LocationRow, queries.LIES_AT)
        .where(JobRow.state == "failed", LocationRow.online | JobRow.passing.is_not(True))
        .order_by(LocationRow.path, JobRow.id)
    )
    found: dict[tuple[Path, str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.path, row.code, row.reason), []).append(row)
    return tuple(
        FailedFile(
            path, code, reason, rows[0].passing, max(row.attempts for row in rows),
            tuple(row.tool or row.stage for row in rows),
            min((row.not_before for row in rows if row.not_before), default=None),
        )
        for (path, code, reason), rows in found.items()
    )  # fmt: skip
