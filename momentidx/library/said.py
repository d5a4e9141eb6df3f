"""What people said of footage, version by version: the values, what makes sense of them, and reading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, Select, literal, select

from momentidx.errors import WrongUse
from momentidx.footage import Footage
from momentidx.library import queries, sqlite
from momentidx.library.answers import MAX_CAPTION, plain
from momentidx.library.bins import BEST_RATING
from momentidx.library.queries import HUMAN
from momentidx.library.tables import CaptionVersionRow, EventRow, FootageRow, HumanEventRow, LayerRow
from momentidx.times import Span

OWN_KIND = "note"
"""Kind of an event that stands in no machine's place."""
LONGEST_LABEL = 100
SEPARATOR = ";"
"""Between labels where they are told in one line; no label has it."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The machine's event whose place is taken."""

    captioner: str
    start: int
    """In the footage's time base, like `end`."""
    end: int


@dataclass(frozen=True, slots=True)
class CaptionVersion:
    """How a person's event reads, or read."""

    footage: str
    """Fingerprint of the footage."""
    made_at: datetime | None
    """When its first version was made: with the footage, this says which event it is, in any library.

    None: a new one.
    """
    number: int
    """1, 2, 3, ..."""
    edited_at: datetime
    span: Span
    caption: str
    rating: int = 0
    """1 to 5; 0 is none."""
    labels: tuple[str, ...] = ()
    kind: str = OWN_KIND
    replaces: Replaced | None = None

    @property
    def said(self) -> tuple[object, ...]:
        """What a person may change."""
        return self.span, self.caption, self.rating, self.labels


def checked(version: CaptionVersion, footage: Footage) -> CaptionVersion:
    """The same with plain words; raises WrongUse for what makes no sense."""
    span = version.span
    if span.base != footage.span.base or not footage.span.covers(span):
        raise WrongUse(f"[{span.start}, {span.end}) x {span.base} s does not lie inside the footage.")
    check_rating(version.rating)
    return replace(version, caption=checked_caption(version.caption), labels=checked_labels(version.labels))


def trimmed(footage: Footage, span: Span, start: int | None, end: int | None) -> Span:
    """The span from one frame up to another, or with the edge it has where that is None or lies on the frame already.

    Raises WrongUse for what does not lie inside the footage.
    """
    first, last = footage.grid.frames(span)
    start, end = (first if start is None else start), (last if end is None else end)
    if not 0 <= start < end <= footage.length_frames:
        raise WrongUse(
            f"A moment begins at frame 0 or later, and ends after that and by frame {footage.length_frames}, not "
            f"[{start}, {end})."
        )
    grid, whole = footage.grid, footage.span
    return Span(
        span.start if start == first else max(grid.pts(start), whole.start),
        span.end if end == last else min(grid.pts(end), whole.end),
        span.base,
    )


def former(versions: Sequence[CaptionVersion]) -> CaptionVersion | None:
    """What the last change is taken back to; None when that is the first. Going back is a change that goes with it."""
    steps: list[CaptionVersion] = []
    for version in versions:
        if len(steps) > 1 and steps[-2].said == version.said:
            steps.pop()
        else:
            steps.append(version)
    return steps[-2] if len(steps) > 1 else None


def captions(connection: Connection) -> list[CaptionVersion]:
    """Everything people said, all versions: by footage, then by when it was first said."""
    return [version for versions in versions_of(connection, QUESTION).values() for version in versions]


def history(connection: Connection, event: int) -> list[CaptionVersion]:
    """The versions of what a person said, from the first; also by the number of the machine's event it replaces."""
    row = event_row(connection, event)
    human = event if row.captioner == HUMAN else in_the_place_of(connection, row)
    if human is None:
        return []
    return versions_of(connection, QUESTION.where(CaptionVersionRow.event_id == human))[human]


QUESTION = (
    select(
        CaptionVersionRow, EventRow.kind, HumanEventRow.of_captioner, HumanEventRow.of_start_pts,
        HumanEventRow.of_end_pts, FootageRow.fingerprint, FootageRow.facts,
    )
    .join(HumanEventRow, HumanEventRow.event_id == CaptionVersionRow.event_id)
    .join(EventRow, EventRow.id == CaptionVersionRow.event_id)
    .join(LayerRow, LayerRow.id == EventRow.layer_id)
    .join(FootageRow, FootageRow.id == LayerRow.footage_id)
    .order_by(FootageRow.id, CaptionVersionRow.event_id, CaptionVersionRow.number)
)  # fmt: skip


def versions_of(connection: Connection, question: Select[Any]) -> dict[int, list[CaptionVersion]]:
    """By the number of the event."""
    found: dict[int, list[CaptionVersion]] = {}
    for row in connection.execute(question):
        versions = found.setdefault(row.event_id, [])
        made_at = versions[0].made_at if versions else row.edited_at
        span = Span(row.start_pts, row.end_pts, Fraction(row.facts["span"]["base"]))
        place = Replaced(row.of_captioner, row.of_start_pts, row.of_end_pts) if row.of_captioner else None
        versions.append(
            CaptionVersion(row.fingerprint, made_at, row.number, row.edited_at, span, row.caption, row.rating,
                           tuple(row.labels), row.kind, place)
        )  # fmt: skip
    return found


def stands_for(connection: Connection, event: int) -> int:
    """The number of the event that is shown for one: itself, or a person's that stands in its place."""
    row = event_row(connection, event)
    return event if row.captioner == HUMAN else in_the_place_of(connection, row) or event


def event_row(connection: Connection, number: int) -> Row[Any]:
    question = (
        select(EventRow, LayerRow.captioner, FootageRow.id.label("footage_id"), FootageRow.fingerprint,
               FootageRow.facts)
        .join(LayerRow, LayerRow.id == EventRow.layer_id)
        .join(FootageRow, FootageRow.id == LayerRow.footage_id)
        .where(EventRow.id == number)
    )  # fmt: skip
    row = connection.execute(question).one_or_none() if number <= sqlite.LARGEST_NUMBER else None
    if row is None:
        raise WrongUse(f"There is no moment {number}. 'momentidx find' and 'events' show the numbers.")
    return row


def in_the_place_of(connection: Connection, machines: Row[Any]) -> int | None:
    """The person's event that stands in the place of a machine's."""
    question = (
        select(HumanEventRow.event_id)
        .join(EventRow, EventRow.id == HumanEventRow.event_id)
        .join(LayerRow, LayerRow.id == EventRow.layer_id)
        .where(LayerRow.footage_id == machines.footage_id, EventRow.kind == machines.kind)
        .where(HumanEventRow.of_captioner == machines.captioner)
        .where(queries.same_stretch(HumanEventRow, literal(machines.start_pts), literal(machines.end_pts)))
        .order_by(HumanEventRow.event_id)
    )
    return connection.execute(question).scalars().first()


def checked_caption(caption: str) -> str:
    caption = plain(caption)
    if not 0 < len(caption) <= MAX_CAPTION:
        raise WrongUse(f"A caption has 1 to {MAX_CAPTION:,} characters, not {len(caption):,}.")
    return caption


def check_rating(rating: int) -> None:
    if not 0 <= rating <= BEST_RATING:
        raise WrongUse(f"A rating is 0 (none) to {BEST_RATING}, not {rating}.")


def checked_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Each once, whatever its case, in the order given."""
    found: dict[str, str] = {}
    for label in map(plain, labels):
        if not 0 < len(label) <= LONGEST_LABEL or SEPARATOR in label:
            raise WrongUse(f"A label has 1 to {LONGEST_LABEL} characters and no '{SEPARATOR}', not '{label}'.")
        found.setdefault(label.casefold(), label)
    return tuple(found.values())
