"""Small clips with known contents, rendered for the tests.

Every picture carries its number in a strip of sixteen black and white blocks along its bottom edge,
which survives lossy coding, scaling and colour conversion; `read_number` reads it back. So a test
can ask for "the picture at 1.48 s" and see which one it really got.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""(H, W, 3) RGB."""

BITS = 16


def render(
    path: Path,
    *,
    frames: int = 50,
    rate: Fraction | int = 25,
    size: tuple[int, int] = (320, 180),
    picture: Callable[[int], Image] | None = None,
    strip: bool = True,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    gop: int = 12,
    b_frames: int = 2,
    base: Fraction | None = None,
    times: Sequence[int] | None = None,
    first: int = 0,
    timecode: str | None = None,
    reel: str | None = None,
    rotation: int = 0,
    audio: bool = False,
    container: str | None = None,
    container_options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
) -> Path:
    """Write a clip of numbered pictures and return its path.

    `size` is (width, height) as shown, so a clip with `rotation=90` (degrees clockwise that a player
    turns it) is stored lying on its side. `picture(number)` makes the picture above the number strip,
    or all of it with `strip=False`; by default a grey slope. `times` are the timestamps in ticks of
    `base` (default: one frame at `rate`) for variable rate, one per picture; without it pictures follow
    each other from `first` on.
    `timecode` is a label with `;` for drop-frame. The container follows from the path's ending.
    """
    base = base or 1 / Fraction(rate)
    if times is None:
        times = [first + round(number / (rate * base)) for number in range(frames)]
    # Muxers like to shift a late first picture to zero; here late means late.
    options = {"avoid_negative_ts": "disabled", **(container_options or {})}
    with av.open(str(path), "w", format=container, options=options) as output:
        stream = output.add_stream(codec, rate=Fraction(rate), options=codec_options or {})
        assert isinstance(stream, av.VideoStream)
        width, height = size if rotation % 180 == 0 else size[::-1]
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.time_base = stream.codec_context.time_base = base
        stream.codec_context.thread_count = 1  # the same bytes on every machine
        stream.codec_context.gop_size = gop
        if codec in ("libx264", "libx265", "mpeg4", "mpeg2video"):
            stream.codec_context.max_b_frames = b_frames
        if rotation:
            stream.set_display_rotation(-rotation)
        if timecode:
            # In QuickTime files it is a track of its own, elsewhere a tag of the whole file.
            (stream if path.suffix in (".mov", ".mp4") else output).metadata["timecode"] = timecode
        if reel:
            stream.metadata["reel_name"] = reel
        sound_codec = "pcm_s16le" if path.suffix == ".mxf" else "aac"
        sound = output.add_stream(sound_codec, rate=48000, layout="mono") if audio else None

        for number, pts in enumerate(times):
            image = picture(number) if picture else slope(size)
            if strip:
                image = numbered(image, number)
            turned = np.ascontiguousarray(np.rot90(image, rotation // 90))
            frame = av.VideoFrame.from_ndarray(turned, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = pts, base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if isinstance(sound, av.AudioStream):
            for heard in (*tone(float((times[-1] + 1) * base)), None):
                output.mux(sound.encode(heard))
    return path


def slope(size: tuple[int, int]) -> Image:
    """A grey picture, darker at the left."""
    width, height = size
    row = np.linspace(60, 190, width).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, width, 3)))


def numbered(image: Image, number: int) -> Image:
    """The picture with its number written into the strip at the bottom."""
    if not 0 <= number < 1 << BITS:
        raise ValueError(f"the strip holds {BITS} bits, not {number}")
    height, width = image.shape[:2]
    bits = [number >> (BITS - 1 - bit) & 1 for bit in range(BITS)]
    columns = np.arange(width) * BITS // width
    image = image.copy()
    image[height - _strip(height) :] = (np.array(bits, np.uint8)[columns] * 235 + 10)[None, :, None]
    return image


def read_number(image: Image) -> int:
    """The number in the strip of an upright picture of any size (at least 48 pixels wide)."""
    height, width = image.shape[:2]
    strip = image[height - _strip(height) * 3 // 4 : height - _strip(height) // 4].mean(axis=(0, 2))
    centres = ((np.arange(BITS) + 0.5) * width / BITS).astype(int)
    return int("".join("1" if strip[centre] > 127 else "0" for centre in centres), 2)


def _strip(height: int) -> int:
    return max(height // 5, 4)


def tone(seconds: float) -> list[av.AudioFrame]:
    """440 Hz, mono, in pieces of 1024 samples."""
    samples = (np.sin(np.arange(int(seconds * 48000)) * (2 * np.pi * 440 / 48000)) * 8000).astype(np.int16)
    frames = []
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        frames.append(frame)
    return frames
