"""What happens to one file, from the first byte read to the last row written.

    fingerprint -> probe -> watch the pictures -> describe -> embed -> store

This is the one place where the order of the steps can be read. Nothing here knows a captioner, a
database or a decoder by name, and nothing is stored before everything is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from momentidx.caption.protocol import Captioner
from momentidx.errors import UnusableFootage
from momentidx.events import Event, Layer
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import Described, Job, WritableLibrary
from momentidx.media.frames import Frames
from momentidx.media.identity import fingerprint
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.pipeline.tools import Tools

Tell = Callable[[Fraction], None]
"""Is told from time to time how much of the file is done, 0 to 1; may raise to stop the work."""


def index(job: Job, tools: Tools, library: WritableLibrary, tell: Tell) -> Footage:
    """Bring the library up to date with one file.

    Raises UnusableFootage when the file cannot be indexed, and whatever `tell` raises.
    """
    path = job.path
    before = _look(path)
    content = fingerprint(path)
    known = library.find_footage(content)
    missing = [
        captioner
        for captioner in tools.captioners
        if not library.has(content, Layer(captioner.name, captioner.version), tools.embedder)
    ]
    if known is not None and not missing:
        library.link(job, before, content)
        return known

    footage = probe(path, tools.decoder)
    source = _Reporting(path, footage, tools, tell)
    described = [_describe(captioner, footage, source, tools) for captioner in missing]
    poster = source.stills().poster
    if _look(path) != before:
        raise UnusableFootage("changed", f"{path}: the file changed while it was read. It is tried again.", passing=True)
    library.finish(job, before, footage, described, poster=poster)
    return footage
