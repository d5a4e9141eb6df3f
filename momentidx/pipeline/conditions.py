"""Reasons for a daemon to wait although there is work: the hour, a busy machine or GPU, a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path
from time import monotonic

from momentidx.config import Settings

SMALL_SHARE = 0.01
"""On a small disk so much of it is room enough."""
GPU_SECONDS = 5.0
"""The driver's program takes up to a second to say who uses a GPU; it is asked so seldom, and left after so long."""


def why_wait(settings: Settings, library: Path, now: datetime) -> str | None:
    """The first reason not to start on another file, as the end of a sentence; None when there is none."""
    return disk_full(settings, library) or _hour(settings, now.time()) or _load(settings) or _gpu(settings)


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


def _gpu(settings: Settings) -> str | None:
    if not settings.yield_gpu:
        return None
    used = _gpu_of_others(int(monotonic() / GPU_SECONDS))
    return f"other programs use the GPU ({used} %)" if used > settings.yield_gpu else None


@lru_cache(maxsize=1)
def _gpu_of_others(_now: int) -> int:
    """How many percent of the busiest GPU programs use that are not ours; 0 where nobody can say.

    `nvidia-smi pmon` prints a line for each process: GPU, process, type, percent of its processors, and more.
    """
    ask = ["nvidia-smi", "pmon", "-c", "1", "-s", "u"]
    try:
        said = subprocess.run(ask, capture_output=True, text=True, timeout=GPU_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    used: Counter[str] = Counter()
    for line in said.splitlines():
        gpu, process, _, percent = [*line.split(), *"----"][:4]
        if process.isdecimal() and percent.isdecimal() and not _is_ours(int(process)):
            used[gpu] += int(percent)
    return max(used.values(), default=0)


def _is_ours(process: int) -> bool:
    """Whether it is this process or a child of it, such as the one that answers searches."""
    try:
        facts = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return process == os.getpid()
    parent = int(facts.rpartition(")")[2].split()[1])  # see proc(5)
    return os.getpid() in (process, parent)
