"""One index of FAISS: which kind is right for how many vectors, how it is made from rows, and how it is asked.

`exact` compares a query with every vector as it is, and is right as long as that takes no time. `sketches` compares it
with every vector too, but with a sketch of it: of every four numbers the nearest of 16 patterns, half a byte (product
quantisation, Jegou et al. 2011, in the layout of André et al., VLDB 2015, that processors compare 32 at a time). A
million are 48 MB and take some ten milliseconds; the best of them are compared once more with the rows
(`vectors.py`), so that every cosine that leaves the search is exact. `whole` keeps 16 bits a number and needs no
training: it stands in while a large library has no sketches yet. benchmarks/LOG.md says what else was measured.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np
from numpy.typing import NDArray

from momentidx.errors import LibraryError, MomentidxError

if TYPE_CHECKING:
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder

EXACT_UP_TO = 50_000
"""Vectors that are compared as they are; of 384 numbers they take 75 MB."""
NUMBERS_A_PATTERN = 4
SAMPLES = 30_000
"""Vectors that the patterns are learned from."""


class Kind(StrEnum):
    EXACT = "exact"
    SKETCHES = "sketches"
    WHOLE = "whole"


Hits = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Events (N,) and their cosines (N,), in no order."""


@dataclass(frozen=True, slots=True)
class Index:
    """Vectors of events up to a number; never changed once it is made."""

    kind: Kind
    vectors: Any
    """FAISS's index; a vector is known by its place in `events`."""
    events: NDArray[np.int64]
    newest: int
    """Vectors with a larger number (`Library.vectors_since`) are not in it."""
    on_gpu: Any = None
    """The same on a GPU."""
    _by_event: NDArray[np.int64] = field(init=False, repr=False)
    """Places in the order of the events' numbers."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_event", np.argsort(self.events, kind="stable"))

    def __len__(self) -> int:
        return len(self.events)

    @property
    def is_exact(self) -> bool:
        """Whether its cosines are."""
        return self.kind is Kind.EXACT

    def nearest(self, vector: NDArray[np.float32], count: int) -> Hits:
        """At most `count` events, by a (D,) vector."""
        if not len(self):
            return self.events, np.empty(0, np.float32)
        scores, places = (self.on_gpu or self.vectors).search(vector[None], min(count, len(self)))  # (1, count) each
        there = places[0] >= 0
        return self.events[places[0][there]], scores[0][there]

    def among(self, vector: NDArray[np.float32], events: Collection[int]) -> Hits:
        """Those of the events that are in it."""
        wanted = np.fromiter(events, np.int64, len(events))
        at = np.searchsorted(self.events, wanted, sorter=self._by_event)
        places = self._by_event[np.minimum(at, len(self) - 1)] if len(self) else at[:0]
        places = places[self.events[places] == wanted[: len(places)]]
        if not len(places):
            return places, np.empty(0, np.float32)
        return self.events[places], self.stored(places) @ vector

    def stored(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors (N, D) as they are kept, by their places (N,)."""
        found: NDArray[np.float32] = self.vectors.reconstruct_batch(places)
        return found


def faiss_build() -> str:
    """Version and kind of the FAISS that is installed."""
    return f"{faiss.__version__}, {'GPU' if hasattr(faiss, 'StandardGpuResources') else 'CPU'} build"


def kind_for(count: int, dimension: int, *, gpu: bool = False) -> Kind:
    """What so many vectors are kept in. A GPU has the memory and the speed to compare all as they are."""
    sketched = count > EXACT_UP_TO and dimension % NUMBERS_A_PATTERN == 0 and not gpu
    return Kind.SKETCHES if sketched else Kind.EXACT


def build(library: Library, embedder: Embedder, kind: Kind) -> Index:
    """An index of all the library's vectors of an embedder.

    Raises LibraryError when they are not as long as the embedder says.
    """
    vectors = _empty(library, embedder, kind)
    return _filled(Index(kind, vectors, np.empty(0, np.int64), 0), library, embedder)


def extended(index: Index, library: Library, embedder: Embedder) -> Index:
    """The same with what came in since; the index itself stays as it is."""
    return _filled(replace(index, vectors=faiss.clone_index(index.vectors), on_gpu=None), library, embedder)


def moved_to_gpu(index: Index) -> Index:
    """The same index, asked on the first GPU. Raises MomentidxError where that cannot be."""
    if not hasattr(faiss, "StandardGpuResources"):
        raise MomentidxError(
            "The setting search_gpu is on, but the FAISS that is installed knows no GPU. Put the package of the extra "
            "'gpu' in the place of faiss-cpu (docs/search.md), or turn the setting off."
        )
    if not faiss.get_num_gpus():
        raise MomentidxError("The setting search_gpu is on, but no GPU was found. Turn the setting off.")
    return replace(index, on_gpu=faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index.vectors))


def batches(
    library: Library, embedder: Embedder, after: int
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float32]]]:
    """What came in after a number, as `Library.vectors_since` tells it.

    Raises LibraryError for vectors of another length than the embedder's.
    """
    for newest, events, matrix in library.vectors_since(embedder, after):
        if matrix.shape[1] != embedder.dimension:
            raise LibraryError(
                f"{library.folder}: vectors of '{embedder.name}' have {matrix.shape[1]} numbers instead of "
                f"{embedder.dimension}. Run 'momentidx doctor'."
            )
        yield newest, events, matrix


def _filled(index: Index, library: Library, embedder: Embedder) -> Index:
    faiss.omp_set_num_threads(1)  # for this thread
    parts, newest = [index.events], index.newest
    for number, events, matrix in batches(library, embedder, index.newest):
        index.vectors.add(matrix)
        parts.append(events)
        newest = number
    return replace(index, events=np.concatenate(parts), newest=newest)


def _empty(library: Library, embedder: Embedder, kind: Kind) -> Any:
    dimension, cosine = embedder.dimension, faiss.METRIC_INNER_PRODUCT
    if kind is Kind.EXACT:
        return faiss.IndexFlatIP(dimension)
    if kind is Kind.WHOLE:
        return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, cosine)
    sketches = faiss.IndexPQFastScan(dimension, dimension // NUMBERS_A_PATTERN, 4, cosine)
    sketches.train(library.sample_vectors(embedder, SAMPLES))
    return sketches
