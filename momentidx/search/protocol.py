"""What an embedder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Embedder(Protocol):
    """Turns sentences into vectors whose inner product says how near their meanings are.

    The inner product is near 0 for sentences that have nothing to do with each other, and 1 for equal ones: ranking
    adds it to other numbers from 0 to 1, and WITHOUT compares it with 0.5. Captions and questions are embedded alike.

    An embedder may also have a method `doubts(words) -> str | None`: a sentence for the person who asks when it is sure
    not to understand the words.
    """

    name: str
    """As in the settings."""
    version: str
    """Changes whenever the vectors could change; vectors of different versions are never mixed."""
    dimension: int

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(N,) sentences to (N, dimension) vectors of length 1."""
        ...
