"""The worker: takes what is due, runs its stages, and gives every job a named end whatever happens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

from momentidx.errors import LibraryError, UnusableFootage
from momentidx.footage import Footage
from momentidx.library import Claim, Job, WritableLibrary
from momentidx.pipeline import stages
from momentidx.pipeline.tools import Tools
from momentidx.watch.settle import may_still_grow

log = logging.getLogger(__name__)

T = TypeVar("T")

ONCE_MORE = ("decoder-crash", "time-limit")
"""Failures that a fresh decoding process may be spared; the second time in a row they are the file's."""
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


class Stopped(Exception):
    """Raised by a progress callback to abandon the work; its jobs go back to the queue."""


Told = Callable[[Path, Fraction], None]


def work(
    library: WritableLibrary,
    tools: Tools,
    *,
    among: Iterable[Path] | None = None,
    tell: Told = lambda _path, _part: None,
) -> Iterator[Outcome]:
    """Do what is queued (for the files at the paths `among`, in this order, or all) until nothing is due.

    Gives an outcome for each file. One that cannot be indexed fails its own jobs; so does an
    exception nobody foresaw. Trouble with the library itself (LibraryError) ends the work, since
    nothing could be recorded any more. `tell` is called with a path and how much of it is done.
    """
    wanted = tools.wanted
    for path in [None] if among is None else among:
        while (claim := library.claim(wanted, path)) is not None:
            outcome = _Run(library, tools, tell).of(claim)
            library.keep_stills_within(tools.settings.stills_max_mb << 20)
            if outcome is not None:
                yield outcome


class _Run:
    """The work on one claim."""

    def __init__(self, library: WritableLibrary, tools: Tools, tell: Told) -> None:
        self._library = library
        self._tools = tools
        self._tell = tell
        self._reasons: list[str] = []

    def of(self, claim: Claim) -> Outcome | None:
        """Run all stages; None when the file was queued again meanwhile, and so is not done."""
        try:
            if claim.footage is None:
                known = self._attempt(claim, claim.jobs[0], partial(stages.probe, claim, self._tools, self._library))
                if known is None:
                    return Outcome(claim.path, None, self._reasons[0]) if self._reasons else None
                claim = known
            assert claim.footage is not None
            work = stages.Work(claim.file, claim.footage, self._tools, self._library, partial(self._tell, claim.path))
            for name, stage in stages.STAGES.items():
                for job in claim.jobs:
                    if job.stage == name:
                        self._attempt(claim, job, partial(stage, job, work))
            self._library.settle()
        except (Stopped, KeyboardInterrupt, LibraryError):
            self._library.release(claim)
            raise
        if self._reasons:
            return Outcome(claim.path, None, self._reasons[0])
        return Outcome(claim.path, claim.footage)

    def _attempt(self, claim: Claim, job: Job, run: Callable[[], T]) -> T | None:
        """What the stage gives; None when it failed and its job was ended so."""
        try:
            return run()
        except UnusableFootage as unusable:
            passing = (
                unusable.passing
                or may_still_grow(unusable.code, claim.file, time.time())
                or (unusable.code in ONCE_MORE and job.tries == 0)
            )
            self._fail(job, unusable.code, str(unusable), passing=passing)
        except (LibraryError, Stopped):
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
