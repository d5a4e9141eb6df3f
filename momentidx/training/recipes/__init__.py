"""The seeds' stages by name: one short file of differences for each seed."""

from __future__ import annotations

from collections.abc import Mapping

from momentidx.errors import WrongUse
from momentidx.training.recipe import Recipe
from momentidx.training.recipes import grounded_videollm, momentor, vtimellm

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe for seed in (vtimellm, momentor, grounded_videollm) for recipe in seed.STAGES
}


def recipe_named(name: str) -> Recipe:
    """Raises WrongUse for a name that is none's."""
    if name not in RECIPES:
        raise WrongUse(f"There is no recipe '{name}'. Known: {', '.join(RECIPES)}.")
    return RECIPES[name]
