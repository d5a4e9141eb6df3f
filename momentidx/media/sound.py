"""The sound of one footage as plain samples, inside the decoding child."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.stream import Discard
from numpy.typing import NDArray

from momentidx.footage import Footage
from momentidx.media.container import opened, refuse_if_disk_failed
from momentidx.media.frames import Sound

_SECONDS = 20
"""How much is given at a time."""
_GAP = Fraction(1, 10)
"""Seconds between two frames from which there is a gap."""

_log = logging.getLogger(__name__)


def sound(path: Path, footage: Footage, rate: int) -> Iterator[Sound]:
    """The first sound track as mono at `rate` samples a second, from start to end; nothing where there is none.

    Damaged packets are gaps. Times are the container's, so that sound and picture fit.
    """
    if not footage.audio:
        return
    with opened(path) as container:
        stream = container.streams[footage.audio[0].index]
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        assert isinstance(stream, AudioStream)
        resampler = AudioResampler(format="flt", layout="mono", rate=rate)
        held: list[NDArray[np.float32]] = []
        start = end = Fraction(0)
        for time, samples in _frames(container, stream, resampler):
            if held and (abs(time - end) > _GAP or end - start >= _SECONDS):
                yield _sound(footage, start, held)
                held = []
            if not held:
                start = end = time
            held.append(samples)
            end += Fraction(len(samples), rate)
        if held:
            yield _sound(footage, start, held)


def _frames(
    container: av.container.InputContainer, stream: AudioStream, resampler: AudioResampler
) -> Iterator[tuple[Fraction, NDArray[np.float32]]]:
    """(seconds in the container's time, (N,) samples) of each frame that can be decoded."""
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except (av.InvalidDataError, av.EOFError) as error:
                _log.debug("a packet of sound does not decode: %s", error)
                continue
            for frame in frames:
                if frame.pts is None or frame.time_base is None:
                    continue
                time = frame.pts * frame.time_base
                for done in resampler.resample(frame):
                    samples = np.ascontiguousarray(done.to_ndarray()[0], np.float32)
                    yield time, samples
                    time += Fraction(len(samples), done.sample_rate)
    except av.FFmpegError as error:
        refuse_if_disk_failed(container)
        _log.debug("reading the sound ends early: %s", error)


def _sound(footage: Footage, start: Fraction, held: list[NDArray[np.float32]]) -> Sound:
    return Sound(round(start / footage.span.base), np.concatenate(held))
