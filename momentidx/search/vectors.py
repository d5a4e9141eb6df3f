"""The vectors of a library, ready to be searched: FAISS as a cache that can always be rebuilt.

The truth is in the library's rows. Beside it, in `vectors/`, lie for each embedder the index and a
manifest that says what it was made from. FAISS files carry no checksum, and most damaged ones load
without complaint and answer wrongly, so the manifest holds the SHA-256 and is asked first. Whatever
does not fit, for whatever reason, is built again from the rows; where nothing can be written, the
index lives in memory only.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import faiss
import numpy as np
from numpy.typing import NDArray

from momentidx.errors import LibraryError
from momentidx.failpoints import reach

if TYPE_CHECKING:
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder

log = logging.getLogger(__name__)

FOLDER = "vectors"
PART = ".part"
"""Ending of files that are being written."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an index was made from; another source means another index."""

    library: str
    """The library's own number, which a copied or exchanged file does not share."""
    generation: int
    """The library's state, read before its rows: an index may be newer than it says, never older."""
    embedder: str
    version: str
    dimension: int
    faiss: str = faiss.__version__


class Vectors:
    """All events of one library that have a vector of one embedder."""

    def __init__(self, index: Any) -> None:
        self._index = index  # faiss.IndexIDMap of an exact inner-product index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def nearest(
        self, vector: NDArray[np.float32], count: int, among: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """Events, of all or of these, with their cosine to a (D,) vector of length 1; best first, at most `count`."""
        count = min(count, len(self))
        if among is None:
            scores, ids = self._index.search(vector[None], count)  # (1, count) each
        else:
            chosen = faiss.IDSelectorBatch(np.fromiter(among, np.int64, len(among)))
            scores, ids = self._index.search(vector[None], count, params=faiss.SearchParameters(sel=chosen))  # type: ignore[call-arg]
        return [(int(event), float(score)) for event, score in zip(ids[0], scores[0], strict=True) if event >= 0]


def faiss_build() -> str:
    """Version and kind of the FAISS that is installed."""
    return f"{faiss.__version__}, {'GPU' if hasattr(faiss, 'StandardGpuResources') else 'CPU'} build"


def open_vectors(library: Library, embedder: Embedder) -> Vectors:
    """The index of the library as it is now: from the cache when it fits, else built and cached.

    Raises LibraryError when the library's vectors are not as long as the embedder's.
    """
    source = Source(library.uuid(), library.generation(), embedder.name, embedder.version, embedder.dimension)
    cache = _Cache(library.folder / FOLDER, embedder.name)
    index = cache.read(source)
    if index is None:
        index = _build(library, embedder)
        cache.write(index, source)
    return Vectors(index)


def _build(library: Library, embedder: Embedder) -> Any:
    ids, matrix = library.vectors(embedder)  # (N,), (N, D)
    index = faiss.IndexIDMap(faiss.IndexFlatIP(embedder.dimension))
    if len(ids):
        if matrix.shape != (len(ids), embedder.dimension):
            raise LibraryError(
                f"{library.folder}: vectors of '{embedder.name}' have {matrix.shape[1]} numbers instead of "
                f"{embedder.dimension}. Run 'momentidx doctor'."
            )
        index.add_with_ids(np.ascontiguousarray(matrix, np.float32), np.ascontiguousarray(ids, np.int64))
    return index


class _Cache:
    """The two files of one embedder: the index, and the manifest that vouches for it."""

    def __init__(self, folder: Path, embedder: str) -> None:
        name = quote(embedder, safe="")  # the name is a plug-in's and may hold a slash
        self.index = folder / f"{name}.faiss"
        self.manifest = folder / f"{name}.json"

    def read(self, source: Source) -> Any | None:
        """The index, or None when it is missing, damaged, or made from something else."""
        try:
            content = self.index.read_bytes()
            if json.loads(self.manifest.read_bytes()) != _manifest(source, content):
                return None
        except (OSError, ValueError):  # ValueError: the manifest is not JSON, not even text
            return None
        return faiss.deserialize_index(np.frombuffer(content, np.uint8))

    def write(self, index: Any, source: Source) -> None:
        """Replace both files, each at once. Half a replacement is a manifest that does not fit."""
        content = faiss.serialize_index(index).tobytes()
        try:
            self.index.parent.mkdir(mode=0o700, exist_ok=True)
            for left_over in self.index.parent.glob(f"*{PART}"):
                left_over.unlink(missing_ok=True)
            _replace(self.index, content)
            _replace(self.manifest, json.dumps(_manifest(source, content), indent=2).encode())
        except OSError as error:
            log.info("%s: the search index stays in memory, it cannot be written: %s", self.index, error)


def _manifest(source: Source, content: bytes) -> dict[str, Any]:
    return {**asdict(source), "sha256": hashlib.sha256(content).hexdigest()}


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that after a crash at any point the old or the new content is there, whole."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=PART, delete=False) as file:
        part = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            reach("vectors.written")
            part.replace(path)
            reach("vectors.replaced")
        except OSError:
            part.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
