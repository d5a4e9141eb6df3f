"""The worker: takes a job, runs the stages, and gives the job a named end whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from momentidx.errors import LibraryError, UnusableFootage
from momentidx.footage import Footage
from momentidx.library import Job, WritableLibrary
from momentidx.pipeline import stages
from momentidx.pipeline.tools import Tools

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended."""

    path: Path
    footage: Footage | None
    """What was indexed; None when it failed."""
    reason: str | None = None
    """Why it failed, as a sentence."""


class Stopped(Exception):
    """Raised by a progress callback to abandon the work; its job goes back to the queue."""


def work(
    library: WritableLibrary,
    tools: Tools,
    *,
    among: Collection[Path] | None = None,
    tell: Callable[[Path, Fraction], None] = lambda _path, _part: None,
) -> Iterator[Outcome]:
    """Run queued jobs (those of the paths `among`, or all) until none is left, giving each outcome.

    A file that cannot be indexed fails its own job; so does an exception nobody foresaw. Trouble with
    the library itself (LibraryError) ends the work, since nothing could be recorded any more.
    `tell` is called with a path and how much of it is done.
    """
    while (job := library.claim(among)) is not None:
        with suppress(stages.Overtaken):
            yield _run(job, library, tools, tell)


def _run(job: Job, library: WritableLibrary, tools: Tools, tell: Callable[[Path, Fraction], None]) -> Outcome:
    try:
        return Outcome(job.path, stages.index(job, tools, library, lambda part: tell(job.path, part)))
    except UnusableFootage as unusable:
        reason = str(unusable)
        library.fail(job, unusable.code, reason, passing=unusable.passing)
    except (Stopped, KeyboardInterrupt):
        library.release(job)
        raise
    except (LibraryError, stages.Overtaken):
        raise
    except Exception as error:
        # A mistake of ours or of a plug-in. It must not take the other files with it.
        log.warning("%s: unforeseen", job.path, exc_info=error)
        reason = (
            f"{job.path}: an unforeseen error: {error!r}. It is a mistake of momentidx or a plug-in; please report it."
        )
        library.fail(job, "unforeseen", reason, passing=False)
    return Outcome(job.path, None, reason)
