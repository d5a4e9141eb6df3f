"""Reasons to wait."""

from __future__ import annotations

import os
import shutil
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
