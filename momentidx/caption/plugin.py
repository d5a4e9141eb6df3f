"""The captioners that come with momentidx, offered through the same hook as anyone's."""

from __future__ import annotations

from momentidx.caption.protocol import Captioner
from momentidx.config import Settings
from momentidx.hooks import Offer, hookimpl


@hookimpl
def captioners() -> list[Offer[Captioner]]:
    return [
        Offer(
            "shotlog", "Describes camera, light, colour, movement and fades by measurement; needs no model.", _shotlog
        )
    ]


def _shotlog(_: Settings) -> Captioner:
    from momentidx.caption.shotlog import ShotLog

    return ShotLog()
