"""What a benchmark can measure: a captioner, or the library's own `find`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from momentidx.caption.protocol import Answerer, Captioner, Locator
from momentidx.commands.describe import chosen
from momentidx.commands.setting_up import Setup
from momentidx.errors import WrongUse
from momentidx.evaluation.answers import RANKED
from momentidx.evaluation.benchmarks.values import Ask, Query, Said
from momentidx.evaluation.running import System
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.search.find import search
from momentidx.search.ranking import compared
from momentidx.search.spans import agreement_with, choose
from momentidx.search.vectors import open_vectors

if TYPE_CHECKING:
    from momentidx.config import Settings
    from momentidx.events import Event
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder

FIND = "find"
FOUND = 100
"""How many moments `find` is asked for."""
Seconds = tuple[float, float]


class Opener:
    """Media files, one at a time: who asks for the same file again gets what is open."""

    def __init__(self, decoder: Decoder, settings: Settings) -> None:
        self._decoder, self._settings = decoder, settings
        self._path: Path | None = None

    def __call__(self, path: Path) -> tuple[Footage, Source]:
        """Raises UnusableFootage."""
        if path != self._path:
            footage = probe(path, self._decoder)
            self._open = footage, Source(path, footage, self._decoder, self._settings)
            self._path = path
        return self._open

    def facts(self, path: Path) -> Footage:
        return self(path)[0]


@contextmanager
def system(name: str, setup: Setup, opener: Opener, embedder: Embedder, asks: Sequence[Ask]) -> Iterator[System]:
    """What `--captioner` names. Raises WrongUse when it cannot do what is asked."""
    if name == FIND:
        if list(asks) != [Ask.LOCATE]:
            raise WrongUse("'find' only locates; this benchmark asks for more. Name a captioner.")
        with setup.read() as library:
            yield Finding(library, setup, embedder)
        return
    yield Asking(chosen(name, setup), opener, embedder, asks)


class Asking:
    """A captioner. One that cannot locate describes, and the words are searched for in what it told."""

    def __init__(self, captioner: Captioner, opener: Opener, embedder: Embedder, asks: Sequence[Ask]) -> None:
        self.name, self.version = captioner.name, captioner.version
        self.how = f"{captioner.name} was asked to {' and '.join(asks)}."
        if Ask.LOCATE in asks and not isinstance(captioner, Locator):
            self.version += f", searched with {embedder.name} {embedder.version}"
            self.how = f"{captioner.name} cannot locate: it described, and the words were searched for in what it told."
        self._captioner, self._open, self._embedder, self._asks = captioner, opener, embedder, asks
        self._told: tuple[Path, Sequence[Event]] | None = None

    def say(self, query: Query, path: Path) -> Said:
        """See `System.say`."""
        footage, source = self._open(path)
        spans: Sequence[Seconds] = ()
        captions: tuple[str, ...] = ()
        words = ""
        if Ask.LOCATE in self._asks:
            spans = self._located(query.words, footage, source, path)
        if Ask.DESCRIBE in self._asks:
            events = self._described(footage, source, path)
            spans, captions = _spans(events, footage), tuple(event.caption for event in events)
        if Ask.ANSWER in self._asks and isinstance(self._captioner, Answerer):
            words = self._captioner.answer(footage, source, query.question).text
        return Said(query.id, float(footage.duration), tuple(spans), captions, words)

    def _located(self, words: str, footage: Footage, source: Source, path: Path) -> Sequence[Seconds]:
        if isinstance(self._captioner, Locator):
            return _spans(self._captioner.locate(footage, source, words), footage)
        events = self._described(footage, source, path)
        if not events:
            return ()
        scores = compared([words], [event.caption for event in events], self._embedder)
        agreement = agreement_with([self._captioner.name])
        spans, duration = np.array(_spans(events, footage)), float(footage.duration)
        found = choose(scores, spans, duration, count=RANKED, agreement=agreement)
        return [(float(start), float(end)) for start, end in found.times[0]]

    def _described(self, footage: Footage, source: Source, path: Path) -> Sequence[Event]:
        if self._told is None or self._told[0] != path:
            self._told = path, self._captioner.describe(footage, source)
        return self._told[1]


def _spans(events: Sequence[Event], footage: Footage) -> list[Seconds]:
    return [(float(footage.seconds(event.span.start)), float(footage.seconds(event.span.end))) for event in events]


class Finding:
    """The library's own search among everything that is indexed."""

    def __init__(self, library: Library, setup: Setup, embedder: Embedder) -> None:
        self.name = FIND
        moments = library.moments()
        layers = ", ".join(sorted({f"{moment.layer.captioner} {moment.layer.version}" for moment in moments}))
        self.version = f"{embedder.name} {embedder.version}, {len(moments)} moments of {layers} in {setup.folder}"
        self.how = "The library was asked with find; a moment of another file is a wrong answer."
        self._library, self._embedder = library, embedder
        self._vectors = open_vectors(library, embedder, gpu=setup.settings.search_gpu)

    def say(self, query: Query, path: Path) -> Said:
        """See `System.say`. Raises LibraryError for a file that is not indexed."""
        from momentidx.search.asking import Wish

        footage = self._library.footage_of(path)
        duration = float(footage.duration)
        wish = Wish(FOUND)
        try:
            found = search(self._library, query.words, wish, embedder=self._embedder, vectors=self._vectors)
        except WrongUse as error:  # words that the query language reads as something that makes no sense
            return Said(query.id, duration, problem=str(error))
        spans = [
            _spans([moment.event], footage)[0] if moment.footage.fingerprint == footage.fingerprint else None
            for moment in found.moments
        ]
        return Said(query.id, duration, (*spans[:RANKED], *(span for span in spans[RANKED:] if span is not None)))
