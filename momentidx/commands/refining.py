"""`find --refine`: a captioner looks again where exactly the best answers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import typer

from momentidx.commands.showing import plain
from momentidx.times import Span, round_half_up

if TYPE_CHECKING:
    from momentidx.caption.protocol import Locator
    from momentidx.commands.setting_up import Setup
    from momentidx.events import Moment
    from momentidx.search.query import Query

AROUND_SECONDS = 5
"""What is shown before and after a moment at least."""


def refined(moments: Sequence[Moment], query: Query | None, setup: Setup) -> list[Moment]:
    """The moments with the edges that a captioner of the settings gives them; what it did not do is said.

    Moments that are offline or put together of several keep theirs, and so do those that it does not see.
    """
    locator, words = _locator(setup), _words(query)
    if locator is None or not words:
        names = ", ".join(setup.settings.captioners)
        why = "a query without words cannot be located" if locator else f"{names} cannot locate words in footage"
        typer.echo(f"Nothing was refined: {why} (docs/captioners.md).", err=True)
        return list(moments)
    return [_refined(moment, words, locator, setup) for moment in moments]


def _refined(moment: Moment, words: str, locator: Locator, setup: Setup) -> Moment:
    from momentidx.commands.describe import opened
    from momentidx.errors import UnusableFootage

    if moment.parts or not moment.path.exists():
        return moment
    footage, span = moment.footage, moment.event.span
    more = round_half_up(max(Fraction(AROUND_SECONDS), 2 * moment.event.edge, span.duration / 2) / span.base)
    start, end = max(span.start - more, footage.span.start), min(span.end + more, footage.span.end)
    try:
        with opened(moment.path, setup) as (_, source):
            found = locator.locate(footage, source, words, Span(start, end, span.base))
    except UnusableFootage as error:
        typer.echo(f"not refined: {plain(str(error))}", err=True)
        return moment
    best = max(found, key=lambda event: event.span.overlap(span), default=None)
    if best is None or not best.span.overlap(span):
        return moment
    return replace(moment, event=replace(moment.event, span=best.span, edge=best.edge))


def _locator(setup: Setup) -> Locator | None:
    """The first captioner of the settings that can locate."""
    from momentidx.caption.auto import resolved
    from momentidx.caption.protocol import Locator
    from momentidx.hooks import choose

    for name in resolved(setup.settings).captioners:
        captioner = choose("captioners", name).make(setup.settings)
        if isinstance(captioner, Locator):
            return captioner
    return None


def _words(query: Query | None) -> str:
    """What the query says is to be seen; its filters are met already."""
    from momentidx.search.query import All, Exact, Words, is_said, whole

    if query is None:
        return ""
    parts = query.queries if isinstance(query, All) else (query,)
    return " ".join(
        part.text if isinstance(part, Words | Exact) else whole(part)
        for part in parts
        if isinstance(part, Words | Exact) or is_said(part)
    )
