"""Saved searches: questions that a person keeps, and what is new since they last asked.

Written beside the daemon like bins; see `bins.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select, update

from momentidx.errors import WrongUse
from momentidx.library import sqlite
from momentidx.library.answers import plain
from momentidx.library.bins import LONGEST_NAME
from momentidx.library.tables import EventRow, LayerRow, SavedSearchRow
from momentidx.library.values import SavedSearch


class SavedSearches:
    """Changes to the saved searches of a library; every method is one transaction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, name: str, query: str) -> bool:
        """Keep a question, in the place of one of the same name; whether there was one. All its answers are new."""
        name = plain(name)
        if not 0 < len(name) <= LONGEST_NAME:
            raise WrongUse(f"The name of a search has 1 to {LONGEST_NAME} characters, not {len(name)}.")
        row = {"name": name, "query": query, "saved_at": datetime.now(UTC), "ran_at": None, "newest_event": 0}
        with sqlite.noting(self.folder) as connection:
            replaced = connection.execute(delete(SavedSearchRow).where(SavedSearchRow.name == name)).rowcount
            connection.execute(insert(SavedSearchRow), row)
        return bool(replaced)

    def remove(self, name: str) -> None:
        """Forget a question; raises WrongUse when there is none of this name."""
        with sqlite.noting(self.folder) as connection:
            found = known(connection, name)
            connection.execute(delete(SavedSearchRow).where(SavedSearchRow.name == found.name))

    def seen(self, name: str, newest_event: int) -> None:
        """Note that a person saw the answers among the events up to this number."""
        with sqlite.noting(self.folder) as connection:
            connection.execute(
                update(SavedSearchRow)
                .where(SavedSearchRow.name == plain(name))
                .values(ran_at=datetime.now(UTC), newest_event=newest_event)
            )


def every(connection: Connection) -> list[SavedSearch]:
    """All of them, by name."""
    rows = connection.execute(select(*SavedSearchRow.__table__.columns).order_by(SavedSearchRow.name))
    return [SavedSearch(*row) for row in rows]


def known(connection: Connection, name: str) -> SavedSearch:
    """The search of a name; raises WrongUse, with the nearest name, when there is none."""
    searches = {search.name: search for search in every(connection)}
    if plain(name) not in searches:
        from difflib import get_close_matches

        close = get_close_matches(name, searches, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else "'momentidx search list' shows those that there are."
        raise WrongUse(f"There is no saved search '{name}'. {hint}")
    return searches[plain(name)]


def newest_event(connection: Connection) -> int:
    """The number up to which all events can be found: those of a layer in the making are still to come."""
    coming = select(func.min(EventRow.id)).join(LayerRow).where(~LayerRow.current)
    first = connection.execute(coming).scalar()
    newest: int = connection.execute(select(func.coalesce(func.max(EventRow.id), 0))).scalar_one()
    return newest if first is None else first - 1
