"""The walk: which files lie under a folder."""

import os
from pathlib import Path

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
    assert walk.unreadable == [f"{tmp_path / 'gone'}: No such file or directory. Its files are left as they are."]
