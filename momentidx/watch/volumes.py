"""Is this the volume it was? A drive is recognised without writing anything onto it.

An unplugged drive leaves an empty folder behind, another drive may be mounted at its place, and a
share may come back empty. None of that means that footage was deleted. A watched folder therefore
stands well only when its volume is the one it was, or holds what was there before; what is missing
otherwise is away until it returns or a person says that it will not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from momentidx.watch.mounts import Mount, mount_of

BY_UUID = Path("/dev/disk/by-uuid")

LOST_SHARE, LOST_FILES = 0.2, 50
"""More than this share of a folder's files, and more than so many, do not go at once by a person's hand."""
SAME_SHARE = 0.5
"""With so much of what it held, a folder is what it was, whatever its volume calls itself now."""

_STABLE_NUMBERS = frozenset({"btrfs", "ext2", "ext3", "ext4", "f2fs", "zfs"})
"""File systems whose number (statfs) is made from their own UUID, not from the slot they are plugged into."""


def identity(path: Path, mount: Mount | None = None) -> str:
    """What stays the same of the volume a path lies on, however and wherever it is mounted.

    By preference the file system's UUID, the address of a network share, the file system's own
    number; at worst only the kind of file system is told. Raises OSError when the path is not there.
    """
    status = path.stat()
    mount = mount or mount_of(path)
    if mount is not None and mount.network:
        return f"{mount.kind}:{mount.source}"
    source = _device(mount)
    for name in _listed(BY_UUID):
        if _device_number(BY_UUID / name) in {status.st_dev, source} - {None}:
            return f"uuid:{name}"
    if mount is None or mount.kind in _STABLE_NUMBERS:
        return f"fsid:{os.statvfs(path).f_fsid:x}"
    return f"{mount.kind}:{mount.source}"


def _device(mount: Mount | None) -> int | None:
    """The device's own number: some file systems (btrfs) show another one for their files."""
    return _device_number(Path(mount.source)) if mount is not None and mount.source.startswith("/") else None


def _device_number(path: Path) -> int | None:
    try:
        return path.stat().st_rdev
    except OSError:
        return None


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (names are all that is needed)
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk found in a watched folder, against what was there before."""

    volume: str
    """Identity of the volume now ..."""
    volume_before: str
    """... and when the folder last stood well; empty when it never did, or was adopted."""
    files: int
    """Media files there now."""
    known: int
    """Those among them that are files of before ..."""
    known_before: int
    """... and how many those were, without the ones that were moved and found again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a watched folder stands after a walk."""

    away: str | None = None
    """Why what is missing is taken to be away, as the end of a sentence; None when all is well."""
    take_in: bool = True
    """Whether new files found there are footage of this folder, and not of a stranger's disk."""


def judge(found: Found) -> Standing:
    """How a folder stands. Touches nothing."""
    missing = found.known_before - found.known
    if not found.known_before or not missing:
        return Standing()
    if found.volume != found.volume_before and found.volume_before and found.known < SAME_SHARE * found.known_before:
        if not found.files:
            return Standing("nothing is mounted there: it is empty, and lies on another volume than before", False)
        return Standing("another volume is mounted there, without the files of before", False)
    if not found.files:
        return Standing("it is empty, though it held footage before")
    if missing > LOST_FILES and missing > LOST_SHARE * found.known_before:
        return Standing(f"{missing:,} of its {found.known_before:,} files went at once")
    return Standing()
