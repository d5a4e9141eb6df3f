"""Forgetting footage, the only way in which anything indexed is deleted: a person asks for it.

What would go is counted first. Footage goes with the last place where it lies, and then wholly: with all that was
made of it, said of it and chosen from it, and with the copies of it that the page played. The media files themselves
are never touched; pictures are left to `compact`. It is done while the daemon runs as well, in turns: work in progress
on what is forgotten finds its job gone and stores nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, func, select

from momentidx.errors import WrongUse
from momentidx.library import queries, sqlite, storing
from momentidx.library.queries import HUMAN
from momentidx.library.tables import BinEntryRow, EventRow, FootageRow, LayerRow, LocationRow

AT_ONCE = 20
"""Footages that go in one transaction: others are waiting for their turn."""
COPIES = "proxies"
"""Folder, in the library's, of what the page plays in the place of footage; each file begins with a fingerprint."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """One footage that goes, or files that are forgotten and nothing more."""

    fingerprint: str | None
    """None: only the files go. Their footage, if they were ever recognised, lies elsewhere as well and stays."""
    paths: tuple[Path, ...]
    """Where it lies or lay."""
    online: int
    """How many of these files were there when last looked for; they are found and indexed again."""
    events: int
    """Captioners' events ..."""
    said: int
    """... and people's."""
    selects: int
    """How many entries of bins show it ..."""
    bins: tuple[str, ...]
    """... and of which bins."""


def plan(
    connection: Connection,
    paths: Collection[Path] = (),
    fingerprints: Collection[str] = (),
    offline_since: datetime | None = None,
) -> list[Forgetting]:
    """What would go: files and what lies below folders, footage by the beginning of its fingerprint, and files that
    have been away since before a time. Footage goes with the last of its files, and its proxies with it.

    Raises WrongUse for what is not known.
    """
    numbers: set[int] = set()
    files: set[int] = set()
    for path in paths:
        here = connection.execute(select(LocationRow.id).where(queries.at_or_below(path))).scalars().all()
        if not here:
            raise WrongUse(f"{path} is not in the library. 'momentidx footage list' shows what is.")
        files |= set(here)
    numbers |= _only_at(connection, files)
    for beginning in fingerprints:
        begins = FootageRow.fingerprint.startswith(beginning, autoescape=True)
        found = connection.execute(select(FootageRow.id).where(begins)).scalars().all()
        if len(found) != 1:
            raise WrongUse(f"{len(found) or 'No'} fingerprints begin with '{beginning}'. 'momentidx footage list'.")
        numbers.add(found[0])
    if offline_since is not None:
        away = ~LocationRow.online & (LocationRow.seen_at < offline_since)
        files |= set(connection.execute(select(LocationRow.id).where(away)).scalars())
        numbers |= _only_at(connection, files)
    proxies = select(FootageRow.id).where(FootageRow.proxy_of.in_(numbers))
    numbers |= set(connection.execute(proxies).scalars())
    return [*_footage(connection, sorted(numbers)), *_files(connection, sorted(files), numbers)]


def forget(folder: Path, going: Sequence[Forgetting]) -> None:
    """Delete it. Others may write in between, but no footage goes in part."""
    for some in queries.chunks(going, AT_ONCE):
        with sqlite.noting(folder) as connection:
            fingerprints = [each.fingerprint for each in some if each.fingerprint]
            footage = select(FootageRow.id).where(FootageRow.fingerprint.in_(fingerprints))
            paths = [path for each in some if each.fingerprint is None for path in each.paths]
            connection.execute(delete(LocationRow).where(LocationRow.path.in_(paths)))
            connection.execute(delete(BinEntryRow).where(BinEntryRow.footage_id.in_(footage)))
            connection.execute(delete(LocationRow).where(LocationRow.footage_id.in_(footage)))
            connection.execute(delete(FootageRow).where(FootageRow.fingerprint.in_(fingerprints)))
            storing.grow(connection)
        for fingerprint in fingerprints:
            for copy in (folder / COPIES).glob(f"{fingerprint}.*"):
                copy.unlink(missing_ok=True)


def _only_at(connection: Connection, files: Collection[int]) -> set[int]:
    """The footage that lies nowhere but in these files."""
    lying = select(LocationRow.id, LocationRow.footage_id).where(LocationRow.footage_id.is_not(None))
    rows = connection.execute(lying).all()
    return {row.footage_id for row in rows} - {row.footage_id for row in rows if row.id not in files}


def _footage(connection: Connection, numbers: Sequence[int]) -> list[Forgetting]:
    found = []
    for number in numbers:
        of_footage = FootageRow.id == number
        fingerprint = connection.execute(select(FootageRow.fingerprint).where(of_footage)).scalar_one()
        at = connection.execute(
            select(LocationRow.path, LocationRow.online)
            .where(LocationRow.footage_id == number)
            .order_by(*queries.BEST_FIRST)
        ).all()
        counted = select(func.count()).select_from(EventRow).join(LayerRow).where(LayerRow.footage_id == number)
        said = connection.execute(counted.where(LayerRow.captioner == HUMAN)).scalar_one()
        events = connection.execute(counted.where(LayerRow.captioner != HUMAN)).scalar_one()
        chosen = connection.execute(select(BinEntryRow.bin).where(BinEntryRow.footage_id == number)).scalars().all()
        found.append(
            Forgetting(fingerprint, tuple(row.path for row in at), sum(row.online for row in at), events, said,
                       len(chosen), tuple(sorted(set(chosen))))
        )  # fmt: skip
    return found


def _files(connection: Connection, files: Sequence[int], going: Collection[int]) -> list[Forgetting]:
    """Files whose footage stays, or is not known."""
    found = []
    for some in queries.chunks(files):
        question = select(LocationRow.path, LocationRow.online, LocationRow.footage_id).where(LocationRow.id.in_(some))
        for row in connection.execute(question.order_by(LocationRow.path)):
            if row.footage_id not in going:
                found.append(Forgetting(None, (row.path,), int(row.online), 0, 0, 0, ()))
    return found
