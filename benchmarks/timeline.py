"""How long 10,000 moments take to become a file of each format, and how much memory.

    python benchmarks/timeline.py [MOMENTS]

Each format runs in a process of its own, from moments in memory to a checked file: building the
timeline, conforming, writing, reading back. Peak memory is the whole process. Bundles (`otioz`) are
left out: they copy media.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from momentidx.events import Moment

GOAL_SECONDS, GOAL_MEGABYTES = 5.0, 500.0
FILES = 300


def main() -> None:
    from momentidx.timeline.plugin import timeline_writers

    count = sys.argv[1] if len(sys.argv) > 1 else "10000"
    print(f"{int(count):,} moments of {FILES} files; goal: {GOAL_SECONDS:g} s, {GOAL_MEGABYTES:g} MB")
    print(f"{'format':<14}{'seconds':>8}{'CPU':>8}{'peak MB':>9}{'file MB':>9}")
    for offer in timeline_writers():
        if offer.name == "otioz":
            continue
        done = subprocess.run(
            [sys.executable, __file__, "--one", offer.name, count], capture_output=True, text=True, check=True
        )
        seconds, cpu, peak, size = map(float, done.stdout.split())
        met = seconds <= GOAL_SECONDS and peak <= GOAL_MEGABYTES
        print(f"{offer.name:<14}{seconds:>8.1f}{cpu:>8.1f}{peak:>9.0f}{size:>9.1f}{'' if met else '  NOT MET'}")


def one(name: str, count: int) -> None:
    """Measure one format; prints seconds, seconds of CPU, peak megabytes, megabytes of the files."""
    from momentidx.config import Settings
    from momentidx.timeline.build import Layout
    from momentidx.timeline.export import deliver, deliveries
    from momentidx.timeline.plugin import timeline_writers

    (writer,) = [offer.make(Settings.model_validate({})) for offer in timeline_writers() if offer.name == name]
    with tempfile.TemporaryDirectory() as folder:
        moments = made(count, Path(folder))
        start, cpu = time.perf_counter(), time.process_time()
        plan = deliveries(moments, writer, Path(folder) / f"t{writer.suffix}", Layout(handles="12f"))
        list(deliver(plan, query="a red door", force=False))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        size = sum(one.file.stat().st_size for one in plan) / 1e6
    print(seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size)


def made(count: int, folder: Path) -> list[Moment]:
    """Moments of a few seconds all over a few hundred files with timecode and sound."""
    from momentidx.events import Event, Layer, Moment
    from momentidx.footage import AudioStream, Footage, VideoStream
    from momentidx.times import Span, StartTimecode

    rate = Fraction(24000, 1001)
    tapes = []
    for number in range(FILES):
        path = folder / f"A001C{number:03}_é #1.mov"
        path.touch()
        footage = Footage(
            fingerprint=f"{number:064x}",
            container="mov",
            span=Span(0, 24 * 600, 1 / rate),
            rate=rate,
            video=VideoStream(0, "prores", 1920, 1080, "yuv422p10le", 10),
            audio=(AudioStream(1, "pcm_s24le", 48000, 2, "stereo"),),
            start=StartTimecode(24 * 3600 + 20_000 * number, source="track"),
        )
        tapes.append((footage, path))
    layer = Layer("shotlog", "1")
    found = []
    for number in range(count):
        footage, path = tapes[number % FILES]
        first = number * 37 % 14_000
        event = Event(Span(first, first + 100, 1 / rate), f"A woman in a red coat opens door {number}, looks back.")
        found.append(Moment(number, event, layer, footage, path, score=0.5))
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], int(sys.argv[3]))
    else:
        main()
