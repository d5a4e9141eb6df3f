"""What the daemon says of itself to other processes, and to systemd."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.pipeline.notify import Notifier
from momentidx.pipeline.run import RUN_FILE, InWork, Run, RunFile, WatchedRoot, read_run

RUN = Run(
    pid=4711, started=1.5, written=2.5, in_work=InWork("/card/a\udce9.mov", 0.25), speed=12.5, waits="paused",
    roots=(WatchedRoot("/card", "events", None, None), WatchedRoot("/nas", "polling", "nfs4 sends no events", "gone")),
)  # fmt: skip
WRITER = "process 4711 (momentidx watch /card)"


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    now = [0.0]
    file = RunFile(tmp_path, clock=lambda: now[0])
    file.write(lambda: RUN)
    assert read_run(tmp_path, WRITER) == RUN
    assert [path.name for path in tmp_path.iterdir()] == [RUN_FILE]
    now[0] = 0.9  # not so soon again
    file.write(lambda: replace(RUN, settling=3))
    assert read_run(tmp_path, WRITER) == RUN
    now[0] = 1.0
    file.write(lambda: replace(RUN, settling=3))
    assert read_run(tmp_path, WRITER) == replace(RUN, settling=3)
    file.remove()
    assert list(tmp_path.iterdir()) == []
    file.remove()


@pytest.mark.parametrize("writer", [None, "process 471 (momentidx watch /card)", "another process"])
def test_what_another_process_left_behind_does_not_count(tmp_path: Path, writer: str | None) -> None:
    RunFile(tmp_path, clock=lambda: 0.0).write(lambda: RUN)
    assert read_run(tmp_path, writer) is None


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null", '{"roots": [], "in_work": null, "odd": 1}'])
def test_nonsense_is_as_good_as_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / RUN_FILE).write_text(text)
    assert read_run(tmp_path, WRITER) is None


def test_a_file_that_cannot_be_written_troubles_nobody(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "gone", clock=lambda: 0.0)
    file.write(lambda: RUN)
    assert read_run(tmp_path / "gone", WRITER) is None


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_what_it_is_sent(tmp_path: Path, abstract: bool) -> None:
    address = f"@{tmp_path}/notify" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        try:
            theirs.bind("\0" + address[1:] if abstract else address)
        except OSError:
            pytest.skip("this system has no such sockets")
        theirs.settimeout(10)
        notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "120000000"})
        assert notifier.watchdog_seconds == 120
        notifier.send("READY=1", "STATUS=Watching")
        assert theirs.recv(100) == b"READY=1\nSTATUS=Watching"


def test_without_systemd_nothing_is_sent_and_a_watchdog_of_another_process_is_not_ours() -> None:
    Notifier({}).send("READY=1")
    assert Notifier({"WATCHDOG_USEC": "1000"}).watchdog_seconds == 0
    other = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    assert Notifier(other).watchdog_seconds == 0
    Notifier(other).send("READY=1")
