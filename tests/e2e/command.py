"""Running `momentidx` as a user would: the installed command, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("momentidx")
PATIENCE = 120.0
"""Seconds after which a test gives up waiting; never how long something should take."""


def environment(**more: str) -> dict[str, str]:
    """The caller's environment without settings of momentidx, and without the page, which tests/web is about."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOMENTIDX_")}
    return kept | {"MOMENTIDX_WEB": "false"} | more


def momentidx(*arguments: str | Path, code: int = 0, cwd: Path | None = None, **env: str) -> str:
    """Run one command to its end; its standard output. Fails unless it exits with `code` and without a traceback."""
    done = run(*arguments, cwd=cwd, **env)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def run(*arguments: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True, text=True, timeout=PATIENCE * 3, cwd=cwd, env=environment(**env), check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def moments(*arguments: str | Path, **env: str) -> list[dict[str, Any]]:
    """The JSON lines of a command."""
    return [json.loads(line) for line in momentidx(*arguments, "--json", **env).splitlines()]


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something to become true; fail by name when it does not in good time."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)
