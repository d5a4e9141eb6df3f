"""Which embedder a library is searched with while another takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.errors import MomentidxError, WrongUse
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
    if name == "half":
        raise MomentidxError("Run 'models pull half'.")
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


def test_while_the_wanted_one_is_not_whole_the_former_one_is_searched_and_the_reason_said() -> None:
    known = (Coverage("half", "1", 9), Coverage("old", "0", 7), Coverage("new", "1", 4))
    found = searchable(Covered(known), "half", make)  # type: ignore[arg-type]
    assert found == (Named("new"), "Searched with 'new': Run 'models pull half'.")


@pytest.mark.parametrize("name", ["half", "gone"])
def test_without_a_former_one_or_with_a_wrong_name_the_trouble_is_told(name: str) -> None:
    known = () if name == "half" else (Coverage("new", "1", 4),)
    with pytest.raises(MomentidxError, match="pull half" if name == "half" else "There is no 'gone'"):
        searchable(Covered(known), name, make)  # type: ignore[arg-type]
