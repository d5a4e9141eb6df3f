"""What is queued when: files that are new, changed, back or to be tried again.

Every function works on a connection inside a writing transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from momentidx.files import SeenFile
from momentidx.library import jobs, queries
from momentidx.library.tables import JobRow, LocationRow

Priority = Callable[[Path], int]
NOW = 1_000_000
"""Priority of what a person wants to be done first."""

_KNOWN = (
    select(LocationRow.id, LocationRow.footage_id, *queries.SEEN, LocationRow.online, JobRow.state, JobRow.passing)
    .join(JobRow, JobRow.location_id == LocationRow.id)
    .where(LocationRow.path.in_(bindparam("paths", expanding=True)))
)
_STANDING = select(JobRow.footage_id, JobRow.state, JobRow.passing).where(
    JobRow.footage_id.in_(bindparam("contents", expanding=True))
)
_NEW_LOCATIONS = insert(LocationRow).returning(LocationRow.id, sort_by_parameter_order=True)
_NEW_PROBES = insert(JobRow)


def enqueue(connection: Connection, files: Iterable[SeenFile], priority: Priority, now: datetime) -> list[SeenFile]:
    """Queue the files that are new, changed, or failed for a passing reason; all of these that wait now.

    No file may be among them twice.
    """
    parts = queries.chunks(list(files))
    return [file for part in parts for file in _enqueue(connection, part, priority, now)]


def _enqueue(connection: Connection, files: Sequence[SeenFile], priority: Priority, now: datetime) -> list[SeenFile]:
    known = {row.path: row for row in connection.execute(_KNOWN, {"paths": [file.path for file in files]})}
    contents = _standing_of(connection, [row.footage_id for row in known.values() if row.footage_id])
    new, changed, back, retried, waiting = [], [], [], [], []
    for file in files:
        row = known.get(file.path)
        if row is None:
            new.append(file)
        elif queries.seen_file(row) != file:
            changed.append((row.id, file))
        else:
            if not row.online:
                back.append(row.id)
            of_both = {(row.state, row.passing)} | contents[row.footage_id]
            if ("failed", True) in of_both:
                retried.append(row.id)
            elif ("queued", None) not in of_both:
                continue
        waiting.append(file)
    _add(connection, new, priority, now)
    _update(connection, [{"location": location, **_standing(file, now)} for location, file in changed])
    _update(connection, [{"location": location, "online": True, "seen_at": now} for location in back])
    _probe(connection, changed, priority, now)
    again(connection, retried, now)
    return waiting


def mark(connection: Connection, online: Collection[Path], offline: Collection[Path], now: datetime) -> None:
    """Note which files are there. What failed for a passing reason is tried again when its file is back."""
    there = dict.fromkeys(online, True) | dict.fromkeys(offline, False)
    other_standing = LocationRow.online.in_({not is_there for is_there in there.values()})
    question = select(LocationRow.id, LocationRow.path, LocationRow.online).where(other_standing)
    changed = [row for row in connection.execute(question) if there.get(row.path, row.online) != row.online]
    _update(connection, [{"location": row.id, "online": not row.online, "seen_at": now} for row in changed])
    again(connection, [row.id for row in changed if not row.online], now)


def again(connection: Connection, locations: Sequence[int], now: datetime) -> None:
    """Try what failed for a passing reason again at once, of these files and their contents."""
    for some in queries.chunks(locations):
        contents = select(LocationRow.footage_id).where(LocationRow.id.in_(some))
        connection.execute(
            update(JobRow)
            .where(or_(JobRow.location_id.in_(some), JobRow.footage_id.in_(contents)))
            .where(JobRow.state == "failed", JobRow.passing.is_(True))
            .values(queued_at=now, **jobs.AGAIN)
        )


def first(connection: Connection, paths: Sequence[Path]) -> None:
    """Let everything that waits for these files go before all others."""
    for some in queries.chunks(paths):
        here = select(LocationRow.id).where(LocationRow.path.in_(some))
        contents = select(LocationRow.footage_id).where(LocationRow.path.in_(some))
        of_these = or_(JobRow.location_id.in_(here), JobRow.footage_id.in_(contents))
        connection.execute(update(JobRow).where(of_these, JobRow.state == "queued").values(priority=NOW))


def _standing_of(connection: Connection, contents: Sequence[int]) -> dict[int, set[tuple[str, bool | None]]]:
    """States of the jobs of each of these contents, and whether those that failed may pass."""
    found: dict[int, set[tuple[str, bool | None]]] = defaultdict(set)
    for row in connection.execute(_STANDING, {"contents": contents}):
        found[row.footage_id].add((row.state, row.passing))
    return found


def _standing(file: SeenFile, now: datetime) -> dict[str, Any]:
    return {
        "size": file.size, "mtime_ns": file.mtime_ns, "ctime_ns": file.ctime_ns, "inode": file.inode,
        "recognised": False, "online": True, "seen_at": now,
    }  # fmt: skip


def _due(file: SeenFile, priority: Priority, now: datetime) -> dict[str, Any]:
    return {"priority": priority(file.path), "file_time": file.mtime_ns, "queued_at": now, **jobs.FRESH}


def _add(connection: Connection, files: Sequence[SeenFile], priority: Priority, now: datetime) -> None:
    if files:
        locations = connection.execute(_NEW_LOCATIONS, [{"path": file.path, **_standing(file, now)} for file in files])
        new = {"stage": jobs.PROBE, "tool": "", "attempts": 0}
        rows = [
            {"location_id": location, **new, **_due(file, priority, now)}
            for location, file in zip(locations.scalars(), files, strict=True)
        ]
        connection.execute(_NEW_PROBES, rows)


def _update(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    """Change columns of many locations, each given by its number as `location`."""
    if changes:
        connection.execute(update(LocationRow).where(LocationRow.id == bindparam("location")), changes)


def _probe(connection: Connection, changed: Sequence[tuple[int, SeenFile]], priority: Priority, now: datetime) -> None:
    """Probe files again, whatever became of it before."""
    if changed:
        connection.execute(
            update(JobRow).where(JobRow.location_id == bindparam("location")),
            [{"location": location, **_due(file, priority, now)} for location, file in changed],
        )
