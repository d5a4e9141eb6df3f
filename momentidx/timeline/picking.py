"""Which moments go onto a timeline, and in what order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction

from momentidx.errors import WrongUse
from momentidx.events import Moment


class Order(StrEnum):
    """What comes first: the best answer, the order on the cards, or the oldest footage."""

    SCORE = "score"
    SOURCE = "source"
    DATE = "date"


def pick(
    moments: Sequence[Moment],
    *,
    order: Order = Order.SCORE,
    one_per_clip: bool = False,
    longest: Fraction | None = None,
) -> list[Moment]:
    """The best moments, in the order asked for.

    `moments` come best first. `one_per_clip` keeps the best of each file; `longest` (seconds) keeps the
    best for as long as they fit, so that a short one may still follow a long one that did not.
    """
    kept = _within(_first_of_each(moments) if one_per_clip else moments, longest)
    if order is Order.SOURCE:
        # A string-out: by card and file, then in time.
        return sorted(kept, key=lambda moment: (str(moment.path), moment.event.span.start_seconds))
    if order is Order.DATE:
        # Footage that does not say when it was made comes last.
        return sorted(
            kept,
            key=lambda moment: (
                moment.footage.created is None,
                moment.footage.created or "",
                str(moment.path),
                moment.event.span.start_seconds,
            ),
        )
    return kept


def parse_length(text: str) -> Fraction:
    """`90s`, `2m`, `1.5h`, `1:30`: a length of time in seconds. Raises WrongUse."""
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)", text.strip(), re.ASCII):
        return Fraction(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]
    if match := re.fullmatch(r"(?:(\d+):)?(\d+):(\d\d)", text.strip(), re.ASCII):
        return Fraction(int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3]))
    raise WrongUse(f"'{text}' is not a length. Write 90s, 2m or 1:30.")


def _first_of_each(moments: Iterable[Moment]) -> list[Moment]:
    best: dict[str, Moment] = {}
    for moment in moments:
        best.setdefault(moment.footage.fingerprint, moment)
    return list(best.values())


def _within(moments: Iterable[Moment], longest: Fraction | None) -> list[Moment]:
    if longest is None:
        return list(moments)
    kept, total = [], Fraction(0)
    for moment in moments:
        if total + moment.event.span.duration <= longest:
            kept.append(moment)
            total += moment.event.span.duration
    return kept
