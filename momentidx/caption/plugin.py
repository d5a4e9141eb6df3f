"""The captioners that come with momentidx, offered through the same hook as anyone's."""

from __future__ import annotations

from momentidx.caption.protocol import Captioner
from momentidx.caption.shotlog.asked import FILTERS
from momentidx.config import Settings
from momentidx.hooks import Offer, hookimpl


@hookimpl
def captioners() -> list[Offer[Captioner]]:
    return [
        Offer(
            "shotlog",
            "Describes camera, light, people, movement and fades by measurement; objects, sounds and text with extras.",
            _shotlog,
            FILTERS,
        )
    ]


def _shotlog(settings: Settings) -> Captioner:
    from momentidx.caption.shotlog import ShotLog
    from momentidx.caption.shotlog.models import installed, reader
    from momentidx.models.store import Store

    return ShotLog(installed(Store.of(settings)), reader())
