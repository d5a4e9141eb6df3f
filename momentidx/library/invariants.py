"""What holds of every library at rest, whatever was killed or pulled: looked for, and made so again.

Each invariant is a question to the tables that counts what breaks it, and the statements that mend it. What
is mended is derived: it is made again, or done again by a job. What a person said is never dropped; where
it fell apart, it is put together from what is left. The pages of the file themselves cannot be mended here
(see `damage.py`), but for an index, which is made again from its table.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from momentidx.errors import LibraryError
from momentidx.library import jobs, pictures, sqlite, words
from momentidx.library.stills import STILLS, Stills

WAL_BYTES = 4 * sqlite.WAL_LIMIT_BYTES
"""A write-ahead log of this size means that something keeps it from being brought home."""
SHOWN = 3
"""Complaints of SQLite that are told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one invariant stands."""

    about: str
    """A word for it."""
    holds: str
    """What is to be so, as a sentence."""
    broken: int = 0
    """How often it is not."""
    repair: str | None = None
    """What a repair does about it; None when it cannot do anything."""
    detail: str = ""
    """What exactly was found, where that helps."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A question to the tables."""

    about: str
    holds: str
    broken: str
    """SQL that gives one number: how often it does not hold."""
    repair: str | None = None
    statements: tuple[str, ...] = ()

    def look(self, connection: Connection) -> Finding:
        broken: int = connection.exec_driver_sql(self.broken).scalar_one()
        return Finding(self.about, self.holds, broken, self.repair)

    def mend(self, connection: Connection) -> None:
        for statement in self.statements:
            connection.exec_driver_sql(statement)


_AGAIN = (
    "UPDATE job SET state = 'queued', tries = 0, deaths = 0, code = NULL, reason = NULL, passing = NULL,"
    " not_before = NULL WHERE "
)
_NO_PROBE = "NOT EXISTS (SELECT 1 FROM job WHERE job.location_id = location.id)"
_UNRECOGNISED = (
    "stage = 'probe' AND state = 'done' AND location_id IN"
    " (SELECT id FROM location WHERE NOT recognised OR footage_id IS NULL)"
)
_UNDESCRIBED = (
    "stage = 'describe' AND state = 'done' AND NOT EXISTS"
    " (SELECT 1 FROM layer WHERE layer.footage_id = job.footage_id AND layer.captioner = job.tool)"
)
_UNPICTURED = (
    "stage = 'pictures' AND state = 'done' AND footage_id IN"
    " (SELECT id FROM footage WHERE poster IS NULL OR sprite IS NULL)"
)
_BAD_VECTOR = (
    "vector JOIN embedder ON embedder.id = vector.embedder_id WHERE length(vector.vector) <> 4 * embedder.dimension"
)
_SILENT = (
    "event JOIN layer ON layer.id = event.layer_id WHERE layer.current"
    " AND NOT EXISTS (SELECT 1 FROM vector WHERE vector.event_id = event.id) AND NOT EXISTS"
    " (SELECT 1 FROM job WHERE job.footage_id = layer.footage_id AND stage = 'embed' AND state <> 'done')"
)
_NO_SENSE = (
    "layer.captioner <> 'human' AND (NOT json_valid(event.measures)"
    " OR event.start_pts < json_extract(footage.facts, '$.span.start')"
    " OR event.end_pts > json_extract(footage.facts, '$.span.end'))"
)
_SENSELESS = (
    "event JOIN layer ON layer.id = event.layer_id JOIN footage ON footage.id = layer.footage_id"
    f" WHERE json_valid(footage.facts) AND {_NO_SENSE}"
)
_NEWEST = "(SELECT number FROM caption_version WHERE caption_version.event_id = event.id ORDER BY number DESC LIMIT 1)"
_UNSAID = (
    "human_event JOIN event ON event.id = human_event.event_id WHERE NOT EXISTS"
    f" (SELECT 1 FROM caption_version AS v WHERE v.event_id = event.id AND v.number = {_NEWEST}"
    " AND v.caption = event.caption AND v.start_pts = event.start_pts AND v.end_pts = event.end_pts)"
)
_NOBODYS = (
    "event JOIN layer ON layer.id = event.layer_id WHERE layer.captioner = 'human'"
    " AND NOT EXISTS (SELECT 1 FROM human_event WHERE human_event.event_id = event.id)"
)
_GAPS = "SELECT bin FROM bin_entry GROUP BY bin HAVING min(position) <> 1 OR max(position) <> count(*)"
_CHAINED = (
    "proxy_of = id OR proxy_of IN (SELECT original.id FROM footage AS original WHERE original.proxy_of IS NOT NULL)"
)

TABLES = (
    Invariant(
        "files", "Every file has its job, and so a named state.",
        f"SELECT count(*) FROM location WHERE {_NO_PROBE}", "queues them",
        (
            "INSERT INTO job (stage, location_id, tool, state, priority, file_time, attempts, tries, deaths, queued_at)"
            f" SELECT 'probe', id, '', 'queued', 0, mtime_ns, 0, 0, 0, seen_at FROM location WHERE {_NO_PROBE}",
        ),
    ),
    Invariant(
        "contents", "Every file that is done is known by its content.",
        f"SELECT count(*) FROM job WHERE {_UNRECOGNISED}", "queues them again", (_AGAIN + _UNRECOGNISED,),
    ),
    Invariant(
        "facts", "Of every content it is known what it is.",
        "SELECT count(*) FROM footage WHERE NOT json_valid(facts) OR json_extract(facts, '$.span.base') IS NULL"
        " OR json_extract(facts, '$.fingerprint') <> fingerprint",
    ),
    Invariant(
        "events", "Every event lies inside its footage and can be read.",
        f"SELECT count(*) FROM {_SENSELESS}", "has their footage described again",
        (f"DELETE FROM layer WHERE id IN (SELECT layer.id FROM {_SENSELESS})",),
    ),
    Invariant(
        "descriptions", "Every description that is done is there.",
        f"SELECT count(*) FROM job WHERE {_UNDESCRIBED}", "queues them again", (_AGAIN + _UNDESCRIBED,),
    ),
    Invariant(
        "pictures", "Poster and strip that are done are there.",
        f"SELECT count(*) FROM job WHERE {_UNPICTURED}", "queues them again", (_AGAIN + _UNPICTURED,),
    ),
    Invariant(
        "dimensions", "Every vector is as long as its embedder's are.", f"SELECT count(*) FROM {_BAD_VECTOR}",
        "has them made again",
        (f"DELETE FROM vector WHERE (event_id, embedder_id) IN (SELECT event_id, embedder_id FROM {_BAD_VECTOR})",),
    ),
    Invariant(
        "vectors", "Every event that is shown has its vector, or waits for it.",
        f"SELECT count(*) FROM {_SILENT}", "queues them",
        (f"{_AGAIN} stage = 'embed' AND state = 'done' AND footage_id IN (SELECT layer.footage_id FROM {_SILENT})",),
    ),
    Invariant(
        "people", "Every caption of a person has its newest version.",
        f"SELECT (SELECT count(*) FROM {_UNSAID}) + (SELECT count(*) FROM {_NOBODYS})",
        "keeps what is shown as the newest version",
        (
            "INSERT INTO human_event (event_id, rating, labels)"
            f" SELECT event.id, 0, '[]' FROM {_NOBODYS}",
            "INSERT INTO caption_version (event_id, number, start_pts, end_pts, caption, rating, labels, edited_at)"
            f" SELECT event.id, coalesce({_NEWEST}, 0) + 1, event.start_pts, event.end_pts, event.caption,"
            f" human_event.rating, human_event.labels, strftime('%Y-%m-%d %H:%M:%f000', 'now') FROM {_UNSAID}",
        ),
    ),
    Invariant(
        "bins", "The positions in a bin are 1, 2, 3 and so on.",
        f"SELECT count(*) FROM ({_GAPS})", "closes the gaps; the order stays",
        (
            f"UPDATE bin_entry SET position = -position - 1 WHERE bin IN ({_GAPS}) AND position >= 0",
            "UPDATE bin_entry SET position = (SELECT count(*) FROM bin_entry AS other"
            " WHERE other.bin = bin_entry.bin AND other.position < 0 AND other.position >= bin_entry.position)"
            " WHERE position < 0",
        ),
    ),
    Invariant(
        "proxies", "The original of a proxy is no proxy.",
        f"SELECT count(*) FROM footage WHERE {_CHAINED}", "parts them",
        (f"UPDATE footage SET proxy_of = NULL WHERE {_CHAINED}",),
    ),
)  # fmt: skip


def examine(connection: Connection, folder: Path, *, words_too: bool) -> Iterator[Finding]:
    """How every invariant stands, one after another. The check of the words takes a connection that may write."""
    for invariant in _all(folder):
        if invariant.about != "words" or words_too:
            yield invariant.look(connection)


def examine_copy(connection: Connection, *, current: bool) -> Iterator[Finding]:
    """The same for a backup by itself; of one with an older schema only pages and references."""
    yield _pages(connection)
    yield _references(connection)
    if current:
        for invariant in TABLES:
            yield invariant.look(connection)


def repair(connection: Connection, folder: Path) -> Iterator[Finding]:
    """Mend what can be mended; how each invariant stood before. Inside a writing transaction, holding the lock."""
    for invariant in _all(folder):
        found = invariant.look(connection)
        if found.broken and found.repair:
            invariant.mend(connection)
            left = invariant.look(connection)
            if left.broken:
                raise LibraryError(
                    f"{folder}: {left.holds} This is broken {left.broken} times, and the repair did not help; "
                    "nothing was changed. 'momentidx library restore --newest' brings the newest backup back."
                )
        yield found


@dataclass(frozen=True, slots=True)
class Looked:
    """An invariant that is no question to the tables."""

    about: str
    look: Callable[[Connection], Finding]
    mend: Callable[[Connection], None]


def _all(folder: Path) -> list[Invariant | Looked]:
    """In this order: what is mended first may break what comes after."""
    stills = _Stills(folder)
    return [
        Looked("pages", _pages, lambda connection: _run(connection, "REINDEX")),
        Looked("references", _references, _part),
        Looked("identity", _identity, _name),
        *TABLES,
        Looked("words", _words, lambda connection: _run(connection, _REBUILD)),
        Looked("stills", stills.look, stills.mend),
        Looked("log", lambda _: _log(folder), lambda _: None),
    ]


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)


def _pages(connection: Connection) -> Finding:
    found = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    found = [text for text in found if "FTS5" not in text]  # newer versions look there too; see `_words`
    # SQLite's words: "row 3 missing from index x", "wrong # of entries in index x", "non-unique entry in index x".
    of_indexes = all(" index " in text for text in found)
    return Finding(
        "pages", "The pages of the database hang together.", len(found), "makes the indexes again" if of_indexes
        else None, "; ".join(text.replace("\n", " ") for text in found[:SHOWN]),
    )  # fmt: skip


def _identity(connection: Connection) -> Finding:
    nameless = 1 - connection.exec_driver_sql("SELECT count(*) FROM meta").scalar_one()
    return Finding("identity", "The library knows which one it is.", nameless, "gives it a new number")


def _name(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO meta (id, uuid, generation) VALUES (1, ?, 0)", (str(uuid.uuid4()),))


def _references(connection: Connection) -> Finding:
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    kinds = sorted({f"{row[0]} without its {row[2]}" for row in rows})
    return Finding("references", "No row refers to one that is missing.", len(rows), "deletes such rows",
                   ", ".join(kinds))  # fmt: skip


def _part(connection: Connection) -> None:
    """Do what the deletion of the missing rows would have done: empty the reference where that may be, else delete.

    Every round may lay open others.
    """
    while rows := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        for table, rowid, _, number in rows:
            key = connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})").all()[::-1]
            (column, on_delete) = next((row[3], row[6]) for row in key if row[0] == number)
            if rowid is None:  # a table without rowids
                parent = next(row[2] for row in key if row[0] == number)
                statement = f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent})"
            elif on_delete == "SET NULL":
                statement = f"UPDATE {table} SET {column} = NULL WHERE rowid = {rowid}"
            else:
                statement = f"DELETE FROM {table} WHERE rowid = {rowid}"
            connection.exec_driver_sql(statement)


_REBUILD = f"INSERT INTO {words.TABLE}({words.TABLE}) VALUES ('rebuild')"


def _words(connection: Connection) -> Finding:
    broken, detail = 0, ""
    try:  # 1: compared with the captions themselves
        _run(connection, f"INSERT INTO {words.TABLE}({words.TABLE}, rank) VALUES ('integrity-check', 1)")
    except LibraryError:
        broken, detail = 1, "the index of words and the captions differ"
    return Finding("words", "Every word of a caption can be found.", broken, "makes the index of words again", detail)


class _Stills:
    """Pictures that rows name and that are not there. What rows do not name is `compact`'s business."""

    def __init__(self, folder: Path) -> None:
        self._stills = Stills(folder / STILLS)

    def missing(self, connection: Connection) -> set[str]:
        return pictures.named(connection) - self._stills.names()

    def look(self, connection: Connection) -> Finding:
        return Finding("stills", "Every picture that is named is there.", len(self.missing(connection)),
                       "queues them")  # fmt: skip

    def mend(self, connection: Connection) -> None:
        pictures.forget(connection, self.missing(connection), jobs.utc_now())


def _log(folder: Path) -> Finding:
    log = folder / (sqlite.DATABASE + "-wal")
    size = log.stat().st_size if log.exists() else 0
    return Finding("log", "The write-ahead log is brought home in time.", int(size > WAL_BYTES), None,
                   f"{log} has {size / 1e6:,.0f} MB; end programs that keep the library open"
                   if size > WAL_BYTES else "")  # fmt: skip
