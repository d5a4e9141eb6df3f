"""How a target finds a file and counts its frames: paths instead of URLs, positions from the first picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from opentimelineio.schema import Clip, Timeline

from momentidx.errors import MomentidxError
from momentidx.timeline.cuts import Cut, CutList, Media
from momentidx.timeline.names import one_line, plain_path, safe_text


def clips(timeline: Timeline) -> Iterator[Clip]:
    """The clips of all tracks."""
    for track in timeline.tracks:
        for item in track:
            if isinstance(item, Clip):
                yield item


def plain_name(url: str) -> str:
    """The path of a file, for programs that take a `file://` URL for an odd file name.

    Raises MomentidxError for a name that is not text (not UTF-8, control characters): only a URL can spell it.
    """
    path = plain_path(url)
    if safe_text(path) != path:
        raise MomentidxError(
            f"{one_line(path)}: this format writes file names as they are, and this one is not plain text. "
            "Rename the file and index it again, or export as .otio, .fcpxml or .xml, which can name it."
        )
    return path


def bare_paths(cuts: CutList) -> CutList:
    """Name files by path."""
    return with_media(cuts, lambda media: replace(media, url=plain_name(media.url)))


def from_zero(cuts: CutList) -> CutList:
    """Count the frames of every file from its first picture instead of in its timecode."""

    def moved(cut: Cut) -> Cut:
        zero = cut.media.start
        marks = tuple(replace(mark, start=mark.start - zero, end=mark.end - zero) for mark in cut.marks)
        others = tuple(map(moved, cut.alternates))
        return replace(cut, start=cut.start - zero, end=cut.end - zero, marks=marks, alternates=others)

    items = tuple(moved(item) if isinstance(item, Cut) else item for item in cuts.items)
    return with_media(replace(cuts, items=items), lambda media: replace(media, start=0))


def with_media(cuts: CutList, change: Callable[[Media], Media]) -> CutList:
    """The same cuts with every file changed, once."""
    changed = {media.url: change(media) for media in cuts.media}

    def played(cut: Cut) -> Cut:
        return replace(cut, media=changed[cut.media.url], alternates=tuple(map(played, cut.alternates)))

    return replace(cuts, items=tuple(played(item) if isinstance(item, Cut) else item for item in cuts.items))
