"""The one loop. It knows no model by name: a method writes, sees and scores, and the loop does the rest.

    recipe, base, samples -> network with what learns -> features, once
                          -> steps: forward, backward, clip, AdamW; checkpoints and evaluation between them
                          -> the run's folder

The loss of a step is the sum over all its samples, divided by what they weigh together, so that it does not depend
on how the step is split among devices and moments. Calling `train` again goes on after the newest checkpoint, and
the next step is the one that would have been next.
"""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader

from momentidx.errors import MomentidxError, WrongUse
from momentidx.training import checkpoints, order
from momentidx.training.base import TRAINED, Begun, begin, groups, kept, learn, with_updates
from momentidx.training.features import Features
from momentidx.training.machine import Machine
from momentidx.training.method import Batch, Method
from momentidx.training.reading import Read, readable, together
from momentidx.training.recipe import Recipe
from momentidx.training.runs import Log, alone, begin_run
from momentidx.training.samples import Sample
from momentidx.training.state import State, stumbled

log = logging.getLogger(__name__)

Evaluate = Callable[[nn.Module, Any], Mapping[str, float]]
"""Measures of the network (its tokenizer beside it) by name."""


@dataclass(frozen=True, slots=True)
class Watching:
    """Who wants to know how it goes, and may want it to stop."""

    looked: Callable[[Sample], None] = lambda _: None
    """Told of each sample that was looked at."""
    stepped: Callable[[Mapping[str, Any]], None] = lambda _: None
    """Told of each step's figures."""
    evaluate: Evaluate | None = None
    """Asked before each checkpoint."""
    stop: Callable[[], bool] = lambda: False
    """Asked after each step; a checkpoint is written, and `Stopped` raised."""


class Stopped(MomentidxError):
    """The run was asked to stop, and can go on where it did."""

    exit_code = 75


def train(
    recipe: Recipe,
    base: Path,
    data: Sequence[Sample],
    folder: Path,
    *,
    held: Sequence[Sample] = (),
    machine: Machine = Machine(),  # noqa: B008  frozen
    features: Path | None = None,
    skip_unreadable: bool = False,
    about: Mapping[str, Any] | None = None,
    watching: Watching = Watching(),
) -> Path:
    """Train one stage and return its run folder, which can be the base of the next. A finished run is left as it is.

    `held` are samples to evaluate on. `features` is where what the encoders see is kept (beside `folder` otherwise).
    `about` is written into the run as it is. Raises MomentidxError when something does not fit, WrongUse when the
    folder's run is another one.
    """
    if not data:
        raise WrongUse("There is nothing to learn from: no sample was given.")
    with machine.open() as accelerator, alone(folder, accelerator):
        torch.manual_seed(recipe.seed)
        begun = prepared(recipe, base)
        begin_run(folder, recipe, base, begun, data, held, about or {}, accelerator)
        if (folder / TRAINED).exists():
            return folder
        machine.placed(begun.network, accelerator.device)
        eyes = recipe.method.eyes(begun.folder)
        eyes.device = accelerator.device
        seen = Features(features or folder.parent / "features", eyes)
        data, held = readable((data, held), seen, skip_unreadable, watching.looked, accelerator)
        run = _Run(recipe, begun, folder, machine, accelerator, seen, watching)
        run.go(data, held)
        return folder


def prepared(recipe: Recipe, base: Path) -> Begun:
    """The network of a base, with what this stage adds, and only what it teaches learning."""
    begun = begin(base, recipe.method)
    with_updates(begun, recipe.adds)
    learn(begun.network, [one.parameters for one in recipe.learns], updates=recipe.adds is not None)
    return begun


class Lesson(nn.Module):
    """A network and its method's way of scoring, so that it can be wrapped for several processes."""

    def __init__(self, network: nn.Module, method: Method) -> None:
        super().__init__()
        self.network, self._method = network, method

    def forward(self, batch: Batch) -> Tensor:
        return self._method.loss(self.network, batch)


@dataclass
class _Run:
    """What stays the same from step to step."""

    recipe: Recipe
    begun: Begun
    folder: Path
    machine: Machine
    accelerator: Accelerator
    seen: Features
    watching: Watching
    optimizer: torch.optim.Optimizer = field(init=False)
    state: State = field(init=False)
    rates: list[float] = field(init=False)

    def __post_init__(self) -> None:
        if self.recipe.batch % self.accelerator.num_processes:
            raise WrongUse(
                f"A step learns from {self.recipe.batch} samples, which {self.accelerator.num_processes} processes "
                "cannot share evenly."
            )
        found = groups(self.begun.network, self.recipe)
        self.rates = [lr for lr, _ in found]
        self.micro = self.machine.micro
        self.named = {name: one for _, parameters in found for name, one in parameters.items()}
        self.optimizer = torch.optim.AdamW(
            [{"params": list(parameters.values()), "lr": lr} for lr, parameters in found],
            betas=(0.9, self.recipe.beta2), weight_decay=self.recipe.decay,
        )  # fmt: skip
        self.state = State(
            self.folder, self.begun.network, self.named, self.optimizer, self.machine.keep, self.accelerator
        )  # fmt: skip
        lesson = Lesson(self.begun.network, self.recipe.method)
        self.lesson = self.accelerator.prepare_model(lesson)

    def go(self, data: Sequence[Sample], held: Sequence[Sample]) -> None:
        """From the newest checkpoint to the end."""
        recipe, machine = self.recipe, self.machine
        steps = recipe.steps or math.ceil(recipe.epochs * len(data) / recipe.batch)
        start = self.state.restore()
        if start == 0:
            torch.manual_seed(recipe.seed + self.accelerator.process_index)  # dropout differs among processes
        logged = Log(self.folder, start, self.accelerator, tensorboard=machine.tensorboard)
        self.lesson.train()
        for number, batches in enumerate(self._batches(data, start, steps), start):
            row = self._step(number, steps, batches)
            stops = self._agreed(self.watching.stop())
            last = number + 1 == steps
            keeps = stops or (number + 1) % machine.every == 0
            if last or keeps:
                row |= self._evaluated(held)
            logged.add(row)  # before the checkpoint: a step that is kept has its line
            if keeps and not last:
                self.state.save(number + 1)
            self.watching.stepped(row)
            if stops and not last:
                raise Stopped(
                    f"{self.folder}: stopped after step {number + 1} of {steps}. "
                    f"Go on with 'momentidx train resume {self.folder}'."
                )
        logged.close()
        self._finish()

    def _step(self, number: int, steps: int, batches: Sequence[Batch]) -> dict[str, Any]:
        recipe, method = self.recipe, self.recipe.method
        for group, peak in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = peak * share(number, steps, recipe.warmup)
        weight = self._summed(sum(method.weight(one) for batch in batches for one in batch.written))
        loss_of_step = self._summed(self._learned(batches, weight)) / max(weight, 1.0)
        norm = float(nn.utils.clip_grad_norm_(self.named.values(), recipe.clip))
        if not (math.isfinite(loss_of_step) and math.isfinite(norm)):
            stumbled(self.folder, number + 1, self.accelerator.process_index, batches, loss_of_step, norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return {
            "step": number + 1, "steps": steps, "loss": loss_of_step, "norm": norm, "weight": weight,
            "lr": [group["lr"] for group in self.optimizer.param_groups],
        }  # fmt: skip

    def _learned(self, batches: Sequence[Batch], weight: float) -> float:
        """Gradients of all the batches; the sum of their losses.

        Where memory runs out, the step begins again with half as many samples at a time, and so do those after it: what
        it learns stays the same.
        """
        random = self.state.own_generators()
        while True:
            try:
                return self._gradients(Batch.joined(batches).parts(self.micro), weight)
            except torch.OutOfMemoryError as error:
                if self.micro == 1 or self.accelerator.num_processes > 1:  # the others are in the middle of the step
                    raise MomentidxError(
                        f"The memory of {self.accelerator.device} is too small for {self.micro} samples at a time. "
                        "Go on with fewer (--micro), '--precision bf16' or '--recompute'; the last checkpoint is as it "
                        "was."
                    ) from error
            self.optimizer.zero_grad()
            gc.collect()
            if self.accelerator.device.type == "cuda":
                torch.cuda.empty_cache()
            self.state.put_generators(random)
            self.micro = (self.micro + 1) // 2
            log.warning("memory ran out: going on with %d samples at a time; a step learns as before", self.micro)

    def _gradients(self, batches: Sequence[Batch], weight: float) -> float:
        accelerator, total = self.accelerator, 0.0
        for at, batch in enumerate(batches):
            apart = nullcontext() if at + 1 == len(batches) else accelerator.no_sync(self.lesson)
            with apart:
                with accelerator.autocast():
                    loss = self.lesson(batch)
                # Gradients of several processes are averaged; a sum is wanted.
                accelerator.backward(loss * accelerator.num_processes / max(weight, 1.0))
            total += float(loss.detach())
        return total

    def _batches(self, data: Sequence[Sample], start: int, steps: int) -> Iterator[list[Batch]]:
        """What this process takes of each step."""
        accelerator, recipe = self.accelerator, self.recipe
        mine, of = accelerator.process_index, accelerator.num_processes
        steps_of = (order.step(number, recipe.batch, len(data), recipe.seed) for number in range(start, steps))
        wanted = [order.parts(samples, mine, of, self.machine.micro) for samples in steps_of]
        loader: DataLoader[Batch] = DataLoader(
            Read(data, recipe, self.begun.tokenizer, self.seen),
            batch_sampler=[part for parts in wanted for part in parts],
            collate_fn=together,
            num_workers=self.machine.workers,
            generator=torch.Generator().manual_seed(0),
        )
        batches = iter(loader)
        for parts in wanted:
            yield [next(batches) for _ in parts]

    @torch.inference_mode()
    def _evaluated(self, held: Sequence[Sample]) -> dict[str, float]:
        """The loss on what is held back, and what the watcher measures; nothing random is used up."""
        method, found = self.recipe.method, {}
        if not held and self.watching.evaluate is None:
            return {}
        self.lesson.eval()
        with torch.random.fork_rng(devices=[] if self.accelerator.device.type == "cpu" else None):
            mine = order.parts(
                list(range(len(held))), self.accelerator.process_index, self.accelerator.num_processes,
                self.micro,
            )  # fmt: skip
            read = Read(held, self.recipe, self.begun.tokenizer, self.seen)
            total = weight = 0.0
            for batch in (together([read[at] for at in part]) for part in mine):
                with self.accelerator.autocast():
                    total += float(method.loss(self.begun.network, batch))
                weight += sum(map(method.weight, batch.written))
            if held:
                found["held_loss"] = self._summed(total) / max(self._summed(weight), 1.0)
            if self.watching.evaluate is not None:
                found |= self.watching.evaluate(self.begun.network, self.begun.tokenizer)
        self.lesson.train()
        return found

    def _finish(self) -> None:
        if self.accelerator.is_main_process:
            checkpoints.finish(dict(kept(self.begun.network)), self.folder)
        self.accelerator.wait_for_everyone()

    def _summed(self, value: float) -> float:
        """Over all processes."""
        if self.accelerator.num_processes == 1:
            return float(value)
        tensor = torch.tensor([value], dtype=torch.float32, device=self.accelerator.device)
        return float(self.accelerator.reduce(tensor, "sum"))

    def _agreed(self, stops: bool) -> bool:
        return self._summed(float(stops)) > 0


def share(step: int, steps: int, warmup: float) -> float:
    """Of the highest rate: up in a line during the warm-up, down to 0 on half a cosine after it."""
    rising = math.ceil(steps * warmup)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(steps - rising, 1)))
