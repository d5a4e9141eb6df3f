"""Volumes: is it the drive it was, and is its footage there?

W17 missing · W18 nothing mounted · W19 another disk · I7 absence is not deletion
"""

import os
from pathlib import Path

import pytest

from momentidx.watch import volumes
from momentidx.watch.mounts import Mount
from momentidx.watch.volumes import Found, Standing, identity, judge

A, B = "uuid:A", "uuid:B"


@pytest.mark.parametrize(
    ("found", "standing"),
    [
        # never watched before, or adopted, or nothing was there
        (Found(A, "", files=3, known=0, known_before=0), Standing()),
        (Found(A, "", files=3, known=0, known_before=40), Standing()),
        (Found(B, A, files=0, known=0, known_before=0), Standing()),
        # all is there, whatever the volume calls itself now
        (Found(A, A, files=10, known=10, known_before=10), Standing()),
        (Found(B, A, files=10, known=10, known_before=10), Standing()),
        (Found(B, A, files=10, known=5, known_before=10), Standing()),
        # a person deleted some
        (Found(A, A, files=9, known=9, known_before=10), Standing()),
        (Found(A, A, files=950, known=949, known_before=1000), Standing()),
        (Found(A, A, files=10, known=10, known_before=60), Standing()),
        # nobody deletes so many at once
        (Found(A, A, files=10, known=9, known_before=60), Standing("51 of its 60 files went at once")),
        (Found(A, A, files=799, known=799, known_before=1000), Standing("201 of its 1,000 files went at once")),
        (Found(A, A, files=0, known=0, known_before=1), Standing("it is empty, though it held footage before")),
        # another volume
        (
            Found(B, A, files=0, known=0, known_before=3),
            Standing("nothing is mounted there: it is empty, and lies on another volume than before", take_in=False),
        ),
        (
            Found(B, A, files=7, known=1, known_before=3),
            Standing("another volume is mounted there, without the files of before", take_in=False),
        ),
    ],
)
def test_how_a_folder_stands(found: Found, standing: Standing) -> None:
    assert judge(found) == standing


def test_a_volume_is_known_by_its_uuid_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path.stat().st_dev
    monkeypatch.setattr(volumes, "_listed", lambda _folder: ["0A1B-2C3D"])
    monkeypatch.setattr(volumes, "_device_number", lambda path: device if path.name == "0A1B-2C3D" else None)
    assert identity(tmp_path) == "uuid:0A1B-2C3D"


def test_a_network_share_is_known_by_its_address(tmp_path: Path) -> None:
    assert identity(tmp_path, Mount(tmp_path, "nfs4", "nas:/export")) == "nfs4:nas:/export"


def test_other_volumes_are_known_by_a_number_made_from_their_uuid_or_by_their_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volumes, "BY_UUID", tmp_path / "none")
    number = f"fsid:{os.statvfs(tmp_path).f_fsid:x}"
    assert identity(tmp_path, Mount(tmp_path, "ext4", "/dev/none")) == number
    assert identity(tmp_path, Mount(tmp_path, "exfat", "/dev/none")) == "exfat:/dev/none"


def test_a_path_that_is_not_there_lies_on_no_volume(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        identity(tmp_path / "none")
