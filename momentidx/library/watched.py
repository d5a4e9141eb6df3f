"""Watched folders and the files below them: what was there, against what a walk finds."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, LargeBinary, bindparam, or_, select, type_coerce, update
from sqlalchemy.dialects.sqlite import insert

from momentidx.errors import WrongUse
from momentidx.files import SeenFile
from momentidx.library import jobs, queueing, sqlite
from momentidx.library.queries import CHUNK, SEEN, at_or_below, chunks
from momentidx.library.tables import JobRow, LocationRow, RootRow
from momentidx.library.values import KnownFile, Root


def known(connection: Connection, under: Collection[Path] | None, inodes: Collection[int] = ()) -> dict[str, KnownFile]:
    """Every file the library was told of, by path; or those at and below these, and those with these inodes."""
    question = select(type_coerce(LocationRow.path, LargeBinary), *SEEN[1:], LocationRow.online)
    if under is None:
        questions = [question]
    else:
        # Each path needs three of the parameters that SQLite takes.
        questions = [question.where(or_(*map(at_or_below, some))) for some in chunks(sorted(under), CHUNK // 3)]
        questions += [question.where(LocationRow.inode.in_(some)) for some in chunks(sorted(inodes))]
    rows = (row for each in questions for row in connection.execute(each))
    return {os.fsdecode(row[0]): KnownFile(row[1:5], row[5]) for row in map(tuple, rows)}


def roots(connection: Connection) -> list[Root]:
    """The folders that are or were watched, by path."""
    columns = RootRow.path, RootRow.volume, RootRow.files, RootRow.offline, RootRow.offline_since
    return [Root(*row) for row in connection.execute(select(*columns).order_by(RootRow.path))]


def note(connection: Connection, root: Root) -> None:
    """Keep how a watched folder stands."""
    values = {
        "volume": root.volume, "files": root.files, "offline": root.offline, "offline_since": root.offline_since,
        "walked_at": datetime.now(UTC),
    }  # fmt: skip
    connection.execute(
        insert(RootRow).values(path=root.path, **values).on_conflict_do_update(index_elements=["path"], set_=values)
    )


def relocate(connection: Connection, moves: Sequence[tuple[Path, SeenFile]]) -> None:
    """Files that were known at one path and lie at another now; what is known of them goes along.

    Work on one that moved while it was read starts again, as that is looking at the old path.
    """
    now = datetime.now(UTC)
    moved = [
        {"old": old, "path": new.path, "online": True, "seen_at": now, "size": new.size, "mtime_ns": new.mtime_ns,
         "ctime_ns": new.ctime_ns, "inode": new.inode}
        for old, new in moves
    ]  # fmt: skip
    connection.execute(update(LocationRow).where(LocationRow.path == bindparam("old")), moved)
    for some in chunks([new.path for _, new in moves]):
        here = select(LocationRow.id, LocationRow.footage_id).where(LocationRow.path.in_(some))
        files, contents = zip(*connection.execute(here).all(), strict=True)
        about = or_(JobRow.location_id.in_(files), JobRow.footage_id.in_(contents) & (JobRow.stage != jobs.EMBED))
        connection.execute(update(JobRow).where(about, JobRow.state == "running").values(state="queued"))
        queueing.again(connection, files, now)


def adopt(folder: Path, root: Path) -> None:
    """Take what lies in a watched folder now for what it holds, whatever lay there before.

    Files that are missing stay known, as away. One short transaction, also while a daemon runs,
    which goes by it at its next walk. Raises WrongUse for a folder that was never watched.
    """
    adopted = {"volume": "", "files": 0, "offline": None, "offline_since": None}
    with sqlite.noting(folder) as connection:
        found = connection.execute(update(RootRow).where(RootRow.path == root).values(adopted)).rowcount
    if not found:
        raise WrongUse(f"{root} is not a watched folder. 'momentidx folders list' shows them.")
