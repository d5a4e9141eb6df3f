"""What a person asked to be trained: a recipe with changes, annotations, and where the files they are about lie.

It is written into the run, so that `train resume` needs the run only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import reduce
from pathlib import Path
from random import Random
from typing import Any, Self

from momentidx.config import Settings
from momentidx.errors import WrongUse
from momentidx.media.child import Decoder
from momentidx.training.base import base_of, read_run
from momentidx.training.data import read
from momentidx.training.data.gathering import Gathered, Reading
from momentidx.training.data.media import Media
from momentidx.training.recipe import Recipe, changed
from momentidx.training.recipes import recipe_named
from momentidx.training.samples import Sample


@dataclass(frozen=True, slots=True)
class Assignment:
    """Plain values; paths are absolute."""

    recipe: str
    data: tuple[str, ...]
    """`KIND:FILE`."""
    media: str
    """A folder."""
    base: str
    changes: tuple[str, ...] = ()
    hold: float = 0.0
    """Share of the files whose samples are held back, to evaluate on."""
    skip_unreadable: bool = False
    present_only: bool = False
    features: str | None = None

    @classmethod
    def of_run(cls, run: Path) -> Self:
        """What a run was asked for. Raises MomentidxError when it was not asked for by the command line."""
        told = read_run(run)
        asked = told["about"].get("assignment")
        if asked is None:
            raise WrongUse(f"{run} was not begun by 'momentidx train run', so only who began it can go on with it.")
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {name: asked[name] for name in asked.keys() & known}
        return cls(**{**values, "data": tuple(asked["data"]), "changes": tuple(asked["changes"]),
                      "base": str(base_of(run, told))})  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def resolved(self) -> Recipe:
        """The recipe with its changes. Raises WrongUse."""
        return changed(recipe_named(self.recipe), self.changes)

    def gathered(
        self, decoder: Decoder, settings: Settings, tell: Callable[[str, Gathered], None] = lambda _data, _found: None
    ) -> tuple[Sequence[Sample], Sequence[Sample]]:
        """What to learn from, and what is held back: never samples of one file in both. Raises WrongUse."""
        recipe = self.resolved()
        method = recipe.method
        media = Media(Path(self.media), decoder, settings, method.width)
        reading = Reading(media, recipe.seed, recipe.dense, as_json=method.network == "vtimellm")
        found = []
        for each in self.data:
            found.append(read(each, reading))
            tell(each, found[-1])
        gathered = reduce(Gathered.__add__, found, Gathered(()))
        samples = gathered.whole(skip=self.skip_unreadable, present_only=self.present_only)
        held = [sample for sample in samples if self._is_held(sample, recipe.seed)]
        return [sample for sample in samples if not self._is_held(sample, recipe.seed)], held

    def _is_held(self, sample: Sample, seed: int) -> bool:
        path: Path | None = getattr(sample.pictures, "path", None)
        return Random(f"{seed} {path.stem if path else sample.name}").random() < self.hold
