"""The vectors of a library, ready to be searched: an index of most of them, and the newest beside it.

The truth is in the library's rows; the index is a cache that can always be made from them (`cache.py`, `index.py`).
What came in after it was made is compared one by one until it is folded in, and what was deleted is left out when the
moments are read. So nobody waits for an index: where there is none, or it is damaged, the rows are searched, and
`note` says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentidx.search.cache import Cache, Damaged, Source
from momentidx.search.index import Hits, Index, Kind, batches, build, extended, kind_for, moved_to_gpu

if TYPE_CHECKING:
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder

log = logging.getLogger(__name__)

FOLD_FROM = 5_000
"""Vectors beside the index that are worth a new one."""
SPARE = 100
"""With the sketches twice as many as asked for and so many more are found, to be compared once more."""
FEW = 1_000
"""So many are compared with their rows at once."""
CHECKED = 16
"""Vectors of a cached index that are compared with their rows: after a backup was put back they are others."""
ALIKE = 0.4
"""Cosine of a sketch and its vector at least; mostly it is 0.6 to 0.9. Of the other kinds it is 1."""


@dataclass(frozen=True, slots=True)
class _State:
    """What is searched; exchanged as a whole."""

    index: Index
    events: NDArray[np.int64]
    """(N,) of what came in since the index was made, and their vectors (N, D)."""
    matrix: NDArray[np.float32]
    newest: int


class Vectors:
    """All events of one library that have a vector of one embedder, whether they are shown or not."""

    def __init__(
        self, library: Library, embedder: Embedder, index: Index, note: str | None = None, *, gpu: bool = False
    ) -> None:
        self.note = note
        """What a person should know: the index is missing or was damaged."""
        self._library = library
        self._embedder = embedder
        self._gpu = gpu
        self._changing = threading.Lock()
        self._folding: threading.Thread | None = None
        self._state = self._beginning(index)
        self.refresh()

    def __bool__(self) -> bool:
        return True  # also an empty one is one

    def __len__(self) -> int:
        return len(self._state.index) + len(self._state.events)

    @property
    def kind(self) -> Kind:
        return self._state.index.kind

    def nearest(
        self, vector: NDArray[np.float32], count: int, among: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """Events, of all or of these, with their cosine to a (D,) vector of length 1; best first, at most `count`."""
        state = self._state
        events, scores = self._found(state.index, vector, count, among)
        kept = np.isin(events, state.events, invert=True)  # a person changed the words: the index has the former ones
        events, scores = events[kept], scores[kept]
        fresh = slice(None) if among is None else np.isin(state.events, np.fromiter(among, np.int64, len(among)))
        events = np.concatenate([events, state.events[fresh]])
        scores = np.concatenate([scores, state.matrix[fresh] @ vector])
        best = np.lexsort((events, -scores))[:count]
        return list(zip(events[best].tolist(), scores[best].tolist(), strict=True))

    def rows(self, events: Collection[int]) -> Hits:
        """Those of the events that have a vector (N,), and the vectors (N, D)."""
        return self._library.vectors_of(self._embedder, events)

    def refresh(self) -> None:
        """Take in what came in since; deleted events leave by themselves."""
        with self._changing:
            parts = list(batches(self._library, self._embedder, self._state.newest))
            if parts:
                events = np.concatenate([self._state.events, *(events for _, events, _ in parts)])
                matrix = np.concatenate([self._state.matrix, *(matrix for _, _, matrix in parts)])
                _, backwards = np.unique(events[::-1], return_index=True)  # the last of each
                last = np.sort(len(events) - 1 - backwards)
                self._state = _State(self._state.index, events[last], matrix[last], parts[-1][0])

    @property
    def is_behind(self) -> bool:
        """Whether a new index is due."""
        beside = len(self._state.events)
        return self.kind is Kind.WHOLE or beside >= max(FOLD_FROM, len(self._state.index) // 20)

    def fold(self) -> None:
        """Make a new index with all there is, keep it on disk, and search with it from then on."""
        old = self._state.index
        there = self._library.vector_count(self._embedder)
        kind = kind_for(there, self._embedder.dimension, gpu=self._gpu)
        changed = np.isin(self._state.events, old.events).any()
        if kind is old.kind and there >= 0.8 * len(old) and not changed:  # else too many of them are deleted
            index = extended(old, self._library, self._embedder)
        else:
            index = build(self._library, self._embedder, kind)
        Cache(self._library.folder, self._embedder.name).write(index, _source(self._library, self._embedder))
        with self._changing:
            self._state = self._beginning(index)
            self.note = None
        self.refresh()

    def fold_beside(self) -> None:
        """The same, in a thread, unless one is at it; searching goes on meanwhile."""
        if self._folding is None or not self._folding.is_alive():
            self._folding = threading.Thread(target=self._fold_quietly, name="search index", daemon=True)
            self._folding.start()

    def _fold_quietly(self) -> None:
        try:
            self.fold()
        except Exception:  # a thread has nobody to raise to; the search goes on as it was
            log.warning("the search index could not be made anew", exc_info=True)

    def _beginning(self, index: Index) -> _State:
        nothing = np.empty(0, np.int64), np.empty((0, self._embedder.dimension), np.float32)
        return _State(moved_to_gpu(index) if self._gpu else index, *nothing, index.newest)

    def _found(self, index: Index, vector: NDArray[np.float32], count: int, among: Collection[int] | None) -> Hits:
        """Of the index: at least the best `count`, with their exact cosines."""
        if index.is_exact:
            return index.nearest(vector, count) if among is None else index.among(vector, among)
        some = 2 * count + SPARE
        if among is None:
            events, _ = index.nearest(vector, some)
        elif len(among) <= FEW:
            events = np.fromiter(among, np.int64, len(among))
            events = events[np.isin(events, self._state.events, invert=True)]
        else:
            events, sketched = index.among(vector, among)
            events = events[np.argsort(-sketched)[:some]]
        events, rows = self._library.vectors_of(self._embedder, events.tolist())
        return events, rows @ vector if len(events) else np.empty(0, np.float32)


def open_vectors(library: Library, embedder: Embedder, *, gpu: bool = False) -> Vectors:
    """What the library holds now: from the cache and what came in since, or from the rows.

    Raises LibraryError when the library's vectors are not as long as the embedder's, and MomentidxError for a GPU
    that is not there.
    """
    cache, note = Cache(library.folder, embedder.name), None
    try:
        index = cache.read(_source(library, embedder))
    except Damaged as damage:
        log.warning("%s", damage)
        index, note = None, "The search index was damaged; the library's rows were searched instead."
    if index is not None and not _is_of(index, library, embedder):
        index = None
    if index is None:
        index, missing = _from_rows(library, embedder, gpu=gpu)
        note = note or missing
        if index.kind is not Kind.WHOLE:
            cache.write(index, _source(library, embedder))
    vectors = Vectors(library, embedder, index, note, gpu=gpu)
    if vectors.is_behind and vectors.kind is not Kind.WHOLE:
        vectors.fold()
    return vectors


def is_cached(library: Library, embedder: Embedder) -> bool:
    """Whether an index of this library and embedder lies in the cache, whole; what came in since is read beside it."""
    try:
        index = Cache(library.folder, embedder.name).read(_source(library, embedder))
    except Damaged:
        return False
    return index is not None and _is_of(index, library, embedder)


def keep_index(library: Library, embedder: Embedder) -> None:
    """Make the index of a large library, or bring it up to date, so that no search has to do without.

    That of a small one is made in passing.
    """
    if kind_for(library.vector_count(embedder), embedder.dimension) is Kind.EXACT:
        return
    cache, source = Cache(library.folder, embedder.name), _source(library, embedder)
    try:
        index = cache.read(source)
    except Damaged as damage:
        log.warning("%s", damage)
        index = None
    if index is None or not _is_of(index, library, embedder):
        cache.write(build(library, embedder, Kind.SKETCHES), source)
        return
    vectors = Vectors(library, embedder, index)
    if vectors.is_behind:
        vectors.fold()


def _from_rows(library: Library, embedder: Embedder, *, gpu: bool) -> tuple[Index, str | None]:
    """An index that is made in no time, and a sentence when it is not the one for so many vectors."""
    count = library.vector_count(embedder)
    if kind_for(count, embedder.dimension, gpu=gpu) is Kind.EXACT:
        return build(library, embedder, Kind.EXACT), None
    note = f"There is no search index yet: all {count:,} rows were read. 'momentidx index' makes one."
    return build(library, embedder, Kind.WHOLE), note


def _is_of(index: Index, library: Library, embedder: Embedder) -> bool:
    """Whether the index was made from these rows, as far as some of them tell."""
    if not len(index):
        return index.newest <= library.newest_vector()
    places = np.unique(np.linspace(0, len(index) - 1, CHECKED, dtype=np.int64))
    events, rows = library.vectors_of(embedder, index.events[places].tolist())
    if not len(events):
        return index.newest <= library.newest_vector()
    if rows.shape[1] != embedder.dimension:
        return False
    by_event = dict(zip(index.events[places].tolist(), index.stored(places), strict=True))
    least = ALIKE if index.kind is Kind.SKETCHES else 0.999
    return index.newest <= library.newest_vector() and all(
        float(row @ by_event[event]) >= least * float(np.linalg.norm(row) * np.linalg.norm(by_event[event]))
        for event, row in zip(events.tolist(), rows, strict=True)
    )


def _source(library: Library, embedder: Embedder) -> Source:
    return Source(library.uuid(), embedder.name, embedder.version, embedder.dimension)
