"""Searches that a person keeps, and what is new since they last looked.

A name with a slash in it is escaped once more than usual, as that of a bin is (`selects.py`).
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from momentidx.library.bins import LONGEST_NAME
from momentidx.library.values import SavedSearch
from momentidx.search.asking import Wish
from momentidx.search.find import known_fields
from momentidx.search.parse import MAX_CHARACTERS, parse
from momentidx.web.desk import Desk, DeskHere
from momentidx.web.problems import NotFound
from momentidx.web.routes.search import MOST, found
from momentidx.web.values import Found, Value

router = APIRouter(tags=["saved searches"], prefix="/searches")


def _name(name: Annotated[str, Path(min_length=1, max_length=12 * LONGEST_NAME, description="Of the search.")]) -> str:
    return unquote(name)


Name = Annotated[str, Depends(_name)]


class Saved(Value):
    """A search that is kept."""

    name: str
    query: str
    saved_at: str
    """Date and time in UTC (ISO 8601)."""
    ran_at: str | None
    """When its answers were last looked at."""

    @classmethod
    def of(cls, search: SavedSearch) -> Saved:
        return cls(**search.to_json())


class Saving(Value):
    """What to keep."""

    query: str = Field(min_length=1, max_length=MAX_CHARACTERS)


@router.get("")
def saved_searches(desk: DeskHere) -> list[Saved]:
    """All of them, by name."""
    return [Saved.of(each) for each in desk.library().saved_searches()]


@router.get("/{name}")
def saved_search(desk: DeskHere, name: Name) -> Saved:
    """One of them."""
    return Saved.of(_known(desk, name))


@router.put("/{name}")
def save_search(desk: DeskHere, name: Name, saving: Saving) -> Saved:
    """Keep a search, in the place of one of the same name. What cannot be read is not kept."""
    parse(saving.query, known_fields())
    desk.saved().save(name, saving.query)
    return Saved.of(desk.library().saved_search(name))


@router.delete("/{name}", status_code=204)
def remove_search(desk: DeskHere, name: Name) -> None:
    """Forget a search; footage and moments stay."""
    desk.saved().remove(_known(desk, name).name)


@router.get("/{name}/new")
def new_answers(desk: DeskHere, name: Name, limit: Annotated[int, Query(ge=1, le=MOST)] = 60) -> Found:
    """Answers that came in since the search was last marked as seen."""
    kept = _known(desk, name)
    wish = Wish(limit, newer_than=kept.newest_event)
    return found(desk, desk.library(), desk.search(kept.query, wish), wish)


@router.post("/{name}/seen", status_code=204)
def mark_seen(desk: DeskHere, name: Name) -> None:
    """Note that a person saw the answers that there are now."""
    desk.saved().seen(_known(desk, name).name, desk.library().newest_event())


def _known(desk: Desk, name: str) -> SavedSearch:
    for search in desk.library().saved_searches():
        if search.name == name.strip():
            return search
    raise NotFound(f"There is no saved search '{name}'.")
