"""The process that answers searches as long as the daemon runs (`search/service.py`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

END_SECONDS = 2.0
_PROGRAM = "import sys; from momentidx.search.service import serve; serve(*sys.argv[1:])"


class Answering:
    """Runs it during a `with` block. When this process is killed, its standard input ends, and so does it."""

    def __init__(self, library: Path, embedder: str) -> None:
        self._command = [sys.executable, "-P", "-c", _PROGRAM, str(library), embedder]

    def __enter__(self) -> Answering:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
