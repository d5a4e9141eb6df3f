"""OpenTimelineIO with its media in one zip archive (`.otioz`), to hand a timeline to somebody else.

The bundle is written here, and not through OTIO's adapter, which would first load whatever plug-ins the
environment names and refuses two files of one name.
"""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from opentimelineio.schema import Timeline

from momentidx.errors import MomentidxError
from momentidx.timeline.conform.media import clips
from momentidx.timeline.conform.targets import generic
from momentidx.timeline.names import ascii_text, media_path
from momentidx.timeline.write.files import replacing
from momentidx.timeline.write.otio import otio_text

BUNDLE_VERSION = b"1.0.0"
# The same moments give the same bytes: no clock, and this is the oldest date that a zip can hold.
UNDATED = (1980, 1, 1, 0, 0, 0)


class OtiozWriter:
    """Writes the timeline and a copy of every file it plays, whole and uncompressed."""

    name = "otioz"
    suffix = ".otioz"
    mixed_rates = False
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        bundled = generic(timeline)
        names: dict[str, str] = {}
        for clip in clips(bundled):
            reference = clip.media_reference
            url = reference.target_url
            if url not in names:
                names[url] = _free_name(media_path(url).name, set(names.values()))
            reference.target_url = f"media/{names[url]}"
        for url in names:
            if not media_path(url).is_file():
                raise MomentidxError(
                    f"{media_path(url)} is not there, so it cannot be put into {file.name}. Connect its drive."
                )
        with replacing(file) as part, zipfile.ZipFile(part, "w", allowZip64=True) as archive:
            archive.writestr(zipfile.ZipInfo("content.otio", UNDATED), otio_text(bundled))
            archive.writestr(zipfile.ZipInfo("version.txt", UNDATED), BUNDLE_VERSION)
            for url, name in names.items():
                _add(archive, media_path(url), f"media/{name}")


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> None:
    """Copy a file into the archive piece by piece: it may be larger than memory."""
    with source.open("rb") as stream, archive.open(zipfile.ZipInfo(name, UNDATED), "w", force_zip64=True) as copy:
        while piece := stream.read(1 << 20):
            copy.write(piece)


def _free_name(name: str, taken: set[str]) -> str:
    """A plain ASCII name that no other file in the bundle has, also not in other letters."""
    plain = PurePosixPath(ascii_text(name).replace("\\", "_").replace("#", "_").replace("%", "_"))
    used = {other.casefold() for other in taken}
    number, found = 1, plain.name
    while found.casefold() in used:
        number += 1
        found = f"{plain.stem}-{number}{plain.suffix}"
    return found
