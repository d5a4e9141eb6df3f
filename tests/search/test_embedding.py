"""Which embedder a library is searched with while another takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.errors import WrongUse
from momentidx.library import Coverage
from momentidx.search.embedding import searchable


@dataclass(frozen=True)
class Named:
    """Stands for an embedder; nothing is embedded here."""

    name: str
    version: str = "1"
    dimension: int = 3

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError(sentences)


@dataclass(frozen=True)
class Covered:
    """Stands for a library."""

    coverage: tuple[Coverage, ...]

    def embedders(self) -> list[Coverage]:
        return list(self.coverage)


def make(name: str) -> Named:
    if name == "gone":
        raise WrongUse("There is no 'gone'.")
    return Named(name)


@pytest.mark.parametrize(
    ("coverage", "name", "sentence"),
    [
        ([], "new", None),
        ([Coverage("new", "1", 10)], "new", None),
        ([Coverage("old", "1", 10), Coverage("new", "1", 10)], "new", None),
        (
            [Coverage("old", "1", 1200), Coverage("new", "1", 40)],
            "old",
            "Searched with 'old': 'new' knows only 40 of 1,200 events so far.",
        ),
        ([Coverage("old", "1", 10)], "old", "Searched with 'old': 'new' knows only 0 of 10 events so far."),
        ([Coverage("new", "0", 10), Coverage("new", "1", 4)], "new", None),
        ([Coverage("old", "0", 10), Coverage("new", "1", 4)], "new", None),
        ([Coverage("gone", "1", 10), Coverage("new", "1", 4)], "new", None),
    ],
    ids=["nothing", "alone", "caught up", "behind", "not begun", "older version", "other version", "not installed"],
)
def test_the_former_embedder_is_used_while_it_knows_more_and_is_the_same(
    coverage: list[Coverage], name: str, sentence: str | None
) -> None:
    found = searchable(Covered(tuple(coverage)), "new", make)  # type: ignore[arg-type]
    assert found == (Named(name), sentence)
