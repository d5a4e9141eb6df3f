"""The sound comes as plain samples, at the times of the picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from momentidx.config import Settings
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.frames import Sound
from momentidx.media.probe import probe
from momentidx.media.source import Source
from tests.clips import render

RATE = 16_000


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(Settings()) as child:
        yield child


def heard(path: Path, decoder: Decoder) -> tuple[Footage, list[Sound]]:
    footage = probe(path, decoder)
    return footage, list(Source(path, footage, decoder, Settings()).sound(rate=RATE))


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.ts", "a.mxf"])
def test_a_tone_comes_back_in_full_at_the_rate_that_was_asked_for(decoder: Decoder, tmp_path: Path, name: str) -> None:
    codec = "mpeg2video" if name.endswith("mxf") else "libx264"
    footage, parts = heard(render(tmp_path / name, frames=75, audio=True, codec=codec), decoder)
    assert len(parts) == 1
    (sound,) = parts
    assert sound.samples.dtype == np.float32
    assert abs(len(sound.samples) - 3 * RATE) < 0.1 * RATE  # AAC begins and ends in blocks
    assert abs(footage.seconds(sound.pts)) < Fraction(1, 10)
    middle = sound.samples[RATE : 2 * RATE]
    assert int(np.abs(np.fft.rfft(middle)).argmax()) == 440  # a second: one bin is one hertz
    assert 0.2 < np.abs(middle).max() < 0.3  # 8000 of 32768


def test_long_sound_comes_in_stretches_that_follow_each_other(decoder: Decoder, tmp_path: Path) -> None:
    footage, parts = heard(render(tmp_path / "long.mkv", frames=50, rate=1, audio=True), decoder)
    assert len(parts) == 3
    for before, after in pairwise(parts):
        gap = (after.pts - before.pts) * footage.span.base - Fraction(len(before.samples), RATE)
        assert abs(gap) < Fraction(1, 500)


def test_sound_before_a_late_first_picture_keeps_its_time(decoder: Decoder, tmp_path: Path) -> None:
    footage, parts = heard(render(tmp_path / "late.mkv", base=Fraction(1, 1000), first=4000, audio=True), decoder)
    assert abs(footage.seconds(parts[0].pts) + 4) < Fraction(1, 10)


def test_silent_footage_has_no_sound(decoder: Decoder, tmp_path: Path) -> None:
    assert heard(render(tmp_path / "mute.mp4"), decoder)[1] == []


def test_a_gap_in_the_sound_is_a_new_stretch(decoder: Decoder, tmp_path: Path) -> None:
    """A tone of a second, two seconds of nothing at all, and the tone again."""
    import av

    from tests.clips import tone

    whole = render(tmp_path / "whole.mkv", frames=125)
    path = tmp_path / "gap.mkv"
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        picture = source.streams.video[0]
        video, audio = target.add_stream_from_template(picture), target.add_stream("pcm_s16le", rate=48000)
        audio.codec_context.layout = "mono"
        packets = []
        for start in (0, 3 * 48000):
            for frame in tone(1):
                frame.pts += start
                packets += audio.encode(frame)
        for packet in source.demux(picture):
            if packet.dts is not None:
                packet.stream = video
                target.mux(packet)
        for packet in packets:
            target.mux(packet)
    footage, parts = heard(path, decoder)
    assert len(parts) == 2
    assert abs((parts[1].pts - parts[0].pts) * footage.span.base - 3) < Fraction(1, 100)
    assert [round(len(part.samples) / RATE, 1) for part in parts] == [1.0, 1.0]
