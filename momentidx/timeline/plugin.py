"""The timeline formats that come with momentidx, offered through the same hook as anyone's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from momentidx.hooks import Offer, hookimpl

if TYPE_CHECKING:
    from momentidx.config import Settings
    from momentidx.timeline.protocol import TimelineWriter


@hookimpl
def timeline_writers() -> list[Offer[TimelineWriter]]:
    return [Offer("otio", "OpenTimelineIO (.otio): everything the timeline holds.", _otio)]


def _otio(_settings: Settings) -> TimelineWriter:
    from momentidx.timeline.write.otio import OtioWriter

    return OtioWriter()
