"""The thread that looks: walks, hints and waits, while another thread is busy with a long file."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from momentidx.config import Settings
from momentidx.errors import MomentidxError
from momentidx.pipeline.conditions import disk_full
from momentidx.pipeline.intake import Intake
from momentidx.pipeline.orders import Listener, Orders, Progress
from momentidx.pipeline.run import WatchedRoot
from momentidx.pipeline.worker import Stopped
from momentidx.watch.doubts import Doubts
from momentidx.watch.hints import Hints
from momentidx.watch.limits import watches_held
from momentidx.watch.mounts import mounts_around

BREATH = 1.0
"""Seconds between two looks."""
SHARE_OF_TIME = 0.1
"""So much of its time at most is spent on walks that hints call for; those by the clock are not counted."""

_log = logging.getLogger(__name__)


class Watcher(threading.Thread):
    """Looks at the watched folders once a second until `orders.stop` is set.

    A thread that does not keep the process from ending: it may hang for as long as a network share does.
    """

    def __init__(
        self,
        intake: Intake,
        orders: Orders,
        progress: Progress,
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="watcher", daemon=True)
        intake.stopped = orders.stop.is_set
        self._intake = intake
        self._orders = orders
        self._progress = progress
        self._listener = listener
        self._clock = clock
        self._hints = [Hints(root, clock) for root in intake.roots]
        self._doubts = Doubts(partial(mounts_around, intake.roots))
        self._due = dict.fromkeys(intake.roots, clock())
        """When each folder is to be walked at the latest ..."""
        self._not_before = clock()
        """... and when the next walk is allowed that only hints call for."""
        self._hinted: set[Path] = set()
        """Folders of which hints say that they are to be walked."""
        self._complaints: dict[Path, list[str]] = {}
        self._trouble = ""

    @property
    def settings(self) -> Settings:
        return self._intake.settings

    def run(self) -> None:
        with ExitStack() as watchers:
            for hints in self._hints:
                watchers.enter_context(hints)
            while not self._orders.stop.is_set():
                self._safely()
                self._orders.stop.wait(BREATH)

    def _safely(self) -> None:
        """One round. Nothing that goes wrong in it ends the watching: a walk finds what the round heard of and lost."""
        try:
            self.round()
            self._trouble = ""
        except Stopped:
            pass
        except MomentidxError as error:
            if str(error) != self._trouble:
                self._listener.told(f"{error} Watching goes on.")
            self._trouble = str(error)
            self._due = dict.fromkeys(self._due, self._clock())
        except Exception as error:
            if repr(error) != self._trouble:
                _log.warning("watching: unforeseen", exc_info=error)
            self._trouble = repr(error)
            self._due = dict.fromkeys(self._due, self._clock() + 10 * BREATH)

    def round(self) -> None:
        """Everything that is due now."""
        if disk_full(self.settings, self._intake.library.folder):
            return  # what arrives meanwhile is found by the next walk
        now = self._clock()
        places = self._listen(now)
        if not self._progress.roots:
            self._report()  # the first walk may take long
        self._walk(now)
        if places and not self._intake.glance(places, now):
            self._hinted |= set(self._intake.roots)
        self._intake.settle(now)
        self._report()
        self._progress.settling = len(self._intake.settling.paths)

    def _listen(self, now: float) -> set[Path]:
        """Places to look at; folders that are in doubt become due."""
        if why := self._doubts.new():
            self._listener.told(f"Everything is looked through: {why}.")
            self._due = dict.fromkeys(self._due, now)
        places: set[Path] = set()
        for hints in self._hints:
            if hints.check():
                self._due[hints.root] = now
            heard = hints.take()
            if heard is None:
                self._hinted.add(hints.root)
            else:
                places |= heard
        return places

    def _walk(self, now: float) -> None:
        due = {root for root, when in self._due.items() if now >= when}
        if now >= self._not_before:
            due |= self._hinted
        if due:
            started = self._clock()
            self._intake.look(now, sorted(due))
            took = self._clock() - started
            if self._intake.library.notice_missing():
                self._listener.told("Pictures are missing and are made again.")
            self._hinted -= due
            self._not_before = started + took / SHARE_OF_TIME
            self._check_watches()
            for hints in self._hints:
                if hints.root in due:
                    every = self.settings.poll_seconds if hints.polled else self.settings.scan_seconds
                    self._due[hints.root] = now + every
            self._progress.walked, self._progress.walk_seconds = time.time(), took

    def _check_watches(self) -> None:
        """New folders may have come to lack a watch: then all are counted again."""
        watched = [hints for hints in self._hints if not hints.polled]
        held = watches_held()
        if held is not None and held < sum(self._intake.folders[hints.root] for hints in watched):
            for hints in watched:
                hints.arm()

    def _report(self) -> None:
        """Say how each folder is watched and stands, when that is news."""
        roots = tuple(
            WatchedRoot(
                str(hints.root),
                "polling" if hints.polled else "events",
                hints.polled,
                self._intake.standing[hints.root].away,
            )
            for hints in self._hints
        )
        if roots != self._progress.roots:
            self._listener.watching(roots)
            self._progress.roots = roots
        complaints = {root: list(sentences) for root, sentences in self._intake.unreadable.items()}
        for root, sentences in complaints.items():
            for sentence in set(sentences) - set(self._complaints.get(root, ())):
                self._listener.told(sentence)
        self._complaints = complaints
