"""The things a worker needs, chosen by the settings and built once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from momentidx.caption.auto import resolved
from momentidx.caption.protocol import Captioner
from momentidx.config import Settings
from momentidx.events import Layer
from momentidx.hooks import choose
from momentidx.library import Wanted
from momentidx.media.child import Decoder
from momentidx.search.protocol import Embedder


@dataclass(frozen=True, slots=True)
class Tools:
    """Captioners in the order of the settings, the embedder, and the decoding child."""

    settings: Settings
    captioners: tuple[Captioner, ...]
    embedder: Embedder
    decoder: Decoder

    @property
    def wanted(self) -> Wanted:
        """What these tools would make today, and of which files."""
        return Wanted(
            layers=tuple(Layer(captioner.name, captioner.version) for captioner in self.captioners),
            embedder=self.embedder,
            captioners=lambda path: self.settings.for_path(path).captioners,
            decoder=self.decoder.version,
            pair_proxies=self.settings.pair_proxies,
            newest_first=self.settings.queue_order == "newest",
        )

    def captioner(self, name: str) -> Captioner:
        return next(captioner for captioner in self.captioners if captioner.name == name)


@contextmanager
def open_tools(settings: Settings) -> Iterator[Tools]:
    """Build the tools; the decoding child ends with the block. What the captioner `auto` stands for is settled here.

    Raises WrongUse for a captioner or embedder that nothing provides.
    """
    settings = resolved(settings)
    folders = [folder.captioners or () for folder in settings.folders.values()]
    names = dict.fromkeys(name for some in (settings.captioners, *folders) for name in some)
    captioners: list[Captioner] = [choose("captioners", name).make(settings) for name in names]
    embedder: Embedder = choose("embedders", settings.embedder).make(settings)
    with Decoder(settings) as decoder:
        yield Tools(settings, tuple(captioners), embedder, decoder)
