"""The index of vectors on disk, so that it need not be made anew: two files that vouch for each other.

The truth is in the library's rows. FAISS files carry no checksum, and most damaged ones load without complaint and
answer wrongly, so a manifest holds the SHA-256 of the index and what it was made from, and is asked first. The
index's name holds its own checksum: a new one never overwrites the one that somebody is reading, and the manifest is
exchanged in one step.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import faiss
import numpy as np
from numpy.typing import NDArray

from momentidx.failpoints import reach
from momentidx.search.index import Index, Kind

log = logging.getLogger(__name__)

FOLDER = "vectors"
PART = ".part"
"""Ending of files that are being written."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an index was made from; another source means another index."""

    library: str
    """The library's own number, which a copied or exchanged file does not share."""
    embedder: str
    version: str
    dimension: int
    faiss: str = faiss.__version__
    form: int = 2
    """Of the two files; grows with the program."""


class Damaged(Exception):
    """The files are there, and not what was once written; the text says which and why."""


class Cache:
    """The files of one embedder."""

    def __init__(self, library: Path, embedder: str) -> None:
        self.folder = library / FOLDER
        self._name = quote(embedder, safe="")  # the name is a plug-in's and may hold a slash
        self.manifest = self.folder / f"{self._name}.json"

    def read(self, source: Source) -> Index | None:
        """The index, or None when there is none of this source. Raises Damaged."""
        for _ in range(2):  # between its manifest and itself an index may be exchanged for a newer one
            try:
                return self._read(source)
            except FileNotFoundError:
                continue
        if self.manifest.exists():
            raise Damaged(f"{self.manifest}: the index it names is missing")
        return None

    def _read(self, source: Source) -> Index | None:
        try:
            manifest = json.loads(self.manifest.read_bytes())
            if not isinstance(manifest, dict):
                raise ValueError("no object")
            if any(manifest.get(name) != value for name, value in asdict(source).items()):
                return None
            checksum, kind, newest = str(manifest.pop("sha256")), Kind(manifest["kind"]), int(manifest["newest"])
            file = self._file(checksum)
            content = file.read_bytes()
            if _checksum(manifest, content) != checksum:
                raise Damaged(f"{file}: the index is not what was written")
        except FileNotFoundError:
            raise
        except (ValueError, TypeError, KeyError, OSError) as error:  # ValueError: the manifest is not JSON, not text
            raise Damaged(f"{self.manifest}: {type(error).__name__} {error}") from error
        return _unpacked(content, kind, newest)

    def write(self, index: Index, source: Source) -> None:
        """Put an index in the place of the former one. Where nothing can be written, it stays in memory."""
        content = _packed(index)
        facts = asdict(source) | {"kind": index.kind.value, "newest": index.newest}
        checksum = _checksum(facts, content)
        file = self._file(checksum)
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            for left_over in self.folder.glob(f"{self._name}*{PART}"):
                left_over.unlink(missing_ok=True)
            _replace(file, content)
            _replace(self.manifest, json.dumps(facts | {"sha256": checksum}, indent=2).encode())
            for former in (*self.folder.glob(f"{self._name}-*.faiss"), self.folder / f"{self._name}.faiss"):
                if former != file:
                    former.unlink(missing_ok=True)
        except OSError as error:
            log.info("%s: the search index stays in memory, it cannot be written: %s", file, error)

    def _file(self, checksum: str) -> Path:
        return self.folder / f"{self._name}-{quote(checksum[:16], safe='')}.faiss"


def _checksum(facts: Mapping[str, Any], content: bytes) -> str:
    """SHA-256 of the index and of what is said of it."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    digest.update(content)
    return digest.hexdigest()


def _packed(index: Index) -> bytes:
    """The numbers of the events (int64, little-endian), how many they are, then FAISS's own form."""
    events = index.events.astype("<i8").tobytes()
    return len(index).to_bytes(8, "little") + events + faiss.serialize_index(index.vectors).tobytes()


def _unpacked(content: bytes, kind: Kind, newest: int) -> Index:
    count = int.from_bytes(content[:8], "little")
    events: NDArray[np.int64] = np.frombuffer(content, "<i8", count, offset=8).astype(np.int64)
    vectors: Any = faiss.deserialize_index(np.frombuffer(content, np.uint8, offset=8 + 8 * count))
    return Index(kind, vectors, events, newest)


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
