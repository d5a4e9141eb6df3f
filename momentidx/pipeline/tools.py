"""The things a worker needs, chosen by the settings and built once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from momentidx.caption.protocol import Captioner
from momentidx.config import Settings
from momentidx.events import Layer
from momentidx.hooks import choose
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
    def layers(self) -> tuple[Layer, ...]:
        """What the captioners would make today."""
        return tuple(Layer(captioner.name, captioner.version) for captioner in self.captioners)


@contextmanager
def open_tools(settings: Settings) -> Iterator[Tools]:
    """Build the tools; the decoding child ends with the block.

    Raises WrongUse for a captioner or embedder that nothing provides.
    """
    captioners: list[Captioner] = [choose("captioners", name).make(settings) for name in settings.captioners]
    embedder: Embedder = choose("embedders", settings.embedder).make(settings)
    with Decoder(settings) as decoder:
        yield Tools(settings, tuple(captioners), embedder, decoder)
