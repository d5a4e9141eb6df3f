"""The same sentence encoder as `minilm.py`, for a sentence or two, without torch.

Importing torch takes longer than everything else that a search does. So what embeds a query is these lines of numpy on
the same weights; what embeds the captions of a library, in batches, stays torch. A test compares both. See
`minilm.py` for where the network comes from; one sentence has no padding, so there is no mask here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

TABLE = "embeddings.word_embeddings.weight"
"""The one tensor that is not asked for by name: of hundreds of megabytes, a sentence needs a few rows."""
HEADS = 12
EPSILON = np.float32(1e-12)
_ROOT_OF_2 = np.float32(2**0.5)


class NumpyMiniLM:
    """Token numbers in, a sentence vector out."""

    def __init__(self, tensors: Mapping[str, Matrix], words: Callable[[Sequence[int]], Matrix]) -> None:
        """The tensors of a published BERT checkpoint, under their names there; of `TABLE` the rows, (T,) to (T, D)."""
        self._tensors = tensors
        self._words = words
        self._layers = sum(name.endswith(".intermediate.dense.weight") for name in tensors)

    def __call__(self, tokens: list[int]) -> Matrix:
        """(T,) token numbers to a (D,) vector of length 1."""
        positions, segments = (self._tensors[f"embeddings.{of}_embeddings.weight"] for of in ("position", "token_type"))
        x = self._words(tokens) + positions[: len(tokens)] + segments[0]  # (T, D)
        x = self._norm("embeddings.LayerNorm", x)
        for layer in range(self._layers):
            x = self._layer(f"encoder.layer.{layer}", x)
        mean: Matrix = x.mean(axis=0)  # (T, D) -> (D,)
        return mean / np.linalg.norm(mean)

    def _layer(self, name: str, x: Matrix) -> Matrix:
        x = self._norm(f"{name}.attention.output.LayerNorm", x + self._attention(f"{name}.attention", x))
        wide = _gelu(self._linear(f"{name}.intermediate.dense", x))  # (T, D) -> (T, 4 D)
        return self._norm(f"{name}.output.LayerNorm", x + self._linear(f"{name}.output.dense", wide))

    def _attention(self, name: str, x: Matrix) -> Matrix:
        q, k, v = (_split(self._linear(f"{name}.self.{part}", x)) for part in ("query", "key", "value"))  # (H, T, D/H)
        scores = q @ k.transpose(0, 2, 1) / np.float32(q.shape[-1] ** 0.5)  # (H, T, T)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = scores / scores.sum(axis=-1, keepdims=True) @ v  # (H, T, D/H)
        return self._linear(f"{name}.output.dense", mixed.transpose(1, 0, 2).reshape(x.shape))

    def _linear(self, name: str, x: Matrix) -> Matrix:
        # W x^T: for the few rows of a sentence OpenBLAS takes a fifth less time than for x W^T, for the same numbers.
        return np.ascontiguousarray((self._tensors[f"{name}.weight"] @ x.T).T) + self._tensors[f"{name}.bias"]

    def _norm(self, name: str, x: Matrix) -> Matrix:
        x = x - x.mean(axis=-1, keepdims=True)
        scaled = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON)
        return scaled * self._tensors[f"{name}.weight"] + self._tensors[f"{name}.bias"]


def _split(x: Matrix) -> Matrix:
    return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)  # (T, D) -> (H, T, D/H)


def _gelu(x: Matrix) -> Matrix:
    return x * np.float32(0.5) * (np.float32(1) + _erf(x / _ROOT_OF_2))


def _erf(x: Matrix) -> Matrix:
    """The error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26); numpy has none."""
    t: Matrix = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * np.abs(x))
    factors = np.array((1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592), np.float32)
    tail = np.zeros_like(t)
    for factor in factors:
        tail = tail * t + factor
    erf: Matrix = np.sign(x) * (1 - tail * t * np.exp(-x * x))
    return erf
