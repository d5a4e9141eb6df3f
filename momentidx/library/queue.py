"""The person's side of the queue: pause, retry, cancel, do this first.

Written while the daemon runs as well, like bins: one short transaction, on a connection of its own, in
its turn (see `bins.py` and `lock.py`). The daemon goes by it at its next claim; what it has in work it
finishes, and then finds that a cancelled job is not its own any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, delete, false, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from momentidx.files import SeenFile
from momentidx.library import jobs, queries, queueing, sqlite
from momentidx.library.tables import JobRow, LocationRow, PausedRow

EVERYTHING = Path()
"""In the place of a folder: all there is."""


class Queue:
    """Changes to the queue of a library. Every method is one transaction: it happens as a whole or not at all.

    The library must be up to date, as `Library.open` leaves it. Jobs are named by their numbers, or
    by files and folders, which stand for all jobs about what lies there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pause(self, folder: Path = EVERYTHING) -> bool:
        """Let nothing of a folder be worked on; False when that was so already."""
        new = insert(PausedRow).values(path=folder, since=jobs.utc_now()).on_conflict_do_nothing()
        with sqlite.noting(self.folder) as connection:
            return bool(connection.execute(new).rowcount)

    def resume(self, folder: Path = EVERYTHING) -> bool:
        """Take a pause back; False when there was none of just this folder."""
        with sqlite.noting(self.folder) as connection:
            return bool(connection.execute(delete(PausedRow).where(PausedRow.path == folder)).rowcount)

    def retry(self, numbers: Collection[int] = (), paths: Collection[Path] = (), *, now: bool = False) -> int:
        """Queue failed and cancelled jobs again; `now` puts them, and those that wait, first. How many it changed."""
        about = _about(numbers, paths)
        ended = about & JobRow.state.in_(("failed", "cancelled"))
        fresh = {"queued_at": jobs.utc_now(), **jobs.FRESH}
        with sqlite.noting(self.folder) as connection:
            if not now:
                return connection.execute(update(JobRow).where(ended).values(fresh)).rowcount
            first = {"priority": queueing.NOW}
            changed = connection.execute(update(JobRow).where(about, JobRow.state == "queued").values(first)).rowcount
            return changed + connection.execute(update(JobRow).where(ended).values(fresh | first)).rowcount

    def retry_failed(self) -> int:
        """Queue everything that failed again; how many jobs."""
        fresh = {"queued_at": jobs.utc_now(), **jobs.FRESH}
        with sqlite.noting(self.folder) as connection:
            return connection.execute(update(JobRow).where(JobRow.state == "failed").values(fresh)).rowcount

    def cancel(self, numbers: Collection[int] = (), paths: Collection[Path] = ()) -> int:
        """Let jobs that are not done be done only when a person, or a change of the file, asks for it; how many."""
        cancelled = {"state": "cancelled", "ended_at": jobs.utc_now(), **jobs.NO_FAILURE}
        undone = JobRow.state.in_(("queued", "running", "failed"))
        with sqlite.noting(self.folder) as connection:
            return connection.execute(update(JobRow).where(_about(numbers, paths), undone).values(cancelled)).rowcount

    def put_first(self, files: Sequence[SeenFile]) -> list[SeenFile]:
        """Queue files like `WritableLibrary.enqueue_all`, and whatever waits for them goes first; those that wait."""
        now = jobs.utc_now()
        with sqlite.noting(self.folder) as connection:
            once = list({file.path: file for file in files}.values())
            waiting = queueing.enqueue(connection, once, lambda _path: queueing.NOW, now)
            queueing.first(connection, [file.path for file in waiting])
        return waiting


def without_jobs(connection: Connection, numbers: Collection[int], paths: Collection[Path]) -> list[int | Path]:
    """Which of these stand for no job at all."""

    def is_unknown(about: ColumnElement[bool]) -> bool:
        return connection.execute(select(JobRow.id).where(about).limit(1)).scalar() is None

    return [
        *(number for number in numbers if number > sqlite.LARGEST_NUMBER or is_unknown(JobRow.id == number)),
        *(path for path in paths if is_unknown(_about([], [path]))),
    ]


def _about(numbers: Collection[int], paths: Collection[Path]) -> ColumnElement[bool]:
    here = or_(false(), *map(queries.at_or_below, paths))
    return or_(
        JobRow.id.in_(numbers),
        JobRow.location_id.in_(select(LocationRow.id).where(here)),
        JobRow.footage_id.in_(select(LocationRow.footage_id).where(here)),
    )
