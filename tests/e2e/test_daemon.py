"""The daemon as a process: files that arrive, bad files, stops and kills."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.command import COMMAND, PATIENCE, environment, momentidx, moments, run, wait_until


class Daemon:
    """A running `momentidx watch`; what it prints is in `lines`."""

    def __init__(self, folder: Path, library: Path, log: Path) -> None:
        self.log = log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [COMMAND, "watch", str(folder), "--library", str(library)],
                stdout=stream, stderr=subprocess.STDOUT,
                env=environment(MOMENTIDX_SETTLE_SECONDS="1", PYTHONUNBUFFERED="1"),
            )  # fmt: skip

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def wait_for(self, text: str) -> None:
        def said() -> bool:
            assert self.process.poll() is None or text in self.log.read_text(), self.log.read_text()
            return text in self.log.read_text()

        wait_until(said, f"the daemon says '{text}'; it said {self.lines}")

    def stop(self, how: signal.Signals) -> int:
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        _, alive = psutil.wait_procs(children, timeout=PATIENCE)
        assert alive == [], "children outlived the daemon"
        return code


@contextlib.contextmanager
def watching(folder: Path, library: Path, log: Path) -> Iterator[Daemon]:
    daemon = Daemon(folder, library, log)
    try:
        daemon.wait_for("Watching ")
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()
        assert "Traceback" not in log.read_text(), log.read_text()


def said_of(path: Path, library: Path) -> list[tuple[object, ...]]:
    """What a library says of a clip, without the numbers that depend on the order of the work."""
    return [
        (m["start_frame"], m["end_frame"], m["caption"], m["footage"])
        for m in moments("events", path, "--library", library)
    ]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_a_file_that_arrives_is_indexed_and_a_stop_is_clean(tmp_path: Path, drawn: Path, how: signal.Signals) -> None:
    folder, library = tmp_path / "card", tmp_path / "library"
    folder.mkdir()
    with watching(folder, library, tmp_path / "log") as daemon:
        whole = (drawn / "A002_studio.mov").read_bytes()
        with (folder / "A002_studio.mov").open("wb") as copy:  # arrives in two parts
            copy.write(whole[: len(whole) // 2])
            copy.flush()
            wait_until(lambda: Path(copy.name).stat().st_size > 0, "the first half")
            copy.write(whole[len(whole) // 2 :])
        daemon.wait_for(f"indexed {folder / 'A002_studio.mov'}")
        assert daemon.stop(how) == 0
        assert daemon.lines[-1] == "Stopped."
        assert not any(line.startswith("failed") for line in daemon.lines)
    assert {m["captioner"] for m in moments("events", folder / "A002_studio.mov", "--library", library)} == {"shotlog"}


def test_a_bad_file_fails_by_itself_and_the_daemon_goes_on(tmp_path: Path, drawn: Path) -> None:
    folder, library = tmp_path / "card", tmp_path / "library"
    folder.mkdir()
    (folder / "A000_notes.mov").write_text("not a film\n" * 50)
    with watching(folder, library, tmp_path / "log") as daemon:
        daemon.wait_for(f"failed: {folder / 'A000_notes.mov'}: ")
        shutil.copy(drawn / "A003_night.mov", folder)
        daemon.wait_for(f"indexed {folder / 'A003_night.mov'}")
        assert daemon.stop(signal.SIGTERM) == 0
    assert "Failed    1 file\n" in momentidx("status", "--library", library)


def test_after_a_kill_the_library_becomes_what_it_would_have_been(tmp_path: Path, footage: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    momentidx("index", footage, "--library", undisturbed)
    with watching(footage, killed, tmp_path / "log") as daemon:
        daemon.wait_for("indexed ")
        daemon.stop(signal.SIGKILL)
    with watching(footage, killed, tmp_path / "log") as daemon:
        wait_until(
            lambda: (
                "Pending   0 files" in momentidx("status", "--library", killed)
                and "Indexed   3 clips" in momentidx("status", "--library", killed)
            ),
            "the rest is indexed",
        )
        assert daemon.stop(signal.SIGTERM) == 0
    for clip in sorted(footage.iterdir()):
        assert said_of(clip, killed) == said_of(clip, undisturbed)
    assert run("doctor", "--library", killed).returncode == 0


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    folder, library = tmp_path / "card", tmp_path / "library"
    folder.mkdir()
    with watching(folder, library, tmp_path / "log") as daemon:
        done = run("index", folder, "--library", library)
        assert done.returncode == 75
        assert f"process {daemon.process.pid} (momentidx watch" in done.stderr
        assert f"momentidx watch {folder}" in momentidx("status", "--library", library)


def test_a_file_that_goes_away_is_offline_and_still_found(tmp_path: Path, footage: Path) -> None:
    library = tmp_path / "library"
    gone = footage / "A002_studio.mov"
    with watching(footage, library, tmp_path / "log") as daemon:
        daemon.wait_for(f"indexed {gone}")
        gone.unlink()
        wait_until(lambda: "Offline   1 file" in momentidx("status", "--library", library), "the file is offline")
        daemon.stop(signal.SIGTERM)
    best = moments("find", "a red ball crosses", "--limit", "1", "--library", library)[0]
    assert (best["path"], best["online"]) == (str(gone), False)
