"""Questions to the tables, answered with values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from momentidx.events import Event, Layer, Moment
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library.stills import Stills
from momentidx.library.tables import EmbedderRow, EventRow, FootageRow, JobRow, LayerRow, LocationRow, VectorRow
from momentidx.library.values import EmbedderIdentity, FailedFile, FootageSummary, LayerSummary, Location, Status
from momentidx.times import Span

CHUNK = 500
"""Numbers in one question; SQLite takes a limited number of parameters."""
SEEN = (LocationRow.path, LocationRow.size, LocationRow.mtime_ns, LocationRow.ctime_ns, LocationRow.inode)
"""The columns of a SeenFile, in its order."""
STATES = ("queued", "running", "done", "failed")
BEST_FIRST = (LocationRow.online.desc(), LocationRow.id)
"""The order of a footage's locations."""


def seen_file(row: Any) -> SeenFile:
    return SeenFile(row.path, row.size, row.mtime_ns, row.ctime_ns, row.inode)


def is_current(layer: Layer, embedder: EmbedderIdentity) -> ColumnElement[bool]:
    """Whether a footage has this layer, and all the layer's events have a vector of this embedder."""
    has_vector = exists().where(
        VectorRow.event_id == EventRow.id, VectorRow.embedder_id == EmbedderRow.id, is_embedder(embedder)
    )
    without_vector = exists().where(EventRow.layer_id == LayerRow.id, ~has_vector)
    return exists().where(
        LayerRow.footage_id == FootageRow.id,
        LayerRow.captioner == layer.captioner,
        LayerRow.version == layer.version,
        ~without_vector,
    )


def is_embedder(embedder: EmbedderIdentity) -> ColumnElement[bool]:
    return (EmbedderRow.name == embedder.name) & (EmbedderRow.version == embedder.version)


def vectors(embedder: EmbedderIdentity) -> Select[int, bytes]:
    """Number and vector of every event whose footage lies somewhere, in the order of the numbers."""
    return (
        select(VectorRow.event_id, VectorRow.vector)
        .join(EmbedderRow, EmbedderRow.id == VectorRow.embedder_id)
        .join(EventRow, EventRow.id == VectorRow.event_id)
        .join(LayerRow, LayerRow.id == EventRow.layer_id)
        .where(is_embedder(embedder), exists().where(LocationRow.footage_id == LayerRow.footage_id))
        .order_by(VectorRow.event_id)
    )


def moments(connection: Connection, fingerprint: str | None, ids: Collection[int] | None) -> list[Moment]:
    """Moments of one footage, or by their numbers, or all; see `Library.moments`."""
    question = select(EventRow, LayerRow.footage_id, LayerRow.captioner, LayerRow.version).join(
        LayerRow, LayerRow.id == EventRow.layer_id
    )
    if fingerprint is not None:
        question = question.join(FootageRow).where(FootageRow.fingerprint == fingerprint)
    questions = [question] if ids is None else [question.where(EventRow.id.in_(some)) for some in _chunks(ids)]
    rows = [row for question in questions for row in connection.execute(question)]
    rows.sort(key=lambda row: (row.footage_id, row.start_pts, row.id))
    paths = places(connection, {row.footage_id for row in rows})
    footage = facts(connection, paths.keys())
    return [_moment(row, footage[at], *paths[at]) for row in rows if (at := row.footage_id) in paths]


def summaries(connection: Connection, stills: Stills, *conditions: ColumnElement[bool]) -> list[FootageSummary]:
    """The footage that meets the conditions and lies somewhere, in the order it was added."""
    footage = select(FootageRow).where(*conditions)
    chosen = footage.with_only_columns(FootageRow.id)
    locations: dict[int, list[Location]] = defaultdict(list)
    lies = select(LocationRow).where(LocationRow.footage_id.in_(chosen)).order_by(*BEST_FIRST)
    for at in connection.execute(lies):
        locations[at.footage_id].append(Location(at.path, at.size, at.online, at.seen_at))
    layers: dict[int, list[LayerSummary]] = defaultdict(list)
    for row in connection.execute(
        select(LayerRow, func.count(EventRow.id).label("events"))
        .outerjoin(EventRow)
        .where(LayerRow.footage_id.in_(chosen))
        .group_by(LayerRow.id)
        .order_by(LayerRow.id)
    ):
        layers[row.footage_id].append(LayerSummary(Layer(row.captioner, row.version), row.events, row.made_at))
    return [
        FootageSummary(
            footage=Footage.from_json(row.facts),
            locations=tuple(locations[row.id]),
            layers=tuple(layers[row.id]),
            added_at=row.added_at,
            poster=stills.path(row.poster) if row.poster else None,
        )
        for row in connection.execute(footage.order_by(FootageRow.id))
        if row.id in locations
    ]


def why_missing(connection: Connection, path: Path) -> str:
    """Why a path has no footage, as a sentence."""
    job = connection.execute(
        select(JobRow.state, JobRow.reason).join(LocationRow).where(LocationRow.path == path)
    ).one_or_none()
    if job is None:
        return f"{path} is not in the library. Run 'momentidx index' with it."
    if job.state == "failed":
        return f"{path} could not be indexed: {job.reason}"
    return f"{path} is waiting to be indexed. Run 'momentidx index' with it, or wait for 'momentidx watch'."


def status(connection: Connection) -> Status:
    """Counts, sums and failures."""
    jobs = select(JobRow.state, func.count().label("files")).group_by(JobRow.state)
    footage = select(func.count(), func.total(FootageRow.seconds)).where(
        exists().where(LocationRow.footage_id == FootageRow.id)
    )
    pending = (
        select(func.total(FootageRow.seconds), func.coalesce(func.sum(LocationRow.size), 0))
        .select_from(LocationRow)
        .join(JobRow)
        .outerjoin(FootageRow)
        .where(JobRow.state.in_(("queued", "running")))
    )
    failures = (
        select(LocationRow.path, JobRow.code, JobRow.reason, JobRow.passing, JobRow.attempts)
        .join(JobRow)
        .where(JobRow.state == "failed")
        .order_by(LocationRow.path)
    )
    footage_count, footage_seconds = connection.execute(footage).one()
    pending_seconds, pending_bytes = connection.execute(pending).one()
    return Status(
        jobs=dict.fromkeys(STATES, 0) | {row.state: row.files for row in connection.execute(jobs)},
        offline=connection.execute(select(func.count(LocationRow.id)).where(~LocationRow.online)).scalar_one(),
        footage=footage_count,
        footage_seconds=footage_seconds,
        events=connection.execute(select(func.count(EventRow.id))).scalar_one(),
        pending_seconds=pending_seconds,
        pending_bytes=pending_bytes,
        failures=tuple(map(_failed, connection.execute(failures))),
    )


def places(connection: Connection, footage_ids: Collection[int]) -> dict[int, tuple[Path, bool]]:
    """Best path and whether it is online, of the footage that lies somewhere."""
    found: dict[int, tuple[Path, bool]] = {}
    for some in _chunks(footage_ids):
        lies = select(LocationRow).where(LocationRow.footage_id.in_(some)).order_by(*BEST_FIRST)
        for row in connection.execute(lies):
            found.setdefault(row.footage_id, (row.path, row.online))
    return found


def facts(connection: Connection, footage_ids: Collection[int]) -> dict[int, Footage]:
    """What is known of each content, wherever it lies."""
    found: dict[int, Footage] = {}
    for some in _chunks(footage_ids):
        for row in connection.execute(select(FootageRow.id, FootageRow.facts).where(FootageRow.id.in_(some))):
            found[row.id] = Footage.from_json(row.facts)
    return found


def _failed(row: Any) -> FailedFile:
    return FailedFile(row.path, row.code, row.reason, row.passing, row.attempts)


def _moment(row: Any, footage: Footage, path: Path, online: bool) -> Moment:
    return Moment(
        id=row.id, event=event(row, footage), layer=Layer(row.captioner, row.version),
        footage=footage, path=path, online=online,
    )  # fmt: skip


def event(row: Any, footage: Footage) -> Event:
    span = Span(row.start_pts, row.end_pts, footage.span.base)
    return Event(span, row.caption, row.kind, row.edge, row.measures)


def _chunks(numbers: Collection[int]) -> Iterator[Sequence[int]]:
    ordered = sorted(set(numbers))
    return (ordered[first : first + CHUNK] for first in range(0, len(ordered), CHUNK))
