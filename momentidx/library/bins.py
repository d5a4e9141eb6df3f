"""Bins: the moments that a person chose, in their order, with notes and ratings.

Written while the daemon runs as well. What the library's lock is for (claiming jobs, changing the
schema) does not concern a bin, so a change here waits only for its turn: one transaction, on a
connection of its own that is closed afterwards, creates no file and never checkpoints. See `lock.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from momentidx.errors import Outdated, WrongUse
from momentidx.events import Event, Layer, Moment
from momentidx.footage import Footage
from momentidx.library import queries, sqlite
from momentidx.library.answers import plain
from momentidx.library.tables import BinEntryRow, FootageRow
from momentidx.library.values import BinSummary, Select
from momentidx.times import Span

LONGEST_NAME = 100
LONGEST_NOTE = 2000
BEST_RATING = 5


class Bins:
    """Changes to the bins of a library. Every method is one transaction: it happens as a whole or not at all.

    The library must be up to date, as `Library.open` leaves it. Methods that name a bin or positions
    in it raise WrongUse for those that are not there.

    Who looked at a bin some time ago says which `entry` they mean as well; Outdated is raised when
    another one lies at that position by now.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, moments: Sequence[Moment], *, query: str | None = None) -> int:
        """Put moments at the end of a bin, which is made when it is new; how many were not in it yet.

        A stretch of footage is in a bin once, whoever described it.
        """
        name = _checked_name(name)
        now = datetime.now(UTC)
        with sqlite.noting(self.folder) as connection:
            rows = _entries(connection, name)
            there = {(row.footage_id, row.start_pts, row.end_pts) for row in rows}
            numbers = connection.execute(select(FootageRow.fingerprint, FootageRow.id))
            footage = {row.fingerprint: row.id for row in numbers}
            fresh: dict[tuple[int, int, int], Moment] = {}
            for moment in moments:
                stretch = footage[moment.footage.fingerprint], moment.event.span.start, moment.event.span.end
                if stretch not in there:
                    fresh.setdefault(stretch, moment)
            new = [
                {
                    "bin": name, "position": position, "footage_id": number, "path": moment.path, "event": moment.id,
                    "captioner": moment.layer.captioner, "version": moment.layer.version, "start_pts": start,
                    "end_pts": end, "caption": moment.event.caption, "kind": moment.event.kind,
                    "edge": moment.event.edge, "query": query and plain(query), "score": moment.score,
                    "note": "", "rating": 0, "added_at": now,
                }
                for position, ((number, start, end), moment) in enumerate(fresh.items(), start=len(rows) + 1)
            ]  # fmt: skip
            if new:
                connection.execute(insert(BinEntryRow), new)
        return len(new)

    def remove(self, name: str, positions: Sequence[int] | None = None, *, entry: int | None = None) -> int:
        """Take entries out of a bin, or all of them; how many. An empty bin is gone."""
        with sqlite.noting(self.folder) as connection:
            entries = _known(connection, name, positions, entry)
            connection.execute(delete(BinEntryRow).where(BinEntryRow.id.in_([row.id for row in entries])))
            _arrange(connection, [row.id for row in _entries(connection, name)])
            return len(entries)

    def move(self, name: str, position: int, to: int, *, entry: int | None = None) -> None:
        """Put an entry at another position; those between move up or down by one."""
        with sqlite.noting(self.folder) as connection:
            (moved,) = _known(connection, name, [position], entry)
            _known(connection, name, [to])
            order = [row.id for row in _entries(connection, name) if row.id != moved.id]
            order.insert(to - 1, moved.id)
            _arrange(connection, order)

    def arrange(self, name: str, entries: Sequence[int]) -> None:
        """Put all entries, by their own numbers, into this order. Raises Outdated when they are not all of the bin."""
        with sqlite.noting(self.folder) as connection:
            if sorted(entries) != sorted(row.id for row in _known(connection, name)):
                raise Outdated(f"The bin '{name}' has changed meanwhile. Look at it again, then put it in order.")
            _arrange(connection, entries)

    def note(self, name: str, position: int, note: str, *, entry: int | None = None) -> None:
        """Write a note on an entry; an empty one takes it away."""
        note = plain(note)
        if len(note) > LONGEST_NOTE:
            raise WrongUse(f"The note has {len(note)} characters; at most {LONGEST_NOTE} are kept.")
        self._change(name, position, entry, note=note)

    def rate(self, name: str, position: int, rating: int, *, entry: int | None = None) -> None:
        """Rate an entry from 1 to 5; 0 takes the rating away."""
        if not 0 <= rating <= BEST_RATING:
            raise WrongUse(f"A rating is 0 (none) to {BEST_RATING}, not {rating}.")
        self._change(name, position, entry, rating=rating)

    def _change(self, name: str, position: int, entry: int | None, **values: str | int) -> None:
        with sqlite.noting(self.folder) as connection:
            (changed,) = _known(connection, name, [position], entry)
            connection.execute(update(BinEntryRow).where(BinEntryRow.id == changed.id).values(values))


def summaries(connection: Connection) -> list[BinSummary]:
    """All bins, by name."""
    names = connection.execute(select(BinEntryRow.bin).distinct().order_by(BinEntryRow.bin)).scalars().all()
    found = []
    for name in names:
        entries = selects(connection, name)
        seconds = sum((entry.moment.event.span.duration for entry in entries), Fraction(0))
        found.append(BinSummary(name, len(entries), seconds, max(entry.added_at for entry in entries)))
    return found


def selects(connection: Connection, name: str) -> list[Select]:
    """What is in a bin, in its order; raises WrongUse when there is no such bin."""
    rows = _known(connection, name)
    numbers = {row.footage_id for row in rows}
    facts = queries.facts(connection, numbers)
    places = queries.places(connection, numbers)
    return [_select(row, facts[row.footage_id], *places.get(row.footage_id, (row.path, False))) for row in rows]


def _select(row: Row[Any], footage: Footage, path: Path, online: bool) -> Select:
    event = Event(Span(row.start_pts, row.end_pts, footage.span.base), row.caption, row.kind, row.edge)
    layer = Layer(row.captioner, row.version)
    moment = Moment(row.event, event, layer, footage, path, online, row.score)
    return Select(row.bin, row.position, moment, row.note, row.rating, row.query, row.added_at, row.id)


def _entries(connection: Connection, name: str) -> Sequence[Row[Any]]:
    in_order = (
        select(*BinEntryRow.__table__.columns).where(BinEntryRow.bin == plain(name)).order_by(BinEntryRow.position)
    )
    return connection.execute(in_order).all()


def _known(
    connection: Connection, name: str, positions: Sequence[int] | None = None, entry: int | None = None
) -> list[Row[Any]]:
    """The entries at these positions, or all; with a number, it must be that of the only one."""
    rows = _entries(connection, name)
    if not rows:
        names = connection.execute(select(BinEntryRow.bin).distinct()).scalars().all()
        close = get_close_matches(name, names, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else "'momentidx selects list' shows those that there are."
        raise WrongUse(f"There is no bin '{name}'. {hint}")
    if positions is None:
        return list(rows)
    for position in positions:
        if not 1 <= position <= len(rows):
            raise WrongUse(f"The bin '{name}' has positions 1 to {len(rows)}; there is no {position}.")
    found = [rows[position - 1] for position in sorted(set(positions))]
    if entry is not None and [row.id for row in found] != [entry]:
        raise Outdated(f"The bin '{name}' has changed meanwhile, and another entry lies there now. Look at it again.")
    return found


def _arrange(connection: Connection, order: Sequence[int]) -> None:
    """Give the entries, by their numbers, the positions 1, 2, 3, ..."""
    if not order:
        return
    entry = update(BinEntryRow).where(BinEntryRow.id == bindparam("entry"))
    # Out of the way first: no two may have the same position, not even for a moment.
    connection.execute(entry.values(position=-BinEntryRow.id), [{"entry": number} for number in order])
    placed = [{"entry": number, "place": place} for place, number in enumerate(order, start=1)]
    connection.execute(entry.values(position=bindparam("place")), placed)


def _checked_name(name: str) -> str:
    name = plain(name)
    if not name:
        raise WrongUse("A bin needs a name: momentidx selects add 'Day 1' 41")
    if len(name) > LONGEST_NAME:
        raise WrongUse(f"The bin's name has {len(name)} characters; at most {LONGEST_NAME} are allowed.")
    return name
