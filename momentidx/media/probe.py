"""Probing: what a media file is, as a `Footage`.

The file is parsed in the decoding child (`facts.py`); this side adds its identity and turns the
start timecode's label into a frame number.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from momentidx.errors import WrongUse
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.identity import fingerprint
from momentidx.times import StartTimecode, frame_of_timecode


def probe(path: Path, decoder: Decoder) -> Footage:
    """The facts of one media file. Raises UnusableFootage, with a code for each kind of trouble."""
    path = path.absolute()
    identity = fingerprint(path)
    settings = decoder.settings
    footage, label = decoder.run(_read, path, settings.max_pixels, file=path, seconds=settings.decode_base_seconds)
    footage = replace(footage, fingerprint=identity)
    return _with_timecode(footage, *label) if label else footage


def _read(path: Path, max_pixels: int) -> tuple[Footage, tuple[str, str] | None]:
    from momentidx.media import facts  # in the child: it loads FFmpeg

    return facts.read(path, max_pixels)


def _with_timecode(footage: Footage, label: str, source: str) -> Footage:
    try:
        frame, drop_frame = frame_of_timecode(label, footage.rate)
    except WrongUse as error:
        return replace(footage, warnings=(*footage.warnings, f"its start timecode is left out: {error}"))
    return replace(footage, start=StartTimecode(frame, drop_frame, source))
