"""The thread that tells the world how the daemon fares, and sees to it that it ends when it should."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from momentidx.library import WritableLibrary
from momentidx.media.child import Decoder
from momentidx.pipeline.notify import Notifier
from momentidx.pipeline.orders import Orders, Progress
from momentidx.pipeline.run import Run, RunFile

DRAIN_SECONDS = 4.0
"""How long a stop waits for the step in work; then the decoder is ended ..."""
LAST_SECONDS = 8.0
"""... and then the process, whatever it is busy with. A service manager waits for ten."""
STUCK_SECONDS = 900.0
"""A worker that gives no sign of life for so long is taken to be stuck."""
TICK = 0.1

_log = logging.getLogger(__name__)


class Pulse(threading.Thread):
    """Writes `run.json`, answers the watchdog of systemd, and carries out a stop in time.

    Entered around the daemon's work; leaving it says that the work is over.
    """

    def __init__(
        self,
        library: WritableLibrary,
        orders: Orders,
        progress: Progress,
        notifier: Notifier,
        leave: Callable[[int], None] = os._exit,
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self.decoder: Decoder | None = None
        """The one in use now."""
        self._library = library
        self._orders = orders
        self._progress = progress
        self._notifier = notifier
        self._leave = leave
        self._over = threading.Event()
        self._file = RunFile(library.folder)
        self._since = time.time()
        self._next_ping = 0.0

    def __enter__(self) -> Pulse:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        self._file.remove()

    def run(self) -> None:
        while not self._orders.stop.is_set():
            self._file.write(self._state)
            self._ping()
            if self._over.wait(TICK):
                break  # so quickly that the stop was not even seen
        self._notifier.send("STOPPING=1")
        self._end()

    def _end(self) -> None:
        """Wait for the work to be over; help it along when it takes too long."""
        asked = time.monotonic()
        while not self._over.wait(TICK):
            waited = time.monotonic() - asked
            if self.decoder is not None and (waited > DRAIN_SECONDS or self._orders.hurry.is_set()):
                self.decoder.interrupt()
            if waited > LAST_SECONDS:
                _log.warning("the step in work does not end; the process ends all the same, and the step is done again")
                self._file.remove()
                self._release()
                self._leave(0)
                return

    def _release(self) -> None:
        """Give back what is claimed, so that it does not look as if the file had killed the process."""
        releasing = threading.Thread(target=self._library.close, daemon=True)
        releasing.start()
        releasing.join(1.0)  # the stuck thread may be the one that has the turn

    def _ping(self) -> None:
        now = time.monotonic()
        interval = self._notifier.watchdog_seconds / 2
        if interval and now >= self._next_ping and now - self._progress.beat < STUCK_SECONDS:
            self._next_ping = now + interval
            self._notifier.send("WATCHDOG=1")

    def _state(self) -> Run:
        progress, decoder = self._progress, self.decoder
        return Run(
            pid=os.getpid(),
            started=self._since,
            written=time.time(),
            roots=progress.roots,
            settling=progress.settling,
            walked=progress.walked,
            walk_seconds=round(progress.walk_seconds, 3),
            in_work=progress.in_work,
            waits=progress.waits,
            speed=progress.speed,
            files_done=progress.files_done,
            files_failed=progress.files_failed,
            decoder_deaths=decoder.deaths if decoder else 0,
        )
