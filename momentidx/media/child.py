"""The decoding child: foreign bytes are parsed here and nowhere else.

A `Decoder` is a second Python process that runs one task at a time on one file at a time. It is
started when first needed, reused for many files, and started again after a death. A file can crash
it, hang it or fill its memory: the task then fails with the reason, and the next file goes on.

It is a fresh interpreter started by `subprocess`, not by `multiprocessing`: its environment is
empty of secrets from the first instruction on, the caller's `__main__` is not imported again, and
it lives in a session of its own, where Ctrl-C does not reach it. Requests are pickles; answers are
pickles too, but read by an unpickler that builds plain values, arrays and our own dataclasses only,
so that a decoder that was taken over cannot run code on this side.
"""

from __future__ import annotations

import logging
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Self, TypeVar

from momentidx.errors import UnusableFootage
from momentidx.media.process import Process

if TYPE_CHECKING:  # tasks make the child import this module, and it has no use for pydantic
    from momentidx.config import Settings

T = TypeVar("T")

BUSY_SHARE = 0.8
"""A child that had the processor for less of its time than this was kept waiting by something else than the file."""
_DEATHS_AT_ONCE = 3
_LONGEST_BACK_OFF = 60.0

_log = logging.getLogger(__name__)


class Decoder:
    """A decoding process, for one thread at a time. A context manager: leaving it ends the process.

    On Linux it also ends with the thread that gave it its first task, and the next task starts another.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.deaths = 0
        """How many processes have ended before they were told to ..."""
        self._in_a_row = 0
        """... since the last task that ended well."""
        self._child: Process | None = None
        self._busy = False
        self._interrupted = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process. The decoder can still be used: it then starts another one."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def interrupt(self) -> None:
        """End the process, from any thread and for good: a running task raises KeyboardInterrupt, as Ctrl-C would."""
        self._interrupted.set()
        child = self._child
        if child is not None:
            child.shoot()

    @property
    def version(self) -> str:
        """Of all that reads files: with another one a file that could not be read may be readable."""
        return _version()

    @property
    def messages(self) -> tuple[str, ...]:
        """The last lines the decoding libraries wrote during the latest task."""
        return tuple(self._child.messages) if self._child else ()

    @property
    def protections(self) -> tuple[str, ...]:
        """What this system enforces on the process (see `sandbox.py`)."""
        return self._running().protections

    def run(self, task: Callable[..., T], *args: object, file: Path, seconds: float) -> T:
        """The task's result, computed in the child. `task` is a function of an importable module.

        Raises UnusableFootage about `file`: the task's own, or `time-limit`, `memory`,
        `decoder-crash` and `decoder-error` for what the task could not tell itself.
        """
        values: list[T] = list(self.stream(_only, task, args, file=file, seconds=seconds))
        return values[0]

    def stream(
        self, task: Callable[..., Iterator[T]], *args: object, file: Path, seconds: float
    ) -> Generator[T, None, None]:
        """The items of the task's iterator, as they are made; closing the generator stops the task.

        `seconds` counts the time spent waiting for the child, not what the caller does in between.
        Raises as `run` does; a time limit may pass if the child spent much of it waiting, for a disk that hangs or a
        machine that is busy. The child works ahead by about one item.
        """
        if self._busy:
            raise RuntimeError("a decoder does one task at a time: close the other stream first")
        child = self._running()
        self._busy = True
        limit, had = seconds, child.worked()
        try:
            child.ask(task, args)
            while True:
                asked = monotonic()
                kind, value = child.answer(seconds)
                seconds -= monotonic() - asked
                if kind == "end":
                    self._in_a_row = 0
                    return
                if kind != "item":
                    raise _failure(kind, value, file)
                yield value
        except GeneratorExit:
            if not child.stop():
                self.close()
            raise
        except UnusableFootage as error:
            if error.code == "memory":  # what is left of its heap is no good for the next file
                self.close()
            raise
        except TimeoutError:
            has = child.worked()
            self.close()
            worked = limit if had is None or has is None else has - had
            raise _too_long(file, worked, limit) from None
        except (EOFError, OSError):
            if self._interrupted.is_set():
                self.close()
                raise KeyboardInterrupt from None
            self.deaths += 1
            self._in_a_row += 1
            self._child = None
            raise _death(child, file) from None
        except pickle.UnpicklingError as error:
            self.close()
            raise _failure("error", str(error), file) from None
        except BaseException:  # such as Ctrl-C: the child is in the middle of something
            self.close()
            raise
        finally:
            self._busy = False

    def _running(self) -> Process:
        if self._child is None or not self._child.alive:
            self.close()
            self._interrupted.wait(back_off(self._in_a_row))
        if self._interrupted.is_set():
            raise KeyboardInterrupt
        if self._child is None:
            self._child = Process(self.settings)
        return self._child


def back_off(deaths: int) -> float:
    """Seconds to wait before a process is started after so many deaths in a row.

    One bad file costs nothing; but where every child dies, something is wrong with the machine.
    """
    return min(2.0 ** (deaths - _DEATHS_AT_ONCE), _LONGEST_BACK_OFF) if deaths >= _DEATHS_AT_ONCE else 0.0


@cache
def _version() -> str:
    return " ".join(f"{package} {metadata.version(package)}" for package in ("momentidx", "av"))


def _only(task: Callable[..., T], args: tuple[object, ...]) -> Iterator[T]:
    yield task(*args)


def _failure(kind: str, value: Any, file: Path) -> UnusableFootage:
    """What the child reported, as the error to raise."""
    if kind == "unusable":
        code, message, passing = value
        return UnusableFootage(code, message, passing=passing)
    if kind == "memory":
        return _memory(file)
    _log.debug("%s: in the decoding child:\n%s", file, value)
    reason = value.strip().rpartition("\n")[2]
    return UnusableFootage(
        "decoder-error",
        f"{file}: reading the pictures failed in a way we did not foresee ({reason}). Please report it, with the file.",
    )


def _too_long(file: Path, worked: float, limit: float) -> UnusableFootage:
    stopped = f"{file}: decoding was stopped at its time limit"
    if worked < BUSY_SHARE * limit:
        return UnusableFootage(
            "time-limit",
            f"{stopped} of {limit:.0f} s, having worked for {worked:.0f} s: the disk or share is slow, or the machine "
            "is busy with something else. It is tried again later.",
            passing=True,
        )
    return UnusableFootage(
        "time-limit",
        f"{stopped}. The file may be damaged; if it plays well, raise 'decode_base_seconds' or "
        "'decode_seconds_per_second'.",
    )


def _memory(file: Path, *, passing: bool = False) -> UnusableFootage:
    return UnusableFootage(
        "memory",
        f"{file}: decoding needs more memory than 'decode_memory_mb' allows. Raise it, or make a smaller copy.",
        passing=passing,
    )


def _death(child: Process, file: Path) -> UnusableFootage:
    status = child.exit_status()
    said = " / ".join(child.messages)
    if "bad_alloc" in said or "MemoryError" in said:
        return _memory(file)
    # Nobody but the kernel sends a SIGKILL that is not ours: the machine is short of memory, which may pass.
    if status == -signal.SIGKILL:
        return _memory(file, passing=True)
    how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
    return UnusableFootage(
        "decoder-crash",
        f"{file}: the decoder crashed ({how}; last messages: {said or 'none'}). The file is probably damaged: "
        "copy it again from its source, or convert it.",
    )
