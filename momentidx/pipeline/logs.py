"""The daemon's log file: bounded, rotated, and never in the way.

Records go through a bounded queue to a thread of their own. When the disk is full or hangs, lines
are lost; indexing goes on.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path

LOGS = "logs"
LOG_FILE = "momentidx.log"
FILES, FILE_BYTES = 5, 2_000_000
"""The file and four older ones."""
WAITING_RECORDS = 10_000


class LogFile:
    """`<library>/logs/momentidx.log`, or another there, while the block runs."""

    def __init__(self, library: Path, name: str = LOG_FILE) -> None:
        self.path = library / LOGS / name
        self._handler: _Patient | None = None

    @contextmanager
    def written(self) -> Iterator[None]:
        """Take what our modules log, from INFO on, into the file."""
        logger = logging.getLogger("momentidx")
        with suppress(OSError):  # said below by the handler's absence: there is simply no file then
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            self._handler = _Patient(self.path)
        if self._handler is None:
            yield
            return
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        records: queue.Queue[logging.LogRecord] = queue.Queue(WAITING_RECORDS)
        listener = QueueListener(records, self._handler)
        entrance = _Entrance(records)
        level = logger.level
        # What the terminal shows stays as it was: the level now lets more through than it did.
        shown = [(handler, handler.level) for handler in logging.getLogger().handlers]
        for handler, own in shown:
            handler.setLevel(max(own, logging.getLogger().level))
        logger.setLevel(min(logging.INFO, logger.getEffectiveLevel()))
        logger.addHandler(entrance)
        listener.start()
        try:
            yield
        finally:
            logger.removeHandler(entrance)
            logger.setLevel(level)
            for handler, own in shown:
                handler.setLevel(own)
            listener.stop()
            with suppress(OSError):
                self._handler.close()

    def reopen(self) -> None:
        """Go on in a new file if somebody moved this one away (`logrotate`)."""
        if self._handler is not None:
            self._handler.moved = True


class _Entrance(QueueHandler):
    """A full queue loses the record, without a word: words are what it has no room for."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        pass


class _Patient(RotatingFileHandler):
    """Opens the file anew when told to, and keeps quiet about a disk that refuses."""

    def __init__(self, path: Path) -> None:
        self.moved = False
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", errors="backslashreplace")

    def emit(self, record: logging.LogRecord) -> None:
        if self.moved:
            self.moved = False
            with suppress(OSError):
                self.close()  # the next record opens it again
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        pass
