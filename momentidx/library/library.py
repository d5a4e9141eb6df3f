"""The reading side of the library."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Engine, func, select

from momentidx.errors import LibraryError, WrongUse
from momentidx.events import Moment
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import (
    bins,
    filtering,
    forget,
    invariants,
    lock,
    queries,
    queue,
    said,
    saved,
    schema,
    sqlite,
    status,
    watched,
    words,
)
from momentidx.library.stills import STILLS, Stills
from momentidx.library.tables import EmbedderRow, EventRow, FootageRow, LocationRow, MetaRow
from momentidx.library.values import (
    BinSummary,
    Candidate,
    Coverage,
    EmbedderIdentity,
    FootageSummary,
    JobSummary,
    KnownFile,
    Root,
    SavedSearch,
    Select,
    Status,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentidx.library.vectors import Batch

SHORTEST_PREFIX = 6
"""Characters of a fingerprint that are enough to ask for it."""


class Library:
    """A library to read from; any number of processes may, also while one writes.

    Footage that lies nowhere any more (its file was overwritten with something else) is kept, but
    not shown: it comes back with a file that holds it.
    """

    def __init__(self, folder: Path, engine: Engine, held: ExitStack) -> None:
        self.folder = folder
        self._engine = engine
        self._held = held
        self._stills = Stills(folder / STILLS)

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether something was ever indexed into this folder."""
        return schema.compare(folder / sqlite.DATABASE) is not schema.Schema.EMPTY

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an existing library; one of an older version is brought up to date first.

        Raises LibraryError when there is none, or none that can be used, and LibraryBusy when it has
        to be brought up to date while another process writes to it.
        """
        file = folder / sqlite.DATABASE
        found = schema.compare(file)
        if found is schema.Schema.EMPTY:
            raise LibraryError(f"Nothing is indexed yet in {folder}. Run 'momentidx index PATH'.")
        if found is not schema.Schema.CURRENT:
            with lock.hold(folder):
                schema.upgrade(file)
        engine = sqlite.reading_engine(file)
        held = ExitStack()
        held.callback(engine.dispose)
        return cls(folder, engine, held)

    def close(self) -> None:
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def uuid(self) -> str:
        """Which library this is, wherever its folder lies."""
        with self._reading() as connection:
            return connection.execute(select(MetaRow.uuid)).scalar_one()

    def generation(self) -> int:
        """Grows whenever the answer of `vectors` or `moments` may have changed, but for paths."""
        with self._reading() as connection:
            return connection.execute(select(MetaRow.generation)).scalar_one()

    def writes(self) -> int:
        """Another number whenever anything at all was written."""
        with self._reading() as connection:
            return sqlite.written(connection)

    def writer(self) -> str | None:
        """The process that writes to the library right now, and its command; None when nobody does."""
        return lock.holder(self.folder)

    def examine(self) -> Iterator[invariants.Finding]:
        """How everything stands that is to hold of a library; reads all of it.

        Whether all words can be found is only looked at where it can be and while nobody indexes: it keeps writers
        waiting.
        """
        if self.writer() is None and os.access(self.folder, os.W_OK):
            with sqlite.noting(self.folder) as connection:
                yield from invariants.examine(connection, self.folder, words_too=True)
        else:
            with self._reading() as connection:
                yield from invariants.examine(connection, self.folder, words_too=False)

    def dump(self, base: Path | None = None, *, canonical: bool = True) -> list[str]:
        """Everything the library holds, as sorted JSON lines (see `library/dump.py`)."""
        from momentidx.library.dump import dump

        with self._reading() as connection:
            return dump(connection, base, canonical=canonical)

    def status(self) -> Status:
        with self._reading() as connection:
            return status.status(connection)

    def jobs(self, states: Collection[str], *, limit: int | None = None) -> list[JobSummary]:
        """Jobs in these states: what is in work first, then what is next, then the others by their numbers."""
        with self._reading() as connection:
            return status.jobs(connection, states, limit)

    def without_jobs(self, numbers: Collection[int], paths: Collection[Path]) -> list[int | Path]:
        """Which of these, as `Queue` takes them, stand for no job at all."""
        with self._reading() as connection:
            return queue.without_jobs(connection, numbers, paths)

    def paused(self) -> tuple[Path, ...]:
        """Folders whose files are not worked on; `Path()` stands for all. `Queue` changes them."""
        with self._reading() as connection:
            return status.paused(connection)

    def embedders(self) -> list[Coverage]:
        """Every embedder of which there are vectors, in the order they came in, and how far each has come."""
        with self._reading() as connection:
            return status.embedders(connection)

    def footage_with(self, fingerprint: str) -> Footage | None:
        """What is known of a content, wherever it lies; None when it was never seen."""
        with self._reading() as connection:
            known = select(FootageRow.facts).where(FootageRow.fingerprint == fingerprint)
            facts = connection.execute(known).scalar()
        return None if facts is None else Footage.from_json(facts)

    def footage(self) -> list[FootageSummary]:
        """All footage, in the order it was added."""
        with self._reading() as connection:
            return queries.summaries(connection, self._stills)

    def footage_named(self, words: Collection[str], *, offset: int, limit: int) -> tuple[list[FootageSummary], int]:
        """Some of the footage that has each of the words in a path, its reel or its camera; and how much there is.

        `*` stands for anything.
        """
        with self._reading() as connection:
            numbers = filtering.footage_named(connection, words)
            some = FootageRow.id.in_(numbers[offset : offset + limit])
            return queries.summaries(connection, self._stills, some), len(numbers)

    def silent(self) -> int:
        """How much footage has no event at all."""
        with self._reading() as connection:
            return status.silent(connection)

    def find_footage(self, which: Path | str) -> FootageSummary:
        """The footage at a path, or the one whose fingerprint begins so; at that of a proxy, its original.

        Raises WrongUse for what is not known and for a beginning that several fingerprints share, and
        LibraryError, saying why, for a path that is known and not indexed.
        """
        path, beginning = Path(which).absolute(), str(which)
        held = select(func.coalesce(FootageRow.proxy_of, FootageRow.id)).join(LocationRow)
        at_path = FootageRow.id.in_(held.where(LocationRow.path == path))
        begins_so = FootageRow.fingerprint.startswith(beginning, autoescape=True)
        with self._reading() as connection:
            found = queries.summaries(connection, self._stills, at_path)
            if not found and len(beginning) >= SHORTEST_PREFIX and beginning.isascii():
                found = queries.summaries(connection, self._stills, begins_so)
            if not found:
                raise queries.missing(connection, path)
        if len(found) > 1:
            raise WrongUse(f"{len(found)} fingerprints begin with '{beginning}'. Give more of it, or a path.")
        return found[0]

    def summary_of(self, fingerprint: str) -> FootageSummary | None:
        """The footage of exactly this fingerprint; None when it lies nowhere, or as a proxy of other footage only."""
        with self._reading() as connection:
            found = queries.summaries(connection, self._stills, FootageRow.fingerprint == fingerprint)
        return found[0] if found else None

    def named(self, name: str) -> FootageSummary:
        """The footage in the only file of this name; else as `find_footage` with it, which raises what is wrong."""
        files = [path for path in self.known_files() if path.name == name]
        return self.find_footage(files[0] if len(files) == 1 else name)

    def footage_of(self, path: Path) -> Footage:
        """What is known of the content of a file; raises like `find_footage`."""
        return self.find_footage(path).footage

    def moments(self, fingerprint: str | None = None, *, ids: Collection[int] | None = None) -> list[Moment]:
        """Moments of one footage, or by their numbers, or all; by footage, then start, then number.

        Numbers that stand for nothing (any more) are left out. The path is an online one if there is one.
        """
        with self._reading() as connection:
            return queries.moments(connection, fingerprint, ids)

    def candidates(self, ids: Collection[int]) -> list[Candidate]:
        """What it takes to rank the moments with these numbers, in any order; numbers of none are left out."""
        with self._reading() as connection:
            return queries.candidates(connection, ids)

    def chosen(self, numbers: Sequence[int]) -> list[Moment]:
        """Moments by their numbers, in this order; raises WrongUse for a number that is none's."""
        found = {moment.id: moment for moment in self.moments(ids=numbers)}
        unknown = [str(number) for number in dict.fromkeys(numbers) if number not in found]
        if unknown:
            raise WrongUse(f"There is no moment {', '.join(unknown)}. 'momentidx find' and 'events' show the numbers.")
        return [found[number] for number in numbers]

    def still(self, moment: int) -> Path | None:
        """The picture kept for a moment, by the moment's number."""
        with self._reading() as connection:
            name = connection.execute(select(EventRow.still).where(EventRow.id == moment)).scalar()
        return self._stills.path(name) if name else None

    def forgetting(
        self,
        paths: Collection[Path] = (),
        fingerprints: Collection[str] = (),
        offline_since: datetime | None = None,
    ) -> list[forget.Forgetting]:
        """What would go if this was forgotten, see `forget.plan`; `forget.forget` does it."""
        with self._reading() as connection:
            return forget.plan(connection, paths, fingerprints, offline_since)

    def bins(self) -> list[BinSummary]:
        """All bins, by name; `Bins` changes them."""
        with self._reading() as connection:
            return bins.summaries(connection)

    def selects(self, name: str) -> list[Select]:
        """What a person put into a bin, in its order; raises WrongUse when there is no such bin."""
        with self._reading() as connection:
            return bins.selects(connection, name)

    def captions(self) -> list[said.CaptionVersion]:
        """Everything people said, all versions: by footage, then by when it was first said; `Captions` changes it."""
        with self._reading() as connection:
            return said.captions(connection)

    def history(self, moment: int) -> list[said.CaptionVersion]:
        """How what a person said of a moment read from one change to the next; nothing if nobody did.

        Raises WrongUse for a number that is no moment's.
        """
        with self._reading() as connection:
            return said.history(connection, moment)

    def stands_for(self, moment: int) -> int:
        """The number of the moment that is shown for one: itself, or a person's that stands in its place.

        Raises WrongUse for a number that is no moment's.
        """
        with self._reading() as connection:
            return said.stands_for(connection, moment)

    def strip(self, fingerprint: str) -> tuple[Path, dict[str, Any]] | None:
        """The strip of small pictures of a footage and how they lie in it; None where there is none (yet)."""
        with self._reading() as connection:
            layout = connection.execute(select(FootageRow.sprite).where(FootageRow.fingerprint == fingerprint)).scalar()
        return (self._stills.path(layout["still"]), layout) if layout else None

    def vectors(self, embedder: EmbedderIdentity) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The numbers (N,) of all moments with a vector of this embedder, ascending, and the vectors (N, D)."""
        import numpy as np  # here, because `momentidx status` can do without

        from momentidx.library.answers import matrix

        with self._reading() as connection:
            dimension = connection.execute(select(EmbedderRow.dimension).where(queries.is_embedder(embedder))).scalar()
            ids: list[int] = []
            parts = [np.empty((0, dimension or 0), np.float32)]
            for rows in connection.execute(queries.vectors(embedder)).partitions(10_000):
                ids += [row.event_id for row in rows]
                parts.append(matrix([row.vector for row in rows]))
        return np.array(ids, np.int64), np.concatenate(parts)

    def newest_vector(self) -> int:
        """The number of the newest vector; vectors are numbered in the order in which they come in."""
        from momentidx.library import vectors

        with self._reading() as connection:
            return vectors.newest(connection)

    def vector_count(self, embedder: EmbedderIdentity) -> int:
        """How many vectors of this embedder there are, also of moments that are not shown."""
        from momentidx.library import vectors

        with self._reading() as connection:
            number = vectors.number_of(connection, embedder)
            return 0 if number is None else vectors.count(connection, number)

    def is_embedded_by(self, embedder: EmbedderIdentity) -> bool:
        """Whether there are vectors of this embedder; those of a former one are deleted when another has taken over."""
        from momentidx.library import vectors

        with self._reading() as connection:
            return vectors.number_of(connection, embedder) is not None

    def vectors_since(self, embedder: EmbedderIdentity, after: int) -> Iterator[Batch]:
        """What came in after the vector of a number, in batches: the last number, moments (N,), vectors (N, D).

        Of all moments, shown or not; each batch is a transaction of its own.
        """
        from momentidx.library import vectors

        with self._reading() as connection:
            number, last = vectors.number_of(connection, embedder), vectors.newest(connection)
        while number is not None and after < last:
            with self._reading() as connection:
                found = vectors.between(connection, number, after, last)
            if found is None:
                break
            yield found
            after = found[0]

    def vectors_of(
        self, embedder: EmbedderIdentity, moments: Collection[int]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Those of the moments that have a vector (N,), shown or not, and the vectors (N, D)."""
        import numpy as np

        from momentidx.library import vectors

        with self._reading() as connection:
            number = vectors.number_of(connection, embedder)
            if number is None:
                return np.empty(0, np.int64), np.empty((0, 0), np.float32)
            return vectors.of_events(connection, number, moments)

    def sample_vectors(self, embedder: EmbedderIdentity, size: int) -> NDArray[np.float32]:
        """About so many vectors (N, D) of this embedder, from the oldest to the newest."""
        import numpy as np

        from momentidx.library import vectors

        with self._reading() as connection:
            number = vectors.number_of(connection, embedder)
            return np.empty((0, 0), np.float32) if number is None else vectors.sample(connection, number, size)

    def vectors_in(
        self, footages: Collection[str], embedder: EmbedderIdentity
    ) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
        """Of each footage, by its fingerprint, the numbers of its moments, ascending, and those of their vectors.

        0 stands for no vector. A vector's number stands for one caption for ever: other words get another one.
        """
        from momentidx.library import vectors

        with self._reading() as connection:
            number = vectors.number_of(connection, embedder)
            return queries.vector_numbers(connection, footages, number or 0)

    def told(self, vectors: Collection[int]) -> tuple[list[int], list[str], NDArray[np.float32]]:
        """What was embedded, by the numbers of vectors (see `vectors_in`): those (N,) that there are, in any order,
        the captions (N,) and the vectors (N, D)."""
        import numpy as np

        from momentidx.library.answers import matrix

        with self._reading() as connection:
            found = queries.told(connection, vectors)
        if not found:
            return [], [], np.empty((0, 0), np.float32)
        numbers, captions, stored = zip(*found, strict=True)
        return list(numbers), list(captions), matrix(stored)

    def word_hits(
        self, tokens: Sequence[str], *, phrases: Collection[Sequence[str]] = (), limit: int = 1000
    ) -> dict[int, float]:
        """Moments with any of the tokens and all of the phrases, best first, with their BM25 (higher is better)."""
        with self._reading() as connection:
            return words.hits(connection, tokens, phrases, limit)

    def words_beginning(self, text: str, limit: int = 10) -> list[tuple[str, int]]:
        """Words of captions that begin so, in small letters, and how many captions have them: most first.

        Where many captions have one, the newest are looked at.
        """
        with self._reading() as connection:
            return words.beginning(connection, text, limit)

    def matching(
        self, conditions: filtering.Conditions, *, among: Collection[int] | None = None, limit: int | None = None
    ) -> list[int]:
        """Numbers of the moments that meet the conditions; among these, or of all."""
        with self._reading() as connection:
            return filtering.matching(connection, conditions, among, limit)

    def moments_of(self, footages: Collection[str]) -> dict[str, list[int]]:
        """Numbers of all the moments of each footage, by its fingerprint."""
        with self._reading() as connection:
            return queries.numbers(connection, footages)

    def newest_clips(self, limit: int) -> list[str]:
        """Fingerprints of the footage that came in last, the newest first."""
        with self._reading() as connection:
            return queries.newest_clips(connection, limit)

    def moments_since(self, number: int, *, limit: int) -> list[int]:
        """Numbers of all moments of the footage that has a later one than this; so many at most."""
        with self._reading() as connection:
            return queries.since(connection, number, limit)

    def values(self, name: str) -> list[str]:
        """What moments were told to be under a name that a captioner declares, in small letters; and the cameras,
        reels, captioners and labels that there are."""
        with self._reading() as connection:
            return filtering.known_values(connection, name)

    def saved_searches(self) -> list[SavedSearch]:
        """Questions that a person keeps, by name; `SavedSearches` changes them."""
        with self._reading() as connection:
            return saved.every(connection)

    def saved_search(self, name: str) -> SavedSearch:
        """One of them; raises WrongUse when there is none of this name."""
        with self._reading() as connection:
            return saved.known(connection, name)

    def newest_event(self) -> int:
        """The number up to which all moments can be found; later ones are still to come."""
        with self._reading() as connection:
            return saved.newest_event(connection)

    def known_files(self) -> dict[Path, SeenFile]:
        """Every file the library was told of, as it was then, whether or not it is still there."""
        with self._reading() as connection:
            files = [SeenFile(*row) for row in connection.execute(select(*queries.SEEN))]
        return {file.path: file for file in files}

    def known(self, under: Collection[Path] | None = None, *, inodes: Collection[int] = ()) -> dict[str, KnownFile]:
        """Every file the library was told of, by path; or those at and below these, and those with these inodes."""
        with self._reading() as connection:
            return watched.known(connection, under, inodes)

    def roots(self) -> list[Root]:
        """The folders that are or were watched, by path."""
        with self._reading() as connection:
            return watched.roots(connection)

    def _reading(self) -> AbstractContextManager[Connection]:
        """One transaction, so that several questions see the same library."""
        return self._engine.begin()
