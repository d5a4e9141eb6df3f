"""Showing footage to a captioner: one by one, or to one that wants it so, several at a time.

    claimed, probed ──> [ captioner 1 ] ──> [ captioner 2 ] ──> pictures, embed

Files pass through in their order. A captioner with `describe_all` takes them as it needs them to be busy, so that
several are in work; what goes wrong with one fails that one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from momentidx.caption.protocol import Captioner, Together
from momentidx.errors import LibraryError
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.library import Job
from momentidx.media.frames import FrameSource

AHEAD = 64
"""The most files that a captioner is given at a time. It takes as many as it needs, which is mostly less."""


class Passing(Protocol):
    """The work on one file, as far as a captioner has to do with it."""

    @property
    def alone(self) -> bool:
        """Whether no other may be in work with it."""
        ...

    @property
    def shown(self) -> tuple[Footage, FrameSource]: ...

    def to_describe(self, captioner: str) -> Job | None:
        """The job that this captioner is to do now; None when there is none, or it has just failed."""
        ...

    def told(self, job: Job, told: Sequence[Event] | Exception) -> None:
        """End the job."""
        ...


R = TypeVar("R", bound=Passing)


def described(captioner: Captioner, runs: Iterator[R]) -> Iterator[R]:
    """The files, each after the captioner described it. A LibraryError of `runs` ends it."""
    return iter(_Describing(captioner, runs))


class _Describing(Generic[R]):
    """The files that are with one captioner."""

    def __init__(self, captioner: Captioner, runs: Iterator[R]) -> None:
        self._name = captioner.name
        self._all = captioner.describe_all if isinstance(captioner, Together) else partial(_one_by_one, captioner)
        self._runs = runs
        self._waiting: deque[tuple[R, Job | None]] = deque()
        """In their order; those without a job wait for the ones before them."""
        self._asked = 0
        """How many of them the captioner was asked about."""

    def __iter__(self) -> Iterator[R]:
        while self._waiting or self._take():
            if self._waiting[0][1] is None:
                yield self._waiting.popleft()[0]
                continue
            self._asked = 1
            failure: Exception = RuntimeError(f"the captioner '{self._name}' told of less than it was shown")
            try:
                for told in self._all(self._shown()):
                    yield from self._ended(told)
            except LibraryError:
                raise
            except Exception as error:
                failure = error
            while self._asked:
                yield from self._ended(failure)

    def _take(self) -> bool:
        """Let one more wait; whether there was one."""
        run = next(self._runs, None)
        if run is None:
            return False
        self._waiting.append((run, run.to_describe(self._name)))
        return True

    def _shown(self) -> Iterator[tuple[Footage, FrameSource]]:
        """What waits first, and then whatever comes, up to what cannot be in work with the others."""
        run = self._waiting[0][0]
        yield run.shown
        while not run.alone and len(self._waiting) < AHEAD and self._take():
            run, job = self._waiting[-1]
            if run.alone or (job is None and len(self._waiting) == 1):
                return  # it waits for those before it, or for nothing
            if job is not None:
                self._asked += 1
                yield run.shown

    def _ended(self, told: Sequence[Event] | Exception) -> Iterator[R]:
        """The first one, which this was told of, and those that waited for it alone."""
        run, job = self._waiting.popleft()
        assert job is not None
        self._asked -= 1
        run.told(job, told)
        yield run
        while self._waiting and self._waiting[0][1] is None:
            yield self._waiting.popleft()[0]


def _one_by_one(
    captioner: Captioner, shown: Iterable[tuple[Footage, FrameSource]]
) -> Iterator[Sequence[Event] | Exception]:
    for footage, frames in shown:
        try:
            yield captioner.describe(footage, frames)
        except Exception as error:
            yield error
