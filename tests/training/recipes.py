"""Every recipe at toy size: the same stages, fewer pictures and anchors, smaller updates, and six steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from momentidx.training.recipe import Recipe
from momentidx.training.recipes import RECIPES

SMALL: dict[str, dict[str, Any]] = {
    "vtimellm": {"frames": 10},
    "momentor": {"anchors": 11},
    "grounded_videollm": {"family": "llama", "image_side": 2, "video_side": 1},
}
SEEDS = {seed: [name for name in RECIPES if name.startswith(seed[:6])] for seed in SMALL}


def small(name: str, **changes: Any) -> Recipe:
    recipe = RECIPES[name]
    method: Any = recipe.method
    adds = recipe.adds and replace(recipe.adds, rank=4, alpha=8, lr=3e-3)
    learns = tuple(replace(one, lr=3e-3) for one in recipe.learns)
    told: dict[str, Any] = {"method": replace(method, **SMALL[method.network]), "adds": adds, "learns": learns}
    return replace(recipe, **{**told, "batch": 4, "steps": 6, **changes})
