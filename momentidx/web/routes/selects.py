"""Bins of chosen moments: looked at, added to, put in order, noted, rated, and taken apart.

A path knows no name with a slash in it, so a bin's name is escaped once more than usual where it holds one: `A/B` is
`A%252FB`, and a `%` in a name is `%2525`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from momentidx import library
from momentidx.errors import Outdated, WrongUse
from momentidx.library import Select
from momentidx.library.bins import BEST_RATING, LONGEST_NAME, LONGEST_NOTE
from momentidx.web.desk import Desk, DeskHere
from momentidx.web.problems import Conflict, NotFound
from momentidx.web.stretches import MOST, Stretch, moments_of
from momentidx.web.values import Moment, Number, Value

router = APIRouter(tags=["selects"])


def _name(bin: Annotated[str, Path(max_length=12 * LONGEST_NAME, description="Name of the bin.")]) -> str:
    return unquote(bin)


BinHere = Annotated[str, Depends(_name)]
Position = Annotated[int, Path(ge=1, le=2**31, description="Place in the bin; 1 is the first.")]
Entry = Annotated[
    int | None,
    Query(ge=1, le=2**62, description="The entry's own number: when another one lies there by now, nothing is done."),
]


class BinSummary(Value):
    """A bin as a whole."""

    bin: str
    selects: int
    seconds: float
    added_at: datetime = Field(description="When something was put into it last.")

    @classmethod
    def of(cls, bin: library.BinSummary) -> BinSummary:
        return cls(bin=bin.name, selects=bin.selects, seconds=round(float(bin.seconds), 6), added_at=bin.added_at)


class Selected(Moment):
    """A moment in a bin, as it was when it was chosen, with the person's note and rating."""

    bin: str
    position: int
    entry: int = Field(description="Its own number, which stays when others come before it.")
    query: str | None = Field(description="What it was found with.")
    added_at: datetime

    @classmethod
    def of_select(cls, select: Select) -> Selected:
        return cls(
            **dict(Moment.of(select.remarked)),
            bin=select.bin,
            position=select.position,
            entry=select.entry,
            query=select.query,
            added_at=select.added_at,
        )


class Bin(BinSummary):
    """What is in a bin, in its order."""

    entries: list[Selected]


class Chosen(Value):
    """Moments to put at the end of a bin."""

    moments: list[Number | Stretch] = Field(min_length=1, max_length=MOST)
    query: str | None = Field(default=None, max_length=2000, description="What they were found with.")


class Added(Value):
    """How many were not in the bin yet, and how many were."""

    added: int
    there: int


class EntryChange(Value):
    """What to change of an entry; what is not named stays."""

    note: str | None = Field(default=None, max_length=LONGEST_NOTE)
    rating: int | None = Field(default=None, ge=0, le=BEST_RATING, description="0 takes it away.")
    position: int | None = Field(default=None, ge=1, le=2**31, description="The place it is to have.")


class BinOrder(Value):
    """The entries' own numbers, all of them, in the order they are to have."""

    entries: list[Annotated[int, Field(ge=1, le=2**62)]] = Field(max_length=MOST)


@router.get("/selects")
def list_bins(desk: DeskHere) -> list[BinSummary]:
    """All bins, by name."""
    return [BinSummary.of(each) for each in desk.library().bins()]


@router.get("/selects/{bin}")
def read_bin(desk: DeskHere, bin: BinHere) -> Bin:
    """What is in a bin, in its order."""
    return _told(desk, bin)


@router.post("/selects/{bin}")
def add_to_bin(desk: DeskHere, bin: BinHere, chosen: Chosen) -> Added:
    """Put moments at the end of a bin, which is made when it is new. A stretch is in a bin once."""
    moments = moments_of(desk.library(), chosen.moments)
    added = desk.bins().add(bin, moments, query=chosen.query)
    return Added(added=added, there=len(moments) - added)


@router.delete("/selects/{bin}", status_code=204)
def remove_bin(desk: DeskHere, bin: BinHere) -> None:
    """Take a bin apart; footage and moments stay."""
    with _there():
        desk.bins().remove(bin)


@router.put("/selects/{bin}/order")
def order_bin(desk: DeskHere, bin: BinHere, order: BinOrder) -> Bin:
    """Put a bin in order; 409 when it has changed since the client looked."""
    with _there():
        desk.bins().arrange(bin, order.entries)
    return _told(desk, bin)


@router.patch("/selects/{bin}/{position}")
def change_entry(desk: DeskHere, bin: BinHere, position: Position, change: EntryChange, entry: Entry = None) -> Bin:
    """Note, rate or move one entry."""
    with _there():
        if change.note is not None:
            desk.bins().note(bin, position, change.note, entry=entry)
        if change.rating is not None:
            desk.bins().rate(bin, position, change.rating, entry=entry)
        if change.position is not None:
            desk.bins().move(bin, position, change.position, entry=entry)
    return _told(desk, bin)


@router.delete("/selects/{bin}/{position}", status_code=204)
def remove_entry(desk: DeskHere, bin: BinHere, position: Position, entry: Entry = None) -> None:
    """Take one entry out; footage and moment stay. An empty bin is gone."""
    with _there():
        desk.bins().remove(bin, [position], entry=entry)


def _told(desk: Desk, name: str) -> Bin:
    with _there():
        entries = desk.library().selects(name)
    seconds = sum((each.moment.event.span.duration for each in entries), Fraction(0))
    return Bin(
        bin=entries[0].bin,
        selects=len(entries),
        seconds=round(float(seconds), 6),
        added_at=max(each.added_at for each in entries),
        entries=[Selected.of_select(each) for each in entries],
    )


@contextmanager
def _there() -> Iterator[None]:
    """A bin or position that is not there is no wrong use of an address, but nothing found at it."""
    try:
        yield
    except Outdated as error:
        raise Conflict(str(error)) from error
    except WrongUse as error:
        raise NotFound(str(error)) from error
