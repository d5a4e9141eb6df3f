"""The shot log on real footage: a camera on a tripod must never be said to move."""

from pathlib import Path

import pytest

from momentidx.caption.shotlog import ShotLog
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "video" / "real"
ON_A_TRIPOD = (
    "asl_yes.mkv",
    "dog_treat_10s.mp4",
    "overhead_cars_12s.avi",
    pytest.param("carpark_topdown_30s.mp4", marks=pytest.mark.slow),
    pytest.param("football_juggle_10s.mp4", marks=pytest.mark.slow),
)

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"no footage in {REAL}")


@pytest.mark.parametrize("name", ON_A_TRIPOD)
def test_a_camera_on_a_tripod_is_never_said_to_move(name: str, decoder: Decoder) -> None:
    footage = probe(REAL / name, decoder)
    events = ShotLog().describe(footage, Source(REAL / name, footage, decoder, decoder.settings))
    said = [(e.kind, e.measures["camera"]["label"]) for e in events if "camera" in (e.kind, *e.measures)]
    assert said == [("shot", "still")]


def test_a_real_countdown_leader_is_one_event(decoder: Decoder) -> None:
    path = REAL / "film_leader_7s.mp4"
    footage = probe(path, decoder)
    events = ShotLog().describe(footage, Source(path, footage, decoder, decoder.settings))
    (countdown,) = [event for event in events if event.kind == "countdown"]
    assert (countdown.measures["turns"], countdown.span.start) == (7, footage.span.start)
    assert abs(float(footage.seconds(countdown.span.end)) - 6.0) < 0.05
