"""The embedders of momentidx, offered as anyone's would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from momentidx.hooks import Offer, hookimpl

if TYPE_CHECKING:
    from momentidx.config import Settings
    from momentidx.search.protocol import Embedder


@hookimpl
def embedders() -> list[Offer[Embedder]]:
    return [
        Offer("minilm", "English sentences as 384 numbers (all-MiniLM-L6-v2), on the CPU.", _minilm),
        Offer(
            "multilingual",
            "Sentences of more than 50 languages as 384 numbers, on the CPU; needs 'models pull multilingual'.",
            _multilingual,
        ),
    ]


def _minilm(_: Settings) -> Embedder:
    from momentidx.search.minilm import MiniLMEmbedder, installed_weights

    return MiniLMEmbedder(installed_weights())


def _multilingual(settings: Settings) -> Embedder:
    from momentidx.models.store import Store
    from momentidx.search.multilingual import MultilingualEmbedder

    return MultilingualEmbedder(Store.of(settings))
