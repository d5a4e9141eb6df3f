"""What is new, for everybody who listens: how the indexing goes, that something changed, what saved searches found.

One look a second for all listeners together, and none while nobody listens. Who does not take what was said is cut
off, and asks again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from anyio import to_thread

from momentidx.errors import MomentidxError
from momentidx.pipeline.run import read_run
from momentidx.search.asking import Wish
from momentidx.web.desk import Desk
from momentidx.web.problems import Conflict
from momentidx.web.values import Changed, FoundNew, InWork, Progress, Value, shown

EVERY_SECONDS = 1.0
BEAT_SECONDS = 15.0
"""So often at least something is sent, so that a client that went away is noticed."""
FOUND_SECONDS = 10.0
"""So often at most saved searches are asked again."""
COUNTED = 20
"""New moments of a saved search that are counted."""
MOST_LISTENERS = 64
MOST_UNREAD = 100
"""Pieces of news."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look saw."""

    progress: Progress
    changed: Changed
    newest_event: int


class News:
    """The news of one library."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._last: Seen | None = None
        """What everybody was told; None while nobody listens or nothing was seen."""
        self._asked: tuple[int, float] | None = None
        """The newest event when saved searches were last asked, and when that was."""
        self._ended = False

    async def listen(self) -> AsyncIterator[str]:
        """Server-sent events, beginning with how everything stands; raises Conflict when too many listen."""
        if len(self._listeners) >= MOST_LISTENERS or self._ended:
            raise Conflict("Too many listen already. Close a page, or try again.")
        news: asyncio.Queue[str | None] = asyncio.Queue(MOST_UNREAD)
        self._listeners.add(news)
        for piece in _whole(self._last):
            news.put_nowait(piece)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return self._told(news)

    def end(self) -> None:
        """Send everybody home for good."""
        self._ended = True
        self.send_home()

    def send_home(self) -> None:
        """End what everybody listens to; who still may asks again."""
        for news in list(self._listeners):
            self._cut(news)

    async def _told(self, news: asyncio.Queue[str | None]) -> AsyncIterator[str]:
        try:
            while True:
                try:
                    piece = await asyncio.wait_for(news.get(), BEAT_SECONDS)
                except TimeoutError:
                    piece = ": still here\n\n"
                if piece is None:
                    return
                yield piece
        finally:
            self._listeners.discard(news)

    async def _look(self) -> None:
        """As long as somebody listens. Nobody else looks: what changed is what differs from what was told."""
        try:
            while self._listeners:
                seen = await to_thread.run_sync(self._seen)
                if seen is not None:
                    for piece in _differing(self._last, seen):
                        self._tell(piece)
                    self._last = seen
                    for found in await to_thread.run_sync(lambda: list(self._found(seen.newest_event))):  # noqa: B023
                        self._tell(_event("found", found))
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            self._last = None

    def _tell(self, piece: str) -> None:
        for news in list(self._listeners):
            try:
                news.put_nowait(piece)
            except asyncio.QueueFull:
                self._cut(news)

    def _cut(self, news: asyncio.Queue[str | None]) -> None:
        self._listeners.discard(news)
        while not news.empty():
            news.get_nowait()
        news.put_nowait(None)

    def _seen(self) -> Seen | None:
        """How everything stands; None while the library cannot be read."""
        try:
            library = self._desk.library()
            writer = library.writer()
            run = read_run(library.folder, writer)
            work = run.in_work if run else None
            progress = Progress(
                indexing=writer is not None,
                in_work=InWork(path=shown(work.path), part=work.part) if work else None,
                waits=run.waits if run else None,
                speed=run.speed if run else None,
                settling=run.settling if run else 0,
                files_done=run.files_done if run else 0,
                files_failed=run.files_failed if run else 0,
            )
            changed = Changed(generation=library.generation(), writes=library.writes())
            return Seen(progress, changed, library.newest_event())
        except MomentidxError as error:
            _log.info("no news: %s", error)
            return None

    def _found(self, newest: int) -> Iterator[FoundNew]:
        """What saved searches find among the events that came in since they were last asked."""
        now = time.monotonic()
        if self._asked is None:
            self._asked = newest, now
        since, when = self._asked
        if newest <= since or now - when < FOUND_SECONDS:
            return
        self._asked = newest, now
        for search in self._desk.library().saved_searches():
            try:
                wish = Wish(COUNTED, newer_than=max(since, search.newest_event))
                count = len(self._desk.search(search.query, wish).moments)
            except MomentidxError as error:  # a filter of a captioner that is not there any more
                _log.info("saved search: %s", error)
                continue
            if count:
                yield FoundNew(name=search.name, query=search.query, count=count)


def _whole(seen: Seen | None) -> list[str]:
    return [] if seen is None else [_event("progress", seen.progress), _event("changed", seen.changed)]


def _differing(before: Seen | None, seen: Seen) -> list[str]:
    """The pieces that tell something new."""
    return [piece for piece in _whole(seen) if piece not in _whole(before)]


def _event(name: str, value: Value) -> str:
    """One event of the HTML standard's event streams; JSON has no line ends in it."""
    return f"event: {name}\ndata: {value.model_dump_json()}\n\n"
