"""Opening a container with FFmpeg (PyAV), inside the decoding child only.

FFmpeg takes names for URLs and files for playlists: `http:x.mp4` asks the network, an HLS list
renamed to `.mp4` opens whatever it names. So it gets no name at all but an open descriptor, may
open nothing else (`fd` is the one protocol allowed), and tries only the demuxers below, chosen by
content. What the decoders say goes to the standard error, which the parent keeps (`child.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.logging
from av.container import InputContainer

from momentidx.errors import UnusableFootage
from momentidx.media.files import open_media
from momentidx.media.identity import fingerprint

av.logging.restore_default_callback()
av.logging.set_libav_level(av.logging.WARNING)

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "mxf",
    "avi",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "flv",
    "asf",
    "ogg",
    "dv",
    "gxf",
    "lxf",
    "nut",
    "wtv",
)
"""Containers of footage. Never lists that name other files (hls, dash, concat, image2, sdp, imf ...)."""

_SOUND = ("aac", "ac3", "alac", "eac3", "flac", "mp2float", "mp3float", "opus", "vorbis")


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The container, for as long as the block lasts.

    Raises UnusableFootage when it cannot be opened (`not-allowed`, `not-media`, `truncated`,
    `unreadable`), and `unreadable` or `truncated` for what FFmpeg raises inside the block.
    """
    with open_media(path) as file:
        options = {
            "fd": str(file.fileno()),
            "protocol_whitelist": "fd",
            "format_whitelist": ",".join(DEMUXERS),
            # While opening, FFmpeg decodes a little of every stream that its header leaves unclear. Sound may
            # (channel layouts); pictures not before our own look at their size.
            "codec_whitelist": ",".join(_SOUND),
        }
        try:
            container = av.open("fd:", options=options, metadata_errors="replace")
        except av.ArgumentError as error:
            raise UnusableFootage(
                "not-allowed",
                f"{path}: this kind of file is not opened (a playlist, a picture, sound alone, or a rare format). "
                "Convert footage in it to MOV, MP4, MKV or MXF.",
            ) from error
        except av.FFmpegError as error:
            raise _unusable(path, error) from error
        with container:
            try:
                yield container
            except av.FFmpegError as error:
                raise _unusable(path, error) from error


def _unusable(path: Path, error: av.FFmpegError) -> UnusableFootage:
    if isinstance(error, MemoryError):
        raise MemoryError from error
    if isinstance(error, av.InvalidDataError | av.EOFError) and not _is_quicktime(path):
        return UnusableFootage("not-media", f"{path}: this is not a media file, whatever its name says.")
    # Demuxers report an input error for a file that ends too early; a disk that fails does so again.
    fingerprint(path)
    return UnusableFootage(
        "truncated",
        f"{path}: the file cannot be followed to its end or has no index; it was cut off, never finished, or is "
        "damaged. Copy it again from its source.",
    )


def _is_quicktime(path: Path) -> bool:
    """Whether the file begins as MOV and MP4 files do (ISO/IEC 14496-12: size, then kind of the first box)."""
    with open_media(path) as file:
        return file.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
