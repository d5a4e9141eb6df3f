"""The queue: jobs are rows with a named state.

    queued ── claim ──> running ── finish, link ──> done
      ^                    │ └──── fail ──────────> failed
      └─ release, changed ─┘

Every function works on a connection inside a writing transaction. A job that is changed while it is
running goes back to `queued`; the worker's own ending then finds its claim gone and stores nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from momentidx.events import Layer
from momentidx.files import SeenFile
from momentidx.library.queries import CHUNK, SEEN, is_current, seen_file
from momentidx.library.tables import FootageRow, JobRow, LocationRow
from momentidx.library.values import EmbedderIdentity, Job

MAX_DEATHS = 3
"""A job during which the process died so often in a row is not tried again."""
CRASH_LOOP = "crash-loop"

NO_FAILURE: dict[str, Any] = {"code": None, "reason": None, "passing": None}
FRESH: dict[str, Any] = {"state": "queued", "deaths": 0, **NO_FAILURE}


def enqueue(connection: Connection, files: Iterable[SeenFile]) -> list[SeenFile]:
    """Queue the files that are new, changed, or failed for a passing reason; all of these that wait now."""
    once = list({file.path: file for file in files}.values())
    now = datetime.now(UTC)
    parts = [once[first : first + CHUNK] for first in range(0, len(once), CHUNK)]
    return [file for part in parts for file in _enqueue(connection, part, now)]


def _enqueue(connection: Connection, files: Sequence[SeenFile], now: datetime) -> list[SeenFile]:
    question = select(LocationRow.id, *SEEN, LocationRow.online, JobRow.state, JobRow.passing).join(JobRow)
    here = LocationRow.path.in_([file.path for file in files])
    known = {row.path: row for row in connection.execute(question.where(here))}
    new, changed, back, retried, waiting = [], [], [], [], []
    for file in files:
        row = known.get(file.path)
        if row is None:
            new.append(file)
        elif seen_file(row) != file:
            changed.append((row.id, file))
        else:
            if not row.online:
                back.append(row.id)
            if row.state == "failed" and row.passing:
                retried.append(row.id)
            elif row.state != "queued":
                continue
        waiting.append(file)
    _add(connection, new, now)
    _update(connection, [{"location": location, **_standing(file, now)} for location, file in changed])
    _update(connection, [{"location": location, "online": True, "seen_at": now} for location in back])
    _requeue(connection, [*(location for location, _ in changed), *retried], now)
    return waiting


def claim(connection: Connection, among: Collection[Path] | None) -> Job | None:
    """Take the job that waits longest, of those whose file is there."""
    waiting = connection.execute(
        select(JobRow.id, JobRow.attempts, *SEEN)
        .join(LocationRow)
        .where(JobRow.state == "queued", LocationRow.online)
        .order_by(JobRow.queued_at, JobRow.id)
        .limit(1 if among is None else None)
    )
    row = next((row for row in waiting if among is None or row.path in among), None)
    if row is None:
        return None
    attempt = row.attempts + 1
    connection.execute(
        update(JobRow)
        .where(JobRow.id == row.id)
        .values(state="running", attempts=attempt, started_at=datetime.now(UTC), ended_at=None)
    )
    return Job(row.id, attempt, seen_file(row))


def end(connection: Connection, job: Job, state: str, **failure: str | bool) -> int | None:
    """End a running job; the location it was about, or None when the claim does not count any more."""
    return connection.execute(
        update(JobRow)
        .where(JobRow.id == job.id, JobRow.state == "running", JobRow.attempts == job.attempt)
        .values({"state": state, "deaths": 0, "ended_at": datetime.now(UTC), **NO_FAILURE, **failure})
        .returning(JobRow.location_id)
    ).scalar()


def release_all(connection: Connection) -> None:
    """Queue what is running again."""
    connection.execute(update(JobRow).where(JobRow.state == "running").values(state="queued", deaths=0))


def release_dead(connection: Connection) -> None:
    """Queue what a dead process left running, but give up on files that seem to kill it."""
    running = connection.execute(
        select(JobRow.id, JobRow.deaths, LocationRow.path).join(LocationRow).where(JobRow.state == "running")
    ).all()
    for row in running:
        deaths = row.deaths + 1
        reason = (
            f"{row.path}: momentidx died {deaths} times while indexing it. Play the file to see whether it is "
            "whole; export it anew, or add it to 'ignore'."
        )
        given_up = {"state": "failed", "code": CRASH_LOOP, "reason": storable(reason), "passing": False}
        ending = given_up if deaths >= MAX_DEATHS else FRESH
        connection.execute(update(JobRow).where(JobRow.id == row.id).values({**ending, "deaths": deaths}))


def requeue_outdated(connection: Connection, layers: Sequence[Layer], embedder: EmbedderIdentity) -> int:
    """Queue one file of each footage that lacks one of these layers, or its vectors; how many."""
    if not layers:
        return 0
    outdated = (
        select(func.min(LocationRow.id))
        .join(FootageRow)
        .join(JobRow, JobRow.location_id == LocationRow.id)
        .where(JobRow.state == "done", LocationRow.online, or_(*(~is_current(layer, embedder) for layer in layers)))
        .group_by(FootageRow.id)
    )
    locations = connection.execute(outdated).scalars().all()
    _requeue(connection, locations, datetime.now(UTC))
    return len(locations)


def mark(connection: Connection, online: Collection[Path], offline: Collection[Path]) -> None:
    """Note which files are there. One that came back and had failed for a passing reason is queued."""
    now = datetime.now(UTC)
    there = dict.fromkeys(online, True) | dict.fromkeys(offline, False)
    other_standing = LocationRow.online.in_({not is_there for is_there in there.values()})
    question = select(LocationRow.id, LocationRow.path, LocationRow.online, JobRow.passing).join(JobRow)
    changed = [
        row
        for row in connection.execute(question.where(other_standing))
        if there.get(row.path, row.online) != row.online
    ]
    _update(connection, [{"location": row.id, "online": not row.online, "seen_at": now} for row in changed])
    _requeue(connection, [row.id for row in changed if not row.online and row.passing], now)


def storable(sentence: str) -> str:
    """The sentence with bytes of a path that are not UTF-8 spelled out, as a database takes no others."""
    return sentence.encode("utf-8", "backslashreplace").decode()


def _standing(file: SeenFile, now: datetime) -> dict[str, Any]:
    return {
        "size": file.size, "mtime_ns": file.mtime_ns, "ctime_ns": file.ctime_ns, "inode": file.inode,
        "recognised": False, "online": True, "seen_at": now,
    }  # fmt: skip


def _add(connection: Connection, files: Sequence[SeenFile], now: datetime) -> None:
    if files:
        numbers = insert(LocationRow).returning(LocationRow.id, sort_by_parameter_order=True)
        locations = connection.execute(numbers, [{"path": file.path, **_standing(file, now)} for file in files])
        fresh = {"attempts": 0, "queued_at": now, **FRESH}
        connection.execute(insert(JobRow), [{"location_id": location, **fresh} for location in locations.scalars()])


def _update(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    """Change columns of many locations, each given by its number as `location`."""
    if changes:
        connection.execute(update(LocationRow).where(LocationRow.id == bindparam("location")), changes)


def _requeue(connection: Connection, locations: Sequence[int], now: datetime) -> None:
    if locations:
        fresh = {"queued_at": now, **FRESH}
        connection.execute(
            update(JobRow).where(JobRow.location_id == bindparam("location")),
            [{"location": location, **fresh} for location in locations],
        )
