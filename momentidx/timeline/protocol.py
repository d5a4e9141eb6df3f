"""What a timeline writer is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from opentimelineio.schema import Timeline


@runtime_checkable
class TimelineWriter(Protocol):
    """Writes the one internal timeline in one format."""

    name: str
    """What `--to` takes."""
    suffix: str
    """The file ending that picks this format, with the dot."""

    def write(self, timeline: Timeline, file: Path) -> None:
        """Write a whole file or none: to a temporary name beside `file`, then renamed over it."""
        ...
