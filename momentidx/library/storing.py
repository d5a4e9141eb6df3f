"""What is kept of one indexed file: its footage, where it lies, its layers, events and vectors.

Every function works on a connection inside a writing transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, exists, insert, select, update

from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import answers, queries
from momentidx.library.tables import EmbedderRow, EventRow, FootageRow, LayerRow, LocationRow, MetaRow, VectorRow
from momentidx.library.values import Described


def grow(connection: Connection) -> None:
    """Tell readers that what can be found has changed."""
    connection.execute(update(MetaRow).values(generation=MetaRow.generation + 1))


def place(connection: Connection, location: int, file: SeenFile, footage: int) -> bool:
    """Note that a file holds this footage; whether footage came to light by that, or may have gone from it."""
    before = connection.execute(select(LocationRow.footage_id).where(LocationRow.id == location)).scalar_one()
    elsewhere = connection.execute(select(exists().where(LocationRow.footage_id == footage))).scalar_one()
    connection.execute(
        update(LocationRow)
        .where(LocationRow.id == location)
        .values(
            footage_id=footage, recognised=True, online=True, seen_at=datetime.now(UTC),
            size=file.size, mtime_ns=file.mtime_ns, ctime_ns=file.ctime_ns, inode=file.inode,
        )
    )  # fmt: skip
    return before not in (None, footage) or not elsewhere


def let_go(connection: Connection, location: int) -> None:
    """Part a file that changed, and then could not be indexed, from the footage it held before."""
    parted = connection.execute(
        update(LocationRow)
        .where(LocationRow.id == location, ~LocationRow.recognised, LocationRow.footage_id.is_not(None))
        .values(footage_id=None)
    )
    if parted.rowcount:
        grow(connection)


def keep_footage(connection: Connection, footage: Footage, poster: str | None) -> int:
    facts = {"facts": footage.to_json(), "seconds": float(footage.duration)} | ({"poster": poster} if poster else {})
    known = connection.execute(
        update(FootageRow).where(FootageRow.fingerprint == footage.fingerprint).values(facts).returning(FootageRow.id)
    ).scalar()
    if known is not None:
        return known
    new = {"fingerprint": footage.fingerprint, "added_at": datetime.now(UTC), **facts}
    return connection.execute(insert(FootageRow).values(new).returning(FootageRow.id)).scalar_one()


def keep_layer(
    connection: Connection, footage_id: int, footage: Footage, described: Described, stills: Sequence[str | None]
) -> None:
    """Store a layer with its events and vectors, in place of the same captioner's former one."""
    captioner, version = described.layer.captioner, described.layer.version
    former = connection.execute(
        select(LayerRow.id, LayerRow.version).where(LayerRow.footage_id == footage_id, LayerRow.captioner == captioner)
    ).one_or_none()
    if former is not None and former.version == version:
        stored = connection.execute(select(EventRow).where(EventRow.layer_id == former.id).order_by(EventRow.id)).all()
        if [queries.event(row, footage) for row in stored] == list(described.events):
            # Only the embedder is new: the events, and what refers to their numbers, stay.
            of_layer = select(EventRow.id).where(EventRow.layer_id == former.id)
            connection.execute(delete(VectorRow).where(VectorRow.event_id.in_(of_layer)))
            _keep_vectors(connection, [row.id for row in stored], described)
            return
    if former is not None:
        connection.execute(delete(LayerRow).where(LayerRow.id == former.id))
    layer = connection.execute(
        insert(LayerRow)
        .values(footage_id=footage_id, captioner=captioner, version=version, made_at=datetime.now(UTC))
        .returning(LayerRow.id)
    ).scalar_one()
    rows = [
        {
            "layer_id": layer, "start_pts": event.span.start, "end_pts": event.span.end, "caption": event.caption,
            "kind": event.kind, "edge": event.edge, "measures": dict(event.measures), "still": still,
        }
        for event, still in zip(described.events, stills, strict=True)
    ]  # fmt: skip
    if rows:
        numbers = insert(EventRow).returning(EventRow.id, sort_by_parameter_order=True)
        _keep_vectors(connection, list(connection.execute(numbers, rows).scalars()), described)


def _keep_vectors(connection: Connection, events: Sequence[int], described: Described) -> None:
    if not events:
        return
    dimension = described.vectors.shape[1]
    known = connection.execute(
        select(EmbedderRow.id, EmbedderRow.dimension).where(queries.is_embedder(described.embedder))
    ).one_or_none()
    if known is None:
        new = {"name": described.embedder.name, "version": described.embedder.version, "dimension": dimension}
        embedder = connection.execute(insert(EmbedderRow).values(new).returning(EmbedderRow.id)).scalar_one()
    elif known.dimension == dimension:
        embedder = known.id
    else:
        raise answers.bad_vectors(
            f"The embedder '{described.embedder.name}' gave vectors of {dimension} numbers; "
            f"those it gave before, as version {described.embedder.version}, have {known.dimension}"
        )
    vectors = answers.blobs(described.vectors)
    connection.execute(
        insert(VectorRow),
        [
            {"event_id": event, "embedder_id": embedder, "vector": vector}
            for event, vector in zip(events, vectors, strict=True)
        ],
    )
