"""Every folder of code is named in pyproject.toml, or a wheel would lack it."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def folders(top: Path, name: str) -> set[str]:
    """Packages of all folders that hold modules."""
    return {".".join([name, *module.parent.relative_to(top).parts]) for module in top.rglob("*.py")}


def test_the_list_of_packages_equals_the_folders() -> None:
    code = folders(ROOT / "momentidx", "momentidx") | folders(ROOT / "migrations", "momentidx.migrations")
    # Scripts that other programs run are carried as files; tests/plugins/test_install.py compares them.
    assert sorted(code | {"momentidx.plugin_files"}) == SETUPTOOLS["packages"]


def test_other_files_beside_the_code_are_packaged_too() -> None:
    for package, top in {"momentidx": ROOT / "momentidx", "momentidx.migrations": ROOT / "migrations"}.items():
        others = [path for path in top.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
        named = {found for pattern in SETUPTOOLS["package-data"].get(package, []) for found in top.glob(pattern)}
        assert set(others) == named
