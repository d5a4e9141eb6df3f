"""A footage is recognised by its bytes, wherever it lies and however large it is."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from momentidx.errors import UnusableFootage
from momentidx.media import files, identity
from momentidx.media.identity import fingerprint

MEGABYTE = 1 << 20


def write(path: Path, size: int, seed: int = 1) -> Path:
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def refusal(path: Path) -> tuple[str, bool]:
    with pytest.raises(UnusableFootage) as caught:
        fingerprint(path)
    assert str(path) in str(caught.value)
    return caught.value.code, caught.value.passing


def test_the_fingerprint_of_known_bytes_never_changes(tmp_path: Path) -> None:
    """Libraries store fingerprints: another value here means that every footage is analysed again."""
    (tmp_path / "a").write_bytes(b"footage")
    (tmp_path / "b").write_bytes(bytes(6 * MEGABYTE))
    assert fingerprint(tmp_path / "a") == "970f665694f825fb2e58a463f3c0f605"
    assert fingerprint(tmp_path / "b") == "9ac6a14a20a5aa4613f20a5b5c47ba9d"


@pytest.mark.parametrize("size", [1, 1000, 4 * MEGABYTE, 4 * MEGABYTE + 1, 9 * MEGABYTE])
def test_a_copy_with_another_name_is_the_same_footage(tmp_path: Path, size: int) -> None:
    assert fingerprint(write(tmp_path / "A001.mov", size)) == fingerprint(write(tmp_path / "copy.mp4", size))


@pytest.mark.parametrize("size", [1, 1000, 4 * MEGABYTE, 9 * MEGABYTE])
def test_other_content_of_the_same_size_is_another_footage(tmp_path: Path, size: int) -> None:
    assert fingerprint(write(tmp_path / "a", size, seed=1)) != fingerprint(write(tmp_path / "b", size, seed=2))


@pytest.mark.parametrize("place", [0, 2 * MEGABYTE, 4 * MEGABYTE - 1])
def test_in_a_small_file_every_byte_counts(tmp_path: Path, place: int) -> None:
    file = write(tmp_path / "a", 4 * MEGABYTE)
    before = fingerprint(file)
    with file.open("r+b") as opened:
        opened.seek(place)
        old = opened.read(1)
        opened.seek(place)
        opened.write(bytes([old[0] ^ 1]))
    assert fingerprint(file) != before


def test_a_file_that_goes_on_is_another_footage(tmp_path: Path) -> None:
    """A recording that is still written, and its beginning."""
    assert fingerprint(write(tmp_path / "a", 5 * MEGABYTE)) != fingerprint(write(tmp_path / "b", 6 * MEGABYTE))


def test_of_a_huge_file_only_samples_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = tmp_path / "hour.mxf"
    with huge.open("wb") as opened:
        opened.truncate(1 << 40)
    read: list[tuple[int, int]] = []
    pread = os.pread

    def noted(descriptor: int, length: int, start: int) -> bytes:
        read.append((start, length))
        return pread(descriptor, length, start)

    monkeypatch.setattr(identity.os, "pread", noted)
    fingerprint(huge)
    assert sum(length for _, length in read) == 24 * 65536
    assert read[0] == (0, 65536)
    assert read[-1] == ((1 << 40) - 65536, 65536)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert refusal(tmp_path / "empty.mp4") == ("empty", False)


def test_a_file_that_is_not_there_may_come_back(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.mp4") == ("unreadable", True)


def test_a_file_that_may_not_be_read_may_become_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.mov", 10)

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", denied)  # a chmod would not stop root
    assert refusal(file) == ("unreadable", True)


def test_a_file_that_is_cut_while_it_is_read_is_not_identified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.mov", 200_000)
    monkeypatch.setattr(identity.os, "pread", lambda *_: b"short")
    assert refusal(file) == ("unreadable", True)


def test_folders_pipes_and_devices_are_never_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "folder.mp4", tmp_path / "pipe.mp4", Path(os.devnull)):
        assert refusal(path) == ("not-a-file", False)


def test_a_pipe_that_takes_the_place_of_a_file_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the path and its opening somebody may swap it."""
    file = write(tmp_path / "a.mov", 10)
    looked = file.stat()
    file.unlink()
    os.mkfifo(file)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: looked)
    assert refusal(file) == ("not-a-file", False)


def test_a_link_is_the_file_it_leads_to(tmp_path: Path) -> None:
    file = write(tmp_path / "a.mov", 1000)
    (tmp_path / "link.mov").symlink_to(file)
    assert fingerprint(tmp_path / "link.mov") == fingerprint(file)


def test_names_that_are_not_text_are_fine(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe \n.mov"))
    write(path, 1000)
    assert fingerprint(path) == fingerprint(write(tmp_path / "plain.mov", 1000))
