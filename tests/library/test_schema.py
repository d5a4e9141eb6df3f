"""The schema: made, brought up to date, and left alone when it is not ours."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from momentidx.errors import LibraryBusy, LibraryError
from momentidx.events import Moment
from momentidx.library import Library, WritableLibrary, backups, damage, lock, schema, sqlite
from momentidx.library.tables import Base
from tests.library.making import FOOTAGE, LETTERS, SHOTS, TWO, file, indexed, vector, wanted

ADD_A_COLUMN = """
import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"

def upgrade():
    with op.batch_alter_table("footage", recreate="always") as table:
        table.add_column(sa.Column("rating", sa.Integer()))
"""


@pytest.fixture
def database(folder: Path) -> Path:
    """The file of a library that holds something and is closed."""
    with WritableLibrary.open(folder) as library:
        indexed(library, file(folder.parent))
    return folder / sqlite.DATABASE


@pytest.mark.skipif(not shutil.which("strace"), reason="strace kills at that moment")
def test_a_library_whose_making_was_killed_before_its_first_transaction_is_empty_and_can_be_made(
    tmp_path: Path,
) -> None:
    """A rollback journal is left, which who may only read cannot take back."""
    database = tmp_path / sqlite.DATABASE
    program = f"import sqlite3; sqlite3.connect({str(database)!r}).execute('PRAGMA journal_mode = WAL')"
    killing = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=unlink", "-e", "inject=unlink:signal=KILL"]
    assert subprocess.run([*killing, sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert database.with_name(f"{sqlite.DATABASE}-journal").exists()
    assert not Library.exists(tmp_path)
    with WritableLibrary.open(tmp_path) as library:
        indexed(library, file(tmp_path))
    assert Library.exists(tmp_path)
    assert not database.with_name(f"{sqlite.DATABASE}-journal").exists()


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    engine = sqlite.reading_engine(database)
    yield engine
    engine.dispose()


def schema_of(file: Path) -> dict[str, list[str]]:
    """The statements that would make the tables, in parts, without differences of layout and order."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    # A table that was rebuilt has its name in quotes.
    return {name: sorted(re.findall(r"[^\s,()]+", sql.replace('"', ""))) for name, sql in rows}


def newer_version(monkeypatch: pytest.MonkeyPatch, folder: Path, step: str) -> None:
    """As if momentidx had one more migration step."""
    migrations = folder / "migrations"
    shutil.copytree(str(schema.MIGRATIONS), migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "9000_next.py").write_text(step.replace("{head}", schema.HEAD))
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)
    monkeypatch.setattr(schema, "HEAD", "9000")


def comparable(_item: object, name: str | None, *_: object) -> bool:
    """SQLite does not say which way an index runs, and FTS5 has tables of its own; the next test compares these."""
    return name not in ("ix_job_oldest", "ix_job_newest") and not (name or "").startswith("event_words")


def test_the_models_find_nothing_to_change_in_a_new_library(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": comparable})
        assert compare_metadata(context, Base.metadata) == []


def test_the_steps_make_the_same_tables_as_the_models(database: Path, tmp_path: Path) -> None:
    from_models = sqlite.writing_engine(tmp_path / "models.sqlite")
    Base.metadata.create_all(from_models)
    from_models.dispose()
    stepped = schema_of(database)
    del stepped["alembic_version"]
    assert stepped == schema_of(tmp_path / "models.sqlite")


def test_head_is_the_last_step_and_steps_are_numbered() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert steps == [f"{number:04}" for number in range(len(steps), 0, -1)]
    assert steps[0] == schema.HEAD


def test_a_new_library_is_ours_alone_and_writes_ahead(engine: Engine, database: Path) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA application_id").scalar_one() == 0x4D494458
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    assert database.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", [Library, WritableLibrary])
def test_a_library_of_a_newer_version_is_refused_and_not_touched(database: Path, kind: type[Library]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    before = database.read_bytes()
    with pytest.raises(LibraryError) as refused:
        kind.open(database.parent)
    assert str(refused.value) == (
        f"{database} was written by a newer momentidx (schema 0999, this version knows {schema.HEAD}). "
        "Update momentidx, or choose another folder with --library."
    )
    assert database.read_bytes() == before


@pytest.mark.parametrize("kind", [Library, WritableLibrary])
def test_the_database_of_another_program_is_refused_and_not_touched(folder: Path, kind: type[Library]) -> None:
    folder.mkdir()
    database = folder / sqlite.DATABASE
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = database.read_bytes()
    with pytest.raises(LibraryError, match="belongs to another program"):
        kind.open(folder)
    assert database.read_bytes() == before


@pytest.mark.parametrize("kind", [Library, WritableLibrary])
def test_a_damaged_library_is_explained_and_not_touched(database: Path, kind: type[Library]) -> None:
    damaged = b"no database" * 1000
    database.write_bytes(damaged)
    with pytest.raises(LibraryError) as refused:
        kind.open(database.parent)
    assert str(refused.value) == (
        f"{database}: the library is damaged (file is not a database). 'momentidx library restore --newest' brings the "
        "newest backup back, 'momentidx library rebuild' saves what can still be read; both keep the damaged files."
    )
    assert database.read_bytes() == damaged


def test_a_creation_that_was_cut_short_is_no_obstacle(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(LibraryError, match="Nothing is indexed yet"):
        Library.open(folder)
    with WritableLibrary.open(folder) as library:
        assert library.moments() == []
    assert not (folder / backups.BACKUPS).exists(), "there was nothing to back up"


@pytest.mark.parametrize("kind", [Library, WritableLibrary])
def test_an_older_library_is_backed_up_and_brought_up_to_date(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Library]
) -> None:
    newer_version(monkeypatch, tmp_path, ADD_A_COLUMN)
    with kind.open(database.parent) as library:
        assert [moment.event for moment in library.moments()] == list(TWO), "rebuilding a table cascades nowhere"
    assert "rating" in schema_of(database)["footage"]
    (backup,) = (database.parent / backups.BACKUPS).iterdir()
    monkeypatch.undo()
    damage.restore(database.parent, backup)
    with Library.open(database.parent) as library:
        assert [moment.event for moment in library.moments()] == list(TWO)


OLDEST = {
    "footage": [{"id": 1, "fingerprint": FOOTAGE.fingerprint, "facts": json.dumps(FOOTAGE.to_json()), "seconds": 10.0}],
    "location": [
        {"id": 7, "footage_id": 1, "recognised": 1, "path": b"/card/a.mp4", "online": 1},
        {"id": 8, "recognised": 0, "path": b"/card/b.mp4", "online": 1},
    ],
    "job": [
        {"id": 7, "location_id": 7, "state": "done", "deaths": 0},
        {"id": 8, "location_id": 8, "state": "failed", "deaths": 3, "code": "crash", "reason": "It.", "passing": 0},
    ],
    "layer": [{"id": 1, "footage_id": 1, "captioner": "shots", "version": "1"}],
    "event": [
        {"id": number, "layer_id": 1, "start_pts": event.span.start, "end_pts": event.span.end,
         "caption": event.caption, "kind": "shot", "edge": "0/1", "measures": "{}"}
        for number, event in enumerate(TWO, start=1)
    ],
    "embedder": [{"id": 1, "name": "letters", "version": "1", "dimension": 3}],
    "vector": [
        {"event_id": number, "embedder_id": 1, "vector": np.array(vector(number - 1), "<f4").tobytes()}
        for number in (1, 2)
    ],
}  # fmt: skip
"""Rows of revision 0001: an indexed file and one that was given up."""
USUAL = {
    "location": {"size": 7, "mtime_ns": 3, "ctime_ns": 4, "inode": 5, "seen_at": "2026-05-04 03:02:01.000000"},
    "job": {"attempts": 1, "queued_at": "2026-05-04 03:02:01.000000"},
    "footage": {"added_at": "2026-05-04 03:02:01.000000"},
    "layer": {"made_at": "2026-05-04 03:02:01.000000"},
}


@pytest.fixture
def oldest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a library of the first version, with rows in it."""
    with monkeypatch.context() as before:
        before.setattr(schema, "HEAD", "0001")
        folder.mkdir()
        schema.upgrade(folder / sqlite.DATABASE)
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as connection, connection:
        for table, rows in OLDEST.items():
            for row in rows:
                values = USUAL.get(table, {}) | row
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
                    list(values.values()),
                )
    return folder / sqlite.DATABASE


@pytest.mark.parametrize("kind", [Library, WritableLibrary])
def test_the_oldest_library_with_rows_in_it_is_brought_up_to_date(oldest: Path, kind: type[Library]) -> None:
    with kind.open(oldest.parent) as library:
        assert library.moments() == [
            Moment(number, event, SHOTS, FOOTAGE, Path("/card/a.mp4")) for number, event in enumerate(TWO, start=1)
        ]
        assert library.vectors(LETTERS)[1].tolist() == [vector(0), vector(1)]
        assert library.bins() == []
        assert [found for found in library.examine() if found.broken] == []
    (backup,) = (oldest.parent / backups.BACKUPS).iterdir()
    assert "bin_entry" not in schema_of(backup)
    assert "bin_entry" in schema_of(oldest)


def test_what_an_older_library_holds_is_not_made_again(oldest: Path) -> None:
    with WritableLibrary.open(oldest.parent) as library:
        states = [(job.stage, job.state, job.path) for job in library.jobs(["done", "failed"])]
        assert states == [("probe", "done", Path("/card/a.mp4")), ("probe", "failed", Path("/card/b.mp4"))]
        assert library.plan(wanted(decoder="newer")) == 2, "pictures, and the file that was given up"
        assert [(job.stage, job.path) for job in library.jobs(["queued"])] == [
            ("pictures", Path("/card/a.mp4")), ("probe", Path("/card/b.mp4"))
        ]  # fmt: skip


def test_an_upgrade_that_fails_half_way_leaves_the_library_as_it_was(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schema_of(database)
    newer_version(monkeypatch, tmp_path, ADD_A_COLUMN + "    op.execute('DELETE FROM nowhere')\n")
    with pytest.raises(LibraryError, match="no such table: nowhere"):
        WritableLibrary.open(database.parent)
    assert schema_of(database) == before
    monkeypatch.undo()
    with WritableLibrary.open(database.parent) as library:
        assert [moment.event for moment in library.moments()] == list(TWO)


def test_an_upgrade_that_leaves_loose_ends_is_taken_back(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schema_of(database)
    newer_version(monkeypatch, tmp_path, ADD_A_COLUMN + "    op.execute('DELETE FROM layer')\n")
    with pytest.raises(LibraryError, match="loose ends"):
        WritableLibrary.open(database.parent)
    assert schema_of(database) == before


def test_reading_an_older_library_waits_for_nobody(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_version(monkeypatch, tmp_path, ADD_A_COLUMN)
    with lock.hold(database.parent), pytest.raises(LibraryBusy, match="is being written by process"):
        Library.open(database.parent)
