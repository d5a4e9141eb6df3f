"""How momentidx and OpenTimelineIO spell the same file and the same rate."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote_to_bytes, urlsplit

from opentimelineio.opentime import RationalTime, from_timecode


def url_of(path: str) -> str:
    """The `file://` URL of a path of this or another system; every byte of its name is kept."""
    windows = path[1:2] == ":" or path.startswith("\\\\")
    return (PureWindowsPath(path) if windows else PurePosixPath(path)).as_uri()


def path_of(url: str) -> str:
    """The path that a `target_url` means: a `file:` URL is decoded, a bare path is taken as it stands."""
    if not url.startswith("file:"):
        return url
    parts = urlsplit(url)
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if parts.netloc not in ("", "localhost"):
        return f"//{parts.netloc}{path}"
    return path[1:] if path[2:3] == ":" else path


def file_name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def otio_rate(rate: Fraction) -> float:
    """The rate as OTIO spells it: the SMPTE rate that is meant, else the number as it is."""
    nearest = float(RationalTime.nearest_smpte_timecode_rate(float(rate)))
    return nearest if abs(float(rate) - nearest) <= nearest * 0.001 else float(rate)


def exact_rate(rate: float) -> Fraction:
    """The inverse: 24000/1001 for 23.976..."""
    ntsc = Fraction(round(rate) * 1000, 1001)
    return ntsc if abs(float(ntsc) - rate) < 1e-6 else Fraction(rate).limit_denominator(1001)


def day_frames(rate: float, *, drop_frame: bool) -> int:
    """Frames after which labels begin again."""
    label = "23:59:59;00" if drop_frame else "23:59:59:00"
    return int(from_timecode(label, rate).value) + round(rate)
