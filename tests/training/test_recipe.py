"""Recipes: what the papers say, and changes that are checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from momentidx.errors import WrongUse
from momentidx.training import order
from momentidx.training import recipes as folder
from momentidx.training.methods import method_of
from momentidx.training.recipe import changed, differences
from momentidx.training.recipes import RECIPES

NUMBERS = {
    "vtimellm-align": ([1e-3], None, 1, 128, 0.03),
    "vtimellm-boundaries": ([], (64, 128, 1e-4, "merged"), 2, 128, 0.03),
    "vtimellm-dialogue": ([], (64, 128, 1e-4, "merged"), 2, 128, 0.03),
    "momentor-align": ([2e-5], None, 1, 32, 0.01),
    "momentor-sequences": ([2e-5] * 3, None, 1, 32, 0.01),
    "momentor-instruct": ([2e-5] * 3, None, 2, 32, 0.01),
    "grounded-caption": ([1e-3, 1e-5], None, 1, 256, 0.03),
    "grounded-grounding": ([2e-5] * 3, (128, 256, 2e-4, "continued"), 3, 128, 0.03),
    "grounded-instruct": ([2e-5] * 3, (128, 256, 2e-4, "continued"), 1, 96, 0.03),
}


def test_the_numbers_are_the_papers_and_the_published_scripts() -> None:
    found: dict[str, Any] = {}
    for name, recipe in RECIPES.items():
        adds = recipe.adds and (recipe.adds.rank, recipe.adds.alpha, recipe.adds.lr, recipe.adds.former)
        found[name] = ([one.lr for one in recipe.learns], adds, recipe.epochs, recipe.batch, recipe.warmup)
    assert found == NUMBERS
    assert {(recipe.decay, recipe.clip) for recipe in RECIPES.values()} == {(0.0, 1.0)}


def test_a_recipe_is_a_short_file_of_differences() -> None:
    for path in Path(folder.__file__).parent.glob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) < 100
        assert path.name == "__init__.py" or " if " not in text


@pytest.mark.parametrize("name", RECIPES)
def test_what_a_run_says_of_its_method_makes_it_again(name: str) -> None:
    assert method_of(RECIPES[name].to_json()["method"]) == RECIPES[name].method


def test_changes_reach_inside_and_are_checked() -> None:
    recipe = RECIPES["vtimellm-boundaries"]
    now = changed(recipe, ["batch=8", "adds.former=continued", "method.frames=20", "epochs=1"])
    assert differences(recipe.to_json(), now.to_json()) == [
        "adds.former: merged, now continued", "batch: 128, now 8", "epochs: 2, now 1", "method.frames: 100, now 20",
    ]  # fmt: skip
    for change, message in (
        ("batch", "'batch' is not NAME=VALUE"),
        ("adds.rnk=4", r"no 'adds\.rnk'\. Did you mean 'rank'\?"),
        ("what.x=4", r"no 'what\.x'\. There are \.|no 'what\.x'"),
        ("adds.former=kept", "are 'merged' or 'continued', not 'kept'"),
        ("batch=many", "'batch' is 128, and cannot become many"),
        ("method=1", "cannot become 1"),
    ):
        with pytest.raises(WrongUse, match=message):
            changed(recipe, [change])


def test_every_epoch_has_all_samples_once_in_an_order_of_its_own() -> None:
    drawn = [at for number in range(5) for at in order.step(number, 4, 10, seed=3)]
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert drawn[:10] != drawn[10:]
    assert order.step(4, 4, 10, seed=3) == drawn[16:]
    assert order.step(0, 4, 10, seed=4) != drawn[:4]


def test_processes_share_a_step() -> None:
    shares = [order.parts([5, 1, 4, 2, 3, 0], process, 2, micro=2) for process in (0, 1)]
    assert shares == [[[5, 4], [3]], [[1, 2], [0]]]
