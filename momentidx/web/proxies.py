"""Copies of footage that a browser cannot play, made when somebody looks at it, and kept as long as there is room.

One is made at a time, by the decoding child (`media/light.py`), and only as long as somebody asks how far it is:
a page that was closed asks no more. They lie in the library's folder under the fingerprint of the content they are
of, so that a file that moves keeps its copy. They can be deleted at any time.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from momentidx.config import Settings
from momentidx.errors import LibraryError, MomentidxError, UnusableFootage
from momentidx.footage import Footage
from momentidx.library.forget import COPIES
from momentidx.media.child import Decoder
from momentidx.media.identity import fingerprint
from momentidx.media.source import Source
from momentidx.pipeline.conditions import disk_full
from momentidx.web.problems import Conflict

VERSION = 1
"""Of how they are made; those of other versions are made anew."""
ENDING = f".{VERSION}.mp4"
PART = ".part"
PATIENCE_SECONDS = 20.0
"""Work that nobody asked about for so long is given up."""
MOST_WAITING = 10


@dataclass(frozen=True, slots=True)
class Proxy:
    """How the copy of one footage stands."""

    state: Literal["none", "making", "ready", "failed"]
    progress: float = 0.0
    """0 to 1."""
    bytes: int = 0
    reason: str | None = None
    """Why it failed, as a sentence."""


@dataclass(slots=True)
class _Work:
    footage: Footage
    path: Path
    decoder: Decoder
    asked: float
    """When somebody last asked about it, on our clock."""
    given_up: bool = False
    progress: float = 0.0


@dataclass(slots=True)
class _State:
    """What the threads share; touched under the lock only."""

    works: dict[str, _Work] = field(default_factory=dict)
    """By fingerprint; the first is being made."""
    failed: dict[str, str] = field(default_factory=dict)
    maker: threading.Thread | None = None


class Proxies:
    """The copies of one library. Its methods may be called from any thread."""

    def __init__(
        self,
        library: Path,
        settings: Settings,
        known: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`known` says whether the library still has a content; copies of others are deleted."""
        self._library, self._folder = library, library / COPIES
        self._settings, self._known, self._clock = settings, known, clock
        self._lock = threading.Lock()
        self._state = _State()

    def look(self, content: str) -> Proxy:
        """How it stands. Whoever waits for it asks again before `PATIENCE_SECONDS` are over."""
        with self._lock:
            work = self._state.works.get(content)
            if work is not None:
                work.asked = self._clock()
                return Proxy("making", work.progress)
            reason = self._state.failed.get(content)
        with suppress(FileNotFoundError):
            return Proxy("ready", 1.0, self._place(content).stat().st_size)
        return Proxy("none") if reason is None else Proxy("failed", reason=reason)

    def make(self, footage: Footage, path: Path) -> Proxy:
        """Begin to make it of the file at `path`, or wait for its turn. Raises Conflict when too many wait."""
        content = footage.fingerprint
        if self.look(content).state != "ready":
            with self._lock:
                state = self._state
                state.failed.pop(content, None)
                if content not in state.works:
                    if len(state.works) > MOST_WAITING:
                        raise Conflict(f"{MOST_WAITING} copies wait to be made already. Try again later.")
                    state.works[content] = _Work(footage, path, Decoder(self._settings), self._clock())
                if state.maker is None:
                    state.maker = threading.Thread(target=self._make_all, name="proxies", daemon=True)
                    state.maker.start()
        return self.look(content)

    def drop(self, content: str) -> None:
        """Stop making it, and delete it."""
        with self._lock:
            self._state.failed.pop(content, None)
            self._give_up(self._state.works.get(content))
        self._place(content).unlink(missing_ok=True)

    def file(self, content: str) -> Path | None:
        """Where it lies; None when it is not ready. It counts as watched now."""
        place = self._place(content)
        try:
            os.utime(place)
        except OSError:
            return None
        return place

    def close(self) -> None:
        """Stop all work, and wait for the end of it."""
        with self._lock:
            for work in self._state.works.values():
                self._give_up(work)
            maker = self._state.maker
        if maker is not None:
            maker.join()

    def _place(self, content: str) -> Path:
        return self._folder / f"{content}{ENDING}"

    def _give_up(self, work: _Work | None) -> None:
        if work is not None:
            work.given_up = True
            work.decoder.interrupt()

    def _make_all(self) -> None:
        """One after the other, until none is left."""
        while True:
            with self._lock:
                content, work = next(iter(self._state.works.items()), ("", None))
                if work is None:
                    self._state.maker = None
                    return
            reason = self._reason_against(work)
            with self._lock:
                del self._state.works[content]
                if reason is not None and not work.given_up:
                    self._state.failed[content] = reason

    def _reason_against(self, work: _Work) -> str | None:
        """Make one; why it could not be made."""
        try:
            with work.decoder:
                self._make(work)
        except KeyboardInterrupt:  # it was given up
            return None
        except MomentidxError as error:
            return str(error)
        except OSError as error:
            return f"{self._folder}: the copy cannot be written: {error.strerror}. Free some space."
        return None

    def _make(self, work: _Work) -> None:
        footage, path = work.footage, work.path
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._sweep()
        if fingerprint(path) != footage.fingerprint:
            raise UnusableFootage("changed", f"{path}: the file was changed since it was indexed. Index it again.")
        source = Source(path, footage, work.decoder, self._settings)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=PART, delete=False) as part:
            try:
                fcntl.flock(part, fcntl.LOCK_EX)  # so that nobody takes it for one that was left
                with closing(source.light_copy()) as pieces:
                    for piece in pieces:
                        if work.given_up or self._clock() - work.asked > PATIENCE_SECONDS:
                            return
                        self._write(part.fileno(), piece.at, piece.data)
                        work.progress = float(footage.seconds(piece.pts) / footage.duration)
                Path(part.name).replace(self._place(footage.fingerprint))
            finally:
                Path(part.name).unlink(missing_ok=True)
        self._make_room(footage.fingerprint)

    def _write(self, part: int, at: int, data: bytes) -> None:
        if full := disk_full(self._settings, self._library):
            raise LibraryError(f"The copy was not made to its end: {full}. Free some space.")
        if at + len(data) > self._settings.proxies_max_mb << 20:
            raise LibraryError("The copy would take more room than 'proxies_max_mb' allows. Raise it.")
        os.pwrite(part, data, at)

    def _make_room(self, newest: str) -> None:
        """Delete what was not watched for longest until the rest has room."""
        files = [(told.st_mtime_ns, told.st_size, file) for file in self._copies() if (told := _stat(file))]
        excess = sum(size for _, size, _ in files) - (self._settings.proxies_max_mb << 20)
        for _, size, file in sorted(files):
            if excess > 0 and file != self._place(newest):
                file.unlink(missing_ok=True)
                excess -= size

    def _sweep(self) -> None:
        """Delete copies of what was forgotten, those of other versions, and what processes that died left."""
        for file in self._copies():
            if not file.name.endswith(ENDING) or not self._known(file.name.removesuffix(ENDING)):
                file.unlink(missing_ok=True)
        for part in self._folder.glob(f"*{PART}"):
            with suppress(OSError), part.open("rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()

    def _copies(self) -> list[Path]:
        return list(self._folder.glob("*.mp4"))


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None
