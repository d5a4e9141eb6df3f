"""What a captioner is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.media.frames import FrameSource


@runtime_checkable
class Captioner(Protocol):
    """Describes footage as timed events.

    Before the first call nothing is loaded that the constructor did not load. `describe` may be
    called for any number of footages, one after the other, and keeps nothing between them: the same
    footage gives the same events, on any machine of the same kind.

    It may have `filters`, a mapping of names to `Filter`: what of its events' measures people can ask for by
    name (`people:2`). Its `Offer` has the same, for searching does not build captioners. It may also have `advice`,
    sentences about what is not installed and what it would add; `momentidx index` says them once, in a new library.
    """

    name: str
    """As in the settings and in the library."""
    version: str
    """Changes whenever the answers could change: code revision, weights hash, settings."""

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        """The events of one footage, in order of start; each inside `footage.span`.

        Raises UnusableFootage when this footage cannot be described; nothing of it is stored then.
        """
        ...
