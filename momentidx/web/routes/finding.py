"""What the routes about one clip start with: the footage and its file, or why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Depends
from fastapi import Path as InPath

from momentidx import events
from momentidx.errors import UnusableFootage, WrongUse
from momentidx.library import FootageSummary
from momentidx.web.desk import Desk, DeskHere
from momentidx.web.problems import NotFound
from momentidx.web.values import shown

FingerprintInPath = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", description="Fingerprint of the content.")]
EventInPath = Annotated[int, InPath(ge=1, lt=2**63, description="Number of a moment.")]


def footage_here(desk: DeskHere, fingerprint: FingerprintInPath) -> FootageSummary:
    """The footage that the path names; only by what is in it, never by where it lies."""
    summary = desk.library().summary_of(fingerprint)
    if summary is None:
        raise NotFound(f"There is no footage {fingerprint} in the library.")
    return summary


FootageHere = Annotated[FootageSummary, Depends(footage_here)]


def moment_here(desk: DeskHere, event: EventInPath) -> events.Moment:
    """The moment that the path names, or a person's in its place."""
    library = desk.library()
    try:
        found = library.moments(ids=[library.stands_for(event)])
    except WrongUse:
        found = []
    if not found:
        raise NotFound(f"There is no moment {event}, or not any more.")
    return found[0]


MomentHere = Annotated[events.Moment, Depends(moment_here)]


def original(desk: Desk, summary: FootageSummary) -> Path:
    """A file that holds the footage right now. Raises NotFound when none can be reached."""
    places = [place for place in summary.locations if not place.proxy]
    for place in places:
        if place.online:
            try:
                return desk.looker.is_still(summary.footage, place.path).path
            except UnusableFootage as error:
                if error.code != "unreadable":
                    raise
    name = shown(summary.locations[0].path)
    raise NotFound(f"{name} is offline. Connect the disk that it lies on; until then there are its pictures only.")
