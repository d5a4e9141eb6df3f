"""How fast the world is drawn.

    PYTHONPATH=. python benchmarks/world.py [--side 112] [--clips 24] [--cores 2]

Seconds of clips drawn in a second, by one process and by one on each core: every picture of a file (25 a second),
two a second, and the hundred pictures of a clip that a model is shown.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from multiprocessing import get_context

import cv2
import numpy as np

from momentidx.training.world.pictures import pictures
from momentidx.training.world.story import Story, story

WAYS: dict[str, Callable[[Story], np.ndarray[tuple[int], np.dtype[np.float64]]]] = {
    "25 pictures a second": lambda told: np.arange(0, told.duration, 1 / 25),
    "2 pictures a second": lambda told: np.arange(0, told.duration, 1 / 2),
    "100 pictures a clip": lambda told: np.linspace(0, told.duration, 100),
}


def drawn(job: tuple[str, int, int, int]) -> tuple[float, int, float]:
    """Seconds of clips, pictures, and processor seconds that they took."""
    way, first, last, side = job
    cv2.setNumThreads(1)
    seconds, count, start = 0.0, 0, time.process_time()
    for seed in range(first, last):
        told = story(seed)
        count += len(pictures(told, WAYS[way](told), side))
        seconds += told.duration
    return seconds, count, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    share = given.clips // given.cores
    with get_context("spawn").Pool(given.cores) as pool:
        pool.map(drawn, [("100 pictures a clip", 0, 1, given.side)] * given.cores)  # imports
        for way in WAYS:
            jobs = [(way, core * share, (core + 1) * share, given.side) for core in range(given.cores)]
            start = time.perf_counter()
            done = pool.map(drawn, jobs, chunksize=1)
            wall = time.perf_counter() - start
            seconds, count, busy = (sum(part) for part in zip(*done, strict=True))
            print(
                f"{way:22} {seconds / wall:8.0f} clip-seconds/s on {given.cores} cores by the clock, "
                f"{seconds / busy:8.0f} a core by processor time ({count / busy:.0f} pictures/s)"
            )


if __name__ == "__main__":
    main()
