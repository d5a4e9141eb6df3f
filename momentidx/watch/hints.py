"""File-system events, reduced to a hint: something changed under this root, walk it again.

Events are lost when a queue overflows, and network shares send none, so nothing is concluded from
an event except that looking now is worthwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

_INOTIFY_LOG = logging.getLogger("watchdog.observers.inotify")

# Reading a file changes nothing, and we read them ourselves.
_QUIET = frozenset({"opened", "closed_no_write"})


class Hints(FileSystemEventHandler):
    """While entered, sets `woken` whenever something happens under one of the roots."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self.woken = threading.Event()
        self.unwatched: dict[Path, str] = {}
        """Roots that give no events and why; they are walked by the clock alone."""
        self._roots = tuple(roots)
        self._observer = Observer()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _QUIET:
            self.woken.set()

    def __enter__(self) -> Self:
        # Started first: only a running observer reports at once that a root cannot be watched.
        self._observer.start()
        for root in self._roots:
            try:
                self._observer.schedule(self, str(root), recursive=True)
            except OSError as error:
                self.unwatched[root] = error.strerror or str(error)
        return self

    def __exit__(self, *_: object) -> None:
        # watchdog 7 logs it as an error when it is stopped between two of its steps, which is how one stops it.
        _INOTIFY_LOG.disabled = True
        try:
            self._observer.stop()
            self._observer.join()
        finally:
            _INOTIFY_LOG.disabled = False
