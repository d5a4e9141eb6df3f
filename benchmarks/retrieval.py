"""The right video, moment and span on two people's descriptions of the same videos, beside floors and goals.

python benchmarks/retrieval.py INDEX.json QUERIES.json [--json FILE]

Each row is what `momentidx eval retrieval` prints with the options named; sentences are embedded once for all.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentidx.commands.evaluating import Method
from momentidx.commands.retrieving import measure
from momentidx.evaluation.densevid import read_descriptions
from momentidx.search.minilm import MiniLMEmbedder, installed_weights

GOALS = {
    "goal": (18, 39, 51, 7.2, 20, 36, 29.5, 33.5), "beyond": (20, 42, 54, 8.5, 23, 40, 33, 37),
}  # fmt: skip
PAIRS_FLOOR = (17.7, 39.0, 50.5)
"""Right video by one embedding of "A, then B", as measured when the goals were set."""


class Remembering:
    """An embedder that embeds each sentence once."""

    def __init__(self) -> None:
        self._inner = MiniLMEmbedder(installed_weights())
        self.name, self.version, self.dimension = self._inner.name, self._inner.version, self._inner.dimension
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._known]
        self._known.update(zip(new, self._inner.embed(new), strict=True))
        return np.stack([self._known[sentence] for sentence in sentences])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--json", type=Path, help="also write every figure here")
    options = parser.parse_args()
    described, asked = read_descriptions(options.index), read_descriptions(options.queries)
    both = set(described.names) & set(asked.names)
    described, asked = described.only(both), asked.only(both)
    embedder = Remembering()
    rows: dict[str, dict[str, float]] = {}
    for pairs in (False, True):
        for method in Method:
            for position in (False, True) if method is Method.full else (False,):
                name = f"{method}{' --position' if position else ''}{' --pairs' if pairs else ''}"
                began = time.monotonic()
                rows[name] = measure(described, asked, method, embedder, pairs=pairs, position=position)
                print(f"| {name} | {' | '.join(f'{value:.2f}' for value in rows[name].values())} |"
                      f" {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
        if not pairs:
            for name, goals in GOALS.items():
                print(f"| {name} | {' | '.join(f'{value:g}' for value in goals)} |")
    print(f"| floor --pairs | {' | '.join(f'{value:g}' for value in PAIRS_FLOOR)} |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
