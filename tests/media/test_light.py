"""The light copy has a picture for every picture, in order, and each at its exact time."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from tests.clips import read_number, render
from tests.media.test_source import UNEVEN

CLIPS: dict[str, dict[str, Any]] = {
    "all_intra.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le", "timecode": "10:00:58;20",
                      "rate": Fraction(30000, 1001), "audio": True},
    "late.mp4": {"first": 75, "audio": True},
    "variable.mkv": {"codec": "mpeg4", "base": Fraction(1, 1000), "times": [time // 90 for time in UNEVEN]},
    "turned.mp4": {"codec": "mpeg4", "rotation": 90, "size": (180, 320)},
    "odd_size.mkv": {"codec": "ffv1", "size": (333, 187), "pixel_format": "yuv444p"},
}  # fmt: skip


def written(pieces: Any, file: Path) -> Path:
    """The pieces put where they belong."""
    with file.open("wb") as copy:
        for piece in pieces:
            copy.seek(piece.at)
            copy.write(piece.data)
    return file


def seconds(source: Source, footage: Footage) -> list[Fraction]:
    """When each picture is shown, from the first one on."""
    return [footage.seconds(time) for time in source.times()]


@pytest.mark.parametrize("name", CLIPS)
def test_every_picture_keeps_its_time(name: str, decoder: Decoder, tmp_path: Path) -> None:
    path = render(tmp_path / name, frames=60, **CLIPS[name])
    footage = probe(path, decoder)
    source = Source(path, footage, decoder, decoder.settings)
    assert list(source.times()) == source.signals.pts.tolist()

    copied = written(source.light_copy(), tmp_path / "copy.mp4")
    copy = probe(copied, decoder)
    light = Source(copied, copy, decoder, decoder.settings)
    assert copy.span.start == 0
    assert seconds(light, copy) == seconds(source, footage)
    assert [read_number(image) for image in light.at(light.times(), width=160).images] == list(range(60))
    video = footage.video
    told = copy.video.codec, copy.video.width, copy.video.height, copy.video.rotation
    assert told == ("h264", video.width // 2 * 2, video.height // 2 * 2, video.rotation)
    assert [track.codec for track in copy.audio] == ["aac"] * len(footage.audio)


def test_a_copy_that_is_given_up_leaves_the_child_ready(decoder: Decoder, tmp_path: Path) -> None:
    path = render(tmp_path / "a.mov", frames=200)
    source = Source(path, probe(path, decoder), decoder, decoder.settings)
    with closing(source.light_copy()) as pieces:
        assert next(pieces).at == 0
    assert len(source.times()) == 200
