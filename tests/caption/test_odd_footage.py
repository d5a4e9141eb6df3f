"""Footage that is not as usual, rendered and read as files are: the shot log tells of it all the same."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from momentidx.caption.shotlog import ShotLog
from momentidx.caption.shotlog.models import installed
from momentidx.errors import MomentidxError
from momentidx.events import Event
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.models.store import MODELS, Store
from tests.caption.painted import Picture
from tests.caption.test_shotlog import look_at
from tests.clips import render

PANS = "The camera pans right; blue above, green below."


def panned(seconds: float) -> Picture:
    """A garden over which a camera pans right, 320 x 180."""
    return np.asarray(cv2.resize(look_at(60 * seconds), (320, 180), interpolation=cv2.INTER_AREA), np.uint8)


def at_rate(rate: Fraction | int) -> Callable[[int], Picture]:
    return lambda number: panned(float(number / Fraction(rate)))


def in_fields(number: int) -> Picture:
    """29.97 pictures of two fields a second: the upper lines 1/59.94 s before the lower ones."""
    upper, lower = (panned((2 * number + field) / 59.94) for field in (0, 1))
    woven = upper.copy()
    woven[1::2] = lower[1::2]
    return woven


def upright(number: int) -> Picture:
    return np.ascontiguousarray(panned(number / 25)[:, 110:212])[:, :100]


NTSC = Fraction(30000, 1001)
INTERLACED = {"codec": "mpeg2video", "pixel_format": "yuv422p", "codec_options": {"flags": "+ilme+ildct"}}
DEEP = {"codec": "libx265", "pixel_format": "yuv420p10le", "codec_options": {"x265-params": "log-level=none"}}
ODD: dict[str, tuple[dict[str, Any], str]] = {
    "without sound": ({}, PANS),
    "with sound": ({"audio": True}, PANS),
    "4 a second": ({"rate": 4, "frames": 12}, PANS),
    "10 bits": (DEEP, PANS),
    "59.94 interlaced": ({"rate": NTSC, "picture": in_fields, "suffix": ".mxf", **INTERLACED}, PANS),
    "grey": (
        {"codec": "ffv1", "pixel_format": "gray", "suffix": ".mkv"},
        "The camera pans right; black-and-white.",
    ),
    "turned by 90 degrees": (
        {"rotation": 90, "size": (100, 180), "picture": upright},
        "The camera pans right; blue above, green below; vertical picture.",
    ),
    "one picture": ({"frames": 1}, "Blue above, green below."),
}


def described(path: Path, decoder: Decoder) -> list[Event]:
    footage = probe(path, decoder)
    return list(ShotLog().describe(footage, Source(path, footage, decoder, decoder.settings)))


@pytest.mark.parametrize("name", ODD)
def test_odd_footage_is_described(name: str, tmp_path: Path, decoder: Decoder) -> None:
    options, caption = ODD[name]
    given = {"rate": 25, "frames": 60, **options}
    path = tmp_path / f"odd{given.pop('suffix', '.mp4')}"
    render(path, **{"picture": at_rate(given["rate"]), **given}, strip=False)
    events = described(path, decoder)
    assert [(event.kind, event.caption) for event in events] == [("shot", caption)]
    assert events[0].span == probe(path, decoder).span


def test_footage_without_a_picture_is_refused_with_what_was_found(decoder: Decoder, shared_video: Path) -> None:
    with pytest.raises(MomentidxError, match=r"there is no picture in it \(found: audio\)"):
        described(shared_video / "derived" / "audio_only.mp4", decoder)


def test_an_opencv_without_detectors_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(MomentidxError, match=r"OpenCV .* has no face detectors\. .*'opencv-python-headless<5'"):
        ShotLog()


def test_a_model_file_that_is_another_one_is_refused_at_the_start(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="pip install 'momentidx[shotlog]'")
    store, model = Store(tmp_path), MODELS["shotlog"]
    for file in model.files:
        place = store.place(model, file)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(bytes(file.size))
    with pytest.raises(MomentidxError, match=r"is not the file that it should be"):
        installed(store)
