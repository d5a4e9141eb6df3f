"""The shot log on real footage: a camera on a tripod must never be said to move."""

from pathlib import Path

import pytest

from momentidx.caption.shotlog import ShotLog
from momentidx.config import Settings
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "video" / "real"
ON_A_TRIPOD = (
    "asl_yes.mkv",
    "carpark_topdown_30s.mp4",
    "dog_treat_10s.mp4",
    "football_juggle_10s.mp4",
    "overhead_cars_12s.avi",
)

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"no footage in {REAL}")


def test_a_camera_on_a_tripod_is_never_said_to_move() -> None:
    settings = Settings()
    said = {}
    with Decoder(settings) as decoder:
        for name in ON_A_TRIPOD:
            footage = probe(REAL / name, decoder)
            events = ShotLog().describe(footage, Source(REAL / name, footage, decoder, settings))
            said[name] = [(e.kind, e.measures["camera"]["label"]) for e in events if "camera" in (e.kind, *e.measures)]
    assert said == {name: [("shot", "still")] for name in ON_A_TRIPOD}
