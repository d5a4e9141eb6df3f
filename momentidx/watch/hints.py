"""File-system events, reduced to hints: look here again.

Events are lost when a queue overflows, network shares send none, and a watcher can die without a
word, so nothing is concluded from an event except where looking now is worthwhile. Whoever uses
hints walks everything from time to time, and whenever `check` says that a folder is in doubt.

A burst needs no eye on the overflow itself: an event that is lost for want of room comes after
thousands that are delivered later, and `BURST` of them already put the whole folder in doubt.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from momentidx.watch.limits import folders_below, watches_allowed, watches_held
from momentidx.watch.mounts import mount_of

BURST = 512
"""More events than this at once, and the whole folder is walked instead."""
DEATHS, DEATHS_SECONDS = 5, 60.0
"""A watcher that dies so often in so short a time is not started again."""

_EVENTS: list[type[FileSystemEvent]] = [
    *(DirCreatedEvent, DirMovedEvent, DirDeletedEvent),
    *(FileCreatedEvent, FileMovedEvent, FileDeletedEvent),
    # A file that grows is looked at by the clock; inotify tells when its writer is done.
    FileClosedEvent if sys.platform == "linux" else FileModifiedEvent,
]
# watchdog 7 warns when it meets a new folder twice, as it does in a burst; nothing is lost by that.
warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)
_log = logging.getLogger(__name__)
_INOTIFY_LOG = logging.getLogger("watchdog.observers.inotify")


class Hints(FileSystemEventHandler):
    """Hints about one folder. `arm` and `check` are called by one thread; events come from others.

    A context manager: leaving it ends the threads of the watcher.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.root = root
        self.polled: str | None = "not looked at yet"
        """Why the folder gives no events and is walked by the clock alone; None when it does."""
        self._clock = clock
        self._observer: BaseObserver | None = None
        self._place: tuple[int, int] | None = None
        """Device and number of the folder that is watched, since another one may come to bear its name."""
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self._lock = threading.Lock()
        self._paths: set[Path] = set()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._disarm()

    def on_any_event(self, event: FileSystemEvent) -> None:
        with self._lock:
            self._count += 1
            if self._count <= BURST:
                self._paths |= {Path(str(path)) for path in (event.src_path, event.dest_path) if path}

    def take(self) -> set[Path] | None:
        """Where something happened since this was last asked; None when it was too much to tell."""
        with self._lock:
            paths, self._paths = self._paths, set()
            count, self._count = self._count, 0
        return None if count > BURST else paths

    def check(self) -> str | None:
        """Why the folder has to be walked: it or its watcher came or went since this was last asked; else None."""
        before, self._place = self._place, self._there()
        if self._place is None:
            self._disarm()
            self.polled = "it is not there"
            return "it went" if before else None
        if self._place != before:
            self._deaths.clear()
            self.arm()
            return "it came"
        if self._observer is not None and not _alive(self._observer):
            self._deaths.append(self._clock())
            if len(self._deaths) == DEATHS and self._deaths[-1] - self._deaths[0] <= DEATHS_SECONDS:
                self._disarm()
                self.polled = f"its watcher died {DEATHS} times in a minute"
            else:
                self.arm()
            _log.warning("%s: its watcher died; it is walked in full", self.root)
            return "its watcher died"
        return None

    def arm(self) -> None:
        """Start a watcher, or note why there can be none."""
        self._disarm()
        mount = mount_of(self.root)
        if mount is not None and mount.network:
            self.polled = f"{mount.kind} sends no events"
            return
        before = watches_held()
        self.polled = None
        try:
            self._observer = Observer()
            # Started first: only a running observer reports at once that a root cannot be watched.
            self._observer.start()
            self._observer.schedule(self, str(self.root), recursive=True, event_filter=_EVENTS)
        except OSError as error:
            self._disarm()
            self.polled = f"it cannot be watched: {error.strerror or error}"
            return
        # watchdog goes on in silence when there are not enough watches for all folders.
        held = watches_held()
        if held is not None and before is not None and held - before < (folders := folders_below(self.root)):
            self._disarm()
            allowed = watches_allowed()
            self.polled = (
                f"it has {folders:,} folders, and this user may watch {allowed:,} in all; "
                "raise fs.inotify.max_user_watches"
            )

    def _disarm(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None and observer.is_alive():
            with _ending():
                observer.stop()
                observer.join()
        elif observer is not None:  # its thread died; those below it did not
            with _ending():
                observer.on_thread_stop()

    def _there(self) -> tuple[int, int] | None:
        try:
            found = self.root.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _alive(observer: BaseObserver) -> bool:
    """Whether the observer and all threads below it run; one of them reads from the kernel."""
    threads = [observer, *observer.emitters, getattr(observer, "_inotify_fd", None)]
    return bool(observer.emitters) and all(thread.is_alive() for thread in threads if thread is not None)


@contextmanager
def _ending() -> Iterator[None]:
    """watchdog 7 logs it as an error when it is stopped between two of its steps, which is how one stops it."""
    _INOTIFY_LOG.disabled = True
    try:
        yield
    finally:
        _INOTIFY_LOG.disabled = False
