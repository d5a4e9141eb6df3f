"""How many folders may be watched, and how many are: Linux allows each user so many (inotify(7))."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_ALLOWED = (Path("/proc/sys/fs/inotify/max_user_watches"), Path("/proc/sys/user/max_inotify_watches"))
_DESCRIPTORS = Path("/proc/self/fdinfo")


def watches_held() -> int | None:
    """Folders that this process watches now; None where the system does not tell."""
    held = 0
    try:
        for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 (names are all that is needed)
            with suppress(OSError):  # closed since it was listed
                held += (_DESCRIPTORS / name).read_text(encoding="ascii", errors="replace").count("inotify wd:")
    except OSError:
        return None
    return held


def watches_allowed() -> int:
    """Folders that all programs of this user may watch together; 0 where the system does not tell."""
    allowed = []
    for file in _ALLOWED:  # of the machine, and of the container we may be in
        with suppress(OSError, ValueError):
            allowed.append(int(file.read_text(encoding="ascii")))
    return min(allowed, default=0)


def folders_below(root: Path) -> int:
    """How many folders there are, the root included; as the watcher counts them, links not followed."""
    return sum(1 for _ in os.walk(root))
