"""What happens to one file, from the first byte read to the last row written.

    fingerprint -> probe -> watch the pictures and describe -> embed -> store

This is the one place where the order of the steps can be read. Nothing here knows a captioner, a
database or a decoder by name, and nothing is stored before everything is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

from momentidx.caption.protocol import Captioner
from momentidx.errors import UnusableFootage
from momentidx.events import Layer
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import Described, Job, WritableLibrary
from momentidx.media.frames import Frames
from momentidx.media.identity import fingerprint
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.pipeline.tools import Tools


class Overtaken(Exception):
    """The file was queued again while it was read; nothing was stored."""


Tell = Callable[[Fraction], None]
"""Told from time to time how much of the file is done, 0 to 1; may raise to stop the work."""


def index(job: Job, tools: Tools, library: WritableLibrary, tell: Tell) -> Footage:
    """Bring the library up to date with one file.

    Raises UnusableFootage when the file cannot be indexed, and whatever `tell` raises.
    """
    before = _look(job.path)
    content = fingerprint(job.path)
    missing = [
        captioner
        for captioner, layer in zip(tools.captioners, tools.layers, strict=True)
        if not library.has(content, layer, tools.embedder)
    ]
    if not missing:
        return library.link(job, before, content)

    footage = probe(job.path, tools.decoder)
    source = TellingSource(job.path, footage, tools, tell)
    described = [describe(captioner, footage, source, tools) for captioner in missing]
    if _look(job.path) != before:
        raise UnusableFootage("changed", f"{job.path}: the file changed while it was read.", passing=True)
    if not library.finish(job, before, footage, described, poster=source.poster()):
        raise Overtaken
    return footage


def describe(captioner: Captioner, footage: Footage, source: Source, tools: Tools) -> Described:
    """One captioner's events of one footage, with their vectors and stills."""
    events = captioner.describe(footage, source)
    return Described(
        layer=Layer(captioner.name, captioner.version),
        events=events,
        vectors=tools.embedder.embed([event.caption for event in events]),
        embedder=tools.embedder,
        stills=source.stills([event.span for event in events]),
    )


class TellingSource(Source):
    """The frames of a footage, telling how far the pass over them has come."""

    def __init__(self, path: Path, footage: Footage, tools: Tools, tell: Tell) -> None:
        super().__init__(path, footage, tools.decoder, tools.settings)
        self._span = footage.span
        self._tell = tell

    def watch(self, *, per_second: Fraction | int, width: int) -> Iterator[Frames]:
        for frames in super().watch(per_second=per_second, width=width):
            self._tell(Fraction(int(frames.pts[-1]) - self._span.start, self._span.end - self._span.start))
            yield frames


def _look(path: Path) -> SeenFile:
    try:
        return SeenFile.of(path)
    except OSError as error:
        raise UnusableFootage("gone", f"{path}: {error.strerror}.", passing=True) from error
