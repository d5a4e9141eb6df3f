"""What happens to one file, from the first byte read to the moments that people find.

    probe      fingerprint and facts: which footage is it?           stored: footage, where it lies
    describe   watch the pictures, once for each captioner            stored: a layer, not shown yet
    pictures   poster and strip, and stills that went missing         stored: pictures
    embed      a vector for every new caption                         stored: vectors; the layer is shown

This is the one place where the order of the steps can be read. Each is a job of its own (see
`library/jobs.py`) and stored by itself, so that a new captioner or embedder repeats its own step only.
A captioner may be shown several footages at a time (see `describing.py`); everything else is done one by one.
Nothing here knows a captioner, a database or a decoder by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from momentidx.errors import UnusableFootage
from momentidx.events import Event, Layer
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import Claim, Described, Job, Strip, WritableLibrary
from momentidx.media.frames import Frames
from momentidx.media.identity import fingerprint
from momentidx.media.probe import probe as facts
from momentidx.media.source import Source
from momentidx.pipeline.tools import Tools

Tell = Callable[[Fraction], None]
"""Told from time to time how much of the file is done, 0 to 1; may raise to stop the work."""


def probe(claim: Claim, tools: Tools, library: WritableLibrary) -> Claim | None:
    """Find out which footage a file holds; the claim on its other stages, or None when the file changed meanwhile.

    Content that is known is not probed again. Raises UnusableFootage, like every stage.
    """
    before = _look(claim.path)
    content = fingerprint(claim.path)
    footage = library.footage_with(content) or facts(claim.path, tools.decoder)
    _check_unchanged(before)
    return library.recognise(claim, before, footage, tools.wanted)


class Work:
    """One footage, the file that it is read from, and the tools for it."""

    def __init__(self, file: SeenFile, footage: Footage, tools: Tools, library: WritableLibrary, tell: Tell) -> None:
        self.file = file
        self.footage = footage
        self.tools = tools
        self.library = library
        self.source = TellingSource(file.path, footage, tools, tell)


def unchanged(work: Work) -> bool:
    """Before a captioner is shown the pictures: raises UnusableFootage when the file is not what it was."""
    _check_unchanged(work.file)
    return True


def describe(job: Job, work: Work, told: Sequence[Event] | Exception) -> None:
    """One captioner's events, with their stills; or its failure, raised."""
    if isinstance(told, Exception):
        raise told
    captioner = work.tools.captioner(job.tool)
    stills = work.source.stills([event.span for event in told])
    _check_unchanged(work.file)
    filters = getattr(captioner, "filters", {})
    described = Described(Layer(captioner.name, captioner.version), told, stills, filters)
    work.library.keep_layer(job, work.footage, work.file.path, described, work.tools.wanted)


def pictures(job: Job, work: Work) -> None:
    """Poster and strip, and stills of events that went missing.

    After a description they cost no second look at the footage; nor do single stills, a few pictures each.
    """
    _check_unchanged(work.file)
    bare, events = work.library.unpictured(work.footage)
    spans = list(events.values())
    poster = strip = None
    if bare:
        poster, sprite = work.source.poster(), work.source.sprite()
        strip = Strip(sprite.jpeg, {"columns": sprite.columns, "rows": sprite.rows, "pts": list(sprite.pts)})
    stills = work.source.stills(spans) if bare else work.source.middles(spans)
    _check_unchanged(work.file)
    work.library.keep_pictures(job, poster, strip, dict(zip(events, stills, strict=True)))


def embed(job: Job, work: Work) -> None:
    """Vectors of all captions that have none. The file itself may be away."""
    silent = work.library.unembedded(work.footage.fingerprint, work.tools.wanted)
    vectors = work.tools.embedder.embed(list(silent.values()))
    work.library.keep_vectors(job, work.file.path, work.tools.embedder, list(silent), vectors)


AFTERWARDS: Mapping[str, Callable[[Job, Work], None]] = {"pictures": pictures, "embed": embed}
"""What comes after the probe and the descriptions, in its order."""


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

    def at(self, pts: Sequence[int], *, width: int) -> Frames:
        frames = super().at(pts, width=width)
        self._tell(Fraction(max(pts, default=self._span.start) - self._span.start, self._span.end - self._span.start))
        return frames


def _look(path: Path) -> SeenFile:
    try:
        return SeenFile.of(path)
    except OSError as error:
        why = f"{path}: it is not to be read any more: {error.strerror}."
        raise UnusableFootage("gone", why, passing=True) from error


def _check_unchanged(before: SeenFile) -> None:
    if _look(before.path) != before:
        raise UnusableFootage("changed", f"{before.path}: the file changed while it was read.", passing=True)
