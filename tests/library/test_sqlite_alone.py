"""Only SQLite opens the database's files: any other descriptor, closed, would drop SQLite's locks."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPENS_FILES = {"open", "fdopen", "read_bytes", "read_text", "write_bytes", "write_text", "copy", "copyfile", "copy2"}
MAY_OPEN_OTHER_FILES = {"backups.py", "lock.py", "stills.py"}

WATCHED = """
import os, sys
from pathlib import Path

def refuse(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        assert not os.path.basename(os.fsdecode(arguments[0])).startswith("library.sqlite"), arguments[0]
    assert event not in ("os.fork", "os.forkpty", "shutil.copyfile"), event

sys.addaudithook(refuse)
from momentidx.library import Library, WritableLibrary
from tests.library.making import LETTERS, file, indexed
folder = Path(sys.argv[1])
for _ in range(2):
    with WritableLibrary.open(folder / "library") as library, Library.open(folder / "library") as reader:
        indexed(library, file(folder))
        print(len(reader.moments()), len(reader.vectors(LETTERS)[0]), reader.status().events)
if "cheat" in sys.argv:
    open(folder / "library" / "library.sqlite").close()
"""


def watched(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WATCHED, str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_whole_run_opens_the_database_through_sqlite_only_and_never_forks(tmp_path: Path) -> None:
    result = watched(tmp_path)
    assert (result.stderr, result.stdout) == ("", "2 2 2\n2 2 2\n")


def test_the_run_above_would_notice(tmp_path: Path) -> None:
    assert "AssertionError" in watched(tmp_path, "cheat").stderr


@pytest.mark.parametrize("module", sorted((ROOT / "momentidx" / "library").glob("*.py")), ids=lambda path: path.name)
def test_no_module_of_the_library_opens_files_itself(module: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    # `cls.open` and `os.open` are attributes too; the library's own constructor is no file.
    opened = {
        ast.unparse(call)
        for call in calls
        if (call.id if isinstance(call, ast.Name) else getattr(call, "attr", "")) in OPENS_FILES
    }
    assert not opened or module.name in MAY_OPEN_OTHER_FILES, opened


def test_nobody_else_names_the_database_file() -> None:
    naming = {
        str(module.relative_to(ROOT))
        for module in (ROOT / "momentidx").rglob("*.py")
        if "library.sqlite" in module.read_text() or "sqlite.DATABASE" in module.read_text()
    }
    assert naming == {
        f"momentidx/library/{name}.py"
        for name in ("backups", "compact", "damage", "invariants", "library", "sqlite", "writer")
    } | {"momentidx/web/desk.py", "momentidx/web/routes/settings.py"}  # which file it is, and its size
