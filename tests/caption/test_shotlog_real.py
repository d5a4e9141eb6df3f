"""The shot log on real footage: a camera on a tripod must never be said to move."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from momentidx.caption.shotlog import ShotLog
from momentidx.caption.shotlog.camera import camera
from momentidx.caption.shotlog.pairs import movement
from momentidx.caption.shotlog.path import Step
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "video" / "real"
FILM = REAL.parent / "long" / "big_buck_bunny_240p_596s.mp4"
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


@pytest.mark.slow
def test_a_camera_that_flies_along_with_a_squirrel_is_tracking(decoder: Decoder) -> None:
    """70 pictures of an animated film, from cut to cut."""
    footage = probe(FILM, decoder)
    shot = footage.grid.span(10340, 10407)
    source = Source(FILM, footage, decoder, decoder.settings)
    shown = source.at([footage.grid.pts(frame) for frame in range(10340, 10407, 3)], width=320)
    greys = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8) for picture in shown.images]
    pairs = zip(pairwise(shown.pts.tolist()), pairwise(greys), strict=True)
    does = camera(shot, [Step(*times, movement(*pictures), False) for times, pictures in pairs])
    assert [(move.label, move.towards) for move in does.moves] == [("tracking", "up")]
