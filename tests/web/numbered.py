"""A library of clips whose pixels tell the number of the picture: what a player is checked against."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from momentidx.commands.index import index_now
from momentidx.commands.setting_up import set_up
from tests.clips import render
from tests.media.test_source import UNEVEN

CLIPS: dict[str, dict[str, Any]] = {
    "plain.mp4": {"timecode": "00:59:59:20", "audio": True},
    "late.mp4": {"first": 75},
    "ntsc.mp4": {"rate": Fraction(30000, 1001), "timecode": "10:00:58;20"},
    "variable.mp4": {"base": Fraction(1, 90000), "times": UNEVEN},
    "vp9.webm": {"codec": "libvpx-vp9", "codec_options": {"deadline": "realtime", "cpu-used": "8"}},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le", "rate": Fraction(30000, 1001),
                   "timecode": "10:00:58;20", "audio": True},
    "uneven.mkv": {"codec": "mpeg4", "base": Fraction(1, 1000), "times": [time // 90 for time in UNEVEN]},
    "turned.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le", "rotation": 90, "size": (180, 320)},
}  # fmt: skip
"""The last three are played as copies."""
FRAMES = 60


def make(folder: Path) -> None:
    """`footage` and its `library` in a folder."""
    (folder / "footage").mkdir(parents=True)
    for name, options in CLIPS.items():
        render(folder / "footage" / name, frames=FRAMES, **options)
    index_now(set_up(folder / "library"), [folder / "footage"])
