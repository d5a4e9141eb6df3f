"""The vectors of moments, as rows: in the order in which they came in, by moment, or a sample of them.

Also of moments that are not shown: a layer in the making is shown later without a new vector, and asking for moments
leaves the others out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, bindparam, func, select, text

from momentidx.library import queries
from momentidx.library.answers import matrix
from momentidx.library.tables import EmbedderRow, VectorRow
from momentidx.library.values import EmbedderIdentity

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 10_000
"""Vectors that are read in one transaction."""

Batch = tuple[int, "NDArray[np.int64]", "NDArray[np.float32]"]
"""The number up to which they were read, events (N,) and vectors (N, D); N is at least 1."""

_NUMBER = select(EmbedderRow.id).where(
    EmbedderRow.name == bindparam("name"), EmbedderRow.version == bindparam("version")
)
_OF_EVENTS = select(VectorRow.event_id, VectorRow.vector).where(
    VectorRow.event_id.in_(queries.listed()), VectorRow.embedder_id == bindparam("embedder")
)


def number_of(connection: Connection, embedder: EmbedderIdentity) -> int | None:
    """The embedder's own number; None when there is nothing of it."""
    return connection.execute(_NUMBER, {"name": embedder.name, "version": embedder.version}).scalar()


def newest(connection: Connection) -> int:
    """The largest number that a vector ever had, of any embedder."""
    numbered = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
    return int(connection.execute(numbered, {"table": VectorRow.__tablename__}).scalar() or 0)


def count(connection: Connection, embedder: int) -> int:
    return int(connection.execute(select(func.count()).where(VectorRow.embedder_id == embedder)).scalar_one())


def between(connection: Connection, embedder: int, after: int, last: int) -> Batch | None:
    """The first vectors with numbers after one and up to another."""
    rows = connection.execute(
        select(VectorRow.id, VectorRow.event_id, VectorRow.vector)
        .where(VectorRow.id > after, VectorRow.id <= last, VectorRow.embedder_id == embedder)
        .order_by(VectorRow.id)
        .limit(BATCH)
    ).all()
    if not rows:
        return None
    return rows[-1].id, np.array([row.event_id for row in rows], np.int64), matrix([row.vector for row in rows])


def of_events(
    connection: Connection, embedder: int, events: Collection[int]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Those of the events that have a vector (N,), and the vectors (N, D)."""
    rows = connection.execute(_OF_EVENTS, {"embedder": embedder, **queries.in_list(events)}).all()
    if not rows:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    numbers, stored = zip(*rows, strict=True)
    return np.array(numbers, np.int64), matrix(stored)


def sample(connection: Connection, embedder: int, size: int) -> NDArray[np.float32]:
    """About so many vectors (N, D), from the oldest to the newest."""
    first, last = connection.execute(select(func.min(VectorRow.id), func.max(VectorRow.id))).one()
    rows: list[bytes] = []
    if last is not None:
        for some in queries.chunks(np.unique(np.linspace(first, last, size, dtype=np.int64)).tolist()):
            question = select(VectorRow.vector).where(VectorRow.id.in_(some), VectorRow.embedder_id == embedder)
            rows += connection.execute(question).scalars()
    return matrix(rows) if rows else np.empty((0, 0), np.float32)
