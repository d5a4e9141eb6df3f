"""The comparison: three methods, one budget, one test; then what each loses without one of its parts.

Every contender learns from the same clips of the drawn world, in as many steps of as many samples, on the same
bases, and is asked the same questions about clips that none has seen. Its stages are those of its recipe, with the
rates of toy size and the budget shared out among them; one that leaves a stage out gives its steps to the others.

Work is cut into pieces (a contender and a seed); what is finished is never done again, and a stage that was
stopped goes on at its last checkpoint, so that the whole can be done in sittings of minutes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from momentidx.caption.tiny import SEEDS as NETWORKS
from momentidx.errors import WrongUse
from momentidx.training.loop import Stopped, Watching, train
from momentidx.training.machine import Machine
from momentidx.training.methods.grounded_videollm import GroundedMethod
from momentidx.training.methods.momentor import MomentorMethod
from momentidx.training.methods.vtimellm import VTimeLLMMethod
from momentidx.training.recipe import Learns, Recipe
from momentidx.training.recipes import grounded_videollm, momentor, vtimellm
from momentidx.training.samples import Sample
from momentidx.training.world import exam
from momentidx.training.world.samples import mixed, stills
from momentidx.training.world.story import Story
from momentidx.training.world.talks import Task

FRAMES = 40
"""Of a clip, for VTimeLLM and Momentor, and as many anchors; published were 100 and 300."""
MICRO = 8
"""Samples that go through a network at once."""
OF_A_CLIP = 32
"""Conversations that are made about a clip at most; then they come again."""
Shares = Mapping[Task, float]
PICTURES: Shares = {}
"""No conversation: single pictures and their words."""
CAPTIONS: Shares = {"caption": 1.0}
EVENTS: Shares = {"grounding": 0.55, "segment": 0.25, "dense": 0.2}
SEQUENCES: Shares = {"dense": 1.0}
EVERYTHING: Shares = {"grounding": 0.7, "dense": 0.1, "segment": 0.1, "dialogue": 0.1}
TALKS: Shares = {"grounding": 0.4, "dialogue": 0.3, "dense": 0.2, "segment": 0.1}


@dataclass(frozen=True, slots=True)
class Budget:
    """What every contender gets."""

    clips: int = 2000
    """Of the split `train`."""
    steps: int = 1000
    """Over all stages."""
    batch: int = 16
    test: int = 500
    """Clips of the split `test`, a question each."""
    described: int = 100
    """Of them so many are described as well."""
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Stage:
    """One recipe, what it learns from, and how much of the budget it gets (in parts)."""

    recipe: Recipe
    reads: Shares
    part: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A row of the table."""

    name: str
    stages: tuple[Stage, ...]


def toy(recipe: Recipe, method: Any, **rates: float) -> Recipe:
    """A recipe with the rates of toy size: `lora` for updates, the others by the start of what they are called."""
    learns = tuple(Learns(one.parameters, _rate(one.parameters, rates)) for one in recipe.learns)
    adds = replace(recipe.adds, lr=rates["lora"], dropout=0.0) if recipe.adds else None
    return replace(recipe, method=method, learns=learns, adds=adds, longest=1024, beta2=0.98)


def _rate(pattern: str, rates: Mapping[str, float]) -> float:
    return next(rate for name, rate in rates.items() if pattern.startswith(name))


VTIME: Mapping[str, float] = {"projector": 3e-2, "lora": 2e-3}
MOMENTOR: Mapping[str, float] = {"projector": 3e-2, "time": 3e-2, "language": 3e-3}
GROUNDED: Mapping[str, float] = {"adapter": 1e-2, "language": 3e-3, "lora": 2e-3}


def _vtimellm() -> tuple[Stage, Stage, Stage]:
    align, boundaries, dialogue = (
        toy(recipe, VTimeLLMMethod(FRAMES, asks_first=True, follows=True), **VTIME) for recipe in vtimellm.STAGES
    )
    return Stage(align, PICTURES, 3), Stage(boundaries, EVENTS, 5), Stage(dialogue, TALKS, 2)


def _momentor(method: MomentorMethod) -> tuple[Stage, Stage, Stage]:
    align, sequences, instruct = (toy(recipe, method, **MOMENTOR) for recipe in momentor.STAGES)
    return Stage(align, CAPTIONS, 1), Stage(sequences, SEQUENCES, 3), Stage(instruct, EVERYTHING, 6)


def _grounded(method: GroundedMethod) -> tuple[Stage, Stage, Stage]:
    caption, grounding, instruct = (toy(recipe, method, **GROUNDED) for recipe in grounded_videollm.STAGES)
    if not method.moving:
        caption, grounding, instruct = (_still(recipe) for recipe in (caption, grounding, instruct))
    return Stage(caption, CAPTIONS, 1), Stage(grounding, EVENTS, 6), Stage(instruct, TALKS, 3)


def _still(recipe: Recipe) -> Recipe:
    """What only the temporal stream has cannot learn without it."""
    learns = [one for one in recipe.learns if not one.parameters.startswith(r"adapter\.video")]
    return replace(
        recipe,
        learns=tuple(replace(one, parameters=one.parameters.replace("(video|image)", "image")) for one in learns),
    )


def _continued(stage: Stage) -> Stage:
    assert stage.recipe.adds is not None
    return replace(stage, recipe=replace(stage.recipe, adds=replace(stage.recipe.adds, former="continued")))


def _at_once(stage: Stage) -> Stage:
    """No stages, no updates: the whole language model and what is beside it learn from everything."""
    seed = stage.recipe.name.partition("-")[0]
    beside = {"vtimellm": "projector", "momentor": "(projector|time)", "grounded": "adapter"}[seed]
    learns = (Learns(rf"{beside}\..*", 3e-3), Learns(r"language\..*", 3e-3))
    method = stage.recipe.method
    if isinstance(method, MomentorMethod):
        method = replace(method, words_learn=True)
    return Stage(replace(stage.recipe, name=f"{seed}-at-once", method=method, learns=learns, adds=None), EVERYTHING, 1)


def contenders() -> tuple[Contender, ...]:
    """The three, then their networks without stages, then each of the three without one of its parts."""
    align, boundaries, dialogue = _vtimellm()
    # Where stage 1 is left out, what it would have taught is learned with stage 2.
    unaligned = replace(boundaries, recipe=replace(boundaries.recipe, learns=align.recipe.learns))
    plain = MomentorMethod(FRAMES, asks_first=True, follows=True)
    first, sequences, instruct = _momentor(plain)
    grid = GroundedMethod("llama", image_side=2, video_side=1, asks_first=True, follows=True)
    caption, grounding, last = _grounded(grid)
    return (
        Contender("VTimeLLM", (align, boundaries, dialogue)),
        Contender("Momentor", (first, sequences, instruct)),
        Contender("Grounded-VideoLLM", (caption, grounding, last)),
        Contender("VTimeLLM's network, all at once", (_at_once(boundaries),)),
        Contender("Momentor's network, all at once", (_at_once(instruct),)),
        Contender("Grounded-VideoLLM's network, all at once", (_at_once(grounding),)),
        Contender("VTimeLLM without stage 1", (unaligned, dialogue)),
        Contender("VTimeLLM without stage 2", (align, dialogue)),
        Contender("VTimeLLM, LoRA re-used", (align, boundaries, _continued(dialogue))),
        Contender("Momentor without interpolation", _momentor(replace(plain, interpolates=False))),
        Contender("Momentor without propagation", _momentor(replace(plain, propagates=False))),
        Contender("Momentor without event sequences", (first, instruct)),
        Contender("Grounded-VideoLLM without the temporal stream", _grounded(replace(grid, moving=False))),
        Contender("Grounded-VideoLLM without the grounding stage", (caption, last)),
        *(
            Contender(f"Grounded-VideoLLM, {steps} time tokens", _grounded(replace(grid, steps=steps)))
            for steps in (50, 100, 600)
        ),
    )  # fmt: skip


def contender_named(name: str) -> Contender:
    """Raises WrongUse for a name that is none's."""
    found = {contender.name: contender for contender in contenders()}
    if name not in found:
        raise WrongUse(f"There is no contender '{name}'. Known: {', '.join(found)}.")
    return found[name]


class Comparison:
    """A folder in which the comparison is done, in as many sittings as it takes."""

    def __init__(self, folder: Path, bases: Path, budget: Budget, tell: Callable[[str], None]) -> None:
        self.folder, self.bases, self.budget, self._tell = folder, bases, budget, tell
        self._seen: dict[tuple[str, int], object] = {}

    def pieces(self, names: Sequence[str] = ()) -> Iterator[tuple[Contender, int]]:
        """Seed by seed, so that the first sittings give a whole table of one seed. Raises WrongUse."""
        wanted = [contender_named(name) for name in names] or contenders()
        return ((contender, seed) for seed in self.budget.seeds for contender in wanted)

    def go_on(self, minutes: float, names: Sequence[str] = ()) -> bool:
        """Work for so long; whether everything is done. Only contenders with these names, if there are any."""
        end = time.monotonic() + 60 * minutes
        for contender, seed in self.pieces(names):
            place = self.place(self.folder, contender, seed)
            if place.exists():
                continue
            try:
                trained = self._trained(contender, seed, lambda: time.monotonic() > end)
            except Stopped as stopped:
                self._tell(str(stopped))
                return False
            started = time.monotonic()
            found = self._examined(trained, contender, seed)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(found | {"exam_seconds": round(time.monotonic() - started, 1)}, indent=2))
            self._tell(f"{contender.name}, seed {seed}: mIoU {found['grounding']['mIoU']:.1f}")
            if time.monotonic() > end:
                return False
        return True

    @staticmethod
    def place(folder: Path, contender: Contender, seed: int) -> Path:
        """Where the result of a piece is."""
        name = "".join(letter if letter.isalnum() else "-" for letter in contender.name.casefold())
        return folder / "results" / f"{name}-{seed}.json"

    def _trained(self, contender: Contender, seed: int, stop: Callable[[], bool]) -> Path:
        """The run of the last stage. Stages that two contenders share are trained once."""
        base, budget = self.bases, self.budget
        whole = sum(stage.part for stage in contender.stages)
        for stage in contender.stages:
            steps = max(1, round(budget.steps * stage.part / whole))
            recipe = replace(stage.recipe, batch=budget.batch, steps=steps, seed=seed)
            told = json.dumps([str(base), recipe.to_json(), sorted(stage.reads.items()), budget.clips], default=str)
            run = self.folder / "runs" / f"{recipe.name}-{hashlib.sha256(told.encode()).hexdigest()[:10]}"
            self._tell(f"{contender.name}, seed {seed}: {recipe.name}, {steps} steps, {run.name}")
            watching = Watching(stop=stop, stepped=self._progress)
            machine = Machine(micro=MICRO, every=250, keep=1)
            train(recipe, base, self._data(stage.reads, steps), run, machine=machine, watching=watching,
                  features=self.folder / "features")  # fmt: skip
            base = run
        return base

    def _progress(self, row: Mapping[str, Any]) -> None:
        if row["step"] % 100 == 0:
            self._tell(f"  step {row['step']} of {row['steps']}: loss {row['loss']:.3f}")

    def _data(self, reads: Shares, steps: int) -> list[Sample]:
        """As many samples as are needed, each of one question, at most `OF_A_CLIP` about each clip."""
        clips = range(self.budget.clips)
        if not reads:
            return stills(clips)
        wanted = min(steps * self.budget.batch, OF_A_CLIP * self.budget.clips)
        return mixed(reads, clips, count=wanted, turns=1)

    def _examined(self, run: Path, contender: Contender, seed: int) -> dict[str, Any]:
        method = contender.stages[-1].recipe.method
        network = self._network(run, method.network)
        see = partial(self._look, network, f"{method.network} {getattr(method, 'moving', True)}")
        asked = list(exam.questions(self.budget.test))
        spans, unread = exam.located(network, asked, see)
        found: dict[str, Any] = {
            "contender": contender.name, "seed": seed, "run": run.name, "unread": unread,
            "grounding": exam.marks(asked, spans), "spans": spans.round(3).tolist(),
        }  # fmt: skip
        told = [question.story for question in asked[: self.budget.described]]
        said = exam.described(network, told, see)
        return found | {"described": said, "dense": exam.dense_marks(told, said)}

    def _look(self, network: Any, eyes: str, told: Story) -> object:
        """What is seen of a clip; the same for all networks with the same eyes."""
        if (eyes, told.seed) not in self._seen:
            self._seen[eyes, told.seed] = network.look(exam.shown(network, told))
        return self._seen[eyes, told.seed]

    def _network(self, run: Path, kind: str) -> Any:
        """The run as a folder of our layout, opened as the captioner would."""
        from momentidx.training.merging import merge

        folder = self.folder / "converted" / run.name
        if not folder.exists():
            merge(run, folder)
        return NETWORKS[kind](folder)

    def table(self) -> str:
        """What is known so far, as Markdown: mean over the seeds and the spread (standard deviation)."""
        columns = ("R@1 0.3", "R@1 0.5", "R@1 0.7", "mIoU", "mIoU of new combinations")
        dense = ("SODA_c", "CIDEr", "METEOR")
        lines = [f"| | {' | '.join((*columns, *dense))} | seeds |", f"|---|{'---|' * (len(columns) + len(dense) + 1)}"]
        asked = list(exam.questions(self.budget.test))
        for name, spans in exam.blind(asked).items():
            marks = exam.marks(asked, spans)
            lines.append(f"| {name} | {' | '.join(f'{marks[column]:.1f}' for column in columns)} | | | | |")
        for contender in contenders():
            places = [self.place(self.folder, contender, seed) for seed in self.budget.seeds]
            found = [json.loads(place.read_text()) for place in places if place.exists()]
            if found:
                cells = [_spread([row["grounding"][column] for row in found]) for column in columns]
                cells += [_spread([row["dense"][name] for row in found if name in row["dense"]]) for name in dense]
                lines.append(f"| {contender.name} | {' | '.join(cells)} | {len(found)} |")
        return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    return f"{fmean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
