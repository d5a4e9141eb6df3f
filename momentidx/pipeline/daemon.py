"""The daemon: looks, waits for copies to finish, and indexes, until it is told to stop.

Three threads, each with one thing to do: this one works on one file after the other, `Watcher` looks
at the folders meanwhile, and `Pulse` tells others how it goes and ends the process in time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

from momentidx.config import Settings
from momentidx.errors import LibraryBusy, LibraryError, MomentidxError
from momentidx.library import WritableLibrary
from momentidx.pipeline.answering import Answering
from momentidx.pipeline.conditions import disk_full, why_wait
from momentidx.pipeline.intake import Intake
from momentidx.pipeline.notify import Notifier
from momentidx.pipeline.orders import Listener, Orders, Progress
from momentidx.pipeline.pulse import Pulse
from momentidx.pipeline.tools import Tools, open_tools
from momentidx.pipeline.watcher import BREATH, Watcher
from momentidx.pipeline.worker import Stopped, work

JOIN_SECONDS = 4.0
"""How long the watching thread may take to end what it writes; a walk that hangs in a network share is left."""

_log = logging.getLogger(__name__)


def watch(
    roots: Sequence[Path],
    library: WritableLibrary,
    load: Callable[[], Settings],
    orders: Orders,
    listener: Listener,
    notifier: Notifier | None = None,
    beside: Callable[[Settings], AbstractContextManager[object]] | None = None,
) -> None:
    """Watch folders and index what arrives, until `orders.stop` is set.

    What an earlier run left queued or half done goes first. A stop abandons the file in work (it
    stays queued) and returns within ten seconds. `load` gives the settings, at the start and whenever
    `orders.reload` is set; new ones that are no good are refused in a sentence and the old ones stay.
    `beside` gives what runs meanwhile, of the settings; without it that is what answers searches.
    """
    beside = beside or (lambda settings: Answering(library.folder, settings.embedder))
    notifier = notifier or Notifier()
    settings = load()
    progress = Progress()
    intake = Intake(library, roots, settings)
    with Pulse(library, orders, progress, notifier) as pulse:
        watcher = Watcher(intake, orders, progress, listener)
        watcher.start()
        notifier.send("READY=1", f"STATUS=Watching {len(roots)} folders")
        worker = _Worker(library, orders, progress, listener)
        try:
            while not orders.stop.is_set():
                with open_tools(settings) as tools, beside(settings):
                    pulse.decoder = tools.decoder
                    library.plan(tools.wanted)
                    worker.work(tools)
                    settings = _reloaded(settings, load, orders, listener)
                    intake.settings = settings
        except (Stopped, KeyboardInterrupt):
            if not orders.stop.is_set():
                raise
        finally:
            orders.stop.set()
            watcher.join(JOIN_SECONDS)


def _reloaded(old: Settings, load: Callable[[], Settings], orders: Orders, listener: Listener) -> Settings:
    if not orders.reload.is_set():
        return old
    orders.reload.clear()
    try:
        new = load()
        with open_tools(new):  # a captioner that is not installed is found out here
            pass
    except MomentidxError as error:
        listener.told(f"The settings stay as they were: {error}")
        return old
    listener.told("The settings were read again.")
    return new


class _Worker:
    """Works on what is queued, as long as nothing speaks against it."""

    def __init__(self, library: WritableLibrary, orders: Orders, progress: Progress, listener: Listener) -> None:
        self._library = library
        self._orders = orders
        self._progress = progress
        self._listener = listener
        self._trouble = ""

    def work(self, tools: Tools) -> None:
        """Until a stop or new settings are asked for."""
        while not self._asked_to_end():
            if not self._some(tools):
                self._orders.stop.wait(BREATH)

    def _asked_to_end(self) -> bool:
        return self._orders.stop.is_set() or self._orders.reload.is_set()

    def _may_go_on(self, tools: Tools) -> bool:
        if self._asked_to_end():
            return False
        waits = why_wait(tools.settings, self._library.folder, datetime.now())
        if waits != self._progress.waits:
            self._listener.told(f"Waiting: {waits}." if waits else "Working again.")
        self._progress.rests(waits)
        return not waits

    def _some(self, tools: Tools) -> bool:
        """Work for as long as there is some and it may be done; whether there was any."""
        done = False
        started = time.monotonic()
        try:
            for outcome in work(self._library, tools, tell=self._tell, more=partial(self._may_go_on, tools)):
                ended = time.monotonic()
                self._progress.ended(outcome, ended - started)
                self._listener.indexed(outcome)
                done, started = True, ended
        except LibraryBusy as error:  # somebody looks at the database with another program; that ends some time
            if str(error) != self._trouble:
                self._listener.told(f"{error} Indexing goes on then.")
            self._trouble = str(error)
            return False
        except LibraryError as error:
            if not disk_full(tools.settings, self._library.folder):
                raise
            _log.warning("%s", error)
            return False
        self._trouble = ""
        return done

    def _tell(self, path: Path, part: Fraction) -> None:
        if self._orders.stop.is_set():
            raise Stopped
        self._progress.works(path, float(part))
