"""Where a run stands: what its next step needs besides the data, kept and put back; and a batch that ended it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from torch import Tensor, nn

from momentidx.errors import MomentidxError, WrongUse
from momentidx.training import checkpoints
from momentidx.training.base import kept, put
from momentidx.training.checkpoints import Checkpoint
from momentidx.training.method import Batch

log = logging.getLogger(__name__)

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW remembers of a parameter; the steps that reached it are its own."""


@dataclass(frozen=True, slots=True)
class State:
    """The weights that learn, what the optimizer remembers of them, and every process's random generators."""

    folder: Path
    network: nn.Module
    named: Mapping[str, nn.Parameter]
    """What learns."""
    optimizer: torch.optim.Optimizer
    keep: int
    """Checkpoints."""
    accelerator: Accelerator

    def save(self, step: int) -> None:
        """A disk that is full does not end the run: the checkpoint before stays."""
        random = self._generators()
        if self.accelerator.is_main_process:
            moments = {
                f"{name}/{key}": self.optimizer.state[parameter][key]
                for name, parameter in self.named.items()
                for key in MOMENTS
                if parameter in self.optimizer.state  # those that no step has reached have none
            }
            try:
                checkpoints.write(Checkpoint(step, dict(kept(self.network)), moments, random), self.folder, self.keep)
            except (OSError, SafetensorError) as error:
                log.warning("step %d is not kept: %s; training goes on, the checkpoint before stays", step, error)
        self.accelerator.wait_for_everyone()

    def restore(self) -> int:
        """Put the newest checkpoint back: how many steps are done. Raises MomentidxError, WrongUse."""
        found = checkpoints.found(self.folder)
        if not found:
            return 0
        saved = checkpoints.read(found[-1])
        put(self.network, saved.trained, found[-1])
        for name, parameter in self.named.items():
            if f"{name}/exp_avg" in saved.optimizer:  # else no step has reached it
                self.optimizer.state[parameter] = self._moments(name, parameter, saved, found[-1])
        if len(saved.random) != self.accelerator.num_processes:
            raise WrongUse(
                f"{self.folder} was trained by {len(saved.random)} processes, and there are "
                f"{self.accelerator.num_processes} now: the steps would not be the same. Use as many as before."
            )
        self.put_generators(saved.random[self.accelerator.process_index])
        return saved.step

    def _moments(self, name: str, parameter: nn.Parameter, saved: Checkpoint, place: Path) -> dict[str, Tensor]:
        state = {}
        for key in MOMENTS:
            shape = torch.Size() if key == "step" else parameter.shape
            if (moment := saved.optimizer.get(f"{name}/{key}")) is None or moment.shape != shape:
                raise MomentidxError(f"{place} has no {key} of {name} that fits. Remove it; the one before is taken.")
            state[key] = moment if key == "step" else moment.to(parameter.device)
        return state

    def _generators(self) -> Tensor:
        """(processes, bytes)."""
        gathered: Tensor = self.accelerator.gather(self.own_generators()[None].to(self.accelerator.device))
        return gathered.cpu()

    def own_generators(self) -> Tensor:
        """(bytes,) of this process."""
        state = torch.get_rng_state()
        if self.accelerator.device.type == "cuda":
            state = torch.cat((state, torch.cuda.get_rng_state()))
        return state

    def put_generators(self, state: Tensor) -> None:
        """As they were."""
        length = len(torch.get_rng_state())
        torch.set_rng_state(state[:length])
        if self.accelerator.device.type == "cuda":
            torch.cuda.set_rng_state(state[length:])


def stumbled(run: Path, step: int, process: int, batches: Sequence[Batch], loss: float, norm: float) -> NoReturn:
    """Keep the batch of a step from which nothing can be learned for people to look at, and raise MomentidxError.

    The weights are still those before this step.
    """
    place = run / f"stumbled-{step:06d}-{process}"
    place.mkdir(exist_ok=True)
    names = [name for batch in batches for name in batch.names]
    rows = [[one.ids, one.labels] for batch in batches for one in batch.written]
    seen = {
        f"{at}/{name}": tensor
        for at, one in enumerate(one for batch in batches for one in batch.seen)
        for name, tensor in one.items()
    }
    checkpoints.save_tensors(seen, place / "seen.safetensors")
    told = {"step": step, "loss": str(loss), "norm": str(norm), "samples": names, "ids_and_labels": rows}
    checkpoints.write_json(place / "batch.json", told)
    raise MomentidxError(
        f"Step {step}: the loss is {loss} and the gradient {norm} long, so nothing can be learned from it. "
        f"The samples are in {place} ({', '.join(names[:3])}...). Look at them, or take a lower rate; the last "
        "checkpoint is as it was."
    )
