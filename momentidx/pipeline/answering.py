"""Processes that run as long as the daemon does, such as the one that answers searches (`search/service.py`)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

END_SECONDS = 2.0
AGAIN_SECONDS = 5.0
"""One that ends too soon is started again after so long, the next time after twice as long ..."""
LONGEST_AGAIN_SECONDS = 300.0
"""... up to this."""
_PROGRAM = "import sys; from momentidx.search.service import serve; serve(*sys.argv[1:])"


class Beside:
    """Runs a Python program during a `with` block. When this process is killed, its standard input ends: its sign to
    end as well.
    """

    def __init__(self, program: str, *arguments: str, inherits: Sequence[int] = ()) -> None:
        """`inherits` are file descriptors that it may use."""
        self._command = [sys.executable, "-P", "-c", program, *arguments]
        self._inherits = inherits
        self._turn = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._start()
        threading.Thread(target=self._keep, name="beside", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._over.set()
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, pass_fds=self._inherits,
        )  # fmt: skip

    def _keep(self) -> None:
        """Start it again whenever it ends by itself."""
        pause = AGAIN_SECONDS
        while True:
            self._process.wait()
            if self._over.wait(pause):
                return
            pause = min(2 * pause, LONGEST_AGAIN_SECONDS)
            with self._turn:
                if self._over.is_set():
                    return
                assert self._process.stdin is not None
                self._process.stdin.close()
                self._start()


class Answering(Beside):
    """Answers searches of one library."""

    def __init__(self, library: Path, embedder: str) -> None:
        super().__init__(_PROGRAM, str(library), embedder)
