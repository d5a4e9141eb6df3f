"""The built-in embedder, offered as anyone's would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from momentidx.hooks import Offer, hookimpl

if TYPE_CHECKING:
    from momentidx.config import Settings
    from momentidx.search.protocol import Embedder


@hookimpl
def embedders() -> list[Offer[Embedder]]:
    return [Offer("minilm", "English sentences as 384 numbers (all-MiniLM-L6-v2), on the CPU.", _minilm)]


def _minilm(_: Settings) -> Embedder:
    from momentidx.search.minilm import MiniLMEmbedder, installed_weights

    return MiniLMEmbedder(installed_weights())
