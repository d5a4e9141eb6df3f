"""The words of captions, searched by SQLite's FTS5: English endings taken off, accents ignored.

The table holds no text of its own; it reads the captions of `event` and is kept in step by triggers. It knows all
events, also those that are not shown: the question leaves these out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, event, select, text

from momentidx.library import queries
from momentidx.library.tables import Base, EventRow, LayerRow

TABLE = "event_words"
STATEMENTS = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5"
    "(caption, content='event', content_rowid='id', tokenize='porter unicode61')",
    f"CREATE TRIGGER {TABLE}_insert AFTER INSERT ON event BEGIN"
    f" INSERT INTO {TABLE}(rowid, caption) VALUES (new.id, new.caption); END",
    f"CREATE TRIGGER {TABLE}_delete AFTER DELETE ON event BEGIN"
    f" INSERT INTO {TABLE}({TABLE}, rowid, caption) VALUES ('delete', old.id, old.caption); END",
    f"CREATE TRIGGER {TABLE}_update AFTER UPDATE OF caption ON event BEGIN"
    f" INSERT INTO {TABLE}({TABLE}, rowid, caption) VALUES ('delete', old.id, old.caption);"
    f" INSERT INTO {TABLE}(rowid, caption) VALUES (new.id, new.caption); END",
)
"""What makes the table; `migrations/` says the same."""
MOST_TOKENS = 32
"""Of a question; more words say nothing more and take longer."""
SPARE = 2
"""Times as many are asked for as wanted, for some are not shown."""


def hits(
    connection: Connection, tokens: Sequence[str], phrases: Collection[Sequence[str]], limit: int
) -> dict[int, float]:
    """Shown events with any of the tokens and all of the phrases, best first, with their BM25 (higher is better)."""
    match = expression(tokens, phrases)
    if not match:
        return {}
    found = text(
        f"SELECT rowid, -rank AS score FROM {TABLE} WHERE {TABLE} MATCH :match ORDER BY rank LIMIT :limit"
    )  # only our own text; what was asked is bound
    rows = connection.execute(found, {"match": match, "limit": SPARE * limit}).all()
    kept = visible(connection, [row.rowid for row in rows])
    return {row.rowid: row.score for row in rows if row.rowid in kept}


def expression(tokens: Sequence[str], phrases: Collection[Sequence[str]]) -> str:
    """What FTS5 is asked. Every token is quoted, so that none is an operator, a column or a wildcard."""
    any_of = " OR ".join(map(_quoted, dict.fromkeys(tokens[:MOST_TOKENS])))
    parts = [f"({any_of})"] if any_of else []
    parts += [_quoted(" ".join(phrase)) for phrase in phrases if phrase]
    return " AND ".join(parts)


def visible(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of the events that are shown."""
    found: set[int] = set()
    for some in queries.chunks(sorted(set(ids))):
        question = select(EventRow.id).join(LayerRow).where(queries.shown(), EventRow.id.in_(some))
        found.update(connection.execute(question).scalars())
    return found


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""').replace("\0", " ") + '"'


@event.listens_for(Base.metadata, "after_create")
def _make(_: object, connection: Connection, **_more: object) -> None:
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
