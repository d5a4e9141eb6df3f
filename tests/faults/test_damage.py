"""Rows 18, 19 and 22: a damaged database, a damaged vector cache, and upgrades that are cut short."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from momentidx.failpoints import VARIABLE
from momentidx.library import Library, WritableLibrary, schema
from momentidx.library.sqlite import DATABASE
from momentidx.search.vectors import open_vectors
from tests.faults.running import Program, sound
from tests.library.making import FakeEmbedder, described, event, file, indexed, other

Figure = Callable[[str], None]


@dataclass(frozen=True)
class Embedder(FakeEmbedder):
    """An embedder that is never asked: the vectors are the library's."""

    dimension: int = 8

    def embed(self, _: object) -> object:
        pytest.fail("asked for vectors")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed library of three clips and 600 events; not to be changed."""
    folder = tmp_path_factory.mktemp("damage")
    random_vectors = np.random.default_rng(1)
    with WritableLibrary.open(folder / "library") as library:
        for number in range(3):
            events = [event(1024 + 10 * n, 1034 + 10 * n, f"Door {n} of house {number}.") for n in range(200)]
            indexed(
                library, file(folder, f"{number}.mp4"), other(f"{number}" * 32), described(events),
                embed=lambda captions: random_vectors.standard_normal((len(captions), 8)).astype(np.float32),
            )  # fmt: skip
    return folder / "library"


def a_page(data: bytearray, chance: random.Random) -> slice:
    page = chance.randrange(1, len(data) // 4096)
    return slice(page * 4096, (page + 1) * 4096)


def header(data: bytearray, chance: random.Random) -> None:
    data[:16] = chance.randbytes(16)


def random_page(data: bytearray, chance: random.Random) -> None:
    data[a_page(data, chance)] = chance.randbytes(4096)


def empty_page(data: bytearray, chance: random.Random) -> None:
    data[a_page(data, chance)] = bytes(4096)


def other_page(data: bytearray, chance: random.Random) -> None:
    data[a_page(data, chance)] = data[a_page(data, chance)]


def cut_off(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(100, len(data) - 4096) :]


DAMAGES = (header, random_page, empty_page, other_page, cut_off)


def damage_the_database(seed: int, library: Path, folder: Path, program: Program) -> str:
    """How the damage came out: `noticed`, or `harmless` when everything can still be read as it was."""
    shutil.copytree(library, folder)
    with Library.open(library) as whole:
        before = whole.dump()
    chance = random.Random(seed)
    damaged = folder / DATABASE
    data = bytearray(damaged.read_bytes())
    DAMAGES[seed % len(DAMAGES)](data, chance)
    damaged.write_bytes(data)
    program = Program(program.nursery, folder)
    said = program.run("doctor", code=None)
    dump = program.run("dump", "--canonical", code=None).splitlines()
    program.run("status", code=None)
    assert damaged.read_bytes() == data, "looking must not change a damaged library"
    if str(damaged) in said:  # a sentence about the file is one about what is wrong with it
        return "noticed"
    assert dump == before, f"seed {seed}: the damage was not noticed, and the library reads otherwise"
    return "harmless"


def test_a_damaged_database_is_noticed_and_not_touched(program: Program, library: Path, tmp_path: Path) -> None:
    ends = [damage_the_database(seed, library, tmp_path / str(seed), program) for seed in range(len(DAMAGES))]
    assert ends.count("noticed") >= 4


@pytest.mark.slow
def test_so_is_each_of_fifty(program: Program, library: Path, tmp_path: Path, figure: Figure) -> None:
    ends = [damage_the_database(seed, library, tmp_path / str(seed), program) for seed in range(100, 150)]
    figure(f"{ends.count('noticed')} of 50 noticed, {ends.count('harmless')} harmless, 0 files changed")


def index_files(folder: Path) -> list[Path]:
    return sorted((folder / "vectors").iterdir())


def flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def swap(data: bytearray, chance: random.Random) -> None:
    first, second = chance.randrange(len(data) - 8), chance.randrange(len(data) - 8)
    data[first : first + 8], data[second : second + 8] = data[second : second + 8], data[first : first + 8]


def shorten(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def lengthen(data: bytearray, chance: random.Random) -> None:
    data += chance.randbytes(chance.randrange(1, 100))


def zero(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start : start + 64] = bytes(len(data[start : start + 64]))


MUTATIONS = (flip, swap, shorten, lengthen, zero)


def damage_the_index(seeds: range, library: Path, folder: Path) -> int:
    """Damage the cache again and again; every answer is that of comparing with all vectors. How many files changed."""
    shutil.copytree(library, folder)
    embedder = Embedder()
    changed = 0
    with Library.open(folder) as opened:
        ids, matrix = opened.vectors(embedder)
        open_vectors(opened, embedder)
        for seed in seeds:
            chance = random.Random(seed)
            damaged = chance.choice(index_files(folder))
            data = bytearray(damaged.read_bytes())
            MUTATIONS[seed % len(MUTATIONS)](data, chance)
            changed += bytes(data) != damaged.read_bytes()
            damaged.write_bytes(data)
            question = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
            best = np.argsort(-(matrix @ question), kind="stable")[:10]
            found = open_vectors(opened, embedder).nearest(question, 10)
            assert [event for event, _ in found] == ids[best].tolist(), f"seed {seed}"
    return changed


def test_a_damaged_vector_cache_spoils_no_answer(library: Path, tmp_path: Path) -> None:
    assert damage_the_index(range(20), library, tmp_path / "copy") >= 18


@pytest.mark.slow
def test_so_it_is_with_three_hundred(library: Path, tmp_path: Path, figure: Figure) -> None:
    changed = damage_the_index(range(100, 400), library, tmp_path / "copy")
    figure(f"300 damaged files ({changed} with other bytes), 0 wrong answers, 0 process deaths")


RELEASES = [f"{number:04}" for number in range(1, int(schema.HEAD))]


def released(folder: Path, revision: str) -> None:
    """A library as a version of momentidx with this schema left it."""
    folder.mkdir()
    with patch.object(schema, "HEAD", revision):
        schema.upgrade(folder / DATABASE)
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        connection.execute("INSERT OR IGNORE INTO meta (id, uuid, generation) VALUES (1, 'one', 7)")


@pytest.mark.parametrize("revision", RELEASES)
def test_an_upgrade_that_is_killed_anywhere_happens_as_a_whole(program: Program, revision: str, tmp_path: Path) -> None:
    released(tmp_path / "released", revision)
    steps = [f"migrate.step:kill:{number + 1}" for number in range(int(schema.HEAD) - int(revision))]
    for point in (
        "backup.copied:kill",
        "backup.replaced:kill",
        *steps,
        "migrate.commit:kill",
        "migrate.committed:kill",
    ):
        folder = tmp_path / point
        shutil.copytree(tmp_path / "released", folder)
        upgrading = Program(program.nursery, folder)
        assert upgrading.start("status", **{VARIABLE: point}).wait() == -signal.SIGKILL
        with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert found == (schema.HEAD if point.startswith("migrate.committed") else revision)
        upgrading.run("status")
        sound(folder)
        with Library.open(folder) as library:
            assert library.uuid()
        for backup in (folder / "backups").glob("*.sqlite"):
            with closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as connection:
                assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
