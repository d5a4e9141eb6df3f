"""Passes over a footage, inside the decoding child.

`watch` decodes every picture once, for everything. `borders` is for shots alone, and decodes only
what it has to see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from momentidx.footage import Footage
from momentidx.media.compare import Picture
from momentidx.media.container import opened
from momentidx.media.decode import decoded, hurrying, packets_of, pictures, stream_of, timed, undecodable, within
from momentidx.media.frames import Frames, Signals
from momentidx.media.groups import Groups
from momentidx.media.jpeg import encoded
from momentidx.media.pictures import Scaler, is_full_range, planar, small_planes
from momentidx.media.requests import Batch, Found, Limits, Wanted
from momentidx.media.shots import Key, ShotDetector, Stretch, unsettled
from momentidx.media.stills import Reservoir, Still

_KEYS_APART_SECONDS = Fraction(3, 10)
"""Key pictures closer together are not looked at by themselves: less than a flash lasts."""
_BATCH_BYTES = 4 << 20
_BATCH_PICTURES = 512  # measured, not sent


def watch(path: Path, footage: Footage, wanted: Wanted | None, limits: Limits) -> Iterator[Batch | Found]:
    """The footage in batches, and what was found on the way when all is seen."""
    base = footage.span.base
    shots, reservoir = ShotDetector(footage.span.start, base), Reservoir(base)
    still = Scaler(footage.video, limits.still_width)
    sample = Scaler(footage.video, wanted.width) if wanted else still
    ticks = _Ticks(footage.span.start, wanted.per_second * base) if wanted else None
    batch = _Batch((sample.height, sample.width))
    before: Picture | None = None
    for pts, frame in pictures(path, footage, limits):
        frame = planar(frame)
        picture = Picture(pts, small_planes(frame))
        shots.feed(picture)
        batch.measure(picture, before, full_range=is_full_range(frame))
        before = picture
        if ticks and ticks.reached(pts):
            batch.add(pts, sample(frame))
        if reservoir.wants(pts):
            reservoir.keep(Still(pts, encoded(still(frame))))
        if batch.is_full:
            yield batch.take()
    yield batch.take()
    yield Found(shots.borders(), tuple(reservoir.stills))


def borders(path: Path, footage: Footage, limits: Limits) -> tuple[int, ...]:
    """The first timestamps of all shots but the first, from as few pictures as will do.

    They are those that `watch` finds, with two exceptions. Pictures come without the loop filter, so
    that the middle of a fade or a dissolve may lie a picture off. And a cut is taken for granted
    (`unsettled`) where the encoder set a key picture early, it is unlike the key picture before, and
    all between take few bytes: a very smooth pan up to a key picture that was forced for another
    reason would look the same.
    """
    start, base = footage.span.start, footage.span.base
    keys, sizes = _survey(path, footage, limits)
    found, stretches = unsettled(keys, sizes, base) if keys else ([], [Stretch(0, len(sizes), start, None)])
    nothing = not keys
    with Groups(path, footage, limits, [key.number for key in keys]) as groups:
        for stretch, following in zip(stretches, [*stretches[1:], None], strict=True):
            shots = ShotDetector(start, base)
            pictures = groups.pictures(stretch.first, stretch.end, following.first if following else None)
            for pts, small in timed(pictures, footage, stretch.start):
                nothing = False
                if pts < stretch.start:  # needs the pictures before the key picture
                    continue
                shots.feed(Picture(pts, small.planes))
                if stretch.last is not None and pts >= stretch.last and not shots.is_open:
                    break
            found += shots.borders()
    if nothing:
        raise undecodable(path)
    return tuple(sorted(found))


def _survey(path: Path, footage: Footage, limits: Limits) -> tuple[list[Key], list[int]]:
    """Some of the key pictures, and the sizes of all packets; no keys where they cannot be relied upon."""
    apart = int(_KEYS_APART_SECONDS / footage.span.base)
    asked: dict[int, tuple[int, int]] = {}  # by time: the number of the packet, and how many since the last key packet
    latest: int | None = None
    last_key = 0
    keys: list[Key] = []
    before: Picture | None = None
    sizes: list[int] = []
    with opened(path) as container:
        stream = hurrying(stream_of(container, footage, limits))
        for packet in packets_of(container, stream):
            if packet.size:
                sizes.append(packet.size)
                if packet.pts is None:
                    return [], sizes
                if not packet.is_keyframe:
                    continue
                group, last_key = len(sizes) - 1 - last_key, len(sizes) - 1
                if latest is not None and packet.pts < latest + apart:
                    continue
                asked[packet.pts] = last_key, group
                latest = packet.pts
            for frame in _key_frames(stream.codec_context, packet):
                if frame.pts not in asked or not frame.key_frame or (before and frame.pts <= before.pts):
                    return [], sizes
                picture = Picture(frame.pts, small_planes(planar(within(limits, path, frame))))
                keys.append(Key.of(*asked.pop(frame.pts), picture, before))
                before = picture
    return ([] if asked or (keys and keys[0].number) else keys), sizes


def _key_frames(decoder: VideoCodecContext, packet: Packet[VideoStream]) -> list[VideoFrame]:
    """What comes out of the decoder for a key packet when those between are left out."""
    frames = decoded(decoder, packet)
    if decoder.name == "hevc":  # it would mix up their order
        frames += decoded(decoder, None)
        decoder.flush_buffers()
    return frames


class _Ticks:
    """The first picture at or after each tick of an even clock; one picture serves all ticks it is late for."""

    def __init__(self, start: int, per_pts: Fraction) -> None:
        self._start, self._per_pts, self._due = start, per_pts, 0

    def reached(self, pts: int) -> bool:
        tick = (pts - self._start) * self._per_pts.numerator
        if tick < self._due * self._per_pts.denominator:
            return False
        self._due = tick // self._per_pts.denominator + 1
        return True


@dataclass
class _Batch:
    size: tuple[int, int]

    def __post_init__(self) -> None:
        self._pts: list[int] = []
        self._images: list[NDArray[np.uint8]] = []
        self._measured: list[tuple[int, float, float, float]] = []

    def measure(self, picture: Picture, before: Picture | None, *, full_range: bool) -> None:
        mean, deviation = picture.brightness
        change = picture.change(before) if before else 0.0
        if not full_range:
            mean, deviation, change = (mean - 16) * _TO_FULL, deviation * _TO_FULL, change * _TO_FULL
        self._measured.append((picture.pts, min(max(mean, 0.0), 255.0), deviation, change))

    def add(self, pts: int, image: NDArray[np.uint8]) -> None:
        self._pts.append(pts)
        self._images.append(image)

    @property
    def is_full(self) -> bool:
        height, width = self.size
        return len(self._images) * height * width * 3 >= _BATCH_BYTES or len(self._measured) >= _BATCH_PICTURES

    def take(self) -> Batch:
        """What has come together; empty afterwards."""
        images = np.stack(self._images) if self._images else np.empty((0, *self.size, 3), np.uint8)
        columns = list(zip(*self._measured, strict=True)) or [()] * 4
        batch = Batch(
            Frames(np.array(self._pts, np.int64), images),
            Signals(np.array(columns[0], np.int64), *(np.array(column, np.float32) for column in columns[1:])),
        )
        self.__post_init__()
        return batch


_TO_FULL = 255 / 219
