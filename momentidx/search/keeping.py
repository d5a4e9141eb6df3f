"""What a process that answers many questions keeps of one library from one to the next; the answers stay the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from momentidx.search.surroundings import Surroundings

if TYPE_CHECKING:
    from momentidx.library import Condition, Library
    from momentidx.search.protocol import Embedder

FEW = 5_000
"""So many events are compared one by one; filters that more events meet are checked on the nearest instead ..."""
MOST = 20_000
"""... unless more than so many of the nearest would have to be looked at, as hardly any of them meets the filters."""
MOST_FILTERS = 200
"""Filters that are remembered, 0.2 to 0.8 MB each where few events meet them."""


class Kept:
    """Who asks once makes a new one; who asks often calls `refresh` before each question."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self.surroundings = Surroundings(library, embedder)
        self._library = library
        self._writes = library.writes()
        self._few: dict[str, list[int]] = {}
        """All events that meet filters, as of then."""
        self._many: dict[str, tuple[int, int]] = {}
        """Filters that at least so many meet, and how many events there were. More do not make them fewer."""

    def refresh(self) -> None:
        """Take in what changed since."""
        writes = self._library.writes()
        if writes != self._writes:
            self.surroundings.refresh()
            self._few, self._writes = {}, writes

    def few(self, conditions: Sequence[Sequence[Condition]], there: int, looked_at: int = 0) -> list[int] | None:
        """All events that meet the conditions, unless that are many: more than FEW, and than would else be looked at.

        `there` is how many events there are.
        """
        key, limit = repr(conditions), max(FEW, min(looked_at, MOST))
        many, then = self._many.get(key, (0, 0))
        if many >= limit and then <= there:
            return None
        if key not in self._few:
            found = self._library.matching(conditions, limit=limit)
            if len(self._few) + len(self._many) >= MOST_FILTERS:
                self._few, self._many = {}, {}
            if len(found) == limit:
                self._many[key] = limit, there
                return None
            self._few[key] = found
        return self._few[key] if len(self._few[key]) < limit else None
