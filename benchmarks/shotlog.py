"""How good and how quick the shot log is: on real clips, on the reel, and against a bare decode.

    python benchmarks/shotlog.py SHARED [--speed-only]

SHARED is a folder with `data/video` and `models` as the project's tests use them. Every figure is given
without and with the small models. Times are ratios of one run: shot log over `ffmpeg -threads 2 -f null`.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from momentidx.caption.shotlog import ShotLog
from momentidx.caption.shotlog.models import installed
from momentidx.commands.grounding import measure
from momentidx.config import Settings
from momentidx.evaluation.retrieval import tiou
from momentidx.hooks import choose
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.models.store import MODELS, Store
from momentidx.pipeline.tools import Tools

GOALS = {"mIoU": 50.0, "mIoU of a part": 35.0, "R@1 0.5 of a part": 30.0}


def main() -> None:
    shared = Path(sys.argv[1])
    video = shared / "data" / "video"
    settings = Settings.model_validate({})
    with tempfile.TemporaryDirectory() as folder, Decoder(settings) as decoder:
        store = Store(Path(folder) / "models")
        embedder = choose("embedders", settings.embedder).make(settings)
        for file in [None, *MODELS["shotlog"].files]:
            if file is not None:
                store.add(shared / "models" / file.name)
        for name, captioner in (("without models", ShotLog()), ("with models", ShotLog(installed(store)))):
            print(f"== {name}")
            tools = Tools(settings, (captioner,), embedder, decoder)
            if "--speed-only" not in sys.argv:
                quality(video, tools)
                reel(video / "long", tools)
            speed(Path(folder), captioner, settings)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, goal 900 MB")


def quality(video: Path, tools: Tools) -> None:
    found = measure(video, video / "events.json", tools)
    for figure, value in found.ours.items():
        goal = f", goal {GOALS[figure]:g}" if figure in GOALS else ""
        print(f"{figure:<24}{value:8.2f} (whole video {found.whole[figure]:.2f}{goal})")


def reel(folder: Path, tools: Tools) -> None:
    """The caption of each part of the reel as a query: is the best event one of a part with that caption?"""
    path = folder / "reel_10min.mp4"
    with (folder / "reel_10min_cuts.tsv").open(encoding="utf-8") as table:
        parts = list(csv.DictReader(table, delimiter="\t"))
    footage = probe(path, tools.decoder)
    (captioner,) = tools.captioners
    events = captioner.describe(footage, Source(path, footage, tools.decoder, tools.settings))
    times = np.array([[footage.seconds(event.span.start), footage.seconds(event.span.end)] for event in events], float)
    vectors = tools.embedder.embed([event.caption for event in events])
    right = 0
    for part in parts:
        truths = [[float(p["start_s"]), float(p["end_s"])] for p in parts if p["caption"] == part["caption"]]
        (vector,) = tools.embedder.embed([part["caption"]])
        right += bool((tiou(times[int((vectors @ vector).argmax())], np.array(truths)) >= 0.5).any())
    print(f"reel: R@1 at tIoU 0.5 {100 * right / len(parts):.1f} ({right} of {len(parts)} parts; {len(events)} events)")


def speed(folder: Path, captioner: ShotLog, settings: Settings) -> None:
    """A minute of 1080p25, long GOP, with pictures that move."""
    path = folder / "hd.mp4"
    if not path.exists():
        made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25:d=60", "-f", "lavfi", "-i"]
        made += ["sine=d=60", "-c:v", "libx264", "-preset", "veryfast", "-g", "250", "-pix_fmt", "yuv420p", str(path)]
        subprocess.run(made, check=True)
    command = ["ffmpeg", "-v", "error", "-threads", "2", "-i", str(path), "-map", "0:v", "-f", "null", "-"]

    def described() -> None:
        with Decoder(settings) as decoder:  # a child of its own, whose time is known when it has ended
            footage = probe(path, decoder)
            captioner.describe(footage, Source(path, footage, decoder, settings))

    runs = [(*taken(lambda: subprocess.run(command, check=True)), *taken(described)) for _ in range(3)]
    bare, bare_processor, ours, ours_processor = map(min, zip(*runs, strict=True))
    print(
        f"1080p25: {ours / bare:.2f} of a bare decode ({ours:.1f} s to {bare:.1f} s), "
        f"{ours_processor / bare_processor:.2f} by the processor's time, {60 / ours:.1f} times real time, goal 10"
    )


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor with all child processes."""
    began, used = time.perf_counter(), processor()
    work()
    return time.perf_counter() - began, processor() - used


def processor() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


if __name__ == "__main__":
    main()
