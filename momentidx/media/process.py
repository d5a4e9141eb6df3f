"""One life of the decoding process, seen from the parent: starting it, talking to it, ending it."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from momentidx.errors import MomentidxError
from momentidx.media.serve import HEADER, STOP

if TYPE_CHECKING:
    from momentidx.config import Settings

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_INIT = 1  # the parent of whatever runs in bubblewrap
_SIGNALLED = 128
_ENVIRONMENT = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONUTF8", "TZ")
"""What a decoder may know of the environment: how names are spelled and where libraries lie."""


class Process:
    """One life of the process, seen from the parent."""

    def __init__(self, settings: Settings) -> None:
        self.messages: deque[str] = deque(maxlen=20)
        self._unread = b""
        self._largest = settings.decode_memory_mb << 20
        self._socket, theirs = socket.socketpair()
        self._wrapped = settings.decode_bubblewrap and bubblewrap() is not None
        parent = _INIT if self._wrapped else os.getpid()
        with theirs:
            self._process = subprocess.Popen(
                [*(_wrapping() if self._wrapped else ()), sys.executable, "-P"]
                + ["-c", "from momentidx.media.serve import serve; serve()"]
                + [str(number) for number in (theirs.fileno(), settings.decode_memory_mb, parent)],
                env=_environment(settings.decode_threads),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        assert self._process.stdout is not None
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        self._socket.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._selector.register(self._output, selectors.EVENT_READ)
        try:
            own: tuple[str, ...] = self.answer(_START_SECONDS)[1]
            self.protections = (*own, "no network", "bubblewrap") if self._wrapped else own
        except (EOFError, OSError) as error:
            self.kill()
            said = " / ".join(self.messages) or "it said nothing"
            raise MomentidxError(f"The decoding process cannot be started: {said}. Is it all installed?") from error

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def worked(self) -> float | None:
        """Seconds of the processor that it has had in its life; None where the system does not tell."""
        if self._wrapped:  # then this is bubblewrap's process, not the one inside
            return None
        try:
            facts = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        times = facts.rpartition(")")[2].split()[11:13]  # utime and stime, see proc(5)
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

    def ask(self, task: Callable[..., object], args: tuple[object, ...]) -> None:
        self._read_output()
        self.messages.clear()
        self._send((task, args))

    def answer(self, seconds: float) -> tuple[str, Any]:
        """The next message. Raises TimeoutError, or EOFError when the process is gone."""
        deadline = monotonic() + seconds
        received = bytearray()
        needed = HEADER.size
        while len(received) < needed:
            left = deadline - monotonic()
            if left <= 0:
                raise TimeoutError
            for key, _ in self._selector.select(left):
                if key.fileobj is self._output:
                    self._read_output()
                else:
                    received += self._receive(needed - len(received))
            if needed == HEADER.size == len(received):
                needed += HEADER.unpack(received)[0]
                if needed > self._largest:
                    raise pickle.UnpicklingError("an answer larger than the memory limit")
        return _values(memoryview(received)[HEADER.size :])

    def stop(self) -> bool:
        """End the running task but not the process; False when it does not obey."""
        deadline = monotonic() + _STOP_SECONDS
        try:
            self._send(STOP)
            while self.answer(deadline - monotonic())[0] == "item":
                pass
        except (EOFError, OSError, pickle.UnpicklingError):
            return False
        return True

    def shoot(self) -> None:
        """End it and leave the rest to whoever is talking to it; for other threads."""
        if self._process.returncode is None:  # else its number may be another's by now
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        if self.alive:
            self.shoot()
        self._process.wait()
        self._release()

    def exit_status(self) -> int:
        """How it ended after it closed its connection: a status, or the negative number of a signal."""
        try:
            status = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:  # it closed its end and lives on
            self.kill()
            return self._process.returncode
        self._read_output()
        self._release()
        # bubblewrap, like a shell, tells of a signal by a status above 128
        return _SIGNALLED - status if self._wrapped and status > _SIGNALLED else status

    def _send(self, message: object) -> None:
        packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._socket.setblocking(True)
        self._socket.sendall(HEADER.pack(len(packed)) + packed)
        self._socket.setblocking(False)

    def _receive(self, size: int) -> bytes:
        received = self._socket.recv(min(size, 1 << 20))
        if not received:
            raise EOFError
        return received

    def _read_output(self) -> None:
        chunk = self._output.read(1 << 16)  # all that a pipe holds
        if chunk:
            *lines, rest = (self._unread + chunk).split(b"\n")
            self.messages.extend(_clean(line) for line in lines if line.strip())
            self._unread = rest[-1000:]
        elif chunk == b"" and self._output.fileno() in self._selector.get_map():
            self._selector.unregister(self._output)

    def _release(self) -> None:
        self._selector.close()
        self._socket.close()
        self._output.close()


def bubblewrap() -> str | None:
    """Where the program `bwrap` is, if it is installed."""
    return shutil.which("bwrap")


def _wrapping() -> tuple[str, ...]:
    """Namespaces of its own for everything, and a view of the file system that nobody can write to."""
    return (
        bubblewrap() or "bwrap",
        *("--unshare-all", "--die-with-parent", "--cap-drop", "ALL"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--"),
    )


def _environment(threads: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    pools = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    # The same modules as here, but never whatever lies in the working folder.
    return kept | pools | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _clean(line: bytes) -> str:
    return re.sub(r" @ 0x[0-9a-f]+", "", line.decode(errors="replace").strip())[:300]


def _values(packed: memoryview) -> tuple[str, Any]:
    try:
        kind, value = _Values(io.BytesIO(packed)).load()
    except Exception as error:  # whatever nonsense does to an unpickler
        raise pickle.UnpicklingError(str(error)) from error
    return kind, value


class _Values(pickle.Unpickler):
    """Reads values and nothing that acts when it is built."""

    _PLAIN = frozenset(
        {("fractions", "Fraction"), ("numpy", "dtype"), ("numpy", "ndarray")}
        | {
            (f"numpy.{core}.{module}", name)
            for core in ("core", "_core")
            for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._PLAIN:
            return super().find_class(module, name)
        if module.startswith("momentidx."):
            found = super().find_class(module, name)
            if isinstance(found, type) and is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"a decoder may not send {module}.{name}")
