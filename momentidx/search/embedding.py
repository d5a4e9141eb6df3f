"""Which embedder a library can be searched with: the one of the settings, or its predecessor.

After a change of the embedder the library is embedded anew, which takes its time. Until the new one
has caught up, the former one finds more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from momentidx.errors import MomentidxError, WrongUse

if TYPE_CHECKING:
    from momentidx.library import Coverage, Library
    from momentidx.search.protocol import Embedder


def searchable(library: Library, name: str, make: Callable[[str], Embedder]) -> tuple[Embedder, str | None]:
    """The embedder that knows most of the library, and a sentence when it is not the one called `name`.

    A former one that is not installed any more, or only in another version, is no use: words have to
    be embedded by what embedded the captions. Raises WrongUse for a name that nobody offers, and MomentidxError when
    the wanted one is not whole and no former one can take its place.
    """
    known = sorted(library.embedders(), key=lambda each: -each.events)
    try:
        wanted = make(name)
    except WrongUse:
        raise
    except MomentidxError as error:
        for former, _ in _usable(known, make):
            return former, f"Searched with '{former.name}': {error}"
        raise
    done = next((each.events for each in known if (each.name, each.version) == (wanted.name, wanted.version)), 0)
    for former, events in _usable([each for each in known if each.events > done], make):
        return former, f"Searched with '{former.name}': '{name}' knows only {done:,} of {events:,} events so far."
    return wanted, None


def _usable(known: Iterable[Coverage], make: Callable[[str], Embedder]) -> Iterator[tuple[Embedder, int]]:
    """Those that are installed in the version that embedded the captions, and how many events each knows."""
    for each in known:
        try:
            embedder = make(each.name)
        except MomentidxError:
            continue
        if embedder.version == each.version:
            yield embedder, each.events
