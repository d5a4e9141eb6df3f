"""What a timeline writer is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from opentimelineio.schema import Timeline


@runtime_checkable
class TimelineWriter(Protocol):
    """Writes the one internal timeline in one format, conformed to what the format's programs want."""

    name: str
    """What `--to` takes."""
    suffix: str
    """The file ending that picks this format, with the dot."""
    mixed_rates: bool
    """Whether one file can hold footage of several frame rates; if not, there is a file for each rate."""
    most_clips: int | None
    """How many clips one file can hold (CMX lists: 999 events), or None; more are split over several files."""
    alternates: bool
    """Whether it keeps other takes for the same place, on tracks that do not play or as further rows."""

    def write(self, timeline: Timeline, file: Path) -> None:
        """Write a whole file or none: to a temporary name beside `file`, then renamed over it.

        The timeline is left as it is. Raises WrongUse when the format cannot hold it and
        MomentidxError when the file cannot be written.
        """
        ...
