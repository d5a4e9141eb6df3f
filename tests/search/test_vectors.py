"""The cache of vectors: whatever happens to its files, the answers are those of the rows."""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.errors import LibraryError
from momentidx.search.vectors import open_vectors


@dataclass
class Rows:
    """As much of a library as the cache looks at, so that thousands of rows take no time to make."""

    folder: Path
    ids: NDArray[np.int64]
    matrix: NDArray[np.float32]
    reads: int = 0
    state: int = 7

    def uuid(self) -> str:
        return "one"

    def generation(self) -> int:
        return self.state

    def vectors(self, embedder: object) -> tuple[NDArray[np.int64], NDArray[np.float32]]:  # noqa: ARG002
        self.reads += 1
        return self.ids, self.matrix


@dataclass(frozen=True)
class Named:
    """An embedder that is never asked."""

    name: str = "table/v1"
    version: str = "1"
    dimension: int = 8
    embed: Callable[..., NDArray[np.float32]] = field(default=lambda _: pytest.fail("asked for vectors"))


EMBEDDER = Named()
INDEX, MANIFEST = "vectors/table%2Fv1.faiss", "vectors/table%2Fv1.json"


def unit_rows(seed: int, count: int, dimension: int = EMBEDDER.dimension) -> NDArray[np.float32]:
    matrix = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    faiss.normalize_L2(matrix)
    return matrix


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path, np.arange(1000, dtype=np.int64) * 3 + 5, unit_rows(1, 1000))


def assert_answers_are_exact(rows: Rows) -> None:
    """The nearest ten of several queries are those of a plain scan over the rows."""
    found = open_vectors(rows, EMBEDDER)  # type: ignore[arg-type]
    assert len(found) == len(rows.ids)
    for query in unit_rows(2, 5):
        cosines = rows.matrix @ query
        best = np.argsort(-cosines, kind="stable")[:10]
        nearest = found.nearest(query, 10)
        assert [event for event, _ in nearest] == rows.ids[best].tolist()
        assert [score for _, score in nearest] == pytest.approx(cosines[best].tolist(), abs=1e-6)


def test_an_index_is_built_once_and_read_afterwards(rows: Rows) -> None:
    assert_answers_are_exact(rows)
    assert_answers_are_exact(rows)
    assert rows.reads == 1


def test_new_rows_are_found_at_once(rows: Rows) -> None:
    assert_answers_are_exact(rows)
    rows.ids, rows.matrix, rows.state = np.append(rows.ids, 9000), np.append(rows.matrix, unit_rows(3, 1), axis=0), 8
    assert_answers_are_exact(rows)


def test_asking_for_more_than_there_is_gives_all(rows: Rows) -> None:
    nearest = open_vectors(rows, EMBEDDER).nearest(rows.matrix[0], 5000)  # type: ignore[arg-type]
    assert sorted(event for event, _ in nearest) == rows.ids.tolist()


def test_an_empty_library_has_an_empty_index(tmp_path: Path) -> None:
    rows = Rows(tmp_path, np.empty(0, np.int64), np.empty((0, 0), np.float32))
    assert len(open_vectors(rows, EMBEDDER)) == 0  # type: ignore[arg-type]


def test_vectors_of_another_length_are_refused(rows: Rows) -> None:
    rows.matrix = unit_rows(1, 1000, dimension=9)
    with pytest.raises(LibraryError, match="vectors of 'table/v1' have 9 numbers instead of 8"):
        open_vectors(rows, EMBEDDER)  # type: ignore[arg-type]


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 4
    file.write_bytes(content)


def declare(folder: Path, **facts: object) -> None:
    """Let the manifest say something else."""
    manifest = json.loads((folder / MANIFEST).read_text())
    assert facts.keys() <= manifest.keys()
    (folder / MANIFEST).write_text(json.dumps({**manifest, **facts}))


def put_index_of(folder: Path, matrix: NDArray[np.float32], metric: int = faiss.METRIC_INNER_PRODUCT) -> None:
    index = faiss.IndexIDMap(faiss.IndexFlat(matrix.shape[1], metric))
    index.add_with_ids(matrix, np.arange(len(matrix), dtype=np.int64) * 3 + 5)
    (folder / INDEX).write_bytes(faiss.serialize_index(index).tobytes())


DAMAGES: dict[str, Callable[[Path], object]] = {
    "index missing": lambda folder: (folder / INDEX).unlink(),
    "index empty": lambda folder: (folder / INDEX).write_bytes(b""),
    "index cut off": lambda folder: os.truncate(folder / INDEX, 20_000),
    "index one byte short": lambda folder: os.truncate(folder / INDEX, (folder / INDEX).stat().st_size - 1),
    "bit flipped in the header": lambda folder: flip(folder / INDEX, 9),
    "bit flipped in a vector": lambda folder: flip(folder / INDEX, 20_003),
    "bit flipped in an id": lambda folder: flip(folder / INDEX, -100),
    "index of other vectors": lambda folder: put_index_of(folder, unit_rows(9, 1000)),
    "index of another dimension": lambda folder: put_index_of(folder, unit_rows(1, 1000, dimension=4)),
    "index of another metric": lambda folder: put_index_of(folder, unit_rows(1, 1000), faiss.METRIC_L2),
    "manifest missing": lambda folder: (folder / MANIFEST).unlink(),
    "manifest empty": lambda folder: (folder / MANIFEST).write_bytes(b""),
    "manifest not text": lambda folder: (folder / MANIFEST).write_bytes(b"\xff\xfe{"),
    "manifest another kind of JSON": lambda folder: (folder / MANIFEST).write_text("[]"),
    "both missing": lambda folder: [(folder / name).unlink() for name in (INDEX, MANIFEST)],
    "of another library": lambda folder: declare(folder, library="two"),
    "older than the rows": lambda folder: declare(folder, generation=6),
    "newer than the rows": lambda folder: declare(folder, generation=8),
    "of another embedder": lambda folder: declare(folder, embedder="table v1"),
    "of another version": lambda folder: declare(folder, version="2"),
    "by another FAISS": lambda folder: declare(folder, faiss="1.0.0"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_or_stale_cache_is_built_again(rows: Rows, damage: Callable[[Path], object]) -> None:
    assert_answers_are_exact(rows)
    damage(rows.folder)
    assert_answers_are_exact(rows)
    assert rows.reads == 2
    assert_answers_are_exact(rows)
    assert rows.reads == 2, "the repaired cache was not used"


def test_where_nothing_can_be_written_the_index_lives_in_memory(rows: Rows) -> None:
    (rows.folder / "vectors").write_text("not a folder")
    assert_answers_are_exact(rows)
    assert_answers_are_exact(rows)
    assert rows.reads == 2
    assert (rows.folder / "vectors").read_text() == "not a folder"


def test_a_full_disk_leaves_no_half_files(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert_answers_are_exact(rows)
    assert list((rows.folder / "vectors").iterdir()) == []


class Killed(BaseException):
    """Ends the process, as far as the code can see: nothing catches it."""


# One replacement is: content to disk, rename, folder to disk; there are two, the index and the manifest.
@pytest.mark.parametrize("step", range(6))
def test_a_kill_at_any_step_of_writing_spoils_no_answer(rows: Rows, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    assert_answers_are_exact(rows)
    rows.matrix, rows.state = unit_rows(4, 1000), 8
    steps = iter(range(6))

    def dying(act: Callable[..., object]) -> Callable[..., object]:
        def act_or_die(*arguments: object) -> object:
            if next(steps) == step:
                raise Killed
            return act(*arguments)

        return act_or_die

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", dying(os.fsync))
        patch.setattr(Path, "replace", dying(Path.replace))
        with pytest.raises(Killed):
            open_vectors(rows, EMBEDDER)  # type: ignore[arg-type]
    assert_answers_are_exact(rows)
    rows.state = 9  # the next index is written after left-overs are swept away
    assert_answers_are_exact(rows)
    left = sorted(f"vectors/{file.name}" for file in (rows.folder / "vectors").iterdir())
    assert left == [INDEX, MANIFEST]
