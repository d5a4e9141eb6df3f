"""A query is answered: candidates from vectors and words, what they must meet, and how parts go together in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from momentidx.search.filters import Field
from momentidx.search.found import Found, single
from momentidx.search.keeping import Kept
from momentidx.search.query import All, Either, Exact, Filter, How, Not, Query, Timed, Words, walk, whole
from momentidx.search.scoring import PRESENT, Compared, Reasons, alike, compare, fits
from momentidx.search.timing import FOOTAGES, instead, overlap, paired, without
from momentidx.search.words import WORD, stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentidx.library import Candidate, Condition, Library
    from momentidx.search.protocol import Embedder
    from momentidx.search.surroundings import Around, Told
    from momentidx.search.vectors import Vectors

CANDIDATES = 100
"""Nearest events, and events with the words, that are looked at first. All that is told around each is read as well."""
WIDE = 200
"""Of each part of a question about time."""
QUOTED = 2_000
"""So many events with a quote are compared one by one."""
COMMON = frozenset(
    "a an the and or of in on at to is are was were be it its he she they his her their this that with for".split()
)
"""Words that say nothing by themselves: looking them up takes long and finds everything."""


class Searcher:
    """One library with one embedder; answers any number of queries on the same state of both."""

    def __init__(
        self, library: Library, embedder: Embedder, vectors: Vectors, fields: Mapping[str, Field], *,
        like: NDArray[np.float32] | None = None, kept: Kept | None = None,
        step_back: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.library = library
        self.fields = fields
        self.why = Reasons()
        self.cut = False
        """Whether there may be answers beyond those given since it was last set to False."""
        self._embedder = embedder
        self._vectors = vectors
        self._like = like
        self._step_back = step_back
        self._embedded: dict[str, NDArray[np.float32]] = {}
        self._events: dict[int, Candidate] = {}
        self._around: dict[int, Around] = {}
        self._everywhere: dict[tuple[Query, int], list[Found]] = {}
        self._rows: tuple[Collection[int], NDArray[np.int64], NDArray[np.float32]] | None = None
        self._kept = kept or Kept(library, embedder)
        self._silent: dict[int, Told] = {}

    def answer(self, query: Query | None, want: int, among: Collection[int] | None = None) -> list[Found]:
        """What answers, best first, each with its score: about so many, or all of these events that do."""
        match query:
            case Timed():
                return self._timed(query, want, among)
            case Either():
                found = [self.answer(each, want, among) for each in query.queries]
                told = [self.answer(Words(whole(query)), want, among)] if query.said else []
                return _merged([*found, *told])
            case All() if any(isinstance(each, Either | Timed) for each in query.queries):
                return self._compound(query, want, among)
            case All():
                return self._single(query.queries, want, among)
            case None:
                return self._single((), want, among)
        return self._single((query,), want, among)

    def prepare(self, query: Query | None) -> None:
        """Turn all words of a query into vectors at once."""
        texts = [each.text for each in walk(query) if isinstance(each, Words)] if query else []
        texts += (
            [whole(each) for each in walk(query) if isinstance(each, Either | Timed) and each.said] if query else []
        )
        fresh = [text for text in dict.fromkeys(texts) if text not in self._embedded]
        self._embedded.update(zip(fresh, self._embedder.embed(fresh), strict=True) if fresh else ())

    def _single(self, parts: Sequence[Query], want: int, among: Collection[int] | None) -> list[Found]:
        """Events of which everything is true: words, quotes, filters, and what they are not."""
        words = next((each.text for each in parts if isinstance(each, Words)), "")
        exact = [each.text for each in parts if isinstance(each, Exact)]
        conditions = self._conditions(parts)
        left_out = [each.query for each in parts if isinstance(each, Not)]
        if not words and self._like is None:
            return self._listed(exact, conditions, left_out, want, among)
        given = among
        if exact and among is None:
            quoted = self.library.word_hits((), phrases=[_tokens(text) for text in exact], limit=QUOTED)
            among = list(quoted) if len(quoted) < QUOTED else None  # what everybody says is looked for in the nearest
        count = max(CANDIDATES, 4 * want) if given is None else len(given)
        while True:
            self._step_back()
            found = self._near(words, among, count, conditions, exact, left_out)
            everything = count >= (len(self._vectors) if among is None else len(among))
            if everything or len(found) >= 2 * want:
                self.cut |= not everything
                return found
            if conditions and among is None:
                among = self._kept.few(conditions, len(self._vectors), 4 * count)
            count *= 4

    def _near(
        self, words: str, among: Collection[int] | None, count: int, conditions: Sequence[Sequence[Condition]],
        exact: Sequence[str], left_out: Sequence[Query],
    ) -> list[Found]:  # fmt: skip
        vector = self._vector(words)
        by_words: set[int] = set()
        if among is None:
            cosines = dict(self._vectors.nearest(vector, count))
            tokens = [token for token in dict.fromkeys(_tokens(words)) if token not in COMMON]
            by_words = set(self.library.word_hits(tokens, limit=count) if tokens else ()) - cosines.keys()
            asked = by_words | cosines.keys()
        elif count < len(among):
            cosines = dict(self._vectors.nearest(vector, count, among))
            asked = set(cosines)
        else:
            cosines, asked = self._cosines(vector, among), set(among)
        ids = self.library.matching(conditions, among=asked) if conditions else asked
        events = [each for each in self._load(ids) if _meets(each.caption, exact, left_out)]
        if by_words := by_words.intersection(event.id for event in events):
            cosines |= dict(self._vectors.nearest(vector, len(by_words), by_words))
        cosines |= self._still_silent([each for each in events if each.id not in cosines], vector)
        if not words:
            return self._ranked(alike(events, cosines))
        return self._ranked(compare(words, vector, events, cosines, self._surroundings(events)))

    def _cosines(self, vector: NDArray[np.float32], among: Collection[int]) -> dict[int, float]:
        """Of all these events that have a vector; a question about time asks the same ones for each of its parts."""
        if self._rows is None or self._rows[0] is not among:
            self._rows = among, *self._vectors.rows(among)
        _, events, rows = self._rows
        return dict(zip(events.tolist(), (rows @ vector).tolist(), strict=True)) if len(events) else {}

    def _surroundings(self, events: Sequence[Candidate]) -> list[Around]:
        fresh = [event for event in events if event.id not in self._around]
        around = self._kept.surroundings.of(fresh, self._silent)
        self._around.update(zip((event.id for event in fresh), around, strict=True))
        return [self._around[event.id] for event in events]

    def _still_silent(self, events: Sequence[Candidate], vector: NDArray[np.float32]) -> dict[int, float]:
        """Cosines of what a person wrote since anybody indexed: nothing else is shown before it has its vector."""
        if not events:
            return {}
        rows = self._embedder.embed([event.caption for event in events])
        for event, row in zip(events, rows, strict=True):
            self._silent[event.id] = row, event.caption
        self._around = {}  # they are told around others
        return {event.id: float(row @ vector) for event, row in zip(events, rows, strict=True)}

    def _listed(
        self, exact: Sequence[str], conditions: Sequence[Sequence[Condition]], left_out: Sequence[Query], want: int,
        among: Collection[int] | None,
    ) -> list[Found]:  # fmt: skip
        """Without words: what fits is as good as each other; the first that came in, or all of these events."""
        limit = max(CANDIDATES, 2 * want)
        if exact and among is None:
            among = self.library.word_hits((), phrases=[_tokens(text) for text in exact], limit=max(QUOTED, limit))
        ids = self.library.matching(conditions, among=among, limit=None if among is not None else limit)
        self.cut |= len(ids if among is None else among) >= limit
        return self._ranked(fits([each for each in self._load(ids) if _meets(each.caption, exact, left_out)]))

    def _compound(self, query: All, want: int, among: Collection[int] | None) -> list[Found]:
        """Alternatives or times with conditions beside them: these hold for every part."""
        inner = [each for each in query.queries if isinstance(each, Either | Timed)]
        rest = [each for each in query.queries if not isinstance(each, Either | Timed)]
        found = [self.answer(_with(each, rest), want, among) for each in inner]
        for others in found[1:]:
            stretches = defaultdict(list)
            for each in others:
                stretches[each.clip].append(each)
            found[0] = [each for each in found[0] if any(overlap(each, other) for other in stretches[each.clip])]
        return found[0]

    def _timed(self, query: Timed, want: int, among: Collection[int] | None) -> list[Found]:
        """Two parts in one clip; both are looked for in all clips where either was found."""
        wide = max(want, WIDE)
        if among is None:
            self.cut = True  # only the best clips are looked into
            first = self._found(query.first, wide)
            second = [] if query.how == How.WITHOUT else self._found(query.second, wide)
            clips = {clip for some in (first, second) for clip in _best_clips(some, FOOTAGES + want)}
            among = [event for events in self.library.moments_of(clips).values() for event in events]
        first = self.answer(query.first, wide, among)
        if query.how == How.WITHOUT:
            return without(first, self._present(query.second, wide, among))
        second = self.answer(query.second, wide, among)
        found = paired(query.how, first, second, query.within)
        if not query.said:
            return found
        told = self.answer(Words(whole(query)), wide, among)
        return _merged(list(instead(found, told, first, second)))

    def _found(self, query: Query, want: int) -> list[Found]:
        """What answers anywhere, looked for once: a wider search for pairs begins with the same."""
        key = (query, want)
        if key not in self._everywhere:
            self._everywhere[key] = self.answer(query, want)
        return self._everywhere[key]

    def _present(self, query: Query, want: int, among: Collection[int] | None) -> list[Found]:
        """What is there by its own caption: that everything around it would fit is no reason to leave a moment out."""
        known, self.why = self.why, Reasons()
        found = [each for each in self.answer(query, want, among) if self.why[each.id].own >= PRESENT]
        self.why = known
        return found

    def _conditions(self, parts: Iterable[Query]) -> list[list[Condition]]:
        found = []
        for part in parts:
            if isinstance(part, Filter):
                found.append(self.fields[part.name].conditions(part))
            elif isinstance(part, Not) and isinstance(part.query, Filter):
                unmet = self.fields[part.query.name].conditions(part.query)
                found += [[replace(one, negative=True)] for one in unmet]
        return found

    def _vector(self, words: str) -> NDArray[np.float32]:
        if not words:
            assert self._like is not None
            return self._like
        self.prepare(Words(words))
        vector = self._embedded[words]
        if self._like is None:
            return vector
        both: NDArray[np.float32] = vector + self._like
        return both / max(float((both @ both) ** 0.5), 1e-12)

    def _load(self, ids: Collection[int]) -> list[Candidate]:
        missing = [event for event in ids if event not in self._events]
        if missing:
            self._events.update((each.id, each) for each in self.library.candidates(missing))
        return [self._events[event] for event in ids if event in self._events]

    def _ranked(self, compared: Compared) -> list[Found]:
        """Best first; of those that answer alike, the one whose edges are known best."""
        scores = compared.scores()
        self.why.add(compared, scores)
        found = map(single, compared.events, scores)
        return sorted(found, key=lambda each: (-each.score, each.event.edge, each.event.id))


def _tokens(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]


def _meets(caption: str, exact: Sequence[str], left_out: Sequence[Query]) -> bool:
    if not exact and not left_out:
        return True
    said = f" {' '.join(_tokens(caption))} "
    return all(f" {' '.join(_tokens(text))} " in said for text in exact) and not any(
        _says(each, said, caption) for each in left_out
    )


def _says(query: Query, said: str, caption: str) -> bool:
    """Whether a caption has what is left out: its words in any form and order, a quote as it is; filters elsewhere."""
    match query:
        case Words():
            return set(stems(query.text)) <= set(stems(caption))
        case Exact():
            return f" {' '.join(_tokens(query.text))} " in said
        case Either():
            return any(_says(each, said, caption) for each in query.queries)
        case All():
            return all(_says(each, said, caption) for each in query.queries)
    return False


def _with(query: Query, rest: Sequence[Query]) -> Query:
    """The same, and everything in it has to meet the rest as well."""
    if not rest:
        return query
    match query:
        case Timed():
            return replace(query, first=_with(query.first, rest), second=_with(query.second, rest), said=False)
        case Either():
            return replace(query, queries=tuple(_with(each, rest) for each in query.queries), said=False)
        case All():
            return All((*query.queries, *rest))
    words = [each.text for each in (query, *rest) if isinstance(each, Words)]
    others = [each for each in (query, *rest) if not isinstance(each, Words)]
    return All((Words(" ".join(words)), *others)) if words else All(tuple(others))


def _merged(lists: Sequence[list[Found]]) -> list[Found]:
    """All of them, best first; the same event once, with its better score."""
    found: dict[tuple[int, ...], Found] = {}
    for each in (each for some in lists for each in some):
        key = tuple(part.id for part in each.events)
        if key not in found or found[key].score < each.score:
            found[key] = each
    return sorted(found.values(), key=lambda each: each.order)


def _best_clips(found: Iterable[Found], count: int) -> list[str]:
    """The first clips, so many at most."""
    return list(islice(dict.fromkeys(each.clip for each in found), count))
