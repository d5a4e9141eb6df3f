"""What to do about a damaged library: put a backup in its place, or save what can still be read.

Both need the library's lock, make the new database beside the old one, and move the old one aside whole.

Saving reads every table through SQLite alone. Where a page cannot be read, the rows around it are asked for
by ever smaller ranges of their numbers, so that no more is lost than what lies on it. What is missing then is
made again: a layer that lost events is described anew, a file without its job is probed. What a person said
or chose cannot be made again; where such a table lost rows, they are looked for in the newest backup.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from momentidx.errors import LibraryError, WrongUse
from momentidx.footage import Footage
from momentidx.library import backups, invariants, lock, schema, sqlite

WORKPLACE = "rebuilding"
"""Folder in which a library is put together."""
PEOPLES = ("human_event", "caption_version", "bin_entry", "saved_search")
TABLES = (
    *PEOPLES, "paused", "root", "footage", "location", "layer", "event", "job", "embedder", "event_value", "vector",
)  # fmt: skip
"""What is saved, in this order; the index of words is made from the captions."""
KEYS = {"event_value": "event_id"}
"""By which numbers a table is read; the others have SQLite's own."""
AT_ONCE = 500
BEYOND = 2000
"""So many numbers after the last row that could be read are tried, where it is not known which is the last."""
Row = tuple[Any, ...]


@dataclass(slots=True)
class Saved:
    """What a rebuilding saved."""

    aside: Path | None = None
    """Where the damaged database lies now."""
    rows: dict[str, int] = field(default_factory=dict)
    """For each table, how many rows were read."""
    damaged: list[str] = field(default_factory=list)
    """Tables of which something could not be read, or that SQLite finds fault with."""
    from_backup: dict[str, int] = field(default_factory=dict)
    """How many rows of people's came from the newest backup instead."""


def restore(folder: Path, copy: Path) -> Path | None:
    """Put a copy of the database in the place of the present one; where that lies now, if there was one.

    Raises WrongUse for what is no copy of a library, LibraryError for one that is not sound, and LibraryBusy while a
    process indexes.
    """
    _check_kind(copy)
    schema.compare(copy)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.hold(folder), lock.turn(folder) as note:
        fresh = folder / backups.FRESH
        backups.checked_copy(copy, fresh)
        return _put_in_place(folder, fresh, note)


def verified(copy: Path) -> list[invariants.Finding]:
    """How everything stands that is to hold of a backup. Raises like `restore`."""
    _check_kind(copy)
    current = schema.compare(copy, checked=0) is schema.Schema.CURRENT
    engine = sqlite.reading_engine(copy)
    try:
        with engine.begin() as connection:
            return list(invariants.examine_copy(connection, current=current))
    finally:
        engine.dispose()


def _check_kind(copy: Path) -> None:
    """Raise WrongUse for what is no copy of a library, however damaged."""
    if not copy.is_file():
        raise WrongUse(f"{copy}: there is no such file.")
    try:
        with closing(sqlite.connect(copy, "ro")) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.Error as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise sqlite.explained(error, copy) from error
        application = None
    if application != sqlite.APPLICATION_ID:
        raise WrongUse(f"{copy} is neither a library's database nor a copy of one.")


def rebuild(folder: Path) -> Saved:
    """Put a new library together from what can be read of the present one, which is moved aside."""
    saved = Saved()
    with lock.hold(folder), lock.turn(folder) as note:
        if backups.is_half_exchanged(folder):
            backups.finish_exchange(folder, note)
        place = folder / WORKPLACE
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        fresh = place / sqlite.DATABASE
        with _reading(folder / sqlite.DATABASE) as source:
            schema.step(fresh, _revision(source))
            with closing(sqlite.connect(fresh, "rw")) as target:
                _save(source, target, saved)
        schema.step(fresh, schema.HEAD)
        _fill(folder, place, fresh, saved)
        _mend(folder, fresh, saved)
        saved.aside = _put_in_place(folder, fresh, note)
        shutil.rmtree(place)
    return saved


def sweep(folder: Path) -> None:
    """Delete what processes left that died over a copy or a rebuilding; the library's lock must be held."""
    backups.sweep(folder)
    shutil.rmtree(folder / WORKPLACE, ignore_errors=True)


def _put_in_place(folder: Path, fresh: Path, note: Callable[[int], None]) -> Path | None:
    count = backups.next_count(folder, fresh)
    with closing(sqlite.connect(fresh, "rw")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA user_version = {count}")
        # Another library, as caches of the present one may be of the same generation.
        connection.execute("UPDATE meta SET uuid = ?, generation = generation + 1", (str(uuid.uuid4()),))
    aside = backups.exchange(folder, fresh, note)
    if any(aside.iterdir()):
        return aside
    aside.rmdir()
    return None


def _reading(file: Path) -> closing[sqlite3.Connection]:
    """A connection to a database of which nothing is certain; an empty one when there is no file."""
    connection = sqlite.connect(file, "ro") if file.exists() else sqlite3.connect(":memory:")
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return closing(connection)


def _revision(source: sqlite3.Connection) -> str:
    try:
        found = source.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        found = None
    revision = found[0] if found else schema.HEAD
    if revision > schema.HEAD:
        raise LibraryError(f"The library was written by a newer momentidx (schema {revision}). Update momentidx.")
    return str(revision)


def _save(source: sqlite3.Connection, target: sqlite3.Connection, saved: Saved) -> None:
    """Every row that can be read and makes sense by itself; loose ends are seen to afterwards."""
    target.execute("PRAGMA foreign_keys = 0")
    target.execute("BEGIN")
    for table in TABLES:
        columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
        if not columns:
            continue  # a table that this revision does not have yet
        reader = _Reader(source, table, columns)
        # OR IGNORE: what a constraint refuses, garbage or told twice, is passed over
        insert = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        count = 0
        for rows in reader.rows():
            count += target.executemany(insert, rows).rowcount
        saved.rows[table] = count
        if reader.failed or not reader.sound():
            saved.damaged.append(table)
    target.execute("COMMIT")


class _Reader:
    """Reads the rows of one table around what cannot be read."""

    def __init__(self, source: sqlite3.Connection, table: str, columns: list[str]) -> None:
        self.failed = False
        self._source = source
        self._table = table
        self._key = KEYS.get(table, "rowid")
        self._select = f"SELECT {self._key}, {', '.join(columns)} FROM {table} WHERE {self._key} "

    def rows(self) -> Iterator[list[Row]]:
        """All of them, in parts."""
        last = -(2**63)
        while (found := self._ask("> ?", last, limit=AT_ONCE)) is not None:
            if self._key != "rowid" and len(found) == AT_ONCE:  # not to part rows of the same number
                end = found[-1][0]
                found = [row for row in found if row[0] != end] + (self._ask("= ?", end) or [])
            if not found:
                return
            last = found[-1][0]
            yield [row[1:] for row in found]
        last = max(last, -1)
        while True:
            top = self._top()
            rows = [row for some in self._between(last + 1, top or last + BEYOND) for row in some]
            if rows:
                yield [row[1:] for row in rows]
            if top is not None or not rows:
                return
            last = rows[-1][0]

    def sound(self) -> bool:
        """Whether SQLite finds no fault with the table and its indexes."""
        try:
            return self._source.execute(f"PRAGMA integrity_check({self._table})").fetchall() == [("ok",)]
        except sqlite3.Error:
            return False

    def _between(self, first: int, last: int) -> Iterator[list[Row]]:
        """Rows with numbers in a range, by halving it until what cannot be read is alone."""
        ranges = [(first, last)]
        while ranges:
            low, high = ranges.pop()
            found = self._ask("BETWEEN ? AND ?", low, high)
            if found:
                yield found
            elif found is None and low < high:
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]

    def _top(self) -> int | None:
        try:
            found = self._source.execute(f"SELECT max({self._key}) FROM {self._table}").fetchone()
        except sqlite3.Error:
            return None
        return None if found is None else found[0]

    def _ask(self, condition: str, *numbers: int, limit: int = -1) -> list[Row] | None:
        """Rows in the order of their numbers; None when they cannot all be read."""
        try:
            return self._source.execute(
                f"{self._select} {condition} ORDER BY {self._key} LIMIT {limit}", numbers
            ).fetchall()
        except sqlite3.Error:
            self.failed = True
            return None


_PEOPLES_FOOTAGE = (
    "SELECT footage_id FROM old.layer WHERE captioner = 'human' UNION SELECT footage_id FROM old.bin_entry"
)
_SAME_FOOTAGE = "SELECT id FROM old.footage JOIN main.footage USING (id, fingerprint)"
_SAME_LAYER = f"SELECT id FROM old.layer WHERE captioner = 'human' AND footage_id IN ({_SAME_FOOTAGE})"
_SAME_EVENT = f"SELECT id FROM old.event WHERE layer_id IN ({_SAME_LAYER})"
FILLING = {
    "footage": f"id IN ({_PEOPLES_FOOTAGE})",
    "layer": f"id IN ({_SAME_LAYER})",
    "event": f"id IN ({_SAME_EVENT})",
    "human_event": f"event_id IN ({_SAME_EVENT})",
    "caption_version": f"event_id IN ({_SAME_EVENT})",
    "bin_entry": f"footage_id IN ({_SAME_FOOTAGE})",
    "saved_search": "true",
}
"""For each table which rows of a backup people need."""


def _fill(folder: Path, place: Path, fresh: Path, saved: Saved) -> None:
    """Look for what people lost in the newest backup."""
    backup = next(iter(backups.backups(folder)), None)
    lost = [table for table in FILLING if table in saved.damaged]
    if backup is None or not lost:
        return
    old = place / "backup.sqlite"
    backups.checked_copy(backup, old)
    schema.step(old, schema.HEAD)
    with closing(sqlite.connect(fresh, "rw")) as target:
        target.execute("PRAGMA foreign_keys = 0")
        target.execute("ATTACH ? AS old", (str(old),))
        target.execute("BEGIN")
        for table in lost:
            some = f"INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table} WHERE {FILLING[table]}"
            saved.from_backup[table] = target.execute(some).rowcount
        target.execute("COMMIT")


def _mend(folder: Path, fresh: Path, saved: Saved) -> None:
    """See to it that what is missing is made again and no row hangs in the air."""
    engine = sqlite.writing_engine(fresh)
    try:
        with sqlite.writing(engine, fresh.parent) as connection:
            _drop_unreadable(connection)
            if "event" in saved.damaged:
                _drop_incomplete(connection)
            for _ in invariants.repair(connection, folder):
                pass
    finally:
        engine.dispose()


def _drop_unreadable(connection: Connection) -> None:
    """Footage whose facts are garbage: its files are probed again."""
    for number, fingerprint, facts in connection.exec_driver_sql("SELECT id, fingerprint, facts FROM footage").all():
        try:
            readable = Footage.from_json(json.loads(facts)).fingerprint == fingerprint
        except (ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError):
            readable = False
        if not readable:
            connection.exec_driver_sql("DELETE FROM bin_entry WHERE footage_id = ?", (number,))
            connection.exec_driver_sql("DELETE FROM footage WHERE id = ?", (number,))


def _drop_incomplete(connection: Connection) -> None:
    """Machines' layers that may have lost events: one that has none, has a gap, or has a gap beside it.

    The events of a layer get their numbers one after another.
    """
    connection.exec_driver_sql(
        "WITH span AS (SELECT layer_id, min(id) AS first, max(id) AS last, count(*) AS number FROM event GROUP BY 1)"
        " DELETE FROM layer WHERE captioner <> 'human' AND id NOT IN (SELECT layer_id FROM span"
        " WHERE last - first + 1 = number"
        " AND (first = 1 OR EXISTS (SELECT 1 FROM event WHERE id = first - 1))"
        " AND EXISTS (SELECT 1 FROM event WHERE id = last + 1))"
    )
