"""The settings, the space on the disk, and the doctor: how well this machine and this library are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from momentidx.errors import MomentidxError
from momentidx.web.desk import DeskHere
from momentidx.web.problems import Conflict
from momentidx.web.values import Value

router = APIRouter(tags=["library"])

DOCTOR_SECONDS = 50.0
"""Less than any route may take to begin its answer."""
PARTS = ("stills", "proxies", "vectors", "backups", "aside", "logs")
"""Folders within a library's, which are told apart."""

_examining = threading.Lock()


class Setting(Value):
    """One setting."""

    setting: str
    value: Any = Field(description="As JSON; secrets are hidden.")
    source: str = Field(description="`default`, the settings file, the environment variable, or `option`.")
    says: str = Field(description="What it is for.")


class Disk(Value):
    """What the library takes, and what is left."""

    bytes: int
    parts: dict[str, int] = Field(description="Bytes by part: `database`, `stills`, `vectors`, ...")
    free_bytes: int


class Finding(Value):
    """One line of the doctor's report."""

    state: str = Field(description="`ok`, `note` or `problem`.")
    about: str
    text: str


@router.get("/settings")
def settings(desk: DeskHere) -> list[Setting]:
    """Every setting of the server, its value and where it came from."""
    values = desk.settings.model_dump(mode="json")
    fields = type(desk.settings).model_fields
    origin = desk.sources.origin
    return [
        Setting(setting=name, value=value, source=origin[name], says=fields[name].description or "")
        for name, value in values.items()
    ]


@router.get("/disk")
def disk(desk: DeskHere) -> Disk:
    """How much space the library's folder takes, counted now."""
    folder = desk.library().folder
    parts = {part: _size(folder / part) for part in PARTS}
    parts["database"] = sum(_bytes(file) for file in folder.glob("library.sqlite*"))
    everything = _size(folder)
    parts["other"] = max(0, everything - sum(parts.values()))
    return Disk(bytes=everything, parts=parts, free_bytes=shutil.disk_usage(folder).free)


@router.get("/doctor")
def doctor(desk: DeskHere) -> list[Finding]:
    """What `momentidx doctor` finds, in a process of its own; one at a time."""
    if not _examining.acquire(blocking=False):
        raise Conflict("The doctor is examining already. Wait for what it says.")
    try:
        return _examined(desk.library().folder)
    finally:
        _examining.release()


def _examined(folder: Path) -> list[Finding]:
    command = [sys.executable, "-P", "-m", "typer_app", "doctor", "--json", "--library", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=DOCTOR_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Conflict("The doctor takes long with this library. Run 'momentidx doctor' instead.") from None
    found = [Finding(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith(b"{")]
    if not found:
        raise MomentidxError(f"The doctor said nothing. {done.stderr.decode(errors='replace').strip()}")
    return found


def _size(folder: Path) -> int:
    return sum(_bytes(Path(root, name)) for root, _, names in os.walk(folder) for name in names)


def _bytes(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:  # gone meanwhile
        return 0
