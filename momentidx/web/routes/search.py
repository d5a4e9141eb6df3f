"""Searching: moments that answer words, why they do, and what a half-written query may go on with."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from momentidx.errors import WrongUse
from momentidx.library import Library
from momentidx.search.asking import Answers, Sort, Wish
from momentidx.search.completing import complete as completed
from momentidx.search.explain import coverage
from momentidx.search.find import known_fields
from momentidx.search.parse import MAX_CHARACTERS
from momentidx.search.scoring import Why as Reason
from momentidx.web.desk import Desk, DeskHere
from momentidx.web.problems import NotFound
from momentidx.web.values import Found, Miss, Moment, Number, Value

router = APIRouter(tags=["search"])

MOST = 200
"""Moments of one answer."""
FARTHEST = 10_000
"""Moments that can be passed over."""
EXPLAINED = 200
"""Among so many of the best a moment is looked for when it is asked why."""

Words = Annotated[str, Query(max_length=2 * MAX_CHARACTERS, description="A sentence or a query: docs/query.md.")]


class Why(Value):
    """What a score is made of; each part is 0 to 1."""

    event: int
    score: float
    sentence: str
    words: str
    """What was compared with the captions; empty where only filters and quotes decide."""
    shared: list[str]
    """Those of the words that the caption has."""
    meaning: float
    share: float
    around: float
    around_share: float
    human: bool
    facts: list[str]
    """What the words and the caption both state, such as `going right`; each counts 0.05 on top."""


class Option(Value):
    """One way to go on with a query."""

    text: str
    says: str
    count: int | None


class Completion(Value):
    """The piece of the query that an option takes the place of, from `start` to `end`, counted in characters."""

    start: int
    end: int
    options: list[Option]


@router.get("/search")
def search(
    desk: DeskHere,
    q: Words = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 60,
    offset: Annotated[int, Query(ge=0, le=FARTHEST)] = 0,
    sort: Sort = Sort.SCORE,
    group: Literal["none", "clip"] = "none",
    everything: Annotated[bool, Query(alias="all", description="Also what tells the same stretch again.")] = False,
    min_score: Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)] = None,
    like: Annotated[Number | None, Query(description="Number of a moment to find others like it.")] = None,
) -> Found:
    """Moments that answer the words, best first."""
    library = desk.library()
    example = None
    if like is not None:
        example = next(iter(library.moments(ids=[like])), None)
        if example is None:
            raise NotFound(f"There is no moment {like}.")
    if not q.strip() and example is None:
        raise WrongUse("Say what to look for, such as: a slow pan to the left.")
    wish = Wish(limit, offset, sort, group == "clip", min_score, everything, example)
    return found(desk, library, desk.search(q if q.strip() else None, wish), wish)


def found(desk: Desk, library: Library, answers: Answers, wish: Wish) -> Found:
    """Answers as the API tells them; with what stood in the way where there are none."""
    nothing = not answers.moments and not wish.offset
    return Found(
        moments=[Moment.of(moment) for moment in answers.moments],
        more=answers.more,
        best=answers.best,
        confidence=answers.confidence,
        doubtful=answers.doubtful,
        read_as=str(answers.query) if answers.query else None,
        notes=list(answers.notes),
        misses=[Miss(part=part, count=count) for part, count in desk.misses(answers, wish)] if nothing else [],
        scope=coverage(library) if nothing else None,
    )


@router.get("/search/why")
def why(desk: DeskHere, q: Words, event: Number) -> Why:
    """What the score of a moment is made of that answers these words."""
    reason = desk.search(q, Wish(EXPLAINED)).why.get(event)
    if reason is None:
        raise NotFound(f"The moment {event} is not among the best answers to this.")
    return _told(event, reason)


def _told(event: int, reason: Reason) -> Why:
    return Why(
        event=event, score=reason.score, sentence=str(reason), words=reason.words, shared=list(reason.shared),
        meaning=reason.meaning, share=reason.share, around=reason.around, around_share=reason.around_share,
        human=reason.human, facts=list(reason.facts),
    )  # fmt: skip


@router.get("/complete")
def complete(desk: DeskHere, q: Words, at: Annotated[int | None, Query(ge=0, le=FARTHEST)] = None) -> Completion:
    """What the query may go on with before the caret, which is after `at` characters, or at its end."""
    told = completed(desk.library(), q, len(q) if at is None else at, known_fields())
    options = [Option(text=each.text, says=each.says, count=each.count) for each in told.options]
    return Completion(start=told.start, end=told.end, options=options)
