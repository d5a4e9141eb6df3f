"""The decoding child: whatever it does to itself, its file fails with the reason and the next one works."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import psutil
import pytest

from momentidx.config import Settings
from momentidx.errors import MomentidxError, UnusableFootage
from momentidx.media.child import Decoder, back_off
from momentidx.media.frames import Frames
from momentidx.media.probe import probe
from momentidx.media.process import bubblewrap
from momentidx.times import Span
from tests.media import tasks

CLIP = Path("/footage/clip.mov")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="enforced on Linux only")


@pytest.fixture
def own() -> Iterator[Decoder]:
    """A decoder that the test may ruin."""
    with Decoder(Settings(decode_memory_mb=512)) as running:
        yield running


def failure(decoder: Decoder, task: object, *args: object, seconds: float = 30) -> UnusableFootage:
    with pytest.raises(UnusableFootage) as caught:
        decoder.run(task, *args, file=CLIP, seconds=seconds)  # type: ignore[arg-type]
    return caught.value


def test_one_process_does_many_tasks(own: Decoder) -> None:
    pids = {own.run(tasks.own_pid, file=CLIP, seconds=30) for _ in range(3)}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_items_come_in_order_and_as_they_were(own: Decoder) -> None:
    assert list(own.stream(tasks.count, 5, file=CLIP, seconds=30)) == [0, 1, 2, 3, 4]
    span, frames = own.stream(tasks.values, file=CLIP, seconds=30)
    assert span == Span(0, 25, Fraction(1, 25))
    assert isinstance(frames, Frames)
    assert frames.pts.tolist() == [3]
    assert frames.images.tolist() == [[[[7, 7, 7]] * 3] * 2]


def test_closing_a_stream_stops_the_task_and_keeps_the_process(own: Decoder) -> None:
    before = own.run(tasks.own_pid, file=CLIP, seconds=30)
    pictures = own.stream(tasks.endless_pictures, file=CLIP, seconds=30)
    next(pictures)
    pictures.close()
    assert own.run(tasks.own_pid, file=CLIP, seconds=30) == before
    assert own.run(tasks.double, 21, file=CLIP, seconds=30) == 42


def test_a_second_task_beside_an_open_stream_is_a_mistake_of_the_caller(own: Decoder) -> None:
    pictures = own.stream(tasks.endless_pictures, file=CLIP, seconds=30)
    next(pictures)
    with pytest.raises(RuntimeError, match="one task at a time"):
        own.run(tasks.double, 1, file=CLIP, seconds=30)
    pictures.close()


def test_a_refusal_of_the_task_arrives_as_it_was_raised(own: Decoder) -> None:
    error = failure(own, tasks.refuse, "/footage/clip.mov")
    assert (error.code, str(error), error.passing) == ("no-video", "/footage/clip.mov: no picture", True)
    assert own.deaths == 0


def test_a_crash_names_the_signal_and_the_last_messages_and_the_next_file_works(own: Decoder) -> None:
    pid = os.getpid()
    error = failure(own, tasks.crash)
    assert error.code == "decoder-crash"
    assert "SIGSEGV" in str(error)
    assert "[h264] top block unavailable" in str(error)
    assert str(error).startswith(str(CLIP))
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8
    assert (os.getpid(), own.deaths) == (pid, 1)


def test_items_before_a_crash_arrive(own: Decoder) -> None:
    items = own.stream(tasks.crash_after, 3, file=CLIP, seconds=30)
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    with pytest.raises(UnusableFootage, match="SIGSEGV"):
        next(items)


def test_a_process_that_just_leaves_is_a_crash_with_its_status(own: Decoder) -> None:
    error = failure(own, tasks.leave, 3)
    assert (error.code, "exit status 3" in str(error)) == ("decoder-crash", True)


@pytest.mark.parametrize("task", [tasks.hang, tasks.hang_without_python])
def test_a_hanging_task_is_ended_at_its_limit_and_the_next_file_works(own: Decoder, task: object) -> None:
    hanging = own.run(tasks.own_pid, file=CLIP, seconds=30)
    error = failure(own, task, seconds=0.3)
    assert (error.code, error.passing) == ("time-limit", sys.platform == "linux"), "it waited, and did not work"
    assert not psutil.pid_exists(hanging)
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8


@pytest.mark.parametrize(
    ("worked", "passing"), [((5.0, 5.1), True), ((5.0, 5.29), False), ((5.0, None), False), ((None, None), False)]
)
def test_a_limit_is_the_files_fault_only_when_the_processor_was_its_own(
    own: Decoder, monkeypatch: pytest.MonkeyPatch, worked: tuple[float | None, float | None], passing: bool
) -> None:
    told = iter(worked)
    monkeypatch.setattr("momentidx.media.process.Process.worked", lambda _: next(told))
    error = failure(own, tasks.hang, seconds=0.3)
    assert (error.code, error.passing, "tried again later" in str(error)) == ("time-limit", passing, passing)


def test_the_time_a_caller_takes_with_an_item_is_not_counted(own: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    items = own.stream(tasks.count, 2, file=CLIP, seconds=30)
    assert next(items) == 0
    monkeypatch.setattr("momentidx.media.child.monotonic", lambda: time.monotonic() + 3600)
    assert list(items) == [1]


@ON_LINUX
def test_a_task_that_eats_memory_fails_alone(own: Decoder) -> None:
    error = failure(own, tasks.eat_memory, seconds=60)
    assert error.code == "memory"
    assert "decode_memory_mb" in str(error)
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8


def test_our_own_mistake_in_a_task_is_named_as_such(own: Decoder) -> None:
    error = failure(own, tasks.mistake)
    assert (error.code, "KeyError: 'frames'" in str(error)) == ("decoder-error", True)
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8


def test_secrets_of_the_environment_do_not_reach_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOMENTIDX_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with Decoder(Settings()) as running:
        names = set(running.run(tasks.environment, file=CLIP, seconds=30))
    assert names <= {
        *("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONUTF8", "TZ"),
        *("PYTHONPATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    }


@ON_LINUX
def test_the_child_inherits_no_open_file_but_its_own_connections(own: Decoder, tmp_path: Path) -> None:
    secret = tmp_path / "library.db"
    with secret.open("w", encoding="utf-8") as opened:
        os.set_inheritable(opened.fileno(), True)
        inherited = own.run(tasks.open_descriptors, file=CLIP, seconds=30)
    assert str(secret) not in inherited


def test_the_child_has_no_keyboard(own: Decoder) -> None:
    assert own.run(tasks.read_keyboard, file=CLIP, seconds=30) == ""


@ON_LINUX
def test_the_child_can_neither_write_nor_remove_files(own: Decoder, tmp_path: Path) -> None:
    if "no file changed" not in own.protections:
        pytest.skip("this kernel has no Landlock")
    kept = tmp_path / "original.mov"
    kept.write_bytes(b"footage")
    assert failure(own, tasks.write_file, str(kept)).code == "decoder-error"
    assert failure(own, tasks.write_file, str(tmp_path / "new")).code == "decoder-error"
    assert failure(own, tasks.remove_file, str(kept)).code == "decoder-error"
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("original.mov", b"footage")]


@ON_LINUX
def test_the_child_reaches_no_network(own: Decoder) -> None:
    if "no network" not in own.protections:
        pytest.skip("this system allows no network namespaces")
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert failure(own, tasks.call_out, server.getsockname()[1]).code == "decoder-error"


def test_an_answer_that_would_run_code_here_is_refused(own: Decoder, tmp_path: Path) -> None:
    made = tmp_path / "made"
    pickle.loads(pickle.dumps(tasks.Exploit(str(made))))
    assert made.exists(), "the exploit works on an ordinary unpickler"
    made.rmdir()
    error = failure(own, tasks.answer_with_code, str(made))
    assert error.code == "decoder-error"
    assert "may not send" in str(error)
    assert not made.exists()
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8


def test_only_the_last_lines_of_a_chatty_decoder_are_kept(own: Decoder) -> None:
    own.run(tasks.noisy, file=CLIP, seconds=60)
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8
    own.run(tasks.noisy, file=CLIP, seconds=60)
    assert len(own.messages) == 20
    assert own.messages[-1] == "line 99999"


def test_ctrl_c_in_the_terminal_is_left_to_the_parent(own: Decoder) -> None:
    pid = own.run(tasks.own_pid, file=CLIP, seconds=30)
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    assert own.run(tasks.own_pid, file=CLIP, seconds=30) == pid
    assert os.getsid(pid) != os.getsid(0)


PARENT = """
from pathlib import Path
from momentidx.config import Settings
from momentidx.media.child import Decoder
from tests.media import tasks

decoder = Decoder(Settings())
print(decoder.run(tasks.own_pid, file=Path("a"), seconds=30), flush=True)
decoder.run(tasks.hang_without_python, file=Path("a"), seconds=3600)
"""


@ON_LINUX
def test_a_child_in_the_middle_of_a_task_dies_with_its_parent() -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, alive = psutil.wait_procs([child], timeout=30)
    assert (gone, alive) == ([child], [])


def test_closing_ends_the_process_and_a_closed_decoder_starts_again() -> None:
    decoder = Decoder(Settings())
    pid = decoder.run(tasks.own_pid, file=CLIP, seconds=30)
    decoder.close()
    assert not psutil.pid_exists(pid)
    assert decoder.run(tasks.double, 4, file=CLIP, seconds=30) == 8
    decoder.close()


def test_a_process_that_was_killed_between_two_files_is_replaced(own: Decoder) -> None:
    pid = own.run(tasks.own_pid, file=CLIP, seconds=30)
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)], timeout=10)
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8


def test_an_installation_that_cannot_start_a_child_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "python3" in path and "site-packages" not in path])
    monkeypatch.setattr(sys, "executable", sys._base_executable)  # type: ignore[attr-defined]
    with pytest.raises(MomentidxError, match=r"cannot be started: .*No module named 'momentidx'"):
        Decoder(Settings()).run(tasks.double, 1, file=CLIP, seconds=30)


def test_deaths_in_a_row_make_the_next_start_wait_ever_longer(own: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [back_off(deaths) for deaths in range(7)] == [0, 0, 0, 1, 2, 4, 8]
    assert back_off(1000) == 60
    asked: list[int] = []
    monkeypatch.setattr("momentidx.media.child.back_off", lambda deaths: float(asked.append(deaths) or 0))
    for task in (tasks.crash, tasks.crash, tasks.crash):
        failure(own, task)
    assert own.run(tasks.double, 4, file=CLIP, seconds=30) == 8
    failure(own, tasks.crash)
    own.run(tasks.double, 4, file=CLIP, seconds=30)
    assert (asked, own.deaths) == ([0, 1, 2, 3, 1], 4)


def test_an_interrupted_decoder_does_not_wait_for_its_back_off(own: Decoder) -> None:
    for _ in range(3):
        failure(own, tasks.crash)
    own.interrupt()
    with pytest.raises(KeyboardInterrupt):
        own.run(tasks.double, 4, file=CLIP, seconds=30)


def in_bubblewrap() -> bool:
    """Whether this machine has it and lets it make its namespaces."""
    trial = [bubblewrap() or "bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    return bubblewrap() is not None and subprocess.run(trial, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not in_bubblewrap(), reason="bubblewrap is not installed or may not make namespaces here")
def test_in_bubblewrap_the_child_works_and_its_ends_are_told_apart(clip: Callable[..., Path], tmp_path: Path) -> None:
    kept = tmp_path / "original.mov"
    kept.write_bytes(b"footage")
    with (
        Decoder(Settings(decode_bubblewrap=True, decode_memory_mb=512)) as wrapped,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        assert wrapped.protections[-1] == "bubblewrap"
        assert probe(clip("a.mp4"), wrapped).frame_count == 50
        assert failure(wrapped, tasks.remove_file, str(kept)).code == "decoder-error"
        failure(wrapped, tasks.call_out, server.getsockname()[1])
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
        assert "signal SIGSEGV" in str(failure(wrapped, tasks.crash))
        assert "exit status 3" in str(failure(wrapped, tasks.leave, 3))
        assert failure(wrapped, tasks.eat_memory, seconds=60).code == "memory"
        assert failure(wrapped, tasks.hang, seconds=0.3).code == "time-limit"
        assert wrapped.run(tasks.double, 4, file=CLIP, seconds=30) == 8
    assert kept.exists()
