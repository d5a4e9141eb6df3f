"""Small maps on top of sentence vectors, learned from people's descriptions of footage.

Sentence vectors say how near two meanings are. To say whether a sentence and *the rest of a footage's
events* belong together, other directions of the vector count, and a matrix of low rank turns them.
It also holds what a sentence says about when it happens ("at the end", "he begins"). How both were
learned, and from what, stands in docs/evaluation.md; benchmarks/adapter.py makes the file again.

The numbers fit one version of one embedder. For any other the adapter changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from momentidx.search.protocol import Embedder

Array = NDArray[np.float32]
FILE = Path(__file__).with_name("adapter.safetensors")
DIRECT_SHARE = 0.3
"""How much of the map the comparison with one event takes; all of it serves the comparison with the whole footage.

Chosen on held-out training videos, where the right footage gains, and on the descriptions of DiDeMo, where more
brings nothing."""
GRID = 20
"""Positions are told in twentieths of a footage."""
CELLS: NDArray[np.int64] = np.array([(a, b) for a in range(GRID) for b in range(a + 1, GRID + 1)])
"""(210, 2): every span on that grid."""


@dataclass(frozen=True)
class Adapter:
    """Learned weights as arrays; empty for an embedder that they do not belong to."""

    weights: dict[str, Array]

    @classmethod
    def of(cls, embedder: Embedder) -> Adapter:
        """The shipped adapter if it was learned on this embedder's vectors, else one that changes nothing."""
        from safetensors import safe_open

        with safe_open(FILE, framework="numpy") as file:
            belongs = file.metadata() == {"embedder": embedder.name, "version": embedder.version}
            return cls({name: file.get_tensor(name).astype(np.float32) for name in file.keys()} if belongs else {})  # noqa: SIM118

    def direct(self, vectors: Array) -> Array:
        """(N, D) vectors to be compared event by event, of length 1."""
        return self._turned(vectors, DIRECT_SHARE)

    def context(self, vectors: Array) -> Array:
        """(N, D) vectors to be compared with the sum of a footage's events, of length 1."""
        return self._turned(vectors, 1.0)

    def position(self, vectors: Array) -> Array | None:
        """(N, 210) logarithms of how likely a sentence is said of each of the CELLS; None when not known."""
        if not self.weights:
            return None
        w = self.weights
        hidden = _gelu(vectors @ w["position.in"] + w["position.in.bias"])  # (N, H)
        logits = hidden @ w["position.out"] + w["position.out.bias"]  # (N, 210)
        logits -= logits.max(1, keepdims=True)
        chances: Array = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return chances

    def _turned(self, vectors: Array, share: float) -> Array:
        if not self.weights:
            return vectors
        turned = (vectors @ self.weights["map.down"]) @ self.weights["map.up"]
        return unit((vectors + share * turned).astype(np.float32, copy=False))


def unit(vectors: Array) -> Array:
    """Rows scaled to length 1."""
    scaled: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return scaled


def _gelu(x: Array) -> Array:
    """The usual approximation by tanh (Hendrycks and Gimpel, arXiv 1606.08415, section 2)."""
    y: Array = 0.5 * x * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3)))
    return y
