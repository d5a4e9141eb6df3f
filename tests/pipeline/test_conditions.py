"""Reasons to wait."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest

from momentidx.config import Settings
from momentidx.pipeline import conditions
from momentidx.pipeline.conditions import in_window, why_wait

NOON = datetime(2026, 11, 21, 12)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("22:00-06:00", ["22:00", "23:59", "00:00", "05:59"], ["06:00", "12:00", "21:59"]),
        ("09:30-17:00", ["09:30", "16:59"], ["09:29", "17:00", "00:00"]),
        ("", ["00:00", "12:00"], []),
    ],
)
def test_a_window_may_go_over_midnight_and_does_not_hold_its_end(
    window: str, inside: list[str], outside: list[str]
) -> None:
    assert [in_window(window, time.fromisoformat(text)) for text in inside] == [True] * len(inside)
    assert [in_window(window, time.fromisoformat(text)) for text in outside] == [False] * len(outside)


def disk(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    usage: Any = shutil._ntuple_diskusage(total, total - free, free)  # type: ignore[attr-defined]
    monkeypatch.setattr(conditions.shutil, "disk_usage", lambda _path: usage)


def test_nothing_speaks_against_it_as_a_rule(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk(monkeypatch, total=10**12, free=10**9)
    assert why_wait(Settings(), tmp_path, NOON) is None


def test_the_disk_needs_room_in_proportion_to_its_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk(monkeypatch, total=10**12, free=100 * 10**6)
    full = "the disk of the library is full (100 MB left of the 524 MB it needs)"
    assert why_wait(Settings(), tmp_path, NOON) == full
    disk(monkeypatch, total=10**9, free=100 * 10**6)
    assert why_wait(Settings(), tmp_path, NOON) is None


def test_the_hour_and_the_load_are_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk(monkeypatch, total=10**12, free=10**11)
    monkeypatch.setattr(os, "getloadavg", lambda: (6.0, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert why_wait(Settings(quiet_window="22:00-06:00"), tmp_path, NOON) == "outside of the quiet window 22:00-06:00"
    assert why_wait(Settings(yield_load=1.2), tmp_path, NOON) == "the machine is busy (load 1.5 per core)"
    assert why_wait(Settings(yield_load=1.6), tmp_path, NOON) is None


PMON = """\
# gpu         pid   type     sm    mem    enc    dec    jpg    ofa    command
# Idx           #    C/G      %      %      %      %      %      %    name
    0        {us}     C     90     40      -      -      -      -    python
    0     {child}     C     80     40      -      -      -      -    python
    0          1      G     12      4      -      -      -      -    Xorg
    0          2      G     30      9      3      -      -      -    resolve
    1          3      C      -      -      -      -      -      -    idle
    2          -      -      -      -      -      -      -      -    -
"""


def test_other_programs_on_the_gpu_are_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk(monkeypatch, total=10**12, free=10**11)
    program = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        told = PMON.format(us=os.getpid(), child=child.pid)
        program.write_text(f"#!/bin/sh\n[ \"$1\" = pmon ] && cat <<'END'\n{told}END\n")
        program.chmod(0o755)
        for limit, why in ((0, None), (40, "other programs use the GPU (42 %)"), (42, None)):
            conditions._gpu_of_others.cache_clear()
            assert why_wait(Settings(yield_gpu=limit), tmp_path, NOON) == why
        program.unlink()
        conditions._gpu_of_others.cache_clear()
        assert why_wait(Settings(yield_gpu=1), tmp_path, NOON) is None, "there is nobody to ask"
        assert child.stdin is not None
        child.stdin.write(b"\n")
    conditions._gpu_of_others.cache_clear()
