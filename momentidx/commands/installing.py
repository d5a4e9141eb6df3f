"""Scripts for editing programs, put where the programs look for them, and taken away again.

What was installed is written down beside it, with checksums: only that is ever replaced or removed,
and a script that its user has changed stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import momentidx
from momentidx.errors import MomentidxError, WrongUse

RECORD = ".momentidx-installed.json"
"""In each folder that something was installed into: file names and the SHA-256 of what was written."""
RESOLVE = {
    "linux": "~/.local/share/DaVinciResolve/Fusion/Scripts/Utility",
    "darwin": "~/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility",
    "win32": "~/AppData/Roaming/Blackmagic Design/DaVinci Resolve/Support/Fusion/Scripts/Utility",
}
"""The user's own folder of menu scripts, as Blackmagic documents it."""
BLENDER = {
    "linux": "~/.config/blender",
    "darwin": "~/Library/Application Support/Blender",
    "win32": "~/AppData/Roaming/Blender Foundation/Blender",
}
"""Holds a folder for each version that the user has started, as Blender's manual says."""
OLDEST_BLENDER = (4, 2)
BLENDER_ID = "momentidx_vse"


@dataclass(frozen=True, slots=True)
class Plugin:
    """What one program gets."""

    files: Mapping[str, str]
    """Name where it is installed, and the file in `plugins/`."""
    next_step: str
    """What the user does then."""


PLUGINS: Mapping[str, Plugin] = {
    "resolve": Plugin(
        {
            "momentidx import selects.lua": "resolve/momentidx.lua",
            "momentidx append selects.lua": "resolve/momentidx.lua",
            "momentidx import bin.lua": "resolve/momentidx.lua",
            "momentidx append bin.lua": "resolve/momentidx.lua",
            "momentidx studio.py": "resolve/momentidx_studio.py",
        },
        "Restart DaVinci Resolve; the scripts are in Workspace > Scripts.",
    ),
    "blender": Plugin(
        {name: f"blender/{BLENDER_ID}/{name}" for name in ("__init__.py", "blender_manifest.toml", "strips.py")},
        "Restart Blender and enable 'momentidx' in Preferences > Add-ons; the panel is in the video sequencer.",
    ),
}


def plugin_named(name: str) -> Plugin:
    """Raises WrongUse with the names that exist."""
    if name not in PLUGINS:
        raise WrongUse(f"There is no plug-in '{name}' to install. Plug-ins: {', '.join(PLUGINS)}.")
    return PLUGINS[name]


def folders(name: str, home: Path | None = None, platform: str = sys.platform) -> list[Path]:
    """Where the program looks, on this system; one folder for each version of Blender. Raises MomentidxError."""
    home = home or Path.home()
    places = RESOLVE if name == "resolve" else BLENDER
    base = home / places.get(platform, places["linux"]).removeprefix("~/")
    if name == "resolve":
        return [base]
    found = [folder / "extensions" / "user_default" / BLENDER_ID for folder in _blender_versions(base)]
    if not found:
        raise MomentidxError(
            f"There is no Blender {OLDEST_BLENDER[0]}.{OLDEST_BLENDER[1]} or newer in {base}. Start Blender once, or "
            f"name its folder: --to .../extensions/user_default/{BLENDER_ID}"
        )
    return found


def _blender_versions(base: Path) -> Iterator[Path]:
    for folder in sorted(base.glob("*.*")):
        version = re.fullmatch(r"(\d+)\.(\d+)", folder.name)
        if version and (int(version[1]), int(version[2])) >= OLDEST_BLENDER:
            yield folder


def install(plugin: Plugin, folder: Path) -> list[Path]:
    """Write the files; those of an earlier version are replaced. Raises WrongUse, MomentidxError."""
    record = _record(folder)
    for name in plugin.files:
        if (folder / name).exists() and _checksum(folder / name) != record.get(name):
            raise WrongUse(f"{folder / name} is not as momentidx wrote it. Move it away, then install again.")
    contents = {name: (_source() / file).read_bytes() for name, file in plugin.files.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remember(folder, record | {name: _sum(content) for name, content in contents.items()})
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise MomentidxError(f"{folder} cannot be written to: {error.strerror}. Choose another with --to.") from error
    return [folder / name for name in contents]


def remove(folder: Path) -> tuple[list[Path], list[Path]]:
    """Take away what was installed there; what was removed, and what was changed since and therefore kept."""
    removed: list[Path] = []
    kept: list[Path] = []
    for name, checksum in _record(folder).items():
        file = folder / name
        if file.exists():
            (removed if _checksum(file) == checksum else kept).append(file)
    for file in removed:
        file.unlink()
    (folder / RECORD).unlink(missing_ok=True)
    if folder.name == BLENDER_ID:  # else Blender would go on listing an add-on without files
        with contextlib.suppress(OSError):
            folder.rmdir()
    return removed, kept


def _source() -> Path:
    """The folder `plugins/`: inside the installed package, or beside it in a checkout."""
    package = Path(momentidx.__file__).parent
    inside = package / "plugin_files"
    return inside if inside.is_dir() else package.parent / "plugins"


def _record(folder: Path) -> dict[str, str]:
    try:
        record: dict[str, str] = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MomentidxError(
            f"{folder / RECORD} says what was installed, and cannot be read: {error}. Delete it and the files by hand."
        ) from error
    # Only names: whoever can write this file could otherwise have any file removed.
    return {name: checksum for name, checksum in record.items() if name == os.path.basename(name)}  # noqa: PTH119


def _remember(folder: Path, files: Mapping[str, str]) -> None:
    text = json.dumps({"version": 1, "files": dict(sorted(files.items()))}, indent=1)
    (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def _checksum(file: Path) -> str:
    return _sum(file.read_bytes())


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
