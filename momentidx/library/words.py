"""The words of captions, searched by SQLite's FTS5: English endings taken off, accents ignored.

The table holds no text of its own; it reads the captions of `event` and is kept in step by triggers. It knows all
events, also those that are not shown: the question leaves these out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

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
_WORD = re.compile(r"[^\W_]+")
RARE = 5_000
"""What fewer captions have is rare: these are all looked at. Words that more have say little, and ranking everything
that has them would take seconds in a large library."""
LOOKED_AT = 6_000
"""So many captions with rare words are ranked for one question."""
MOST_TOKENS = 32
"""Of a question; more words say nothing more and take longer."""
COMPLETED = 500
"""Captions whose words are offered."""
SPARE = 2
"""Times as many are asked for as wanted, for some are not shown."""

# Only our own text; what was asked is bound.
_COUNTED = text(f"SELECT count(*) FROM (SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :match LIMIT :most)")
_BEST = text(f"SELECT rowid, -rank AS score FROM {TABLE} WHERE {TABLE} MATCH :match ORDER BY rank LIMIT :limit")
_FIRST = text(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :match LIMIT :limit")
_VISIBLE = select(EventRow.id).join(LayerRow).where(queries.shown(), EventRow.id.in_(queries.listed()))


def hits(
    connection: Connection, tokens: Sequence[str], phrases: Collection[Sequence[str]], limit: int
) -> dict[int, float]:
    """Shown events with any of the tokens and all of the phrases, best first, with their BM25 (higher is better).

    Where too many have a token to look at them all, those with rarer ones are ranked by these, and after them come
    some that have all the tokens, with a BM25 of 0.
    """
    rare = _rare(connection, tokens, phrases)
    found = _ranked(connection, expression(rare, phrases), limit) if rare is not None else {}
    if rare is None or len(rare) < len(set(tokens)):
        every = " AND ".join(filter(None, (expression([token], ()) for token in tokens[:MOST_TOKENS])))
        for event in _some(connection, " AND ".join(filter(None, (every, expression((), phrases)))), limit):
            found.setdefault(event, 0.0)
    kept: dict[int, float] = {}
    for some in queries.chunks(list(found), limit):  # mostly all are shown, so that the first are enough
        there = visible(connection, some)
        kept.update((event, found[event]) for event in some if event in there)
        if len(kept) >= limit:
            break
    return dict(islice(kept.items(), limit))


def _rare(connection: Connection, tokens: Sequence[str], phrases: Collection[Sequence[str]]) -> list[str] | None:
    """The rarest tokens, as many as few events have together; None when there is nothing rare to ask for."""
    if not tokens:
        return [] if _count(connection, expression((), phrases)) < RARE else None
    counted = {token: _count(connection, expression([token], ())) for token in dict.fromkeys(tokens[:MOST_TOKENS])}
    kept, total = [], 0
    for token, count in sorted(counted.items(), key=lambda item: item[1]):
        total += count
        if count >= RARE or total > LOOKED_AT:
            break
        kept.append(token)
    return kept or None


def _count(connection: Connection, match: str) -> int:
    """How many events there are, up to `RARE`."""
    return int(connection.execute(_COUNTED, {"match": match, "most": RARE}).scalar_one()) if match else 0


def _ranked(connection: Connection, match: str, limit: int) -> dict[int, float]:
    if not match:
        return {}
    found = connection.execute(_BEST, {"match": match, "limit": SPARE * limit})
    return {row.rowid: row.score for row in found}


def _some(connection: Connection, match: str, limit: int) -> list[int]:
    if not match:
        return []
    return list(connection.execute(_FIRST, {"match": match, "limit": SPARE * limit}).scalars())


def beginning(connection: Connection, start: str, limit: int) -> list[tuple[str, int]]:
    """Words of captions that begin so, and how many of those that were looked at have them: most first.

    The index knows words without their endings, so it only says which captions to look at.
    """
    start = start.casefold()
    if _WORD.fullmatch(start) is None:
        return []
    newest = text(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :match ORDER BY rowid DESC LIMIT :most")
    found = connection.execute(newest, {"match": f"{_quoted(start)}*", "most": COMPLETED}).scalars()
    told = select(EventRow.caption).where(EventRow.id.in_(visible(connection, list(found))))
    captions = connection.execute(told).scalars()
    counted = Counter(
        word for caption in captions for word in set(_WORD.findall(caption.casefold())) if word.startswith(start)
    )
    return counted.most_common(limit)


def expression(tokens: Sequence[str], phrases: Collection[Sequence[str]]) -> str:
    """What FTS5 is asked. Every token is quoted, so that none is an operator, a column or a wildcard."""
    any_of = " OR ".join(map(_quoted, dict.fromkeys(tokens[:MOST_TOKENS])))
    parts = [f"({any_of})"] if any_of else []
    parts += [_quoted(" ".join(phrase)) for phrase in phrases if phrase]
    return " AND ".join(parts)


def visible(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of the events that are shown."""
    return set(connection.execute(_VISIBLE, queries.in_list(ids)).scalars())


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""').replace("\0", " ") + '"'


@event.listens_for(Base.metadata, "after_create")
def _make(_: object, connection: Connection, **_more: object) -> None:
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
