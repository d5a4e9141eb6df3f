"""What people say of footage: captions of their own, better words for a machine's, ratings and labels.

All of it is events of the layer `human`, so it is searched, rated and exported like any other. One that stands
in the place of a machine's event remembers where that was, not which it was: it also stands in the place of
what a new version of the machine tells of the same stretch (`queries.shown`). Nothing is overwritten: every
change is another version.

Written while the daemon runs as well, like bins; see `bins.py` and `lock.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, literal, select, update

from momentidx.errors import WrongUse
from momentidx.footage import Footage
from momentidx.library import planning, queries, queueing, sqlite, storing
from momentidx.library.answers import plain
from momentidx.library.jobs import EMBED
from momentidx.library.queries import HUMAN
from momentidx.library.said import (
    QUESTION,
    CaptionVersion,
    Replaced,
    checked,
    checked_labels,
    event_row,
    former,
    history,
    in_the_place_of,
    trimmed,
    versions_of,
)
from momentidx.library.tables import (
    CaptionVersionRow,
    EventRow,
    EventValueRow,
    FootageRow,
    HumanEventRow,
    JobRow,
    LayerRow,
    VectorRow,
)
from momentidx.times import Span

VERSION = "1"
"""Of the layer: people have none."""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a change."""

    event: int
    """Number of the person's event."""
    version: int
    """Its newest version; the same as before when nothing changed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of captions that came from elsewhere."""

    events: int
    """How many new ones there are ..."""
    versions: int
    """... and how many new versions, of these and others."""
    known: int
    """How many versions were there already."""
    homeless: int
    """How many are about footage that the library does not have."""


class Captions:
    """Changes to what people say. Every method but `take` is one transaction.

    The library must be up to date, as `Library.open` leaves it. New words are embedded by the next process
    that indexes; until then they are found as words. Methods that name an event take a person's or a
    machine's, and raise WrongUse for a number that is none's.
    """

    def __init__(self, folder: Path, embedder: str) -> None:
        """`embedder` is the name of the one in use."""
        self.folder = folder
        self._embedder = embedder

    def change(
        self,
        event: int,
        *,
        caption: str | None = None,
        rating: int | None = None,
        labels: Collection[str] | None = None,
        frames: tuple[int | None, int | None] = (None, None),
    ) -> Said:
        """Change several things in one version; what is None stays.

        `frames` are the first one and the first one after the end, from the first picture; an edge that names the
        frame where it lies already keeps its very timestamp.
        """

        def changed(now: CaptionVersion, footage: Footage) -> CaptionVersion:
            return checked(
                replace(
                    now,
                    caption=now.caption if caption is None else caption,
                    rating=now.rating if rating is None else rating,
                    labels=now.labels if labels is None else tuple(labels),
                    span=trimmed(footage, now.span, *frames),
                ),
                footage,
            )

        return self._change(event, changed)

    def edit(self, event: int, caption: str) -> Said:
        """Say it in other words."""
        return self.change(event, caption=caption)

    def rate(self, event: int, rating: int) -> Said:
        """Rate it from 1 to 5; 0 takes the rating away."""
        return self.change(event, rating=rating)

    def label(self, event: int, add: Collection[str] = (), remove: Collection[str] = ()) -> Said:
        """Add labels to it and take others away."""
        added, gone = checked_labels(add), {plain(label).casefold() for label in remove}
        return self._change(
            event,
            lambda now, _: replace(now, labels=tuple(label for label in checked_labels((*now.labels, *added))
                                                     if label.casefold() not in gone)),
        )  # fmt: skip

    def add(self, footage: Footage, span: Span, caption: str, *, rating: int = 0, labels: Collection[str] = ()) -> Said:
        """Say something of a stretch of footage that nothing is told of, or something else."""
        now = datetime.now(UTC)
        said = checked(CaptionVersion(footage.fingerprint, now, 1, now, span, caption, rating, tuple(labels)), footage)
        with sqlite.noting(self.folder) as connection:
            number = storing.footage_with(connection, footage.fingerprint)
            if number is None:
                raise WrongUse("The footage is not in the library any more.")
            event = _new_event(connection, number, said)
            self._put(connection, event, number, said)
        return Said(event, 1)

    def remove(self, event: int) -> None:
        """Take back what a person said, with all its versions; a machine's event comes to light again."""
        with sqlite.noting(self.folder) as connection:
            _take_back(connection, _spoken(connection, event))

    def undo(self, event: int) -> Said | None:
        """Say again what was said before the last change, in another version; any number of times, one step each.

        Where there was none before, the person's event goes, and None is given.
        """
        with sqlite.noting(self.folder) as connection:
            human = _spoken(connection, event)
            versions = history(connection, human)
            before = former(versions)
            if before is None:
                _take_back(connection, human)
                return None
            after = replace(before, number=versions[-1].number + 1, edited_at=datetime.now(UTC))
            self._put(connection, human, event_row(connection, human).footage_id, after)
            return Said(human, after.number)

    def take(self, versions: Iterable[CaptionVersion]) -> Taken:
        """Keep what was exported from this library or another; what is known is not kept twice.

        A version that is known but reads otherwise is a change: it becomes the newest. What belongs to one
        event is kept as a whole or not at all; others may write in between.
        """
        groups: dict[tuple[object, ...], list[CaptionVersion]] = defaultdict(list)
        for version in versions:
            key = (version.footage, version.made_at) if version.made_at else (version.footage, *version.said)
            groups[key].append(version)
        taken = [0, 0, 0, 0]
        for some in queries.chunks(list(groups.values())):
            with sqlite.noting(self.folder) as connection:
                for group in some:
                    counts = self._take(connection, sorted(group, key=lambda version: version.number))
                    taken = [total + more for total, more in zip(taken, counts, strict=True)]
        return Taken(*taken)

    def _take(self, connection: Connection, group: Sequence[CaptionVersion]) -> tuple[int, int, int, int]:
        first = group[0]
        number = storing.footage_with(connection, first.footage)
        if number is None:
            return 0, 0, 0, len(group)
        event, known = _known(connection, number, first)
        new = event is None
        if event is None:
            event = _new_event(connection, number, first)
            group = [replace(first, edited_at=first.made_at or first.edited_at), *group[1:]]
        put = 0
        for version in group:
            there = known.get(version.number)
            if there is not None and (first.made_at is None or there.said == version.said):
                continue
            if there is not None:  # edited outside
                newest = max(known)
                if known[newest].said == version.said:
                    continue
                version = replace(version, number=newest + 1, edited_at=datetime.now(UTC))
            self._put(connection, event, number, version)
            known[version.number] = version
            put += 1
        return int(new), put, len(group) - put, 0

    def _change(self, event: int, change: Callable[[CaptionVersion, Footage], CaptionVersion]) -> Said:
        with sqlite.noting(self.folder) as connection:
            row = event_row(connection, event)
            footage = Footage.from_json(row.facts)
            human = event if row.captioner == HUMAN else in_the_place_of(connection, row)
            if human is not None:
                before = history(connection, human)[-1]
                after = replace(change(before, footage), number=before.number + 1, edited_at=datetime.now(UTC))
                if before.said == after.said:
                    return Said(human, before.number)
            else:
                now = datetime.now(UTC)
                span = Span(row.start_pts, row.end_pts, footage.span.base)
                place = Replaced(row.captioner, row.start_pts, row.end_pts)
                told = CaptionVersion(row.fingerprint, now, 1, now, span, row.caption, kind=row.kind, replaces=place)
                after = change(told, footage)
                human = _new_event(connection, row.footage_id, after)
            self._put(connection, human, row.footage_id, after)
            return Said(human, after.number)

    def _put(self, connection: Connection, event: int, footage: int, version: CaptionVersion) -> None:
        """Keep a version, and show it if it is the newest."""
        values = {"caption": version.caption, "start_pts": version.span.start, "end_pts": version.span.end}
        more = {"rating": version.rating, "labels": list(version.labels)}
        row = {"event_id": event, "number": version.number, "edited_at": version.edited_at, **values, **more}
        connection.execute(insert(CaptionVersionRow).values(row))
        numbers = select(func.max(CaptionVersionRow.number)).where(CaptionVersionRow.event_id == event)
        if connection.execute(numbers).scalar_one() > version.number:
            return
        connection.execute(update(EventRow).where(EventRow.id == event).values(values))
        connection.execute(update(HumanEventRow).where(HumanEventRow.event_id == event).values(more))
        connection.execute(delete(VectorRow).where(VectorRow.event_id == event))
        # An embedding in work has read the former words: its claim does not count any more.
        of_footage = (JobRow.footage_id == footage) & (JobRow.stage == EMBED)
        connection.execute(update(JobRow).where(of_footage, JobRow.state == "running").values(state="queued"))
        embed = planning.Stage(footage, EMBED, self._embedder)
        planning.queue(connection, [embed], version.edited_at, priority=queueing.NOW)
        storing.grow(connection)


def _spoken(connection: Connection, event: int) -> int:
    """The person's event of this number, or in the place of the machine's."""
    row = event_row(connection, event)
    human = event if row.captioner == HUMAN else in_the_place_of(connection, row)
    if human is None:
        raise WrongUse(f"Moment {event} is no person's, so there is nothing to take back.")
    return human


def _take_back(connection: Connection, human: int) -> None:
    connection.execute(delete(EventRow).where(EventRow.id == human))
    empty = (LayerRow.captioner == HUMAN) & ~exists().where(EventRow.layer_id == LayerRow.id)
    connection.execute(delete(LayerRow).where(empty))
    storing.grow(connection)


def _known(connection: Connection, footage: int, first: CaptionVersion) -> tuple[int | None, dict[int, CaptionVersion]]:
    """The event that a version belongs to, and its versions: by when it was made, or else by what it says."""
    for event, versions in versions_of(connection, QUESTION.where(FootageRow.id == footage)).items():
        if first.made_at == versions[0].made_at or (first.made_at is None and versions[-1].said == first.said):
            return event, {version.number: version for version in versions}
    return None, {}


def _new_event(connection: Connection, footage: int, said: CaptionVersion) -> int:
    """An event of the layer `human`, with the measures and the still of the one it replaces, if that is there."""
    layer = (LayerRow.footage_id == footage) & (LayerRow.captioner == HUMAN)
    layer_id = connection.execute(select(LayerRow.id).where(layer)).scalar()
    if layer_id is None:
        new = {"footage_id": footage, "captioner": HUMAN, "version": VERSION, "current": True,
               "made_at": said.edited_at}  # fmt: skip
        layer_id = connection.execute(insert(LayerRow).values(new).returning(LayerRow.id)).scalar_one()
    place = said.replaces
    model = _machines(connection, footage, place, said.kind) if place else None
    event = connection.execute(
        insert(EventRow)
        .values(
            layer_id=layer_id, start_pts=said.span.start, end_pts=said.span.end, caption=said.caption, kind=said.kind,
            edge=model.edge if model else Fraction(0), measures=model.measures if model else {},
            still=model.still if model else None,
        )
        .returning(EventRow.id)
    ).scalar_one()  # fmt: skip
    if model:
        values = select(literal(event), EventValueRow.name, EventValueRow.text, EventValueRow.number)
        names = ["event_id", "name", "text", "number"]
        connection.execute(insert(EventValueRow).from_select(names, values.where(EventValueRow.event_id == model.id)))
    connection.execute(
        insert(HumanEventRow).values(
            event_id=event, rating=0, labels=[], of_captioner=place and place.captioner,
            of_start_pts=place and place.start, of_end_pts=place and place.end,
        )
    )  # fmt: skip
    return int(event)


def _machines(connection: Connection, footage: int, place: Replaced, kind: str) -> Row[Any] | None:
    """The machine's event at a place."""
    question = (
        select(EventRow)
        .join(LayerRow)
        .where(LayerRow.footage_id == footage, LayerRow.captioner == place.captioner, LayerRow.current)
        .where(EventRow.kind == kind, EventRow.start_pts == place.start, EventRow.end_pts == place.end)
        .order_by(EventRow.id)
    )
    return connection.execute(question).first()
