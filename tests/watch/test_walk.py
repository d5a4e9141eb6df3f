"""The walk: which files lie under a folder.

W3 unfinished copies · W22 links · W24 unreadable · W25 special files · W26 sparse · W27 names · W32 our own
· W34 what cameras, systems and NAS leave lying about
"""

import os
import subprocess
from pathlib import Path

import pytest

from momentidx.config import Settings
from momentidx.files import SeenFile
from momentidx.watch.walk import Walk, Wanted

WANTED = Wanted(extensions=("mov", "mp4"), ignore=(".*", "*.part", "@eaDir"))


def names(root: Path, **options: frozenset[Path]) -> list[str]:
    return [str(file.path.relative_to(root)) for file in Walk(root, WANTED, **options)]


def put(root: Path, *relative: str) -> None:
    for name in relative:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_wanted_files_are_found_in_order_of_path_and_others_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "b.mov", "a/z.MP4", "a/notes.txt", ".hidden.mov", "c.mov.part", "@eaDir/d.mov", "a/.x/e.mov", "mov")
    assert names(tmp_path) == ["b.mov", "a/z.MP4"]


def test_what_is_found_says_what_stat_says(tmp_path: Path) -> None:
    put(tmp_path, "a.mov")
    os.utime(tmp_path / "a.mov", ns=(5, 7))
    (found,) = Walk(tmp_path, WANTED)
    stat = (tmp_path / "a.mov").stat()
    assert found == SeenFile(tmp_path / "a.mov", 1, 7, stat.st_ctime_ns, stat.st_ino)


def test_links_pipes_and_folders_with_media_names_are_not_followed_or_opened(tmp_path: Path) -> None:
    put(tmp_path, "real/a.mov")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.mov").symlink_to(tmp_path / "real" / "a.mov")
    (tmp_path / "dangling.mov").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.mov")
    (tmp_path / "folder.mov").mkdir()
    assert names(tmp_path) == ["real/a.mov"]


def test_names_that_are_not_utf8_are_kept_byte_for_byte(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9\n.mov"
    os.close(os.open(raw, os.O_CREAT))
    (found,) = Walk(tmp_path, WANTED)
    assert os.fsencode(found.path) == raw


def test_folders_to_leave_alone_are_not_entered(tmp_path: Path) -> None:
    put(tmp_path, "library/stills/a.mov", "b.mov")
    assert names(tmp_path, passed_over=frozenset({tmp_path / "library"})) == ["b.mov"]


def test_a_folder_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    put(tmp_path, "z.mov")
    walk = Walk(tmp_path / "gone", WANTED)
    assert list(walk) == []
    gone = tmp_path / "gone"
    assert walk.unreadable == {gone: f"{gone}: No such file or directory. Its files are left as they are."}


def test_what_copy_programs_systems_and_servers_leave_lying_about_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "DCIM/100/A.MOV", "DCIM/100/._A.MOV", ".DS_Store", "@eaDir/A.mov", ".stversions/A.mov")
    put(tmp_path, "$RECYCLE.BIN/A.mov", "#recycle/A.mov", "@Recycle/A.mov", "System Volume Information/A.mov")
    put(tmp_path, "lost+found/A.mov", "#snapshot/A.mov", ".Trash-1000/files/A.mov", ".B.mov.AbC123")
    put(tmp_path, "C.mov.part", "C.mov.crdownload", "C.mov.partial", "C.mov.tmp", "C.mov.filepart")
    walk = Walk(tmp_path, Wanted.of(Settings()))
    assert [str(file.path.relative_to(tmp_path)) for file in walk] == ["DCIM/100/A.MOV"]


def test_links_that_go_round_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path
    for depth in range(40):
        folder = folder / str(depth)
        folder.mkdir()
        (folder / "up").symlink_to("..")
    put(folder, "a.mov")
    assert names(tmp_path) == [str((folder / "a.mov").relative_to(tmp_path))]


def test_a_sparse_file_costs_nothing(tmp_path: Path) -> None:
    with (tmp_path / "a.mov").open("wb") as file:
        try:
            file.truncate(10 * 2**40)
        except OSError:
            pytest.skip("this file system has no files of 10 TB")
    (found,) = Walk(tmp_path, WANTED)
    assert found.size == 10 * 2**40


HOSTILE = [
    b"tab\there.mov", b"quo'te\".mov", b"-version.mov", b"http:x.mov", b"concat:a|b.mov", b"a%03d.mov",
    "emoji \U0001f3ac.mov".encode(), "rtl \u202egnp.mov".encode(), b"x" * 251 + b".mov", b"\xff\xfe.mov",
    "e\u0301.mov".encode(), "\u00e9.mov".encode(), b"A.mov", b"a.mov", b"space .mov", b"new\nline.mov", b"\x01.mov",
]  # fmt: skip


def test_hostile_names_are_found_byte_for_byte(tmp_path: Path) -> None:
    for name in HOSTILE:
        os.close(os.open(os.fsencode(tmp_path) + b"/" + name, os.O_CREAT))
    assert sorted(os.fsencode(file.path.name) for file in Walk(tmp_path, WANTED)) == sorted(HOSTILE)


def test_a_path_longer_than_the_system_takes_does_not_end_the_walk(tmp_path: Path) -> None:
    deep, name = os.open(tmp_path, os.O_RDONLY), "d" * 200
    for _ in range(25):
        os.mkdir(name, dir_fd=deep)
        deeper = os.open(name, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = deeper
    os.close(deep)
    put(tmp_path, "z.mov")
    walk = Walk(tmp_path, WANTED)
    assert [file.path.name for file in walk] == ["z.mov"]
    assert [sentence.rpartition(": ")[2] for sentence in walk.unreadable.values()] == [
        "File name too long. Its files are left as they are."
    ]
    subprocess.run(["rm", "-rf", tmp_path / name], check=True)  # pytest's own cleaning cannot


def test_folders_are_counted(tmp_path: Path) -> None:
    put(tmp_path, "a/b/c.mov", "d/e.mov", ".hidden/f.mov")
    walk = Walk(tmp_path, WANTED)
    assert len(list(walk)) == 2
    assert walk.folders == 4


def test_a_walk_reaches_what_no_folder_on_the_way_hides() -> None:
    root = Path("/footage")
    assert WANTED.reaches(root / "day 1" / "a.mov", root)
    assert not WANTED.reaches(root / ".hidden" / "a.mov", root)
    assert not WANTED.reaches(Path("/elsewhere/a.mov"), root)
