"""Questions to the tables, answered with values."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    Text,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from momentidx.errors import LibraryError, MomentidxError, WrongUse
from momentidx.events import Event, Layer, Moment, Remark
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library.stills import Stills
from momentidx.library.tables import (
    EmbedderRow,
    EventRow,
    FootageRow,
    HumanEventRow,
    JobRow,
    LayerRow,
    LocationRow,
    VectorRow,
)
from momentidx.library.values import Candidate, EmbedderIdentity, FootageSummary, LayerSummary, Location
from momentidx.times import Span

T = TypeVar("T")
Edge = ColumnElement[int] | InstrumentedAttribute[int]

HUMAN = "human"
"""In the place of a captioner's name: a person."""

CHUNK = 500
"""Numbers in one question; SQLite takes a limited number of parameters."""
SEEN = (LocationRow.path, LocationRow.size, LocationRow.mtime_ns, LocationRow.ctime_ns, LocationRow.inode)
"""The columns of a SeenFile, in its order."""
BEST_FIRST = (LocationRow.online.desc(), LocationRow.id)
"""The order of a footage's locations."""
LIES_AT = or_(LocationRow.id == JobRow.location_id, LocationRow.footage_id == JobRow.footage_id)
"""Whether a job is about the file, or the content, at a location."""


def seen_file(row: Any) -> SeenFile:
    return SeenFile(row.path, row.size, row.mtime_ns, row.ctime_ns, row.inode)


def shown() -> ColumnElement[bool]:
    """Whether an event is one that people see and search: of a layer that is whole, not of a proxy, and not one
    in whose place a person's stands.

    A question that uses it joins event and layer. It is the one place where events are hidden. What a
    person said of a proxy is shown with the proxy.
    """
    proxies = select(FootageRow.id).where(FootageRow.proxy_of.is_not(None))
    layer, event = aliased(LayerRow), aliased(EventRow)
    replaced = exists().where(
        layer.footage_id == LayerRow.footage_id,
        layer.captioner == HUMAN,
        event.layer_id == layer.id,
        event.kind == EventRow.kind,
        HumanEventRow.event_id == event.id,
        HumanEventRow.of_captioner == LayerRow.captioner,
        same_stretch(HumanEventRow, EventRow.start_pts, EventRow.end_pts),
    )
    return LayerRow.current & or_(LayerRow.captioner == HUMAN, LayerRow.footage_id.not_in(proxies) & ~replaced)


def same_stretch(human: type[HumanEventRow], start: Edge, end: Edge) -> ColumnElement[bool]:
    """Whether more than half of a machine's event lies where the one was that a person's replaces."""
    return 2 * (func.min(human.of_end_pts, end) - func.max(human.of_start_pts, start)) > end - start


def is_embedder(embedder: EmbedderIdentity) -> ColumnElement[bool]:
    return (EmbedderRow.name == embedder.name) & (EmbedderRow.version == embedder.version)


def vectors(embedder: EmbedderIdentity) -> Select[int, bytes]:
    """Number and vector of every event whose footage lies somewhere, in the order of the numbers."""
    return (
        select(VectorRow.event_id, VectorRow.vector)
        .join(EmbedderRow, EmbedderRow.id == VectorRow.embedder_id)
        .join(EventRow, EventRow.id == VectorRow.event_id)
        .join(LayerRow, LayerRow.id == EventRow.layer_id)
        .where(is_embedder(embedder), shown(), exists().where(LocationRow.footage_id == LayerRow.footage_id))
        .order_by(VectorRow.event_id)
    )


def listed() -> Select[Any]:
    """What the parameter `listed` names, a JSON list of numbers or texts (see `in_list`).

    A statement with it is built once, at import: building one takes longer than running it. One parameter holds any
    number of values.
    """
    return select(func.json_each(bindparam("listed")).table_valued("value").c.value)


def in_list(values: Collection[int] | Collection[str]) -> dict[str, str]:
    """The parameter of a statement with `listed`."""
    return {"listed": json.dumps(sorted(values))}


_TOLD = (
    select(VectorRow.id, EventRow.caption, VectorRow.vector)
    .join(EventRow, EventRow.id == VectorRow.event_id)
    .where(VectorRow.id.in_(listed()))
)
_SAID = aliased(HumanEventRow)  # `shown` asks for others of them
_MOMENTS = (
    select(
        EventRow.id, EventRow.start_pts, EventRow.end_pts, EventRow.caption, EventRow.kind, EventRow.edge,
        EventRow.measures, LayerRow.footage_id, LayerRow.captioner, LayerRow.version, _SAID.rating, _SAID.labels,
    )
    .join(LayerRow, LayerRow.id == EventRow.layer_id)
    .outerjoin(_SAID, _SAID.event_id == EventRow.id)
    .where(shown())
)  # fmt: skip
_THESE_MOMENTS = _MOMENTS.where(EventRow.id.in_(listed()))
_CANDIDATES = (
    select(
        EventRow.id, FootageRow.fingerprint, func.json_extract(FootageRow.facts, "$.span.base"), EventRow.start_pts,
        EventRow.end_pts, EventRow.caption, EventRow.kind, type_coerce(EventRow.edge, Text), LayerRow.captioner,
        LayerRow.id,
    )
    .join(LayerRow, LayerRow.id == EventRow.layer_id)
    .join(FootageRow, FootageRow.id == LayerRow.footage_id)
    .where(shown(), exists().where(LocationRow.footage_id == FootageRow.id), EventRow.id.in_(listed()))
)  # fmt: skip
_MOMENTS_OF = _MOMENTS.join(FootageRow).where(FootageRow.fingerprint == bindparam("fingerprint"))
_NUMBERS = (
    select(FootageRow.fingerprint, EventRow.id)
    .join(LayerRow, LayerRow.id == EventRow.layer_id)
    .join(FootageRow, FootageRow.id == LayerRow.footage_id)
    .where(shown(), FootageRow.fingerprint.in_(listed()))
    .order_by(EventRow.id)
)
_OF_EMBEDDER = (VectorRow.event_id == EventRow.id) & (VectorRow.embedder_id == bindparam("embedder"))
_WITH_VECTORS = (  # two lists a footage: a row for each event takes half as long again
    select(
        FootageRow.fingerprint, func.json_group_array(EventRow.id),
        func.json_group_array(func.coalesce(VectorRow.id, 0)),
    )
    .select_from(EventRow)
    .join(LayerRow, LayerRow.id == EventRow.layer_id)
    .join(FootageRow, FootageRow.id == LayerRow.footage_id)
    .outerjoin(VectorRow, _OF_EMBEDDER)
    .where(shown(), FootageRow.fingerprint.in_(listed()))
    .group_by(FootageRow.id)
)  # fmt: skip
_PLACES = (
    select(LocationRow.footage_id, LocationRow.path, LocationRow.online)
    .where(LocationRow.footage_id.in_(listed()))
    .order_by(*BEST_FIRST)
)
_FACTS = select(FootageRow.id, type_coerce(FootageRow.facts, Text)).where(FootageRow.id.in_(listed()))


def told(connection: Connection, vectors: Collection[int]) -> Sequence[Row[int, str, bytes]]:
    """Number, caption and vector, by the numbers of the vectors."""
    return connection.execute(_TOLD, in_list(vectors)).all()


def moments(connection: Connection, fingerprint: str | None, ids: Collection[int] | None) -> list[Moment]:
    """Moments of one footage, or by their numbers, or all; see `Library.moments`."""
    if ids is not None:
        answer = connection.execute(_THESE_MOMENTS, in_list(ids))
    elif fingerprint is not None:
        answer = connection.execute(_MOMENTS_OF, {"fingerprint": fingerprint})
    else:
        answer = connection.execute(_MOMENTS)
    rows = sorted(answer, key=lambda row: (row.footage_id, row.start_pts, row.id))
    paths = places(connection, {row.footage_id for row in rows})
    footage = facts(connection, paths.keys())
    return [_moment(row, footage[at], *paths[at]) for row in rows if (at := row.footage_id) in paths]


def candidates(connection: Connection, ids: Collection[int]) -> list[Candidate]:
    """What it takes to rank these moments, in any order."""
    return [
        Candidate(number, clip, _fraction(base), start, end, caption, kind, _fraction(edge), captioner, layer)
        for number, clip, base, start, end, caption, kind, edge, captioner, layer in connection.execute(
            _CANDIDATES, in_list(ids)
        ).all()
    ]


def numbers(connection: Connection, fingerprints: Collection[str]) -> dict[str, list[int]]:
    """Numbers of the moments of each footage."""
    found: dict[str, list[int]] = {}
    for fingerprint, event in connection.execute(_NUMBERS, in_list(fingerprints)).all():
        found.setdefault(fingerprint, []).append(event)
    return found


def newest_clips(connection: Connection, limit: int) -> list[str]:
    """Fingerprints of the footage that came in last, the newest first."""
    return list(
        connection.execute(select(FootageRow.fingerprint).order_by(FootageRow.id.desc()).limit(limit)).scalars()
    )


def vector_numbers(
    connection: Connection, fingerprints: Collection[str], embedder: int
) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Of each footage the numbers of its moments, ascending, and those of their vectors; 0 where there is none."""
    found = {}
    for fingerprint, events, vectors in connection.execute(
        _WITH_VECTORS, {"embedder": embedder, **in_list(fingerprints)}
    ).all():
        pairs = sorted(zip(json.loads(events), json.loads(vectors), strict=True))
        found[fingerprint] = (tuple(event for event, _ in pairs), tuple(vector for _, vector in pairs))
    return found


def since(connection: Connection, number: int, limit: int) -> list[int]:
    """Numbers of the moments, up to a limit, of footage with a moment of a higher number."""
    grown = select(LayerRow.footage_id).join(EventRow, EventRow.layer_id == LayerRow.id).where(EventRow.id > number)
    moments = select(EventRow.id).join(LayerRow, LayerRow.id == EventRow.layer_id).where(shown())
    return list(connection.execute(moments.where(LayerRow.footage_id.in_(grown)).limit(limit)).scalars())


def summaries(connection: Connection, stills: Stills, *conditions: ColumnElement[bool]) -> list[FootageSummary]:
    """The footage that meets the conditions and lies somewhere, in the order it was added.

    Where it lies as a proxy comes last.
    """
    footage = select(FootageRow).where(FootageRow.proxy_of.is_(None), *conditions)
    chosen = footage.with_only_columns(FootageRow.id)
    locations: dict[int, list[Location]] = defaultdict(list)
    lies = select(LocationRow).where(LocationRow.footage_id.in_(chosen)).order_by(*BEST_FIRST)
    for at in connection.execute(lies):
        locations[at.footage_id].append(Location(at.path, at.size, at.online, at.seen_at))
    lies_as_proxy = select(LocationRow, FootageRow.proxy_of).join(FootageRow).where(FootageRow.proxy_of.in_(chosen))
    for proxy in connection.execute(lies_as_proxy.order_by(*BEST_FIRST)):
        if proxy.proxy_of in locations:
            place = Location(proxy.path, proxy.size, proxy.online, proxy.seen_at, proxy=True)
            locations[proxy.proxy_of].append(place)
    layers: dict[int, list[LayerSummary]] = defaultdict(list)
    for row in connection.execute(
        select(LayerRow, func.count(EventRow.id).label("events"))
        .outerjoin(EventRow)
        .where(LayerRow.footage_id.in_(chosen), LayerRow.current)
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


def missing(connection: Connection, path: Path) -> MomentidxError:
    """What is to be raised for a path that has no footage: wrong use only where nothing is known of it."""
    job = connection.execute(
        select(JobRow.state, JobRow.reason)
        .join(LocationRow, LocationRow.id == JobRow.location_id)
        .where(LocationRow.path == path)
    ).one_or_none()
    if job is None:
        return WrongUse(f"{path} is not in the library. Run 'momentidx index' with it.")
    if job.state == "failed":
        return LibraryError(f"{path} could not be indexed: {job.reason}")
    return LibraryError(
        f"{path} is waiting to be indexed. Run 'momentidx index' with it, or wait for 'momentidx watch'."
    )


def places(connection: Connection, footage_ids: Collection[int]) -> dict[int, tuple[Path, bool]]:
    """Best path and whether it is online, of the footage that lies somewhere."""
    found: dict[int, tuple[Path, bool]] = {}
    for footage, path, online in connection.execute(_PLACES, in_list(footage_ids)).all():
        if footage is not None:  # as it always is here
            found.setdefault(footage, (path, online))
    return found


def facts(connection: Connection, footage_ids: Collection[int]) -> dict[int, Footage]:
    """What is known of each content, wherever it lies."""
    rows = connection.execute(_FACTS, in_list(footage_ids)).all()
    return {footage: _footage(known) for footage, known in rows}


@lru_cache(maxsize=5_000)  # the same clips answer again and again, and their facts never change
def _footage(known: str) -> Footage:
    return Footage.from_json(json.loads(known))


@lru_cache(maxsize=1_000)  # footage comes in a handful of time bases
def _fraction(text: str) -> Fraction:
    return Fraction(text)


def _moment(row: Any, footage: Footage, path: Path, online: bool) -> Moment:
    return Moment(
        id=row.id, event=event(row, footage), layer=Layer(row.captioner, row.version),
        footage=footage, path=path, online=online,
        remark=Remark(rating=row.rating or 0, labels=tuple(row.labels or ())),
    )  # fmt: skip


def event(row: Any, footage: Footage) -> Event:
    span = Span(row.start_pts, row.end_pts, footage.span.base)
    return Event(span, row.caption, row.kind, row.edge, row.measures)


def at_or_below(folder: Path) -> ColumnElement[bool]:
    """Paths are compared as bytes: what lies below `a` begins with `a/`, and `0` comes right after `/`."""
    raw = os.fsencode(folder).rstrip(b"/")
    after, before = (literal(raw + end, LargeBinary) for end in (b"/", b"0"))
    return or_(LocationRow.path == folder, (LocationRow.path > after) & (LocationRow.path < before))


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    return (values[first : first + size] for first in range(0, len(values), size))
