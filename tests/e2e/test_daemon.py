"""The daemon as a process: files that arrive, bad files, signals, stops and kills.

W1 growing · W9 renamed · W17, W20 root gone and back · W24 a folder without permission (the walk's own test)
· W30 ready before the first walk ends · S10 two daemons · S25-S27 signals
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.command import COMMAND, PATIENCE, environment, momentidx, moments, run, wait_until


class Daemon:
    """A running `momentidx watch`; what it prints is in `lines`."""

    def __init__(self, folder: Path, library: Path, log: Path, **env: str) -> None:
        self.log = log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [COMMAND, "watch", str(folder), "--library", str(library)],
                stdout=stream, stderr=subprocess.STDOUT,
                env=environment(**{"MOMENTIDX_SETTLE_SECONDS": "1", "PYTHONUNBUFFERED": "1"} | env),
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
def watching(folder: Path, library: Path, log: Path, **env: str) -> Iterator[Daemon]:
    daemon = Daemon(folder, library, log, **env)
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


@pytest.mark.slow  # tests/faults kills at other moments in the default run
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
        second = run("watch", folder, "--library", library)
        assert second.returncode == 75
        assert f"process {daemon.process.pid} (momentidx watch" in second.stderr


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


def test_what_a_running_daemon_does_can_be_seen_and_systemd_is_told(tmp_path: Path, drawn: Path) -> None:
    folder, library = tmp_path / "card", tmp_path / "library"
    folder.mkdir()
    shutil.copy(drawn / "A003_night.mov", folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE)
        with watching(folder, library, tmp_path / "log", NOTIFY_SOCKET=str(tmp_path / "notify")) as daemon:
            assert systemd.recv(100).startswith(b"READY=1\n")
            daemon.wait_for(f"indexed {folder / 'A003_night.mov'}")

            (folder / "A003_night.mov").rename(folder / "renamed.mov")
            wait_until(lambda: said_of_all(library) == [str(folder / "renamed.mov")], "the new name is known")
            folder.rename(tmp_path / "unplugged")
            daemon.wait_for(f"{folder} is offline: it is not there.")
            assert json.loads(momentidx("folders", "list", "--json", "--library", library))["files"] == 1
            (tmp_path / "unplugged").rename(folder)
            daemon.wait_for(f"{folder} is online again.")

            by_events = [{"path": str(folder), "mode": "events", "why": None, "away": None}]
            wait_until(lambda: run_of(library)["roots"] == by_events, "the new state is written")
            assert run_of(library)["pid"] == daemon.process.pid
            assert run_of(library)["files_done"] == 1  # no rename and no return was described again
            assert f"Folder    {folder}, watched by events\n" in momentidx("status", "--library", library)
            assert daemon.stop(signal.SIGTERM) == 0
            assert systemd.recv(100) == b"STOPPING=1"
    assert not (library / "run.json").exists()
    assert run_of(library) is None


def run_of(library: Path) -> Any:
    """What `status` says of the running daemon."""
    return json.loads(momentidx("status", "--json", "--library", library))["run"]


def said_of_all(library: Path) -> list[str]:
    """The paths of all clips."""
    lines = momentidx("footage", "list", "--json", "--library", library).splitlines()
    return [location["path"] for line in lines for location in json.loads(line)["locations"]]


def test_signals_are_obeyed_and_nobody_has_to_listen(tmp_path: Path, drawn: Path) -> None:
    folder, library = tmp_path / "card", tmp_path / "library"
    folder.mkdir()
    library.mkdir()
    settings, log = library / "momentidx.toml", library / "logs" / "momentidx.log"
    with watching(folder, library, tmp_path / "log") as daemon:
        settings.write_text("scan_seconds = 0\n")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(f"The settings stay as they were: {settings}, line 1: 'scan_seconds' = 0 is not accepted")
        settings.write_text('quiet_window = "00:00-00:00"\n')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("Waiting: outside of the quiet window 00:00-00:00.")
        shutil.copy(drawn / "A003_night.mov", folder)
        wait_until(
            lambda: re.search(r"Pending   1 file, \d+ MB\n", momentidx("status", "--library", library)) is not None,
            "it is queued, and nothing is known of its length",
        )
        assert "Waiting   outside of the quiet window 00:00-00:00\n" in momentidx("status", "--library", library)

        log.rename(log.with_name("moved.log"))
        daemon.process.send_signal(signal.SIGUSR1)
        settings.unlink()
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(f"indexed {folder / 'A003_night.mov'}")
        wait_until(log.exists, "a new log file")
        daemon.process.send_signal(signal.SIGINT)
        assert daemon.stop(signal.SIGINT) == 0
    written = log.with_name("moved.log").read_text() + log.read_text()
    logged = [line[32:] for line in written.splitlines()]  # after date, time and level
    assert [line for line in logged if line in daemon.lines] == daemon.lines


def test_a_reader_that_went_away_does_not_end_the_daemon(tmp_path: Path, drawn: Path) -> None:
    folder, library = tmp_path / "card", tmp_path / "library"
    folder.mkdir()
    daemon = subprocess.Popen(
        [COMMAND, "watch", folder, "--library", library],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(MOMENTIDX_SETTLE_SECONDS="1"),
    )  # fmt: skip
    try:
        assert daemon.stdout is not None
        assert daemon.stdout.readline().startswith(b"Watching ")
        daemon.stdout.close()
        shutil.copy(drawn / "A003_night.mov", folder)
        wait_until(lambda: "Indexed   1 clip" in momentidx("status", "--library", library), "it is indexed")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE) == 0
    finally:
        daemon.kill()
        daemon.wait()
