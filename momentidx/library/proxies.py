"""Proxies: lighter copies of footage, made for cutting and not to be described beside it.

Two contents are the same footage when their files have the same name but for its ending (and for a
`_Proxy` at its end, as Premiere Pro writes it), the same start timecode from the file, the same rate
and the same length. The one with fewer pixels is the proxy.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, exists, select, update

from momentidx.footage import Footage
from momentidx.library.tables import FootageRow, JobRow, LocationRow

_SUFFIX = re.compile(r"[ ._-]proxy$", re.IGNORECASE)


class _Medium(NamedTuple):
    id: int
    proxy_of: int | None
    pixels: int


def pair(connection: Connection, footage: Footage, path: Path) -> bool:
    """Find out whether what lies at a path is a proxy of other footage, or the other way round; whether that is news.

    A proxy's jobs are taken back, and its moments are not shown as long as it is one.
    """
    group = _same(connection, footage, _stem(path))
    if len(group) < 2:
        return False
    original = max(group, key=lambda medium: (medium.pixels, -medium.id))
    lighter = [medium for medium in group if medium.pixels < original.pixels]
    news = [medium.id for medium in lighter if medium.proxy_of != original.id]
    if news:
        connection.execute(update(FootageRow).where(FootageRow.id.in_(news)).values(proxy_of=original.id))
        connection.execute(delete(JobRow).where(JobRow.footage_id.in_(news)))
    return bool(news)


def free(connection: Connection, footage: int | None) -> None:
    """Let the proxies of a content that lies nowhere any more stand for themselves."""
    lies = exists().where(LocationRow.footage_id == footage)
    connection.execute(update(FootageRow).where(FootageRow.proxy_of == footage, ~lies).values(proxy_of=None))


def _same(connection: Connection, footage: Footage, stem: str) -> list[_Medium]:
    """All contents that are the same footage, itself among them."""
    start, facts = footage.start, FootageRow.facts
    if start.source == "none":
        return []
    frame, seconds = float(1 / footage.rate), float(footage.duration)
    pixels = facts["video", "width"].as_integer() * facts["video", "height"].as_integer()
    alike = (
        select(LocationRow.path, FootageRow.id, FootageRow.proxy_of, pixels)
        .join(FootageRow)
        .where(
            FootageRow.seconds.between(seconds - frame, seconds + frame),
            facts["start", "frame"].as_integer() == start.frame,
            facts["start", "drop_frame"].as_boolean() == start.drop_frame,
            facts["start", "source"].as_string() != "none",
            facts["rate"].as_string() == f"{footage.rate.numerator}/{footage.rate.denominator}",
        )
    )
    return list({_Medium(*medium) for path, *medium in connection.execute(alike) if _stem(path) == stem})


def _stem(path: Path) -> str:
    return _SUFFIX.sub("", path.stem).casefold()
