"""A story as a video file: H.264 at 25 pictures a second, so that every edge of the truth lies on a picture."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import av.video

from momentidx.training.world.pictures import picture
from momentidx.training.world.story import RATE, Story


def write(story: Story, file: Path, side: int = 224, on_frame: Callable[[], None] | None = None) -> None:
    """Write a clip (its ending says the container); `on_frame` is called after each of its `frames` pictures."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE))
        stream.width, stream.height, stream.pix_fmt = side, side, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        stream.codec_context.thread_count = 1  # x264's output depends on it
        stream.options = {"crf": "18", "preset": "veryfast"}
        for number in range(story.frames):
            frame = av.VideoFrame.from_ndarray(picture(story, number, side), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
            if on_frame:
                on_frame()
        container.mux(stream.encode(None))
