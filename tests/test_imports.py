"""Who may import whom, and what starting the command must not load."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOOR = {"errors", "failpoints", "times", "footage", "events", "files", "config", "hooks"}

# The floor imports downwards only: each module may import those before it.
FLOOR_ORDER = ["errors", "failpoints", "times", "footage", "events", "files", "config", "hooks"]

MAY_IMPORT = {
    "watch": set(),
    "media": set(),
    "models": set(),
    "library": set(),
    "timeline": set(),
    "evaluation": set(),
    "demo": {"media"},
    "caption": {"media", "models"},
    "search": {"library", "caption", "models"},
    "pipeline": {"watch", "media", "caption", "library", "search"},
    "training": {"media", "models", "library", "caption", "evaluation"},
    "web": {"media", "library", "search", "timeline", "pipeline"},
    "commands": {
        "watch",
        "media",
        "models",
        "library",
        "timeline",
        "demo",
        "caption",
        "search",
        "pipeline",
        "web",
        "evaluation",
        "training",
    },
}

HEAVY_HOMES = {
    "torch": {"models", "search", "caption", "training"},
    "tokenizers": {"search", "models", "training"},
    "peft": {"models", "training"},
    "accelerate": {"training"},
    "sentencepiece": {"models"},
    "PIL": {"models", "caption", "training"},
    "rapidocr": {"models"},
    "onnxruntime": {"models"},
    "aaf2": {"timeline"},
    "httpx2": {"caption"},
    "safetensors": {"search", "models", "training"},
    "faiss": {"search"},
    "av": {"media", "demo", "training"},
    "cv2": {"media", "models", "caption", "demo", "training"},
    "pycocoevalcap": {"evaluation"},
    "opentimelineio": {"timeline", "times"},
    "sqlalchemy": {"library"},
    "alembic": {"library"},
    "watchdog": {"watch"},
    "typer": {"commands"},
    "tqdm": {"commands"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "jinja2": {"web"},
    "mcp": {"web"},
}


def imports_of(file: Path) -> set[str]:
    """Absolute names a file imports at run time (imports for type checkers alone do not count)."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body
        for inner in ast.walk(child)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found |= {node.module or ""} if node.module != "momentidx" else {f"momentidx.{a.name}" for a in node.names}
    return found


MODULES = sorted((ROOT / "momentidx").rglob("*.py"))


def room_of(file: Path) -> str:
    parts = file.relative_to(ROOT / "momentidx").with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_room_imports_only_the_rooms_it_may(file: Path) -> None:
    room = room_of(file)
    targets = {name.split(".")[1] for name in imports_of(file) if name.startswith("momentidx.")}
    if room in FLOOR:
        allowed = set(FLOOR_ORDER[: FLOOR_ORDER.index(room)])
    elif room == "__init__":
        allowed = set()
    else:
        allowed = FLOOR | MAY_IMPORT[room] | {room, "__version__"}
    assert targets <= allowed, f"{file} imports {targets - allowed}"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_heavy_library_has_its_home(file: Path) -> None:
    for name in imports_of(file):
        homes = HEAVY_HOMES.get(name.split(".")[0])
        assert homes is None or room_of(file) in homes, f"{file} imports {name}; its home is {homes}"


def test_the_map_of_rooms_in_the_documentation_is_the_one_that_is_enforced() -> None:
    rows = re.findall(r"^\| `(\w+)/` \|.*\| *(.*?) *\|$", (ROOT / "docs" / "flow.md").read_text("utf-8"), re.MULTILINE)
    drawn = {room: set(MAY_IMPORT) - {room} if may == "any" else set(re.findall(r"\w+", may)) for room, may in rows}
    folders = {folder.parent.name for folder in (ROOT / "momentidx").glob("*/__init__.py")}
    assert {room: may for room, may in drawn.items() if room in folders} == MAY_IMPORT
    assert set(MAY_IMPORT) == folders - {"plugin_files", "migrations"}


HEAVY = ["torch", "transformers", "faiss", "cv2", "av", "decord", "opentimelineio", "sqlalchemy", "numpy"]


def loaded_by(*arguments: str) -> set[str]:
    program = f"import sys, typer_app; sys.argv = ['momentidx', *{arguments!r}]\n"
    program += "try:\n    typer_app.main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
    program += "print('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in done.stdout.rsplit("LOADED", 1)[1].split()}


@pytest.mark.parametrize("arguments", [("--help",), ("find", "--help"), ("watch", "--help"), ("--version",)])
def test_help_loads_no_heavy_library(arguments: tuple[str, ...]) -> None:
    assert loaded_by(*arguments) & set(HEAVY) == set()
