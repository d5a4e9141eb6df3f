"""Words to moments: the way in.

    >>> from momentidx.library import Library
    >>> from momentidx.search.find import find
    >>> with Library.open(folder) as library:
    ...     moments = find(library, "she opens the letter, then looks up")

The steps: the words are read (`parse`), each of their parts is looked for by meaning and by word and put together in
time (`searcher`), what tells the same stretch is one answer (`timing`), and the best are given out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from momentidx.errors import LibraryError, WrongUse
from momentidx.hooks import choose, plugins
from momentidx.search.asking import Answers, Sort, Wish
from momentidx.search.filters import Field, fields
from momentidx.search.found import Found, moments
from momentidx.search.parse import parse
from momentidx.search.query import All, Filter, Not, Query, Words, walk
from momentidx.search.ranking import MEASURED_WITH, confidence
from momentidx.search.scoring import CONVINCING
from momentidx.search.timing import distinct, joined

if TYPE_CHECKING:
    from momentidx.events import Moment
    from momentidx.library import Library
    from momentidx.search.keeping import Kept
    from momentidx.search.protocol import Embedder
    from momentidx.search.searcher import Searcher
    from momentidx.search.vectors import Vectors

LARGEST_LIMIT = 100_000
MOST_OF_CLIP = 12
"""Moments of one clip, where answers are grouped by clip."""
WIDENED = 16
"""When many answers do not count, for their order in time or their score, up to so many times what is asked for are
looked at. A question that hardly anything meets would else go through every clip, for minutes."""


def find(
    library: Library, words: str, *, limit: int = 10, embedder: Embedder | None = None, wish: Wish | None = None
) -> list[Moment]:
    """The moments that answer the words best, best first, each with its score.

    `words` is a plain sentence or a query (docs/query.md). Without an embedder that of the library's settings is
    taken. `wish` says more about which answers and in what order; its limit counts then.

    Raises WrongUse for words that are none, with the column where it is known, and for a limit below 1;
    LibraryError when there is nothing to search.
    """
    return search(library, words, wish or Wish(limit=limit), embedder=embedder).moments


def search(
    library: Library,
    words: str | None,
    wish: Wish,
    *,
    embedder: Embedder | None = None,
    vectors: Vectors | None = None,
    kept: Kept | None = None,
    step_back: Callable[[], None] = lambda: None,
) -> Answers:
    """The same, with how the words were read and what each score is made of. `words` may be None with an example.

    Who asks often keeps the embedder, and its vectors (`open_vectors`) and what is `kept` up to date. A long search
    calls `step_back` now and then, to let others go first.
    """
    from momentidx.search.keeping import FEW
    from momentidx.search.searcher import Searcher
    from momentidx.search.vectors import open_vectors

    if not 1 <= wish.limit <= LARGEST_LIMIT:
        raise WrongUse(f"The limit is {wish.limit}; ask for 1 to {LARGEST_LIMIT:,} moments.")
    if wish.offset < 0:
        raise WrongUse(f"The offset is {wish.offset}; 0 begins with the best moment.")
    known = known_fields()
    query = None if words is None and wish.like is not None else parse(words or "", known)
    embedder = embedder or default_embedder(library)
    vectors = vectors or open_vectors(library, embedder)
    if not len(vectors):
        raise LibraryError(
            f"{library.folder}: there is nothing to search yet (no event has a vector of '{embedder.name}'). "
            "Run 'momentidx index PATH' with your footage first."
        )
    like = embedder.embed([wish.like.event.caption])[0] if wish.like else None
    searcher = Searcher(library, embedder, vectors, known, like=like, kept=kept, step_back=step_back)
    searcher.prepare(query)
    among = library.moments_since(wish.newer_than, limit=FEW) if wish.newer_than else None
    among = among if among is not None and len(among) < FEW else None
    want = wish.offset + wish.limit + 1
    widest = WIDENED * want
    if wish.sort is not Sort.SCORE or wish.one_per_clip or wish.newer_than:
        want *= 4  # some are passed over, or the best in another order are among these
    while True:
        searcher.cut = False
        found = searcher.answer(query, want, among)
        groups = _grouped(_wished(found, wish), wish.sort)
        enough = len(groups) > wish.offset + wish.limit
        if enough or not searcher.cut or want >= min(widest, len(vectors)):
            break
        want *= 4
    best = max((each.score for each in found), default=None)
    page = moments(library, [each for group in groups[wish.offset : wish.offset + wish.limit] for each in group])
    if wish.sort in _ORDERS:
        # Of all answers there is no end: a page is the next best ones, in the order that is asked for.
        page.sort(key=_ORDERS[wish.sort])
    notes = [vectors.note] if vectors.note else []
    notes += _doubts(embedder, query)
    if not enough and searcher.cut and want < len(vectors):
        notes.append("Only the likeliest clips were looked into; --limit looks into more.")
    measured = embedder.name == MEASURED_WITH
    confident = _confidence(found, searcher) if measured else None
    doubtful = measured and best is not None and best < CONVINCING
    return Answers(page, query, enough, best, confident, doubtful, tuple(notes), searcher.why)


def misses(
    library: Library,
    answers: Answers,
    wish: Wish,
    *,
    embedder: Embedder | None = None,
    vectors: Vectors | None = None,
    kept: Kept | None = None,
) -> list[tuple[str, int]]:
    """For each condition of a query that found nothing: its text, and how many there would be without it."""
    query = answers.query
    parts = query.queries if isinstance(query, All) else ()
    found = []
    for part in parts:
        rest = [each for each in parts if each is not part]
        if isinstance(part, Filter | Not) and any(not isinstance(each, Not) for each in rest):
            without = str(All(tuple(rest))) if len(rest) > 1 else str(rest[0])
            others = search(
                library, without, replace(wish, offset=0),
                embedder=embedder, vectors=vectors, kept=kept,
            )  # fmt: skip
            if others.moments:
                found.append((str(part), len(others.moments)))
    return found


def known_fields() -> dict[str, Field]:
    """Every filter there is: ours, and those of the captioners that are installed."""
    return fields({one.offer.name: one.offer.filters for one in plugins() if one.kind == "captioners"})


def default_embedder(library: Library) -> Embedder:
    """The embedder of the library's settings file, or its predecessor while that knows more (see `embedding`)."""
    from momentidx.config import load_settings
    from momentidx.search.embedding import searchable

    known = load_settings(library.folder, {}).settings
    embedder, _ = searchable(library, known.embedder, lambda name: choose("embedders", name).make(known))
    return embedder


def _wished(found: list[Found], wish: Wish) -> list[Found]:
    kept: Iterable[Found] = found if wish.everything else joined(distinct(found))
    if wish.like is not None:
        kept = (each for each in kept if each.id != wish.like.id)
    if wish.newer_than:
        kept = (each for each in kept if max(part.id for part in each.events) > wish.newer_than)
    if wish.min_score is not None:
        least = wish.min_score
        kept = (each for each in kept if each.score >= least)
    if wish.one_per_clip:
        kept = {each.clip: each for each in reversed(list(kept))}.values()
        kept = sorted(kept, key=lambda each: -each.score)
    return list(kept)


def _grouped(kept: list[Found], sort: Sort) -> list[list[Found]]:
    """What limit and offset count, best first: moments, or those of each clip in source order."""
    if sort is not Sort.CLIP:
        return [[each] for each in kept]
    clips: dict[str, list[Found]] = {}
    for each in kept:
        clips.setdefault(each.clip, []).append(each)
    return [sorted(some[:MOST_OF_CLIP], key=lambda each: (each.start, each.id)) for some in clips.values()]


def _doubts(embedder: Embedder, query: Query | None) -> list[str]:
    """What the embedder says of the words, where it says something."""
    doubts: Callable[[str], str | None] = getattr(embedder, "doubts", lambda _words: None)
    words = " ".join(each.text for each in walk(query) if isinstance(each, Words)) if query else ""
    said = doubts(words)
    return [said] if said else []


def _confidence(found: list[Found], searcher: Searcher) -> float | None:
    if not searcher.why.words:
        return None
    clips: dict[str, float] = {}
    for each in found:
        clips[each.clip] = max(clips.get(each.clip, 0.0), each.score)
    return confidence(list(clips.values())) if clips else None


_ORDERS: dict[Sort, Callable[[Moment], tuple[object, ...]]] = {
    Sort.TIME: lambda moment: (str(moment.path), moment.event.span.start_seconds, moment.id),
    Sort.DATE: lambda moment: (
        moment.footage.created is None, moment.footage.created or "", str(moment.path),
        moment.event.span.start_seconds, moment.id,
    ),
}  # fmt: skip
