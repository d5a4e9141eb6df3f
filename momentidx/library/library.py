"""The reading side of the library."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection, Engine, select

from momentidx.errors import LibraryError, WrongUse
from momentidx.events import Layer, Moment
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import bins, lock, queries, schema, sqlite
from momentidx.library.stills import STILLS, Stills
from momentidx.library.tables import EmbedderRow, EventRow, FootageRow, LocationRow, MetaRow
from momentidx.library.values import BinSummary, EmbedderIdentity, FootageSummary, Select, Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
            raise LibraryError(f"Nothing is indexed yet in {folder}. Run momentidx index PATH.")
        if found is schema.Schema.OLDER:
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

    def writer(self) -> str | None:
        """The process that writes to the library right now, and its command; None when nobody does."""
        return lock.holder(self.folder)

    def problems(self) -> list[str]:
        """What is wrong with the database file, as sentences; reads all of it."""
        with self._reading() as connection:
            return sqlite.problems(connection, self.folder / sqlite.DATABASE)

    def status(self) -> Status:
        with self._reading() as connection:
            return queries.status(connection)

    def has(self, fingerprint: str, layer: Layer, embedder: EmbedderIdentity) -> bool:
        """Whether a content is described by exactly this captioner and embedded by exactly this embedder."""
        question = select(FootageRow.id).where(
            FootageRow.fingerprint == fingerprint, queries.is_current(layer, embedder)
        )
        with self._reading() as connection:
            return connection.execute(question).first() is not None

    def footage(self) -> list[FootageSummary]:
        """All footage, in the order it was added."""
        with self._reading() as connection:
            return queries.summaries(connection, self._stills)

    def find_footage(self, which: Path | str) -> FootageSummary:
        """The footage at a path, or the one whose fingerprint begins so.

        Raises LibraryError for a path that is not indexed, saying what is known of it, and WrongUse
        for a beginning that several fingerprints share.
        """
        path, beginning = Path(which).absolute(), str(which)
        at_path = FootageRow.id.in_(select(LocationRow.footage_id).where(LocationRow.path == path))
        begins_so = FootageRow.fingerprint.startswith(beginning, autoescape=True)
        with self._reading() as connection:
            found = queries.summaries(connection, self._stills, at_path)
            if not found and len(beginning) >= SHORTEST_PREFIX and beginning.isascii():
                found = queries.summaries(connection, self._stills, begins_so)
            if not found:
                raise LibraryError(queries.why_missing(connection, path))
        if len(found) > 1:
            raise WrongUse(f"{len(found)} fingerprints begin with '{beginning}'. Give more of it, or a path.")
        return found[0]

    def footage_of(self, path: Path) -> Footage:
        """What is known of the content of a file; raises like `find_footage`."""
        return self.find_footage(path).footage

    def moments(self, fingerprint: str | None = None, *, ids: Collection[int] | None = None) -> list[Moment]:
        """Moments of one footage, or by their numbers, or all; by footage, then start, then number.

        Numbers that stand for nothing (any more) are left out. The path is an online one if there is one.
        """
        with self._reading() as connection:
            return queries.moments(connection, fingerprint, ids)

    def still(self, moment: int) -> Path | None:
        """The picture kept for a moment, by the moment's number."""
        with self._reading() as connection:
            name = connection.execute(select(EventRow.still).where(EventRow.id == moment)).scalar()
        return self._stills.path(name) if name else None

    def bins(self) -> list[BinSummary]:
        """All bins, by name; `Bins` changes them."""
        with self._reading() as connection:
            return bins.summaries(connection)

    def selects(self, name: str) -> list[Select]:
        """What a person put into a bin, in its order; raises WrongUse when there is no such bin."""
        with self._reading() as connection:
            return bins.selects(connection, name)

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

    def known_files(self) -> dict[Path, SeenFile]:
        """Every file the library was told of, as it was then, whether or not it is still there."""
        with self._reading() as connection:
            files = [SeenFile(*row) for row in connection.execute(select(*queries.SEEN))]
        return {file.path: file for file in files}

    def _reading(self) -> AbstractContextManager[Connection]:
        """One transaction, so that several questions see the same library."""
        return self._engine.begin()
