"""Which accelerators PyTorch can use."""

from __future__ import annotations

import torch


def gpus() -> list[str]:
    """Names of the CUDA devices, in PyTorch's order."""
    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
