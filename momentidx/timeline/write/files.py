"""Putting a file where the user wants it: the whole file or nothing, and nothing of theirs overwritten."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.errors import MomentidxError, WrongUse
from momentidx.failpoints import reach
from momentidx.timeline.names import clip_file


def refuse_to_replace(file: Path, timeline: Timeline, *, force: bool = False) -> None:
    """Raise WrongUse unless `file` may be written: commands ask this, writers just write.

    An existing file may be replaced with `force` only; a file that the timeline plays, and what is
    not a regular file, never.
    """
    if not os.path.exists(file):  # noqa: PTH110  (Path.exists raises for a name that is too long)
        return
    if not file.is_file():
        raise WrongUse(f"{file} is not a file that can be replaced. Choose another name.")
    played = {clip_file(clip) for clip in timeline.find_clips()}
    if file.resolve() in {path.resolve() for path in played if path}:
        raise WrongUse(f"{file} is footage of this very timeline. Choose another name.")
    if not force:
        raise WrongUse(f"{file} exists already. Choose another name, or replace it with --force.")


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, either all of it is there or what was there before."""
    with replacing(file) as part:
        part.write_bytes(content)


@contextlib.contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A hidden temporary file in the same folder to write to; on leaving, it goes to the disk and under the name.

    A symbolic link stays one; the file it points to is replaced. Raises MomentidxError when a file
    operation fails, also in the block; the old file is then as it was.
    """
    target = file.resolve()
    part = target.parent / f".momentidx-{secrets.token_hex(8)}.part"
    try:
        try:
            part.open("xb").close()
            yield part
            with part.open("rb+") as stream:
                os.fsync(stream.fileno())
            reach("export.written")
            part.replace(target)
            reach("export.replaced")
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise MomentidxError(f"{file} was not written: {_reason(error, target.parent)}") from error
    _keep_name(target.parent)


def _reason(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOENT:
        return f"there is no folder {folder}. Create it, or choose another."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"the folder {folder} cannot be written to. Choose another, or change its permissions."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder} is full. Make room, or choose another folder."
    return f"{error.strerror}. Choose another name or folder."


def _keep_name(folder: Path) -> None:
    """Bring the new name to the disk as well, where the file system can; the file is there either way."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
