"""What an embedder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Embedder(Protocol):
    """Turns sentences into vectors whose inner product says how near their meanings are."""

    name: str
    """As in the settings."""
    version: str
    """Changes whenever the vectors could change; vectors of different versions are never mixed."""
    dimension: int

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(N,) sentences to (N, dimension) vectors of length 1."""
        ...
