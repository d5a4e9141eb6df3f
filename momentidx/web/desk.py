"""Desk: what every request needs: the library to read, the warm search, and the writers of what a person wants."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from momentidx.config import Settings, Sources
from momentidx.library import Bins, Captions, Library, Queue, SavedSearches
from momentidx.library.sqlite import DATABASE
from momentidx.search.asking import Answers, Wish
from momentidx.search.service import Service
from momentidx.web.keys import Keys
from momentidx.web.looking import Looker
from momentidx.web.proxies import Proxies
from momentidx.web.shelf import Shelf


class Desk:
    """One library, opened when it is first asked for, for all the threads that answer requests.

    Nothing here holds the library's lock: a person's changes are short transactions that wait for their turn
    beside the indexing process, as those of the command line do.
    """

    def __init__(self, folder: Path, sources: Sources, keys: Keys) -> None:
        self.folder = folder
        self.sources = sources
        self.keys = keys
        self.service = Service(folder, sources.settings.embedder)
        self.looker = Looker(sources.settings)
        self.proxies = Proxies(folder, sources.settings, self._has)
        self.shelf = Shelf()
        self._opening = threading.Lock()
        self._library: Library | None = None
        self._file: tuple[int, int] | None = None

    @property
    def settings(self) -> Settings:
        return self.sources.settings

    def library(self) -> Library:
        """The library to read from; opened anew when another database took the place of the former one.

        Not to be closed by who asks. Raises LibraryError when there is none.
        """
        with self._opening:
            now = _which(self.folder / DATABASE)
            if self._library is None or now != self._file:
                if self._library is not None:
                    self.service.close()  # it opens what there is now at the next search
                self._library = Library.open(self.folder)  # requests in work end on the former one
                self._file = now
            return self._library

    def search(self, words: str | None, wish: Wish) -> Answers:
        """Moments that answer the words; the library, the embedder and the vectors stay open."""
        self.library()
        return self.service.search(words, wish)

    def misses(self, answers: Answers, wish: Wish) -> list[tuple[str, int]]:
        """For each condition of a query that found nothing: its text, and how many there would be without it."""
        return self.service.misses(answers, wish)

    def bins(self) -> Bins:
        return Bins(self.library().folder)

    def captions(self) -> Captions:
        return Captions(self.library().folder, self.settings.embedder)

    def queue(self) -> Queue:
        return Queue(self.library().folder)

    def saved(self) -> SavedSearches:
        return SavedSearches(self.library().folder)

    def _has(self, content: str) -> bool:
        return self.library().footage_with(content) is not None

    def close(self) -> None:
        self.proxies.close()
        self.service.close()
        self.shelf.close()
        with self._opening:
            if self._library is not None:
                self._library.close()
                self._library = None


def _which(file: Path) -> tuple[int, int] | None:
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_dev, told.st_ino


def desk_of(request: Request) -> Desk:
    """The desk of the app that a request came to."""
    desk: Desk = request.app.state.desk
    return desk


DeskHere = Annotated[Desk, Depends(desk_of)]
