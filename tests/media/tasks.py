"""What the tests of the decoding child make it do. Imported by the child, so it imports little itself."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from momentidx.errors import UnusableFootage
from momentidx.times import Span


def double(number: int) -> int:
    return 2 * number


def own_pid() -> int:
    return os.getpid()


def count(end: int) -> Iterator[int]:
    yield from range(end)


def values() -> Iterator[object]:
    import numpy as np

    from momentidx.media.frames import Frames

    yield Span(0, 25, Fraction(1, 25))
    yield Frames(np.array([3], np.int64), np.full((1, 2, 3, 3), 7, np.uint8))


def endless_pictures() -> Iterator[bytes]:
    while True:
        yield bytes(8 * 180 * 320 * 3)


def refuse(path: str) -> None:
    raise UnusableFootage("no-video", f"{path}: no picture", passing=True)


def crash_after(items: int) -> Iterator[int]:
    yield from range(items)
    crash()


def crash() -> None:
    os.write(2, b"[h264 @ 0x5581c0de] top block unavailable\n")
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(status: int) -> None:
    os._exit(status)


def hang() -> None:
    time.sleep(3600)


def hang_without_python() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    os.read(os.pipe()[0], 1)


def eat_memory() -> int:
    hoard = [b"x" * (16 << 20)]
    while len(hoard) < 1024:
        hoard.append(bytes(len(hoard[0])))
    return len(hoard)


def mistake() -> None:
    raise KeyError("frames")


def environment() -> dict[str, str]:
    return dict(os.environ)


def open_descriptors() -> list[str]:
    numbers = [number for number in range(1024) if Path(f"/proc/self/fd/{number}").is_symlink()]
    return [os.readlink(f"/proc/self/fd/{number}") for number in numbers]  # noqa: PTH115


def read_keyboard() -> str:
    return sys.stdin.read()


def write_file(path: str) -> None:
    Path(path).write_text("x", encoding="utf-8")


def remove_file(path: str) -> None:
    Path(path).unlink()


def call_out(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5)


class Exploit:
    """Unpickled, it would make a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.folder,)


def answer_with_code(folder: str) -> object:
    return Exploit(folder)


def noisy() -> None:
    for number in range(100_000):
        os.write(1, b"line %d\n" % number)
