"""Which file system a folder lies on, as the kernel tells it.

The table is read from `/proc/self/mountinfo` (proc(5)); where there is none, nothing is known and
nothing is concluded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

_NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fhgfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs"}
    | {"nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs"}
)
"""File systems that others change behind this kernel's back, so that it has no events to send ..."""
_SHARES = frozenset({"afs", "cifs", "davfs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"})
"""... and those among them that lie on a server, where each machine has a view and locks of its own."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system."""

    point: Path
    kind: str
    """File system type: `ext4`, `nfs4`, `fuse.sshfs`, ..."""
    source: str
    """A device or a network address; whatever it was mounted from."""

    @property
    def share(self) -> bool:
        """Whether it lies on a server: no place for a database that several machines may open."""
        return self.kind in _SHARES

    @property
    def network(self) -> bool:
        """Whether changes made elsewhere give no events here. FUSE is one, but for drivers of local disks."""
        return self.kind in _NETWORK or self.kind.startswith("fuse.")


def mount_table() -> str:
    """The table as it is now."""
    try:
        return MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def mounts_around(roots: Iterable[Path]) -> tuple[str, ...]:
    """The lines of the table that concern these folders: what they lie on and what is mounted below them."""
    folders = tuple(roots)
    return tuple(
        line
        for line in mount_table().splitlines()
        if any(root.is_relative_to(point) or point.is_relative_to(root) for point in [_point(line)] for root in folders)
    )


def mount_of(path: Path, table: str | None = None) -> Mount | None:
    """The mount that holds a path; None where the system does not tell."""
    found: Mount | None = None
    for line in (mount_table() if table is None else table).splitlines():
        before, _, after = line.partition(" - ")
        point, rest = _point(before), after.split(" ")
        # A later line hides an earlier one at the same place.
        if path.is_relative_to(point) and (found is None or len(point.parts) >= len(found.point.parts)):
            found = Mount(point, rest[0], _unescaped(rest[1]))
    return found


def _point(line: str) -> Path:
    return Path(_unescaped(line.split(" ", 5)[4]))


def _unescaped(text: str) -> str:
    r"""Spaces and the like are written as `\040` there."""
    raw = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), os.fsencode(text))
    return os.fsdecode(raw)
