"""Which embedder a library can be searched with: the one of the settings, or its predecessor.

After a change of the embedder the library is embedded anew, which takes its time. Until the new one
has caught up, the former one finds more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from momentidx.errors import MomentidxError

if TYPE_CHECKING:
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder


def searchable(library: Library, name: str, make: Callable[[str], Embedder]) -> tuple[Embedder, str | None]:
    """The embedder that knows most of the library, and a sentence when it is not the one called `name`.

    A former one that is not installed any more, or only in another version, is no use: words have to
    be embedded by what embedded the captions.
    """
    wanted = make(name)
    known = {(each.name, each.version): each.events for each in library.embedders()}
    done = known.get((wanted.name, wanted.version), 0)
    for (other, version), events in sorted(known.items(), key=lambda item: -item[1]):
        if events <= done:
            break
        try:
            former = make(other)
        except MomentidxError:
            continue
        if former.version == version:
            return former, f"Searched with '{other}': '{name}' knows only {done:,} of {events:,} events so far."
    return wanted, None
