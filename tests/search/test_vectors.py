"""The cache of vectors: whatever happens to its files, the answers are those of the rows."""

import errno
import json
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.errors import LibraryError, MomentidxError
from momentidx.search import index, vectors
from momentidx.search.index import Kind
from momentidx.search.vectors import Vectors, keep_index, open_vectors


@dataclass
class Rows:
    """As much of a library as the index looks at, so that thousands of rows take no time to make."""

    folder: Path
    ids: NDArray[np.int64]
    matrix: NDArray[np.float32]
    reads: int = 0
    """Rows that were read to be put into an index."""
    first: int = 1
    """The number of the first vector."""
    name: str = "one"

    def uuid(self) -> str:
        return self.name

    def newest_vector(self) -> int:
        return self.first + len(self.ids) - 1

    def vector_count(self, embedder: object) -> int:  # noqa: ARG002
        return len(self.ids)

    def vectors_since(
        self,
        embedder: object,  # noqa: ARG002
        after: int,
    ) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float32]]]:
        begin = max(0, after - self.first + 1)
        for at in range(begin, len(self.ids), 600):
            part = slice(at, min(at + 600, len(self.ids)))
            self.reads += part.stop - part.start
            yield self.first + part.stop - 1, self.ids[part], self.matrix[part]

    def vectors_of(
        self,
        embedder: object,  # noqa: ARG002
        moments: Collection[int],
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        there = np.flatnonzero(np.isin(self.ids, list(moments)))
        return self.ids[there], self.matrix[there]

    def sample_vectors(self, embedder: object, size: int) -> NDArray[np.float32]:  # noqa: ARG002
        return self.matrix[:size]

    def add(self, ids: NDArray[np.int64], matrix: NDArray[np.float32]) -> None:
        self.ids, self.matrix = np.append(self.ids, ids), np.append(self.matrix, matrix, axis=0)


@dataclass(frozen=True)
class Named:
    """An embedder that is never asked."""

    name: str = "table/v1"
    version: str = "1"
    dimension: int = 8
    embed: Callable[..., NDArray[np.float32]] = field(default=lambda _: pytest.fail("asked for vectors"))


EMBEDDER = Named()
MANIFEST = "vectors/table%2Fv1.json"


def unit_rows(seed: int, count: int, dimension: int = EMBEDDER.dimension) -> NDArray[np.float32]:
    matrix = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    faiss.normalize_L2(matrix)
    return matrix


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path, np.arange(1000, dtype=np.int64) * 3 + 5, unit_rows(1, 1000))


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rows:
    """More rows than are compared as they are."""
    monkeypatch.setattr(index, "EXACT_UP_TO", 2000)
    monkeypatch.setattr(vectors, "FOLD_FROM", 500)
    matrix = unit_rows(1, 4000, dimension=128)
    for number, query in enumerate(unit_rows(2, 5, dimension=128)):  # what is near to the queries below, and how near
        matrix[number::80] += query * np.linspace(2, 0.2, 50, dtype=np.float32)[:, None]
    faiss.normalize_L2(matrix)
    return Rows(tmp_path, np.arange(4000, dtype=np.int64)[::-1] + 7, matrix)


def opened(rows: Rows, *, gpu: bool = False) -> Vectors:
    embedder = replace(EMBEDDER, dimension=rows.matrix.shape[1] or 8)
    return open_vectors(rows, embedder, gpu=gpu)  # type: ignore[arg-type]


def assert_answers_are_exact(rows: Rows, found: Vectors | None = None, asked: Collection[int] | None = None) -> None:
    """The nearest ten of several queries, of all or of some, are those of a plain scan over the rows."""
    found = found or opened(rows)
    assert len(found) >= len(rows.ids)
    inside = np.ones(len(rows.ids), bool) if asked is None else np.isin(rows.ids, list(asked))
    for query in unit_rows(2, 5, rows.matrix.shape[1]):
        cosines = np.where(inside, rows.matrix @ query, -2)
        best = np.argsort(-cosines, kind="stable")[:10]
        nearest = found.nearest(query, 10, asked)
        assert [event for event, _ in nearest] == rows.ids[best].tolist()
        assert [score for _, score in nearest] == pytest.approx(cosines[best].tolist(), abs=1e-6)


def test_an_index_is_built_once_and_read_afterwards(rows: Rows) -> None:
    assert_answers_are_exact(rows)
    assert_answers_are_exact(rows)
    assert rows.reads == 1000


def test_new_rows_are_found_at_once_beside_the_index(rows: Rows) -> None:
    found = opened(rows)
    rows.add(np.array([2, 9000]), unit_rows(3, 2))
    found.refresh()
    assert_answers_are_exact(rows, found)
    assert_answers_are_exact(rows, found, asked=[2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 9000])
    assert_answers_are_exact(rows)
    assert rows.reads == 1000 + 2 + 2


def test_asking_for_more_than_there_is_gives_all(rows: Rows) -> None:
    nearest = opened(rows).nearest(rows.matrix[0], 5000)
    assert sorted(event for event, _ in nearest) == rows.ids.tolist()


def test_an_empty_library_has_an_empty_index(tmp_path: Path) -> None:
    rows = Rows(tmp_path, np.empty(0, np.int64), np.empty((0, 8), np.float32))
    found = opened(rows)
    assert (len(found), found.nearest(unit_rows(1, 1)[0], 10)) == (0, [])
    rows.add(np.arange(3), unit_rows(1, 3))
    found.refresh()
    assert len(found.nearest(unit_rows(1, 1)[0], 10)) == 3


def test_vectors_of_another_length_are_refused(rows: Rows) -> None:
    rows.matrix = unit_rows(1, 1000, dimension=9)
    with pytest.raises(LibraryError, match="vectors of 'table/v1' have 9 numbers instead of 8"):
        open_vectors(rows, EMBEDDER)  # type: ignore[arg-type]


def test_many_rows_are_searched_without_an_index_which_is_said(large: Rows) -> None:
    found = opened(large)
    assert found.note == "There is no search index yet: all 4,000 rows were read. 'momentidx index' makes one."
    assert (found.kind, found.is_behind) == (Kind.WHOLE, True)
    assert_answers_are_exact(large, found)
    found.fold()
    assert (found.kind, found.note, found.is_behind) == (Kind.SKETCHES, None, False)
    assert_answers_are_exact(large, found)
    large.reads = 0
    assert_answers_are_exact(large)
    assert large.reads == 0


def test_an_index_that_is_kept_is_there_for_the_next_search(large: Rows) -> None:
    embedder = replace(EMBEDDER, dimension=128)
    keep_index(large, embedder)  # type: ignore[arg-type]
    large.add(np.arange(5000, 5600), unit_rows(3, 600, dimension=128))
    keep_index(large, embedder)  # type: ignore[arg-type]
    large.reads = 0
    found = opened(large)
    assert (found.kind, found.note, found.is_behind, large.reads) == (Kind.SKETCHES, None, False, 0)
    assert_answers_are_exact(large, found)


def test_sketches_are_found_among_many_and_few(large: Rows) -> None:
    found = opened(large)
    found.fold()
    assert_answers_are_exact(large, found, asked=range(100, 120))
    assert_answers_are_exact(large, found, asked=range(100, 3900))
    assert found.nearest(large.matrix[0], 10, []) == []


def test_what_came_in_is_folded_into_the_sketches(large: Rows) -> None:
    opened(large).fold()
    large.reads = 0
    large.add(np.arange(5000, 5600), unit_rows(3, 600, dimension=128))
    assert_answers_are_exact(large)
    assert large.reads == 600 + 600, "read to be searched, and to be folded in"
    large.reads = 0
    assert_answers_are_exact(large)
    assert large.reads == 0


def test_sketches_of_deleted_rows_lead_nowhere_and_many_are_swept_away(large: Rows) -> None:
    found = opened(large)
    found.fold()
    large.ids, large.matrix, large.first = large.ids[2000:], large.matrix[2000:], 2001
    assert_answers_are_exact(large, found)
    assert len(found) == 4000
    found.fold()
    assert len(found) == 2000
    assert_answers_are_exact(large, found)


def test_folding_beside_does_not_keep_anyone_waiting(large: Rows) -> None:
    found = opened(large)
    found.fold_beside()
    assert_answers_are_exact(large, found)
    assert found._folding is not None
    found._folding.join()
    assert found.kind is Kind.SKETCHES
    assert_answers_are_exact(large, found)


def test_an_index_of_other_rows_of_the_same_library_is_not_used(rows: Rows) -> None:
    """As after a backup was put back, and other footage came in."""
    opened(rows)
    rows.matrix = np.concatenate([rows.matrix[:500], unit_rows(8, 500)])
    assert_answers_are_exact(rows)


@pytest.mark.skipif(hasattr(faiss, "StandardGpuResources"), reason="this FAISS knows GPUs")
def test_a_gpu_that_is_not_there_is_said(rows: Rows) -> None:
    with pytest.raises(MomentidxError, match="search_gpu is on, but the FAISS that is installed knows no GPU"):
        opened(rows, gpu=True)


@pytest.mark.gpu
def test_the_answers_on_a_gpu_are_the_same(large: Rows) -> None:
    found = opened(large, gpu=True)
    assert found.kind is Kind.EXACT
    assert_answers_are_exact(large, found)


def index_of(folder: Path) -> Path:
    (file,) = (folder / "vectors").glob("table%2Fv1-*.faiss")
    return file


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 4
    file.write_bytes(content)


def declare(folder: Path, **facts: object) -> None:
    """Let the manifest say something else."""
    manifest = json.loads((folder / MANIFEST).read_text())
    assert facts.keys() <= manifest.keys()
    (folder / MANIFEST).write_text(json.dumps({**manifest, **facts}))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "index missing": lambda folder: index_of(folder).unlink(),
    "index empty": lambda folder: index_of(folder).write_bytes(b""),
    "index cut off": lambda folder: os.truncate(index_of(folder), 20_000),
    "index one byte short": lambda folder: os.truncate(index_of(folder), index_of(folder).stat().st_size - 1),
    "bit flipped in a vector": lambda folder: flip(index_of(folder), 20_003),
    "bit flipped in an id": lambda folder: flip(index_of(folder), 101),
    "bit flipped in the count": lambda folder: flip(index_of(folder), 1),
    "index of something else": lambda folder: index_of(folder).write_bytes(faiss.serialize_index(faiss.IndexFlatIP(8))),
    "manifest empty": lambda folder: (folder / MANIFEST).write_bytes(b""),
    "manifest not text": lambda folder: (folder / MANIFEST).write_bytes(b"\xff\xfe{"),
    "manifest another kind of JSON": lambda folder: (folder / MANIFEST).write_text("[]"),
    "manifest older": lambda folder: declare(folder, newest=900),
    "manifest newer": lambda folder: declare(folder, newest=2000),
    "another kind": lambda folder: declare(folder, kind="sketches"),
    "another checksum": lambda folder: declare(folder, sha256="../../etc/passwd"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_cache_is_noticed_and_made_again(rows: Rows, damage: Callable[[Path], object]) -> None:
    assert_answers_are_exact(rows)
    damage(rows.folder)
    found = opened(rows)
    assert found.note == "The search index was damaged; the library's rows were searched instead."
    assert_answers_are_exact(rows, found)
    assert rows.reads == 2000
    found = opened(rows)
    assert_answers_are_exact(rows, found)
    assert (found.note, rows.reads) == (None, 2000), "the repaired cache was not used"


STALE: dict[str, Callable[[Path], object]] = {
    "manifest missing": lambda folder: (folder / MANIFEST).unlink(),
    "both missing": lambda folder: [file.unlink() for file in (folder / "vectors").iterdir()],
    "of another library": lambda folder: declare(folder, library="two"),
    "of another embedder": lambda folder: declare(folder, embedder="table v1"),
    "of another version": lambda folder: declare(folder, version="2"),
    "of another dimension": lambda folder: declare(folder, dimension=4),
    "by another FAISS": lambda folder: declare(folder, faiss="1.0.0"),
    "in another form": lambda folder: declare(folder, form=1),
    "by a former version": lambda folder: (folder / MANIFEST).write_text('{"library": "one", "generation": 7}'),
}


@pytest.mark.parametrize("change", STALE.values(), ids=STALE)
def test_an_index_of_something_else_is_made_again(rows: Rows, change: Callable[[Path], object]) -> None:
    assert_answers_are_exact(rows)
    change(rows.folder)
    found = opened(rows)
    assert_answers_are_exact(rows, found)
    assert (found.note, rows.reads) == (None, 2000)
    assert_answers_are_exact(rows)
    assert rows.reads == 2000, "the new cache was not used"


def test_an_index_that_is_exchanged_between_manifest_and_itself_is_read(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(rows)
    old = (rows.folder / MANIFEST).read_bytes()
    rows.add(np.arange(9000, 9900), unit_rows(3, 900))
    monkeypatch.setattr(vectors, "FOLD_FROM", 1)
    opened(rows)
    whole, read = Path.read_bytes, iter([old])
    monkeypatch.setattr(
        Path, "read_bytes", lambda file: next(read, None) or whole(file) if file.suffix == ".json" else whole(file)
    )
    rows.reads = 0
    found = opened(rows)
    assert (found.note, rows.reads) == (None, 0)
    assert_answers_are_exact(rows, found)


def test_where_nothing_can_be_written_the_index_lives_in_memory(rows: Rows) -> None:
    (rows.folder / "vectors").write_text("not a folder")
    assert_answers_are_exact(rows)
    assert_answers_are_exact(rows)
    assert rows.reads == 2000
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
    rows.add(np.arange(9000, 9900), unit_rows(3, 900))
    monkeypatch.setattr(vectors, "FOLD_FROM", 1)
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
            opened(rows)
    assert_answers_are_exact(rows)
    rows.add(np.arange(10_000, 10_900), unit_rows(5, 900))  # the next index is written after left-overs are swept away
    assert_answers_are_exact(rows)
    assert sorted((rows.folder / "vectors").iterdir()) == [index_of(rows.folder), rows.folder / MANIFEST]


def test_words_that_were_changed_are_found_by_their_new_vector_alone(rows: Rows) -> None:
    opened = open_vectors(rows, EMBEDDER)  # type: ignore[arg-type]
    event, before = int(rows.ids[3]), rows.matrix[3].copy()
    for seed in (7, 8):  # changed twice while it is open
        after = unit_rows(seed, 1)
        rows.ids = np.where(rows.ids == event, -seed, rows.ids)  # the former row is deleted
        rows.ids, rows.matrix = np.append(rows.ids, event), np.append(rows.matrix, after, axis=0)
        opened.refresh()
    again = open_vectors(rows, EMBEDDER)  # type: ignore[arg-type]
    again.fold()
    for each in (opened, again):
        found = dict(each.nearest(before, len(rows.ids)))
        assert found[event] == pytest.approx(float(after[0] @ before), abs=1e-5)
        assert [number for number, _ in each.nearest(before, len(rows.ids))].count(event) == 1
