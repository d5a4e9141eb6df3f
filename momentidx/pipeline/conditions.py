"""Reasons for a daemon to wait although there is work: the hour, a busy machine, a full disk."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, time
from pathlib import Path

from momentidx.config import Settings

SMALL_SHARE = 0.01
"""On a small disk so much of it is room enough."""


def why_wait(settings: Settings, library: Path, now: datetime) -> str | None:
    """The first reason not to start on another file, as the end of a sentence; None when there is none."""
    return disk_full(settings, library) or _hour(settings, now.time()) or _load(settings)


def in_window(window: str, now: time) -> bool:
    """Whether a time of day lies in `22:00-06:00`; the end is not included, an empty window is the whole day."""
    if not window:
        return True
    start, end = (time.fromisoformat(text) for text in window.split("-"))
    return start <= now < end if start <= end else now >= start or now < end


def disk_full(settings: Settings, library: Path) -> str | None:
    """Why nothing may be written, not even that there is new footage."""
    try:
        disk = shutil.disk_usage(library)
    except OSError:
        return None  # whatever is wrong, the next write will say it better
    floor = min(settings.min_free_mb << 20, int(disk.total * SMALL_SHARE))
    if disk.free >= floor:
        return None
    return f"the disk of the library is full ({disk.free / 1e6:,.0f} MB left of the {floor / 1e6:,.0f} MB it needs)"


def _hour(settings: Settings, now: time) -> str | None:
    return None if in_window(settings.quiet_window, now) else f"outside of the quiet window {settings.quiet_window}"


def _load(settings: Settings) -> str | None:
    if not settings.yield_load:
        return None
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return f"the machine is busy (load {load:.1f} per core)" if load > settings.yield_load else None
