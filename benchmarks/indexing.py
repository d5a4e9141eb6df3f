"""How fast footage is indexed from nothing, and how much memory that takes.

    python benchmarks/indexing.py FOLDER

Runs `momentidx index` on the folder with a new library and samples the resident memory of the
process and of its decoding child. The yardstick, in the same run, is decoding every file with
`ffmpeg -threads 2`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

COMMAND = Path(sys.executable).with_name("momentidx")
GOAL_REAL_TIME = 8.0
"""Times faster than the footage lasts, on two cores, embeddings included."""
GOAL_WRITER_MB, GOAL_CHILD_MB = 1200, 800


def index(folder: Path, library: Path) -> tuple[float, float, float]:
    """Seconds, peak MB of the process, peak MB of its largest child."""
    start = time.perf_counter()
    process = psutil.Popen([COMMAND, "index", str(folder), "--library", str(library)])
    peak = child_peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
            for child in process.children(recursive=True):
                child_peak = max(child_peak, child.memory_info().rss)
        except psutil.Error:  # it ended between two looks
            pass
        time.sleep(0.02)
    return time.perf_counter() - start, peak / 1e6, child_peak / 1e6


def decode(files: list[Path]) -> float:
    start = time.perf_counter()
    for file in files:
        command = ["ffmpeg", "-v", "quiet", "-threads", "2", "-i", f"file:{file}", "-map", "0:v:0", "-f", "null", "-"]
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as temporary:
        library = Path(temporary) / "library"
        took, peak, child_peak = index(folder, library)
        listing = subprocess.run(
            [COMMAND, "footage", "list", "--json", "--library", str(library)],
            check=True,
            capture_output=True,
            text=True,
        )
    clips = [json.loads(line) for line in listing.stdout.splitlines()]
    length = sum(clip["seconds"] for clip in clips)
    events = sum(layer["events"] for clip in clips for layer in clip["layers"])
    decoding = decode([Path(clip["locations"][0]["path"]) for clip in clips])

    print(f"{len(clips)} clips, {length:.0f} s of footage, {events} events")
    for name, value, goal, met in [
        ("times real time", length / took, GOAL_REAL_TIME, length / took >= GOAL_REAL_TIME),
        ("process peak MB", peak, GOAL_WRITER_MB, peak <= GOAL_WRITER_MB),
        ("child peak MB", child_peak, GOAL_CHILD_MB, child_peak <= GOAL_CHILD_MB),
    ]:
        print(f"{name:<18} {value:8.1f}   goal {goal:g}: {'met' if met else 'NOT MET'}")
    print(f"index {took:.1f} s; ffmpeg alone {decoding:.1f} s; ratio {took / decoding:.2f}")


if __name__ == "__main__":
    main()
