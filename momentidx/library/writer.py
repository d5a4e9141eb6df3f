"""The writing side of the library."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, select

from momentidx.errors import LibraryError
from momentidx.events import Layer
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import answers, jobs, lock, schema, sqlite, storing
from momentidx.library.library import Library
from momentidx.library.tables import FootageRow, JobRow, LocationRow
from momentidx.library.values import Described, EmbedderIdentity, Job


class WritableLibrary(Library):
    """The library as the one process sees it that writes.

    Every method is one transaction: after a crash at any point it happened or it did not.
    """

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a library for writing; it is made, or brought up to date, where necessary.

        Jobs that a dead process left running are queued again. Raises LibraryBusy, with the holder,
        while another process writes, and LibraryError for a library that cannot be used.
        """
        folder = folder.absolute()
        file = folder / sqlite.DATABASE
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(f"{folder}: the library's folder cannot be made: {error.strerror}.") from error
        with ExitStack() as held:
            held.enter_context(lock.hold(folder))
            schema.upgrade(file)
            engine = sqlite.writing_engine(file)
            held.callback(engine.dispose)
            with sqlite.writing(engine, folder) as connection:
                jobs.release_dead(connection)
            return cls(folder, engine, held.pop_all())

    def close(self) -> None:
        """Close; a job that is still claimed, because the work ended early, goes back to the queue."""
        try:
            # On a full disk even this may fail; the next start finds the job running and queues it then.
            with suppress(LibraryError), self._writing() as connection:
                jobs.release_all(connection)
        finally:
            super().close()

    def enqueue(self, file: SeenFile) -> bool:
        """Queue a file that is new, changed, or failed for a passing reason.

        True when it now waits to be worked on; False when there is nothing to do: done, failed for
        good, or in work.
        """
        return bool(self.enqueue_all([file]))

    def enqueue_all(self, files: Iterable[SeenFile]) -> list[SeenFile]:
        """Queue many files at once, much quicker than one by one; those that now wait."""
        with self._writing() as connection:
            return jobs.enqueue(connection, files)

    def requeue_outdated(self, layers: Sequence[Layer], embedder: EmbedderIdentity) -> int:
        """Queue what is indexed, but not by exactly these captioners and this embedder; how many files."""
        with self._writing() as connection:
            return jobs.requeue_outdated(connection, layers, embedder)

    def mark(self, *, online: Collection[Path] = (), offline: Collection[Path] = ()) -> None:
        """Note which known files are there and which are not. Nothing is ever deleted for being away."""
        with self._writing() as connection:
            jobs.mark(connection, online, offline)

    def failed_among(self, paths: Collection[Path]) -> int:
        """How many of these files are marked as failed."""
        with self._reading() as connection:
            failed = select(LocationRow.path).join(JobRow).where(JobRow.state == "failed")
            return len(set(connection.execute(failed).scalars()).intersection(paths))

    def claim(self, among: Collection[Path] | None = None) -> Job | None:
        """Take the job that waits longest (of these paths, best given as a set); None when there is none."""
        with self._writing() as connection:
            return jobs.claim(connection, among)

    def release(self, job: Job) -> None:
        """Give a job back undone; it goes first next time."""
        with self._writing() as connection:
            jobs.end(connection, job, "queued")

    def fail(self, job: Job, code: str, reason: str, *, passing: bool) -> None:
        """End a job that could not be done. A changed file no longer stands for what it held before."""
        with self._writing() as connection:
            location = jobs.end(connection, job, "failed", code=code, reason=jobs.storable(reason), passing=passing)
            if location is not None and not passing:
                storing.let_go(connection, location)

    def link(self, job: Job, file: SeenFile, fingerprint: str) -> Footage:
        """End a job whose content is known and up to date: the file is one more place where it lies."""
        with self._writing() as connection:
            footage = connection.execute(
                select(FootageRow.id, FootageRow.facts).where(FootageRow.fingerprint == fingerprint)
            ).one_or_none()
            if footage is None:
                raise KeyError(fingerprint)
            location = jobs.end(connection, job, "done")
            if location is not None and storing.place(connection, location, file, footage.id):
                storing.grow(connection)
            return Footage.from_json(footage.facts)

    def finish(
        self,
        job: Job,
        file: SeenFile,
        footage: Footage,
        described: Sequence[Described],
        *,
        poster: bytes | None = None,
    ) -> bool:
        """End a job with everything that was made of the file, all at once.

        A layer replaces the one that its captioner made before; events that are the same as before
        keep their numbers. False, with nothing stored, when the file was queued again meanwhile.
        Raises UnusableFootage for answers that make no sense; the job is still to be ended then.
        """
        checked = [answers.checked(each, footage, file.path) for each in described]
        # Before the transaction: a picture that no row names does no harm, a row without picture would.
        stills = [[self._stills.put(still) if still else None for still in each.stills] for each in checked]
        poster_name = self._stills.put(poster) if poster else None
        with self._writing() as connection:
            location = jobs.end(connection, job, "done")
            if location is None:
                return False
            footage_id = storing.keep_footage(connection, footage, poster_name)
            storing.place(connection, location, file, footage_id)
            for each, names in zip(checked, stills, strict=True):
                storing.keep_layer(connection, footage_id, footage, each, names or [None] * len(each.events))
            storing.grow(connection)
        return True

    def _writing(self) -> AbstractContextManager[Connection]:
        return sqlite.writing(self._engine, self.folder)
