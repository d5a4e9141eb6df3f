"""Events are hints: they wake the daemon, and a root without events is named."""

from pathlib import Path

from momentidx.watch.hints import Hints


def test_a_new_file_wakes_and_reading_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "old.mov").write_bytes(b"x")
    with Hints([tmp_path]) as hints:
        (tmp_path / "old.mov").read_bytes()
        (tmp_path / "new.mov").write_bytes(b"x")
        assert hints.woken.wait(10)
        assert hints.unwatched == {}


def test_reading_alone_does_not_wake(tmp_path: Path) -> None:
    (tmp_path / "old.mov").write_bytes(b"x")
    with Hints([tmp_path]) as hints:
        (tmp_path / "old.mov").read_bytes()
        assert not hints.woken.wait(0.5)


def test_a_root_that_cannot_be_watched_is_named_with_the_reason(tmp_path: Path) -> None:
    with Hints([tmp_path / "gone", tmp_path]) as hints:
        assert hints.unwatched == {tmp_path / "gone": "No such file or directory"}
        (tmp_path / "new.mov").write_bytes(b"x")
        assert hints.woken.wait(10)
