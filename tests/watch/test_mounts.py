"""The mount table: what a folder lies on (W16, W18)."""

from pathlib import Path

import pytest

from momentidx.watch import mounts
from momentidx.watch.mounts import Mount, mount_of, mounts_around

TABLE = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:45 / /mnt/nas rw shared:7 - nfs4 nas.local:/export/footage rw,vers=4.2
31 22 8:17 / /media/A\040card rw,nosuid - exfat /dev/sdb1 rw
32 22 0:51 / /home/me/cloud rw - fuse.sshfs me@host:/ rw
33 22 8:33 / /mnt/ntfs rw - fuseblk /dev/sdc1 rw
34 31 8:49 / /media/A\040card rw - ext4 /dev/sdd1 rw"""


def test_a_path_lies_on_the_innermost_mount_and_the_latest_of_those_at_one_place() -> None:
    assert mount_of(Path("/home/me/a.mov"), TABLE) == Mount(Path("/"), "ext4", "/dev/sda1")
    assert mount_of(Path("/mnt/nas/day 1"), TABLE) == Mount(Path("/mnt/nas"), "nfs4", "nas.local:/export/footage")
    assert mount_of(Path("/media/A card/DCIM"), TABLE) == Mount(Path("/media/A card"), "ext4", "/dev/sdd1")


@pytest.mark.parametrize(
    ("path", "network", "share"),
    [
        *(("/", False, False), ("/mnt/nas", True, True), ("/media/A card", False, False)),
        *(("/home/me/cloud/x", True, False), ("/mnt/ntfs", False, False)),
    ],
)
def test_network_shares_are_told_from_local_disks(path: str, network: bool, share: bool) -> None:
    mount = mount_of(Path(path), TABLE)
    assert mount is not None
    assert (mount.network, mount.share) == (network, share)


def test_without_a_table_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "none")
    assert mount_of(Path("/home")) is None
    assert mounts_around([Path("/home")]) == ()


def test_only_mounts_that_concern_the_folders_are_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "table").write_text(TABLE)
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "table")
    numbers = [line.split()[0] for line in mounts_around([Path("/mnt/nas/day 1"), Path("/media")])]
    assert numbers == ["22", "30", "31", "34"]
