"""The whole library as JSON lines, in an order of its own: equal libraries give equal lines.

The canonical form leaves out what depends on the history and not on what the library holds: row numbers,
times of the clock, how often something was tried. Two libraries that were made from the same footage,
one of them with crashes in between, are the same when their lines are. Contents that lie nowhere any
more are in neither form: whether there are any is history too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import aliased

from momentidx.library.tables import (
    BinEntryRow,
    CaptionVersionRow,
    EmbedderRow,
    EventRow,
    EventValueRow,
    FootageRow,
    HumanEventRow,
    JobRow,
    LayerRow,
    LocationRow,
    PausedRow,
    RootRow,
    SavedSearchRow,
    VectorRow,
)

Line = dict[str, Any]

HISTORY = "history"
"""The key of what is not canonical."""
OPEN = ("queued", "running", "failed", "cancelled")
"""States of jobs that are not done; what is done shows in what it made."""


def dump(connection: Connection, base: Path | None = None, *, canonical: bool = True) -> list[str]:
    """One JSON object for each thing that the library holds, sorted; paths relative to `base` where they lie in it."""
    place = _Places(base)
    lines = [
        *_files(connection, place),
        *_footage(connection),
        *_open_jobs(connection),
        *_events(connection),
        *_chosen(connection, place),
    ]
    if canonical:
        for line in lines:
            line.pop(HISTORY, None)
    return sorted(json.dumps(line, sort_keys=True, default=str) for line in lines)


class _Places:
    """Paths as text. What is not UTF-8 or not printable is spelled out, so that every name has one text of its own."""

    def __init__(self, base: Path | None) -> None:
        self._base = base

    def __call__(self, path: Path) -> str:
        if self._base is not None and path.is_relative_to(self._base):
            path = path.relative_to(self._base)
        return os.fsencode(path).decode("utf-8", "surrogateescape").encode("unicode_escape").decode()


def _files(connection: Connection, place: _Places) -> Iterator[Line]:
    """Every file, what it holds, and how its probe stands; every watched folder, and every pause."""
    rows = connection.execute(
        select(LocationRow, FootageRow.fingerprint, JobRow.state, JobRow.code, JobRow.passing)
        .outerjoin(FootageRow, FootageRow.id == LocationRow.footage_id)
        .outerjoin(JobRow, JobRow.location_id == LocationRow.id)
    )
    for row in rows:
        yield {
            "is": "file",
            "path": place(row.path),
            "bytes": row.size,
            "online": row.online,
            "footage": row.fingerprint,
            "recognised": row.recognised,
            "probe": row.state,
            "code": row.code,
            "passing": row.passing,
            HISTORY: {"seen_at": row.seen_at},
        }
    for root in connection.execute(select(RootRow.path, RootRow.offline)):
        yield {"is": "root", "path": place(root.path), "offline": root.offline}
    for path in connection.execute(select(PausedRow.path)).scalars():
        yield {"is": "pause", "path": place(path)}


def _footage(connection: Connection) -> Iterator[Line]:
    original = aliased(FootageRow)
    rows = connection.execute(
        select(FootageRow, original.fingerprint.label("original"))
        .outerjoin(original, original.id == FootageRow.proxy_of)
        .where(_lies(FootageRow))
    )
    for row in rows:
        yield {
            "is": "footage",
            "footage": row.fingerprint,
            "facts": row.facts,
            "poster": row.poster,
            "sprite": row.sprite,
            "proxy of": row.original,
            HISTORY: {"number": row.id, "added_at": row.added_at},
        }


def _open_jobs(connection: Connection) -> Iterator[Line]:
    rows = connection.execute(
        select(FootageRow.fingerprint, JobRow)
        .join(FootageRow, FootageRow.id == JobRow.footage_id)
        .where(JobRow.state.in_(OPEN), _lies(FootageRow))
    )
    for row in rows:
        yield {
            "is": "job",
            "footage": row.fingerprint,
            "stage": row.stage,
            "tool": row.tool,
            "state": row.state,
            "code": row.code,
            "passing": row.passing,
            HISTORY: {"number": row.id, "attempts": row.attempts, "queued_at": row.queued_at},
        }


def _events(connection: Connection) -> Iterator[Line]:
    """Every layer and event, with its vectors (SHA-256), what can be asked of it, and what a person made of it."""
    vectors, values, edits = _vectors(connection), _values(connection), _edits(connection)
    layers = select(LayerRow, FootageRow.fingerprint).join(FootageRow).where(_lies(FootageRow))
    of: dict[int, Line] = {}
    for row in connection.execute(layers):
        of[row.id] = {
            "footage": row.fingerprint, "captioner": row.captioner, "version": row.version, "current": row.current
        }  # fmt: skip
        yield {"is": "layer", **of[row.id], HISTORY: {"made_at": row.made_at}}
    for event in connection.execute(
        select(EventRow).where(EventRow.layer_id.in_(layers.with_only_columns(LayerRow.id)))
    ):
        yield {
            "is": "event",
            **of[event.layer_id],
            "start": event.start_pts,
            "end": event.end_pts,
            "caption": event.caption,
            "kind": event.kind,
            "edge": str(event.edge),
            "measures": event.measures,
            "still": event.still,
            "values": values[event.id],
            "vectors": vectors[event.id],
            "person": edits.get(event.id),
            HISTORY: {"number": event.id},
        }


def _vectors(connection: Connection) -> dict[int, list[list[str]]]:
    found: dict[int, list[list[str]]] = defaultdict(list)
    question = select(VectorRow.event_id, EmbedderRow.name, EmbedderRow.version, VectorRow.vector).join(EmbedderRow)
    for event, name, version, vector in connection.execute(question):
        found[event].append([name, version, hashlib.sha256(vector).hexdigest()])
    return _sorted(found)


def _values(connection: Connection) -> dict[int, list[list[Any]]]:
    found: dict[int, list[list[Any]]] = defaultdict(list)
    question = select(EventValueRow.event_id, EventValueRow.name, EventValueRow.text, EventValueRow.number)
    for event, *value in connection.execute(question):
        found[event].append(value)
    return _sorted(found)


def _edits(connection: Connection) -> dict[int, Line]:
    versions: dict[int, list[list[Any]]] = defaultdict(list)
    for row in connection.execute(select(CaptionVersionRow).order_by(CaptionVersionRow.number)):
        versions[row.event_id].append([row.start_pts, row.end_pts, row.caption, row.rating, row.labels])
    return {
        row.event_id: {
            "rating": row.rating,
            "labels": row.labels,
            "instead of": [row.of_captioner, row.of_start_pts, row.of_end_pts],
            "versions": versions[row.event_id],
        }
        for row in connection.execute(select(HumanEventRow))
    }


def _chosen(connection: Connection, place: _Places) -> Iterator[Line]:
    """What a person put into bins, and the questions they keep."""
    rows = connection.execute(
        select(BinEntryRow, FootageRow.fingerprint).join(FootageRow, FootageRow.id == BinEntryRow.footage_id)
    )
    for row in rows:
        yield {
            "is": "select",
            "bin": row.bin,
            "position": row.position,
            "footage": row.fingerprint,
            "path": place(row.path),
            "captioner": row.captioner,
            "version": row.version,
            "start": row.start_pts,
            "end": row.end_pts,
            "caption": row.caption,
            "kind": row.kind,
            "edge": str(row.edge),
            "query": row.query,
            "score": row.score,
            "note": row.note,
            "rating": row.rating,
            HISTORY: {"event": row.event, "added_at": row.added_at},
        }
    for name, query in connection.execute(select(SavedSearchRow.name, SavedSearchRow.query)):
        yield {"is": "search", "name": name, "query": query}


def _lies(footage: Any) -> Any:
    return exists().where(LocationRow.footage_id == footage.id)


def _sorted(found: dict[int, list[list[Any]]]) -> dict[int, list[list[Any]]]:
    for rows in found.values():
        rows.sort(key=lambda row: [str(value) for value in row])
    return found


def differences(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """Lines that one of two dumps has more often: `-` the first, `+` the second."""
    mine, yours = Counter(one), Counter(other)
    return [f"- {line}" for line in (mine - yours).elements()] + [f"+ {line}" for line in (yours - mine).elements()]
