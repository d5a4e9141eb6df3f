"""The writing side of the library."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Engine, exists, select

from momentidx.errors import LibraryError
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import (
    answers,
    damage,
    invariants,
    jobs,
    lock,
    pictures,
    planning,
    proxies,
    queries,
    queueing,
    schema,
    sqlite,
    storing,
    watched,
)
from momentidx.library.jobs import utc_now
from momentidx.library.library import Library
from momentidx.library.queueing import Priority
from momentidx.library.tables import JobRow, LocationRow
from momentidx.library.values import Claim, Described, EmbedderIdentity, Job, Root, Strip, Wanted
from momentidx.times import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


AT_ONCE = 5000
"""Rows that are written in one transaction where there may be a hundred thousand."""
KEPT_SHARE = 0.9
"""How much of the room for pictures is still taken when the oldest were deleted."""


class WritableLibrary(Library):
    """The library as the one process sees it that writes.

    Every method is one transaction unless it says otherwise: after a crash at any point it happened
    or it did not. Those of the work on a file that a power cut would only make to be done again reach the
    disk together, with `settle`.
    """

    def __init__(self, folder: Path, engine: Engine, held: ExitStack, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__(folder, engine, held)
        self._clock = clock
        self._owed: list[Claim] = []
        """Given back when nothing could be written."""

    @classmethod
    def open(cls, folder: Path, clock: Callable[[], datetime] = utc_now) -> Self:
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
            with sqlite.writing(engine, folder, "open") as connection:
                jobs.release_dead(connection, clock())
            return cls(folder, engine, held.pop_all(), clock)

    def close(self) -> None:
        """Close; a job that is still claimed, because the work ended early, goes back to the queue."""
        try:
            # On a full disk even this may fail; the next start finds the job running and queues it then.
            with suppress(LibraryError), self._writing("close") as connection:
                jobs.release_all(connection)
        finally:
            super().close()

    def enqueue(self, file: SeenFile) -> bool:
        """Queue a file that is new, changed, or failed for a passing reason.

        True when it, or its content, now waits to be worked on; False when there is nothing to do:
        done, failed for good, or in work.
        """
        return bool(self.enqueue_all([file]))

    def enqueue_all(self, files: Iterable[SeenFile], *, priority: Priority = lambda _path: 0) -> list[SeenFile]:
        """Queue many files, much quicker than one by one; those that now wait.

        Others can write in between: it is one transaction for every few thousand files.
        """
        waiting: list[SeenFile] = []
        once = list({file.path: file for file in files}.values())
        for some in queries.chunks(once, AT_ONCE):
            with self._writing("enqueue", synced=False) as connection:
                waiting += queueing.enqueue(connection, some, priority, self._clock())
        return waiting

    def plan(self, wanted: Wanted) -> int:
        """Queue what footage lacks, and what a new version of the tools may do better; for how many it did.

        What former tools left behind is cleared away. Nothing is written when all is as it should be,
        and others can write in between.
        """
        with self._reading() as connection:
            leftovers = planning.has_leftovers(connection, wanted)
        if leftovers:
            with self._writing("sweep") as connection:
                planning.sweep(connection, wanted)
        with self._reading() as connection:
            lacking = planning.lacking(connection, wanted)
            hopeless = connection.execute(select(exists().where(*planning.hopeless_probes(wanted)))).scalar()
        for some in queries.chunks(lacking, AT_ONCE):
            with self._writing("plan") as connection:
                planning.queue(connection, some, self._clock())
        retried = 0
        if hopeless:
            with self._writing("retry_probes") as connection:
                retried = planning.retry_probes(connection, wanted, self._clock())
        return len({stage.footage for stage in lacking}) + retried

    def mark(self, *, online: Collection[Path] = (), offline: Collection[Path] = ()) -> None:
        """Note which known files are there and which are not. Nothing is ever deleted for being away."""
        with self._writing("mark") as connection:
            queueing.mark(connection, online, offline, self._clock())

    def relocate(self, moves: Sequence[tuple[Path, SeenFile]]) -> None:
        """Files known at one path that lie at another now: what is known of them goes along, nothing is read."""
        with self._writing("relocate") as connection:
            watched.relocate(connection, moves)

    def note_root(self, root: Root) -> None:
        """Keep how a watched folder stands now."""
        with self._writing("note_root") as connection:
            watched.note(connection, root)

    def repair(self) -> list[invariants.Finding]:
        """Mend what can be mended; how everything stood before. As a whole or not at all.

        What processes left that died over a copy of the library is deleted.
        """
        damage.sweep(self.folder)
        with self._writing() as connection:
            found = list(invariants.repair(connection, self.folder))
            storing.grow(connection)
            return found

    def failed_among(self, paths: Collection[Path]) -> int:
        """How many of these files are marked as failed, wholly or in part."""
        with self._reading() as connection:
            failed = select(LocationRow.path).join(JobRow, queries.LIES_AT).where(JobRow.state == "failed")
            return len(set(connection.execute(failed).scalars()).intersection(paths))

    def claim(self, wanted: Wanted, path: Path | None = None) -> Claim | None:
        """Take the work whose turn it is, or what is due of the file at this path; None when there is none.

        All that is due of one content is taken together, so that it is read as seldom as possible.
        """
        self._release_owed()
        with self._reading() as connection:
            if not jobs.is_due(connection, wanted, path, self._clock()):
                return None
        with self._writing("claim", synced=False) as connection:
            return jobs.claim(connection, wanted, path, self._clock())

    def release(self, claim: Claim) -> None:
        """Give back what of a claim was not ended; it keeps its place in the queue.

        On a full disk that is made up for before the next claim.
        """
        self._owed.append(claim)
        with suppress(LibraryError):
            self._release_owed()

    def _release_owed(self) -> None:
        if self._owed:
            with self._writing("release") as connection:
                jobs.release(connection, [job for claim in self._owed for job in claim.jobs])
            self._owed.clear()

    def fail(self, job: Job, code: str, reason: str, *, passing: bool, tried_with: str = "") -> None:
        """End a job that could not be done; it is tried again later if that may help, but not for ever.

        A file that changed and cannot be probed no longer stands for what it held before.
        """
        with self._writing("fail") as connection:
            ended = jobs.fail(connection, job, code, reason, passing=passing, tried_with=tried_with, now=self._clock())
            if ended is not None and ended.location_id is not None and not passing:
                storing.let_go(connection, ended.location_id)

    def recognise(self, claim: Claim, file: SeenFile, footage: Footage, wanted: Wanted) -> Claim | None:
        """End a probe: the file is a place where this content lies. The claim on what is due of the content.

        None, with nothing stored, when the file was queued again meanwhile.
        """
        (probe,) = claim.jobs
        now = self._clock()
        with self._writing("recognise") as connection:
            ended = jobs.end(connection, probe, "done", now)
            if ended is None:
                return None
            known = storing.footage_with(connection, footage.fingerprint)
            number = storing.add_footage(connection, footage, now) if known is None else known
            news = storing.place(connection, ended.location_id, file, number, now)
            paired = wanted.pair_proxies and proxies.pair(connection, footage, file.path)
            if known is None and not paired:
                due = planning.whole(wanted, number, file.path)
            else:
                queueing.again(connection, [ended.location_id], now)
                due = planning.lacking(connection, wanted, number)
            planning.queue(connection, due, ended.queued_at, priority=ended.priority, file_time=ended.file_time)
            if news or paired:
                storing.grow(connection)
            return Claim(file, footage, jobs.take_content(connection, wanted, number, now))

    def keep_layer(self, job: Job, footage: Footage, path: Path, described: Described, wanted: Wanted) -> bool:
        """End a description with the events that it made. They are shown when they have their vectors.

        False, with nothing stored, when the claim does not count any more. Raises UnusableFootage for
        answers that make no sense; the job is still to be ended then.
        """
        checked = answers.checked(described, footage, path)
        # Before the transaction: a picture that no row names does no harm, a row without picture would.
        stills = [self._stills.put(still) if still else None for still in checked.stills] or [None] * len(
            checked.events
        )
        now = self._clock()
        with self._writing("keep_layer", synced=False) as connection:
            ended = jobs.end(connection, job, "done", now)
            if ended is None:
                return False
            storing.keep_layer(connection, ended.footage_id, checked, stills, now)
            embed = planning.Stage(ended.footage_id, jobs.EMBED, wanted.embedder.name)
            planning.queue(connection, [embed], ended.queued_at, priority=ended.priority, file_time=ended.file_time)
        return True

    def unpictured(self, footage: Footage) -> tuple[bool, dict[int, Span]]:
        """Whether a content lacks its poster or its strip, and the stretch of every event that lacks its still."""
        with self._reading() as connection:
            return pictures.unpictured(connection, footage)

    def keep_pictures(
        self, job: Job, poster: bytes | None, strip: Strip | None, stills: Mapping[int, bytes] = MappingProxyType({})
    ) -> bool:
        """End the making of pictures, with stills of events by their numbers; None: the one that there is stays.

        False when the claim does not count any more.
        """
        values: dict[str, Any] = {}
        if poster is not None:
            values["poster"] = self._stills.put(poster)
        if strip is not None:
            values["sprite"] = {**strip.layout, "still": self._stills.put(strip.jpeg)}
        of_events = [{"event": event, "still": self._stills.put(jpeg)} for event, jpeg in stills.items()]
        with self._writing("keep_pictures", synced=False) as connection:
            ended = jobs.end(connection, job, "done", self._clock())
            if ended is not None:
                pictures.keep(connection, ended.footage_id, values, of_events)
        return ended is not None

    def notice_missing(self) -> int:
        """Queue the making of pictures whose files are gone; of how much footage.

        Quick while nothing changed: it looks at folders, and only inside those that changed.
        """
        changed = self._stills.changed()
        if not changed:
            return 0
        with self._reading() as connection:
            missing = [name for name in pictures.named(connection) if name not in changed.get(name[:2], {name})]
        missing = [name for name in missing if not self._stills.path(name).exists()]  # it may just have been put
        if not missing:
            return 0
        with self._writing() as connection:
            return pictures.forget(connection, missing, self._clock())

    def keep_stills_within(self, limit: int) -> int:
        """Delete pictures when they take more bytes than this, see `pictures.shed`; of how much footage.

        Some more than is needed, so that it is not done with every new picture. Only for the thread that
        keeps pictures: what another was about to name would be taken for unused.
        """
        if self._stills.size() <= limit or self._stills.measured() <= limit:
            return 0
        excess = self._stills.size() - int(limit * KEPT_SHARE)
        with self._writing() as connection:
            gone, footage = pictures.shed(connection, self._stills.names(), excess, self._stills.bytes_of)
        self._stills.drop(gone)  # last: a picture that no row names does no harm, a row without picture would
        return footage

    def unembedded(self, fingerprint: str, wanted: Wanted) -> dict[int, str]:
        """Number and caption of every event of a content that lacks its vector."""
        with self._reading() as connection:
            return planning.silent(connection, wanted, fingerprint)

    def keep_vectors(
        self, job: Job, path: Path, embedder: EmbedderIdentity, events: Sequence[int], vectors: NDArray[np.float32]
    ) -> bool:
        """End an embedding with the vectors (N, D) of N events; layers that are whole by that are shown.

        False and UnusableFootage as for `keep_layer`.
        """
        answers.check_vectors(vectors, len(events), embedder.name, path)
        with self._writing("keep_vectors", synced=False) as connection:
            ended = jobs.end(connection, job, "done", self._clock())
            if ended is not None:
                storing.keep_vectors(connection, ended.footage_id, embedder, events, vectors)
        return ended is not None

    def settle(self) -> None:
        """Let all that was written so far survive a power cut, too; before a file is said to be indexed."""
        with self._writing("settle") as connection:
            sqlite.count(connection)

    def _writing(self, name: str = "note", *, synced: bool = True) -> AbstractContextManager[Connection]:
        return sqlite.writing(self._engine, self.folder, name, synced=synced)
