"""Measures the media room: borders of shots, exact pictures, probing. One run, one table.

    python benchmarks/media.py [--data ../shared/data] [--repeat 2]

Times are the best of `--repeat`, of both clocks: the wall's, and that of all processors together,
which other work on the machine disturbs less. A target is met when the wall's ratio says so.
Needs the shared footage, `ffmpeg`, and a few minutes. What is in `film_borders.tsv` was found by
looking at every picture pair that any of three detectors proposed at low thresholds; detections
inside fades and dissolves count neither for nor against a detector.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from momentidx.config import Settings
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source

HERE = Path(__file__).parent
REEL_CHECKED = 482 * 25
"""Frames of the reel before the film part, whose cuts are not listed."""
TELESCOPE = [(3313, 3363), (3402, 3402)]
"""A dissolve and a cut inside one clip of the reel: real, but not listed."""


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float

    def over(self, other: Cost) -> str:
        return f"{self.wall / other.wall:.2f} (cpu {self.cpu / other.cpu:.2f})"


class Table:
    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str]] = []

    def add(self, what: str, goal: str, measured: str, met: bool | None) -> None:
        self._rows.append((what, goal, measured, "" if met is None else "yes" if met else "NO"))
        print(f"  {what}: {measured}", file=sys.stderr, flush=True)

    def __str__(self) -> str:
        rows = [("what", "goal", "measured", "met"), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join([lines[0], "-|-".join("-" * width for width in widths), *lines[1:]])


def cost(work: Callable[[], Any], repeat: int) -> tuple[Cost, Any]:
    """The least cost of some runs, and the last result."""
    costs = []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), _cpu()
        result = work()
        costs.append(Cost(time.perf_counter() - wall, _cpu() - cpu))
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs)), result


def _cpu() -> float:
    """Processor seconds of this process, of its living children and of its dead ones."""
    ticks = [Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2].split()[11:13] for child in _children()]
    living = sum(int(user) + int(system) for user, system in ticks) / os.sysconf("SC_CLK_TCK")
    dead = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + living + dead.ru_utime + dead.ru_stime


def _children() -> list[str]:
    return [child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()]


def scores(found: Sequence[int], cuts: Sequence[int], gradual: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    """Precision, recall and F1 at one frame."""

    def near(frame: int, frames: Sequence[int]) -> bool:
        return any(abs(frame - other) <= 1 for other in frames)

    counted = [f for f in found if near(f, cuts) or not any(start <= f <= end for start, end in gradual)]
    recall = sum(near(cut, counted) for cut in cuts) / len(cuts)
    precision = sum(near(f, cuts) for f in counted) / max(len(counted), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def opened(path: Path, decoder: Decoder) -> tuple[Footage, Source]:
    footage = probe(path, decoder)
    return footage, Source(path, footage, decoder, decoder.settings)


def our_borders(path: Path, decoder: Decoder) -> list[int]:
    footage, source = opened(path, decoder)
    return [footage.grid.frame(shot.start) for shot in source.shots[1:]]


def their_borders(path: Path, kind: str) -> list[int]:
    import scenedetect

    scenes = scenedetect.detect(str(path), getattr(scenedetect, kind)())
    return [start.frame_num for start, _ in scenes[1:]]


def full_decode(path: Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-threads", "2", "-i", path, "-an", "-f", "null", "-"], check=True)


def ffmpeg(*arguments: str | os.PathLike[str]) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def shots(table: Table, data: Path, decoder: Decoder, repeat: int) -> None:
    with (data / "video/long/reel_10min_cuts.tsv").open() as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["hard_cut_at_start"] == "yes"]
    reel_cuts = [round(Fraction(row["start_s"]) * 25) for row in rows]
    with (HERE / "film_borders.tsv").open() as file:
        borders = [
            (int(row["first_frame"]), int(row["last_frame"]), row["kind"])
            for row in csv.DictReader(file, delimiter="\t")
        ]
    film_cuts = [first for first, _, kind in borders if kind == "cut"]
    film_gradual = [(first, last) for first, last, kind in borders if kind != "cut"]

    for name, cuts, gradual, checked in (
        ("reel_10min", reel_cuts, TELESCOPE, REEL_CHECKED),
        ("big_buck_bunny_240p_596s", film_cuts, film_gradual, None),
    ):
        path = data / "video/long" / f"{name}.mp4"
        full, _ = cost(partial(full_decode, path), repeat)
        ours, found = cost(partial(our_borders, path, decoder), repeat)
        known = [cut for cut in cuts if checked is None or cut < checked]
        precision, _, f1 = scores([f for f in found if checked is None or f < checked], known, gradual)
        _, recall, _ = scores(found, cuts, gradual)
        table.add(f"{name}: recall at one frame of {len(cuts)} cuts", ">= 0.98", f"{recall:.3f}", recall >= 0.98)
        table.add(f"{name}: precision", ">= 0.95", f"{precision:.3f}", precision >= 0.95)
        for kind in ("AdaptiveDetector", "ContentDetector"):
            theirs, other = cost(partial(their_borders, path, kind), 1)
            _, _, their_f1 = scores([f for f in other if checked is None or f < checked], known, gradual)
            table.add(f"{name}: F1 against {kind}", f">= {their_f1:.3f}", f"{f1:.3f}", f1 >= their_f1)
            table.add(f"{name}: time against {kind}", "<= 0.25", ours.over(theirs), ours.wall <= 0.25 * theirs.wall)
        table.add(f"{name}: time against full decode", "<= 0.35", ours.over(full), ours.wall <= 0.35 * full.wall)


def made_footage(table: Table, data: Path, folder: Path, decoder: Decoder, repeat: int) -> None:
    """Five minutes of 1080p with long GOPs, and one of all-intra."""
    minute, long, intra = folder / "minute.mp4", folder / "long.mp4", folder / "intra.mov"
    reel = data / "video/long/reel_10min.mp4"
    x264 = ["-an", "-vf", "scale=1920:1080", "-c:v", "libx264", "-preset", "veryfast", "-g", "250", "-crf", "21"]
    ffmpeg("-ss", "115", "-t", "60", "-i", reel, *x264, minute)
    ffmpeg("-stream_loop", "4", "-i", minute, "-c", "copy", long)
    ffmpeg("-i", minute, "-an", "-vf", "scale=1280:720", "-c:v", "prores_ks", "-profile:v", "1", intra)

    long_full, _ = cost(partial(full_decode, long), repeat)
    shots_long, _ = cost(partial(our_borders, long, decoder), repeat)
    table.add(
        "5 min 1080p: shots against full decode",
        "<= 0.35",
        shots_long.over(long_full),
        shots_long.wall <= 0.35 * long_full.wall,
    )
    intra_full, _ = cost(partial(full_decode, intra), repeat)
    shots_intra, _ = cost(partial(our_borders, intra, decoder), repeat)
    met = shots_intra.wall <= 0.8 * intra_full.wall
    table.add("1 min all-intra: shots against full decode", "<= 0.80", shots_intra.over(intra_full), met)

    footage, source = opened(long, decoder)
    assert footage.frame_count is not None
    numbers = np.linspace(0, footage.frame_count - 1, 100).astype(int)
    times = [footage.grid.pts(int(number)) for number in numbers]
    exact, _ = cost(partial(source.at, times, width=336), repeat)
    batch, _ = cost(partial(decord_batch, long, numbers), repeat)
    table.add("100 exact pictures against decord get_batch", "<= 1.00", exact.over(batch), exact.wall <= batch.wall)
    table.add(
        "100 exact pictures against full decode", "<= 0.80", exact.over(long_full), exact.wall <= 0.8 * long_full.wall
    )


def decord_batch(path: Path, numbers: Any) -> Any:
    import decord

    return decord.VideoReader(str(path), width=336, height=189).get_batch(numbers).asnumpy()


def real_footage(table: Table, data: Path, decoder: Decoder, repeat: int) -> None:
    files = sorted((data / "video/real").iterdir())
    probing, footages = cost(lambda: [probe(path, decoder) for path in files], repeat)
    each = probing.wall / len(files) * 1000
    table.add("probing and fingerprinting a file", "<= 25 ms", f"{each:.1f} ms", each <= 25)

    def watched() -> None:
        for path, footage in zip(files, footages, strict=True):
            for _ in Source(path, footage, decoder, decoder.settings).watch(per_second=8, width=320):
                pass

    seconds = float(sum(footage.duration for footage in footages))
    passes, _ = cost(watched, repeat)
    speed = f"{passes.wall:.1f} s (cpu {passes.cpu:.1f} s), {seconds / passes.wall:.0f} times real time"
    table.add("one pass, 8 pictures a second, over 36 real clips", "<= 25 s", speed, passes.wall <= 25)
    peak = max(map(_peak_mb, _children()))
    table.add("peak memory of the decoding child", "<= 800 MB", f"{peak:.0f} MB", peak <= 800)


def _peak_mb(pid: str) -> float:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--repeat", type=int, default=2)
    options = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as folder, Decoder(Settings.model_validate({})) as decoder:
        shots(table, options.data, decoder, options.repeat)
        made_footage(table, options.data, Path(folder), decoder, options.repeat)
        real_footage(table, options.data, decoder, options.repeat)
    print(table)


if __name__ == "__main__":
    main()
