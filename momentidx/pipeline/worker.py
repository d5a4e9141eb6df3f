"""The worker: takes what is due, runs its stages, and gives every job a named end whatever happens.

A captioner may have several files in work at a time, of which each is an own claim with an own end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

from momentidx.errors import LibraryBusy, LibraryError, UnusableFootage
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.library import Claim, Job, WritableLibrary
from momentidx.library.jobs import MAX_TRIES
from momentidx.media.frames import FrameSource
from momentidx.pipeline import stages
from momentidx.pipeline.describing import described
from momentidx.pipeline.tools import Tools
from momentidx.watch.settle import may_still_grow

log = logging.getLogger(__name__)

T = TypeVar("T")

ONCE_MORE = ("decoder-crash", "time-limit")
"""Failures that a fresh decoding process may be spared; the second time in a row they are the file's."""
STORE_TRIES = 30
"""Each waits ten seconds for a program that keeps the library locked: what a captioner told may have taken hours."""
LAST_MESSAGES = 5
"""Lines of the decoding libraries that are logged with a failure."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the work on one file ended."""

    path: Path
    footage: Footage | None
    """What was indexed; None when something failed."""
    reason: str | None = None
    """Why it failed, as a sentence."""
    passing: bool = False
    """Whether it is tried again by itself, as everything that failed of it may pass."""


class Stopped(BaseException):
    """Raised by a progress callback to abandon the work; its jobs go back to the queue.

    No step may take it for a failure of its own: so it is no Exception, like KeyboardInterrupt.
    """


Told = Callable[[Path, Fraction], None]


def work(
    library: WritableLibrary,
    tools: Tools,
    *,
    among: Iterable[Path] | None = None,
    tell: Told = lambda _path, _part: None,
    more: Callable[[], bool] = lambda: True,
) -> Iterator[Outcome]:
    """Do what is queued (for the files at the paths `among`, in this order, or all) until nothing is due.

    Gives an outcome for each file. One that cannot be indexed fails its own jobs; so does an
    exception nobody foresaw. Trouble with the library itself (LibraryError) ends the work, since
    nothing could be recorded any more. `tell` is called with a path and how much of it is done. `more` is
    asked before another file is taken; what was taken is finished all the same, unless the iterator is closed.
    """
    in_work: list[_Run] = []
    again: list[Path | None] = [None] if among is None else list(among)
    while again:
        runs: Iterator[_Run] = _claimed(library, tools, again, tell, more, in_work)
        for captioner in tools.captioners:
            runs = described(captioner, runs)
        again = []
        try:
            for run in runs:
                outcome = run.ended()
                in_work.remove(run)
                library.keep_stills_within(tools.settings.stills_max_mb << 20)
                if outcome is None:
                    again.append(run.claim.path)
                else:
                    yield outcome
        except (Stopped, KeyboardInterrupt, LibraryError, GeneratorExit):
            for run in in_work:
                library.release(run.claim)
            raise


def _claimed(
    library: WritableLibrary,
    tools: Tools,
    among: Iterable[Path | None],
    tell: Told,
    more: Callable[[], bool],
    in_work: list[_Run],
) -> Iterator[_Run]:
    """What is due, taken and probed as it is asked for."""
    for path in among:
        while more() and (claim := library.claim(tools.wanted, path)) is not None:
            run = _Run(library, tools, tell, claim)
            in_work.append(run)
            run.probed()
            yield run


class _Run:
    """The work on one claim."""

    def __init__(self, library: WritableLibrary, tools: Tools, tell: Told, claim: Claim) -> None:
        self._library = library
        self._tools = tools
        self._tell = partial(tell, claim.path)
        self._reasons: list[str] = []
        self._passing = True
        self._work: stages.Work | None = None
        self.claim = claim
        """What is still to be ended."""

    @property
    def alone(self) -> bool:
        """Whether the process died while it was in work: it must not take others along when that happens again."""
        return any(job.deaths for job in self.claim.jobs)

    def probed(self) -> None:
        """Find out which footage it is, where that is not known."""
        claim: Claim | None = self.claim
        assert claim is not None
        if claim.footage is None:
            claim = self._attempt(claim.jobs[0], partial(stages.probe, claim, self._tools, self._library))
        if claim is not None:
            assert claim.footage is not None
            self.claim = claim
            self._work = stages.Work(claim.file, claim.footage, self._tools, self._library, self._tell)

    @property
    def shown(self) -> tuple[Footage, FrameSource]:
        """What a captioner is shown of it."""
        assert self._work is not None
        return self._work.footage, self._work.source

    def to_describe(self, captioner: str) -> Job | None:
        """The job that this captioner is to do now; None when there is none, or it has just failed."""
        job = next((job for job in self.claim.jobs if (job.stage, job.tool) == ("describe", captioner)), None)
        if job is None or self._work is None:
            return None
        unchanged = self._attempt(job, partial(stages.unchanged, self._work))
        return job if unchanged else None

    def told(self, job: Job, told: Sequence[Event] | Exception) -> None:
        """Store what a captioner told, or why it could not."""
        assert self._work is not None
        self._attempt(job, partial(self._store, partial(stages.describe, job, self._work, told)))

    def _store(self, store: Callable[[], None]) -> None:
        for _ in range(STORE_TRIES - 1):
            try:
                return store()
            except LibraryBusy as busy:
                log.warning("%s: %s", self.claim.path, busy)
                self._tell(Fraction(1))  # it may be time to stop
        return store()

    def ended(self) -> Outcome | None:
        """Do the rest; None when the file was queued again meanwhile, and so is not done."""
        if self._work is not None:
            for name, stage in stages.AFTERWARDS.items():
                for job in self.claim.jobs:
                    if job.stage == name:
                        self._attempt(job, partial(stage, job, self._work))
            self._library.settle()
        if self._reasons:
            return Outcome(self.claim.path, None, self._reasons[0], self._passing)
        return Outcome(self.claim.path, self.claim.footage) if self._work is not None else None

    def _attempt(self, job: Job, run: Callable[[], T]) -> T | None:
        """What the stage gives; None when it failed and its job was ended so."""
        claim = self.claim
        try:
            return run()
        except UnusableFootage as unusable:
            passing = (
                unusable.passing
                or may_still_grow(unusable.code, claim.file, time.time())
                or (unusable.code in ONCE_MORE and job.tries == 0)
            )
            self._fail(job, unusable.code, str(unusable), passing=passing)
        except LibraryError:
            raise
        except Exception as error:
            # A mistake of ours or of a plug-in. It must not take the other files with it.
            log.warning("%s: unforeseen", claim.path, exc_info=error)
            reason = (
                f"{claim.path}: an unforeseen error: {error!r}. "
                "It is a mistake of momentidx or a plug-in; please report it."
            )
            self._fail(job, "unforeseen", reason, passing=False)
        return None

    def _fail(self, job: Job, code: str, reason: str, *, passing: bool) -> None:
        said = " / ".join(self._tools.decoder.messages[-LAST_MESSAGES:]) or "nothing"
        log.info("%s failed (%s): %s The decoder said: %s", job.tool or job.stage, code, reason, said)
        tried_with = self._tools.wanted.version(job.stage, job.tool)
        self._library.fail(job, code, reason, passing=passing, tried_with=tried_with)
        self._reasons.append(reason)
        self._passing &= passing and job.tries + 1 < MAX_TRIES
