"""What a recipe says: which network, what of it learns and how fast, and how much is learned at a time.

Everything has a default; a recipe (in `recipes/`) writes only what differs, and cites where each number is from.
A recipe holds no path, no device and no way of splitting the work: those are the `Machine`'s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.training.method import Method


@dataclass(frozen=True, slots=True)
class Learns:
    """Parameters that are trained, by name, and their learning rate at its highest."""

    parameters: str
    """A regular expression that a name of the network must match whole."""
    lr: float


@dataclass(frozen=True, slots=True)
class Lora:
    """Low-rank updates on the language model's linear layers (arXiv 2106.09685)."""

    rank: int
    alpha: int
    lr: float
    dropout: float = 0.05
    former: Literal["merged", "continued"] = "merged"
    """What becomes of those of the stage before: folded into the weights and new ones begun, or trained further."""

    def __post_init__(self) -> None:
        if self.former not in ("merged", "continued"):
            raise WrongUse(f"Former updates are 'merged' or 'continued', not '{self.former}'.")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One stage of training."""

    name: str
    what: str
    """For people, one line."""
    method: Method
    """The network and how it is spoken to: a value of `methods/`."""
    reads: tuple[str, ...]
    """What the paper trained this stage on; for people."""
    learns: tuple[Learns, ...] = ()
    adds: Lora | None = None
    epochs: float = 1.0
    steps: int = 0
    """In the place of epochs when it is not 0."""
    batch: int = 128
    """Samples that one step learns from, however they are split among devices and moments."""
    warmup: float = 0.03
    """Share of the steps in which the rates rise; they fall on a cosine after it."""
    decay: float = 0.0
    beta2: float = 0.999
    """How much of AdamW's second moment stays at each step."""
    clip: float = 1.0
    """Longest gradient."""
    longest: int = 2048
    """Tokens of text; what is longer is cut off at its end."""
    dialogue: Literal["turns", "caption"] = "turns"
    """Whether samples are written as conversations or, VTimeLLM's first stage, as the bare caption."""
    dense: float = 0.2
    """Share of annotated clips that become one question for all their events; the others are asked event by event."""
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Everything that decides what is learned, as JSON values."""
        plain = asdict(replace(self, method=None))  # type: ignore[arg-type]  # in its own words
        return {**plain, "method": self.method.to_json()}


def differences(before: Mapping[str, Any], now: Mapping[str, Any], at: str = "") -> list[str]:
    """`batch: 128, now 64`: where two resolved recipes are not the same."""
    told = []
    for name in sorted(before.keys() | now.keys()):
        one, other = before.get(name), now.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            told += differences(one, other, f"{at}{name}.")
        elif one != other:
            told.append(f"{at}{name}: {one}, now {other}")
    return told


def changed(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """With `batch=8` or `method.frames=50` taken in. Raises WrongUse for a name that is none, with the nearest."""
    for change in changes:
        path, equals, text = change.partition("=")
        if not equals:
            raise WrongUse(f"'{change}' is not NAME=VALUE.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        recipe = _with(recipe, path.split("."), value, path)
    return recipe


def _with(value: Any, names: Sequence[str], new: Any, path: str) -> Any:
    name, *rest = names
    known = [field.name for field in fields(value)] if is_dataclass(value) else []
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise WrongUse(
            f"A recipe has no '{path}'. " + (f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(known)}.")
        )
    before = getattr(value, name)
    if rest:
        return replace(value, **{name: _with(before, rest, new, path)})
    if isinstance(before, bool) != isinstance(new, bool) or not isinstance(new, int | float | str | bool):
        raise WrongUse(f"'{path}' is {before}, and cannot become {new}.")
    if isinstance(before, int | float) != isinstance(new, int | float) or (isinstance(before, int) and new != int(new)):
        raise WrongUse(f"'{path}' is {before}, and cannot become {new}.")
    return replace(value, **{name: type(before)(new)})
