"""How the work is done, as opposed to what is learned: nothing in here changes a result beyond rounding."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType

from momentidx.errors import WrongUse

WHOLE = {DistributedType.NO, DistributedType.MULTI_CPU, DistributedType.MULTI_GPU}
"""Ways of working in which every process has the whole network, as our checkpoints need it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One process or several (`accelerate launch`), and what each takes at a time."""

    micro: int = 1
    """Samples that go through the network together; a step is put together from as many as it takes."""
    precision: Literal["no", "bf16"] = "no"
    """`bf16`: computed in it, and what does not learn is held in it; what learns stays in single precision."""
    recompute: bool = False
    """Whether what lies between layers is computed again going back, in the place of being kept (less memory)."""
    workers: int = 0
    """Processes that read ahead."""
    every: int = 100
    """Steps between two checkpoints, each with an evaluation before it."""
    keep: int = 2
    """Checkpoints that stay."""
    tensorboard: bool = False
    cpu: bool = False
    """Not on a GPU, even if there is one."""

    @contextmanager
    def open(self) -> Iterator[Accelerator]:
        """Raises WrongUse for a way of working that splits the network."""
        accelerator = Accelerator(cpu=self.cpu, mixed_precision=self.precision)
        try:
            if accelerator.distributed_type not in WHOLE:
                raise WrongUse(
                    f"accelerate is set to {accelerator.distributed_type.value}, which splits the network among "
                    "devices; training here keeps it whole on each. Run 'accelerate config' again without it."
                )
            yield accelerator
        finally:
            AcceleratorState._reset_state()

    def placed(self, network: torch.nn.Module, device: torch.device) -> None:
        """Onto the device, in the precision that each parameter is held in."""
        network.to(device)
        if self.precision == "bf16":
            for parameter in network.parameters():
                parameter.data = parameter.data.to(torch.float32 if parameter.requires_grad else torch.bfloat16)
        if self.recompute:
            language: Any = network.language
            # Deprecated in favour of a name that our oldest transformers does not know.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                language.gradient_checkpointing_enable({"use_reentrant": False})
