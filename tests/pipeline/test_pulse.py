"""The pulse: what others hear of the daemon, and that a stop is carried out in time (S25-S27)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from momentidx.config import Settings
from momentidx.files import SeenFile
from momentidx.library import WritableLibrary
from momentidx.media.child import Decoder
from momentidx.pipeline import pulse as module
from momentidx.pipeline.orders import Orders, Progress
from momentidx.pipeline.pulse import Pulse
from momentidx.pipeline.run import RUN_FILE, read_run
from momentidx.pipeline.tools import Tools
from tests.media.tasks import hang


class Heard:
    """A notifier that keeps what it is sent."""

    watchdog_seconds = 0.02

    def __init__(self) -> None:
        self.lines: list[str] = []

    def send(self, *lines: str) -> None:
        self.lines += lines


class Killed:
    """A decoder that only notes how often it was ended."""

    deaths = 3

    def __init__(self) -> None:
        self.times = 0

    def interrupt(self) -> None:
        self.times += 1


def eventually(true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 20
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK", 0.01)
    monkeypatch.setattr(module, "DRAIN_SECONDS", 0.1)
    monkeypatch.setattr(module, "LAST_SECONDS", 0.3)


def pulse_of(library: WritableLibrary, orders: Orders, heard: Heard, left: list[int], **progress: Any) -> Pulse:
    pulse = Pulse(library, orders, Progress(**progress), heard, left.append)  # type: ignore[arg-type]
    pulse.decoder = Killed()  # type: ignore[assignment]
    return pulse


def test_while_the_worker_lives_the_state_is_written_and_the_watchdog_answered(library: WritableLibrary) -> None:
    heard, left = Heard(), list[int]()
    with pulse_of(library, Orders(), heard, left, waits="paused"):
        assert eventually(lambda: heard.lines.count("WATCHDOG=1") > 1)
        run = read_run(library.folder, library.writer())
        assert run is not None
        assert (run.waits, run.decoder_deaths, run.in_work) == ("paused", 3, None)
    assert not (library.folder / RUN_FILE).exists()
    assert left == []


def test_a_worker_that_is_stuck_is_not_vouched_for(library: WritableLibrary) -> None:
    heard = Heard()
    now = [-module.STUCK_SECONDS]  # when the worker last gave a sign of life, as it looks from here
    with pulse_of(library, Orders(), heard, [], clock=lambda: now[0] + time.monotonic()):
        assert eventually((library.folder / RUN_FILE).exists)
    assert heard.lines == ["STOPPING=1"]


def test_work_that_ends_soon_after_a_stop_is_left_alone(library: WritableLibrary) -> None:
    orders, heard, left = Orders(), Heard(), list[int]()
    with pulse_of(library, orders, heard, left) as pulse:
        orders.stop.set()
        assert eventually(lambda: "STOPPING=1" in heard.lines)
    assert (pulse.decoder.times, left) == (0, [])  # type: ignore[union-attr]


@pytest.mark.parametrize("hurry", [False, True])
def test_work_that_does_not_end_loses_its_decoder_and_then_the_process(library: WritableLibrary, hurry: bool) -> None:
    orders, left = Orders(), list[int]()
    with pulse_of(library, orders, Heard(), left) as pulse:
        orders.stop.set()
        if hurry:
            orders.hurry.set()
        assert eventually(lambda: left)
    assert left == [0]
    assert pulse.decoder.times > 0  # type: ignore[union-attr]


def test_what_is_claimed_is_given_back_before_the_process_goes(
    library: WritableLibrary, tools: Tools, tmp_path: Path
) -> None:
    (tmp_path / "a.mov").write_bytes(b"x")
    library.enqueue(SeenFile.of(tmp_path / "a.mov"))
    assert library.claim(tools.wanted) is not None
    orders, left = Orders(), list[int]()
    with pulse_of(library, orders, Heard(), left):
        orders.stop.set()
        assert eventually(lambda: left)
    with WritableLibrary.open(library.folder) as again:
        claim = again.claim(tools.wanted)
        assert claim is not None
        assert [job.attempt for job in claim.jobs] == [2]


def test_a_decoder_that_hangs_can_be_ended_from_another_thread(tmp_path: Path) -> None:
    with Decoder(Settings()) as decoder:
        decoder.protections  # noqa: B018 (it runs now)
        ender = threading.Timer(0.3, decoder.interrupt)
        ender.start()
        with pytest.raises(KeyboardInterrupt):
            decoder.run(hang, file=tmp_path / "a.mov", seconds=60)
        ender.join()
        assert decoder.deaths == 0
        with pytest.raises(KeyboardInterrupt):
            decoder.run(hang, file=tmp_path / "a.mov", seconds=60)
