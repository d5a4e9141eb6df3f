"""Whether the server is well, and which it is."""

from __future__ import annotations

from fastapi import APIRouter

from momentidx import __version__
from momentidx.web.desk import DeskHere
from momentidx.web.values import Health

router = APIRouter(tags=["health"])


@router.get("/health")
def health(desk: DeskHere) -> Health:
    """Whether the library can be read; an error says why not."""
    library = desk.library()
    return Health(version=__version__, library=library.uuid(), indexing=library.writer() is not None)
