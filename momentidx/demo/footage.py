"""About half a minute of footage with known contents: three clips, as a camera would name them.

`CLIPS` is the truth: which frames hold which shot and what happens there. `render` makes the file:
H.264 with a long group of pictures and B-frames in a QuickTime movie with a timecode track, so that
the demo takes the same way through the program as an editor's own footage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.video
import numpy as np

from momentidx.demo import scenes
from momentidx.demo.scenes import HEIGHT, WIDTH, Picture


@dataclass(frozen=True)
class Shot:
    """One shot of a clip and what is true of it."""

    frames: tuple[int, int]
    """First frame, and first frame of what follows."""
    happens: str
    """What an editor would say about it."""
    draw: Callable[[], Callable[[float, float], Picture]]
    """Paints the place and returns the picture at (0 to 1 through the shot, seconds from its start)."""
    camera: str
    """`still`, `pan-left`, `tilt-up`, `push-in`, `pull-out`, `hand-held`."""
    light: str = "normal"
    """`normal`, `bright` or `dark`."""
    fade_in: int = 0
    """Frames from black until the picture stands, counted from the shot's first frame."""
    fade_out: int = 0
    """Frames that fall to black, the shot's last frame being black."""

    def brightness(self, frame: int) -> float:
        """1, less during a fade, for a frame counted from the clip's first."""
        start, end = self.frames
        rising = (frame - start) / self.fade_in if self.fade_in else 1.0
        falling = (end - 1 - frame) / self.fade_out if self.fade_out else 1.0
        return min(1.0, rising, falling)


@dataclass(frozen=True)
class Clip:
    """One file of the demo footage."""

    name: str
    rate: Fraction
    start_timecode: str
    reel: str
    shots: tuple[Shot, ...]

    @property
    def frame_count(self) -> int:
        return self.shots[-1].frames[1]


def pan_left() -> Callable[[float, float], Picture]:
    canvas = scenes.hills()
    return lambda part, _: scenes.view(canvas, (canvas.shape[1] - WIDTH / 2 - 760 * part, HEIGHT / 2))


def tilt_up() -> Callable[[float, float], Picture]:
    canvas = scenes.tower()
    return lambda part, _: scenes.view(canvas, (WIDTH / 2, canvas.shape[0] - HEIGHT / 2 - 430 * part))


def push_in() -> Callable[[float, float], Picture]:
    canvas = scenes.cottage()
    return lambda part, _: scenes.view(canvas, (WIDTH, HEIGHT + 40 * part), scale=0.5 * 2.2**part)


def pull_out() -> Callable[[float, float], Picture]:
    canvas = scenes.sunset()
    return lambda part, _: scenes.view(canvas, (WIDTH, HEIGHT), scale=0.5 * 2.0 ** (1 - part))


def ball_crosses() -> Callable[[float, float], Picture]:
    background, radius = scenes.table(), 34

    def at(part: float, _: float) -> Picture:
        picture = background.copy()
        x = -radius / 2 + (WIDTH + radius) * part
        scenes.shadow(picture, (x + 8, 272 + radius), radius + 4)
        scenes.ball(picture, (x, 272), radius, (206, 32, 30), turn=(x / radius) % (2 * math.pi))
        return picture

    return at


def hand_held() -> Callable[[float, float], Picture]:
    canvas = scenes.books()

    def at(_: float, seconds: float) -> Picture:
        x, y, roll = (
            sum(size * math.sin(2 * math.pi * hertz * seconds + phase) for size, hertz, phase in waves)
            for waves in (
                ((9, 0.4, 0.3), (5, 1.3, 1.1), (2, 2.9, 4.0)),
                ((6, 0.5, 2.0), (5, 1.7, 0.2), (2, 3.3, 1.5)),
                ((0.5, 0.6, 0.9), (0.25, 1.9, 3.1)),
            )
        )
        return scenes.view(canvas, (canvas.shape[1] / 2 + x, canvas.shape[0] / 2 + y), roll=roll)

    return at


def balloon_rises() -> Callable[[float, float], Picture]:
    background = scenes.high_key()

    def at(part: float, seconds: float) -> Picture:
        picture = background.copy()
        x, y = 370 + 6 * math.sin(4 * seconds), HEIGHT + 10 - (HEIGHT + 20) * part
        scenes.ball(picture, (x, y), 30, (120, 176, 232), turn=-2.2)
        return picture

    return at


def light_moves() -> Callable[[float, float], Picture]:
    background = scenes.night_street()

    def at(part: float, _: float) -> Picture:
        picture = background.copy()
        scenes.glow(picture, (WIDTH + 6 - (WIDTH + 12) * part, 306), 16, (255, 214, 140))
        return picture

    return at


CLIPS = (
    Clip(
        "A001_day.mov",
        Fraction(25),
        "10:00:00:00",
        "A001",
        (
            Shot((0, 125), "Fade from black; the camera pans left over green hills", pan_left, "pan-left", fade_in=25),
            Shot((125, 225), "The camera tilts up a brick tower", tilt_up, "tilt-up"),
            Shot((225, 325), "The camera pushes in on a white cottage", push_in, "push-in"),
        ),
    ),
    Clip(
        "A002_studio.mov",
        Fraction(25),
        "14:30:00:00",
        "A002",
        (
            Shot((0, 96), "A red ball crosses the frame from left to right", ball_crosses, "still"),
            Shot((96, 192), "A bookcase, hand-held", hand_held, "hand-held"),
            Shot((192, 264), "A blue balloon rises in a white room", balloon_rises, "still", "bright"),
        ),
    ),
    Clip(
        "A003_night.mov",
        Fraction(25),
        "22:15:00:00",
        "A003",
        (
            Shot((0, 125), "Night; a light moves from right to left", light_moves, "still", "dark"),
            Shot((125, 225), "The camera pulls out from a sunset; fade to black", pull_out, "pull-out", fade_out=25),
        ),
    ),
)


def pictures(clip: Clip) -> Iterator[Picture]:
    """The pictures of a clip in order, (H, W, 3) RGB."""
    for shot in clip.shots:
        at = shot.draw()
        start, end = shot.frames
        for frame in range(start, end):
            picture = at((frame - start) / (end - start - 1), float((frame - start) / clip.rate))
            brightness = shot.brightness(frame)
            yield picture if brightness == 1 else np.rint(picture * brightness).astype(np.uint8)


def render(clip: Clip, file: Path, on_frame: Callable[[], None] | None = None) -> None:
    """Write one clip; `on_frame` is called after each of its `frame_count` pictures."""
    with av.open(str(file), "w", format="mov") as container:
        container.metadata["timecode"] = clip.start_timecode
        stream = container.add_stream("libx264", rate=clip.rate)
        stream.metadata["reel_name"] = clip.reel  # the muxer passes it on to the timecode track
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = 1 / clip.rate
        stream.codec_context.thread_count = 2  # a fixed number: x264's output depends on it
        stream.options = {"crf": "17", "preset": "veryfast", "g": "250", "bf": "3"}
        for number, picture in enumerate(pictures(clip)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / clip.rate
            container.mux(stream.encode(frame))
            if on_frame:
                on_frame()
        container.mux(stream.encode(None))
