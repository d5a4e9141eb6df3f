"""Opening a container with FFmpeg (PyAV), inside the decoding child only.

FFmpeg takes names for URLs and files for playlists: `http:x.mp4` asks the network, an HLS list
renamed to `.mp4` opens whatever it names. So it gets no name at all but an open descriptor, may
open nothing else (`fd` is the one protocol allowed), and tries only the demuxers below, chosen by
content. What the decoders say goes to the standard error, which the parent keeps (`child.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import av
import av.logging
from av.container import InputContainer

from momentidx.errors import UnusableFootage
from momentidx.media.files import open_media, unreadable

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
            raise _unusable(path, file, error) from error
        with container:
            try:
                yield container
            except av.FFmpegError as error:
                raise _unusable(path, file, error) from error
            except _DiskFailed as failed:
                raise unreadable(path, failed.error) from failed


class _DiskFailed(Exception):
    """The disk, not the file's content, ended reading."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def refuse_if_disk_failed(container: InputContainer) -> None:
    """To be called where reading ended early: a file may end early, but what a disk kept back is not missing.

    FFmpeg calls both an input error. Where it stopped, a disk that fails does so again.
    """
    if failed := _disk_error(int(container.options["fd"])):
        raise _DiskFailed(failed)


def _disk_error(descriptor: int) -> OSError | None:
    """Why the byte where reading stands cannot be read."""
    try:
        os.pread(descriptor, 1, os.lseek(descriptor, 0, os.SEEK_CUR))
    except OSError as error:
        return error
    return None


def _unusable(path: Path, file: BinaryIO, error: av.FFmpegError) -> UnusableFootage:
    if isinstance(error, MemoryError):
        raise MemoryError from error
    if isinstance(error, av.InvalidDataError | av.EOFError) and not _is_quicktime(path):
        return UnusableFootage("not-media", f"{path}: this is not a media file, whatever its name says.")
    if failed := _disk_error(file.fileno()):
        return unreadable(path, failed)
    return UnusableFootage(
        "truncated",
        f"{path}: the file cannot be followed to its end or has no index; it was cut off, never finished, or is "
        "damaged. Copy it again from its source.",
    )


def _is_quicktime(path: Path) -> bool:
    """Whether the file begins as MOV and MP4 files do (ISO/IEC 14496-12: size, then kind of the first box)."""
    with open_media(path) as file:
        return file.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
