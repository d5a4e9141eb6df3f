"""Which samples a step learns from: the same on one device and on many, known for any step without those before."""

from __future__ import annotations

from functools import lru_cache

import torch


@lru_cache(maxsize=2)
def epoch(number: int, count: int, seed: int) -> tuple[int, ...]:
    """All samples once, in an order of its own for every epoch."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
    return tuple(torch.randperm(count, generator=generator).tolist())


def step(number: int, batch: int, count: int, seed: int) -> list[int]:
    """The samples of one step; where an epoch ends in it, the next begins."""
    places = range(number * batch, (number + 1) * batch)
    return [epoch(place // count, count, seed)[place % count] for place in places]


def parts(samples: list[int], process: int, processes: int, micro: int) -> list[list[int]]:
    """What one of the processes takes of a step, `micro` at a time."""
    mine = samples[process::processes]
    return [mine[at : at + micro] for at in range(0, len(mine), micro)]
