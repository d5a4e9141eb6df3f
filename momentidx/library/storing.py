"""What is kept of one indexed file: its footage, where it lies, its layers, events and vectors.

Every function works on a connection inside a writing transaction. The statements that every file needs are
built once, as building one takes far longer than running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from momentidx.events import values_of
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import answers, proxies
from momentidx.library.tables import (
    EmbedderRow,
    EventRow,
    EventValueRow,
    FootageRow,
    LayerRow,
    LocationRow,
    MetaRow,
    VectorRow,
)
from momentidx.library.values import Described, EmbedderIdentity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_GROWN = update(MetaRow).values(generation=MetaRow.generation + 1)

_HELD = select(LocationRow.footage_id).where(LocationRow.id == bindparam("location"))
_OF_FOOTAGE = LayerRow.footage_id == bindparam("footage")
_HIDDEN = select(
    exists().where(_OF_FOOTAGE) & ~exists().where(LocationRow.footage_id == bindparam("footage"))
)  # fmt: skip
_PLACED = update(LocationRow).where(LocationRow.id == bindparam("location"))
_FOOTAGE_WITH = select(FootageRow.id).where(FootageRow.fingerprint == bindparam("fingerprint"))
_NEW_FOOTAGE = insert(FootageRow).returning(FootageRow.id)

_OF_CAPTIONER = _OF_FOOTAGE & (LayerRow.captioner == bindparam("captioner"))
_FORGOTTEN_LAYER = delete(LayerRow).where(_OF_CAPTIONER, LayerRow.version == bindparam("version"))
_NEW_LAYER = insert(LayerRow).returning(LayerRow.id)
_FORMER_LAYER = delete(LayerRow).where(_OF_CAPTIONER, LayerRow.current, LayerRow.id != bindparam("layer"))
_SHOWN_LAYER = update(LayerRow).where(LayerRow.id == bindparam("layer")).values(current=True)
_EVENTS_OF_LAYER = select(EventRow.id).where(EventRow.layer_id == bindparam("layer")).order_by(EventRow.id)
_EVENTS_OF_FOOTAGE = select(EventRow.id).join(LayerRow).where(_OF_FOOTAGE)

_EMBEDDER = select(EmbedderRow.id, EmbedderRow.dimension).where(
    EmbedderRow.name == bindparam("name"), EmbedderRow.version == bindparam("version")
)
_SILENT = exists().where(
    EventRow.layer_id == LayerRow.id,
    ~exists().where(VectorRow.event_id == EventRow.id, VectorRow.embedder_id == bindparam("embedder")),
)
_MADE = select(LayerRow.id, LayerRow.captioner).where(_OF_FOOTAGE, ~LayerRow.current, ~_SILENT).order_by(LayerRow.id)


def grow(connection: Connection) -> None:
    """Tell readers that what can be found has changed."""
    connection.execute(_GROWN)


def place(connection: Connection, location: int, file: SeenFile, footage: int, now: datetime) -> bool:
    """Note that a file holds this footage; whether moments came to light by that, or may have gone from it."""
    before = connection.execute(_HELD, {"location": location}).scalar_one()
    comes_to_light = bool(connection.execute(_HIDDEN, {"footage": footage}).scalar_one())
    connection.execute(
        _PLACED,
        {
            "location": location, "footage_id": footage, "recognised": True, "online": True, "seen_at": now,
            "size": file.size, "mtime_ns": file.mtime_ns, "ctime_ns": file.ctime_ns, "inode": file.inode,
        },
    )  # fmt: skip
    if before in (None, footage):
        return comes_to_light
    proxies.free(connection, before)
    return True


def let_go(connection: Connection, location: int) -> None:
    """Part a file that changed, and then could not be indexed, from the footage it held before."""
    before = connection.execute(_HELD, {"location": location}).scalar_one()
    parted = connection.execute(
        update(LocationRow)
        .where(LocationRow.id == location, ~LocationRow.recognised, LocationRow.footage_id.is_not(None))
        .values(footage_id=None)
    )
    if parted.rowcount:
        proxies.free(connection, before)
        grow(connection)


def footage_with(connection: Connection, fingerprint: str) -> int | None:
    """The number of a content that is known."""
    return connection.execute(_FOOTAGE_WITH, {"fingerprint": fingerprint}).scalar()


def add_footage(connection: Connection, footage: Footage, now: datetime) -> int:
    """The number of a new content."""
    new = {
        "fingerprint": footage.fingerprint, "facts": footage.to_json(), "seconds": float(footage.duration),
        "added_at": now,
    }  # fmt: skip
    return connection.execute(_NEW_FOOTAGE, new).scalar_one()


def keep_layer(
    connection: Connection, footage: int, described: Described, stills: Sequence[str | None], now: datetime
) -> None:
    """Store a layer with its events; it takes the former one's place when it has its vectors.

    One without events needs none.
    """
    made_by = {"captioner": described.layer.captioner, "version": described.layer.version}
    connection.execute(_FORGOTTEN_LAYER, {"footage": footage, **made_by})
    new = {"footage_id": footage, **made_by, "current": False, "made_at": now}
    layer = connection.execute(_NEW_LAYER, new).scalar_one()
    rows = [
        {
            "layer_id": layer, "start_pts": event.span.start, "end_pts": event.span.end, "caption": event.caption,
            "kind": event.kind, "edge": event.edge, "measures": dict(event.measures), "still": still,
        }
        for event, still in zip(described.events, stills, strict=True)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(EventRow), rows)
        _keep_values(connection, layer, described)
    else:
        _show(connection, layer, footage, described.layer.captioner)
        grow(connection)


def _keep_values(connection: Connection, layer: int, described: Described) -> None:
    """What can be asked for by name, of the events just stored; their numbers are in their order."""
    numbers = connection.execute(_EVENTS_OF_LAYER, {"layer": layer}).scalars()
    rows = [
        {"event_id": event, "name": name, "text": text, "number": number}
        for event, told in zip(numbers, described.events, strict=True)
        for name, text, number in values_of(told, described.filters)
    ]
    if rows:
        connection.execute(insert(EventValueRow), rows)


def keep_vectors(
    connection: Connection,
    footage: int,
    embedder: EmbedderIdentity,
    events: Sequence[int],
    vectors: NDArray[np.float32],
) -> None:
    """Store the vectors of events, and show the layers that are whole by that. Some events may be gone."""
    number = _embedder(connection, embedder, vectors.shape[1]) if len(events) else None
    there = set(connection.execute(_EVENTS_OF_FOOTAGE, {"footage": footage}).scalars())
    rows = [
        {"event_id": event, "embedder_id": number, "vector": vector}
        for event, vector in zip(events, answers.blobs(vectors), strict=True)
        if event in there
    ]
    if rows:
        connection.execute(insert(VectorRow), rows)
    made = connection.execute(_MADE, {"footage": footage, "embedder": number}).all()
    for layer, captioner in made:
        _show(connection, layer, footage, captioner)
    if rows or made:
        grow(connection)


def _show(connection: Connection, layer: int, footage: int, captioner: str) -> None:
    """Let a layer take the place of its captioner's former one."""
    connection.execute(_FORMER_LAYER, {"footage": footage, "captioner": captioner, "layer": layer})
    connection.execute(_SHOWN_LAYER, {"layer": layer})


def _embedder(connection: Connection, embedder: EmbedderIdentity, dimension: int) -> int:
    """The number of an embedder, which is added when it is new."""
    identity = {"name": embedder.name, "version": embedder.version}
    known = connection.execute(_EMBEDDER, identity).one_or_none()
    if known is None:
        new = insert(EmbedderRow).values(**identity, dimension=dimension).returning(EmbedderRow.id)
        return connection.execute(new).scalar_one()
    if known.dimension != dimension:
        raise answers.bad_vectors(
            f"The embedder '{embedder.name}' gave vectors of {dimension} numbers; "
            f"those it gave before, as version {embedder.version}, have {known.dimension}"
        )
    return int(known.id)
