"""Which accelerators PyTorch can use, and whether a model fits one."""

from __future__ import annotations

import torch

from momentidx.errors import MomentidxError

ROOM = 1.25
"""Memory to run a model over the memory of its weights: pictures, text and the cache of a small batch."""


def gpus() -> list[str]:
    """Names of the CUDA devices, in PyTorch's order."""
    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


def memory() -> float:
    """GB that models may use: of the GPU, 0 without one."""
    return torch.cuda.mem_get_info()[1] / 1e9 if torch.cuda.is_available() else 0.0


def check_room(name: str, weights: float, gigabytes: float) -> None:
    """Raise MomentidxError when a model with so many GB of weights needs more memory than there is."""
    needed = weights * ROOM
    if needed > gigabytes:
        raise MomentidxError(
            f"{name} needs about {needed:.0f} GB of GPU memory, and {gigabytes:.0f} GB may be used. "
            "Take a smaller model (docs/captioners.md), or a server with 'endpoint'."
        )


def device_for(name: str, weights: float, ceiling: float) -> torch.device:
    """The GPU, if there is one, and it has room. Raises MomentidxError when the model is too large for it.

    `weights` are the GB of its weights; `ceiling` is the most that may be used of the GPU's memory, 0 for all.
    """
    if not torch.cuda.is_available():
        return torch.device("cpu")
    total = memory()
    may = min(ceiling or total, total)
    check_room(name, weights, may)
    torch.cuda.set_per_process_memory_fraction(may / total)
    return torch.device("cuda")
