"""Would an editing program take this timeline? Asked of every file after it was written."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from opentimelineio.core import deserialize_json_from_file
from opentimelineio.exceptions import OTIOError
from opentimelineio.schema import Clip, Timeline

from momentidx.errors import MomentidxError
from momentidx.timeline.names import clip_file, one_line
from momentidx.timeline.reread import Use, uses

NOTHING = "The timeline has no clip. Export a query that finds something."
NEGATIVE = "it starts before timecode 00:00:00:00. Index its file again, then export."
EARLY = "it starts before its file does. Index the file again, then export."
LATE = "it goes on after its file ends. Index the file again, then export."

CHECKED = (".otio", ".fcpxml", ".xml", ".mlt", ".kdenlive", ".edl", ".ale", ".aaf")
"""Endings of the files that can be read back."""

NAMED_CLIPS = 3
"""How many clips a problem names before it only counts them."""


def check_file(file: Path) -> list[str]:
    """Read back a file that we wrote, and check it.

    For our own files only: OpenTimelineIO's parser is not made for files of unknown origin, which can
    end the process. Raises MomentidxError when the file cannot be read as its ending says, and WrongUse
    when files of this ending cannot be checked.
    """
    if file.suffix.lower() == ".otio":
        return check(_timeline(file))
    found = uses(file)
    if not found:
        return [NOTHING]
    problems = [f"{use.label}: {problem}" for use in found for problem in _use_problems(use)]
    return problems + _missing_files([(use.label, Path(use.path)) for use in found if use.path])


def can_check(file: Path) -> bool:
    return file.suffix.lower() in CHECKED


def _timeline(file: Path) -> Timeline:
    try:
        timeline = deserialize_json_from_file(os.fsencode(file))  # itself: its text would be 60 MB in between
    except (OSError, ValueError, LookupError, OTIOError) as error:
        raise MomentidxError(f"{file} cannot be read back: {error}. Export it again.") from error
    if not isinstance(timeline, Timeline):
        raise MomentidxError(f"{file} holds no timeline. Export it again.")
    return timeline


def _use_problems(use: Use) -> Iterator[str]:
    start, end = use.source
    if end <= start:
        yield f"it is {end - start} long. Remove it, or export it again."
    if start < 0:
        yield NEGATIVE
    if use.media and start < use.media[0]:
        yield EARLY
    if use.media and end > use.media[1]:
        yield LATE


def check(timeline: Timeline) -> list[str]:
    """What is wrong with a timeline: one sentence a problem, with the clip and what to do; [] is good."""
    clips = list(_named_clips(timeline))
    if not clips:
        return [NOTHING]
    problems = [f"{label}: {problem}" for label, clip, file in clips for problem in _clip_problems(clip, file)]
    files = [(label, file) for label, _, file in clips if file]
    return problems + _missing_files(files) + _same_names({file for _, file in files})


def _named_clips(timeline: Timeline) -> Iterator[tuple[str, Clip, Path | None]]:
    """How an editor finds each clip (`Video 1, clip 3 (A001.mov)`), the clip, and its file."""
    for track in timeline.tracks:
        for number, clip in enumerate(track.find_children(descended_from_type=Clip), start=1):
            yield f"{track.name}, clip {number} ({one_line(clip.name, 60)})", clip, clip_file(clip)


def _clip_problems(clip: Clip, file: Path | None) -> Iterator[str]:
    if file is None:
        yield "it points to no file. Relink it, or export it again."
        return
    source, available = clip.source_range, clip.media_reference.available_range
    if source is None or available is None:
        yield "it does not say which part of its file it plays. Export it again."
        return
    start, begins, length = source.start_time, available.start_time, source.duration.value
    if length <= 0:
        yield f"it is {length:g} frames long. Remove it, or export it again."
    if start.value < 0 or begins.value < 0:
        yield NEGATIVE
    if start < begins:
        yield EARLY
    if source.end_time_exclusive() > available.end_time_exclusive():
        yield LATE


def _missing_files(files: list[tuple[str, Path]]) -> list[str]:
    """One problem for each file that is not there, however many clips play it."""
    players = defaultdict(list)
    for label, file in files:
        players[file].append(label)
    return [
        f"{file} is not there ({_some(labels)}). Connect its drive, or index the folder it was moved to, then export."
        for file, labels in players.items()
        if not os.path.exists(file)  # noqa: PTH110  (Path.exists raises in a folder that we may not enter)
    ]


def _same_names(files: set[Path]) -> list[str]:
    """One problem for each name that several files have: the wrong one may be linked, and look right."""
    namesakes = defaultdict(list)
    for file in sorted(files):
        namesakes[file.name].append(str(file))
    return [
        f"{len(paths)} different files are called {name} ({_some(paths)}). A program that relinks by name can take "
        "the wrong one: keep each in the folder of its card."
        for name, paths in namesakes.items()
        if len(paths) > 1
    ]


def _some(labels: list[str]) -> str:
    more = len(labels) - NAMED_CLIPS
    return "; ".join(labels[:NAMED_CLIPS]) + (f"; and {more} more" if more > 0 else "")
