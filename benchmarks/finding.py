"""What `find` itself answers, in a real library, to two people's descriptions of the same videos.

python benchmarks/finding.py INDEX.json QUERIES.json [--count N]

`benchmarks/retrieval.py` measures the ranking alone; here the events lie in a library and every question goes through
all of `search`: candidates, ranking, what tells the same stretch. Prints the figures and the time of a question.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentidx.evaluation.densevid import Descriptions, read_descriptions
from momentidx.evaluation.retrieval import tiou
from momentidx.events import Event, Layer, Moment
from momentidx.files import SeenFile
from momentidx.footage import Footage, VideoStream
from momentidx.library import Described, Library, Strip, Wanted, WritableLibrary
from momentidx.search.asking import Wish
from momentidx.search.find import search
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.times import Span

BASE = Fraction(1, 1000)
TOLD = Layer("told", "1")
VIDEO = VideoStream(0, "h264", 64, 36, "yuv420p", 8)
LIMIT = 100
"""Moments of each answer."""


def fill(library: WritableLibrary, folder: Path, described: Descriptions, embedder: MiniLMEmbedder) -> None:
    """One footage for each video, brought through the queue with its events as if a captioner had told them."""
    vectors = embedder.embed(described.sentences)
    goal = Wanted((TOLD,), embedder)
    for number, name in enumerate(described.names):
        path = folder / name
        path.write_text(name)
        rows = np.flatnonzero(described.videos == number)
        spans = [Span.seconds(float(start), float(end), BASE) for start, end in described.spans[rows]]
        length = Span.seconds(0, float(described.durations[number]), BASE).end
        footage = Footage(name, "mov", Span(0, max(length, *(span.end for span in spans)), BASE), Fraction(25), VIDEO)
        events = [Event(span, described.sentences[row]) for row, span in zip(rows, spans, strict=True)]
        seen = SeenFile.of(path)
        library.enqueue(seen)
        claim = library.claim(goal, seen.path)
        claim = library.recognise(claim, claim.file, footage, goal) if claim else None
        while claim is not None:
            for job in claim.jobs:
                if job.stage == "describe":
                    library.keep_layer(job, footage, claim.path, Described(TOLD, events), goal)
                elif job.stage == "pictures":
                    library.keep_pictures(job, b"poster", Strip(b"strip", {}))
                else:
                    ids = list(library.unembedded(footage.fingerprint, goal))
                    library.keep_vectors(job, claim.path, embedder, ids, vectors[rows])
            claim = library.claim(goal, seen.path)


def answers(library: Library, embedder: MiniLMEmbedder, sentences: Sequence[str]) -> tuple[list[list[Moment]], float]:
    """The moments for each sentence, and the median milliseconds of one question after the first."""
    found, took = [], []
    for sentence in sentences:
        began = time.perf_counter()
        found.append(search(library, sentence, Wish(LIMIT), embedder=embedder).moments)
        took.append(time.perf_counter() - began)
    return found, 1000 * statistics.median(took[1:])


def figures(found: list[list[Moment]], videos: Sequence[str], spans: NDArray[np.float64]) -> dict[str, float]:
    """Per cent of the questions whose video, and whose moment with tIoU 0.5, is among the first k."""
    video_ranks, moment_ranks = [], []
    for moments, video, span in zip(found, videos, spans, strict=True):
        clips = list(dict.fromkeys(moment.footage.fingerprint for moment in moments))
        video_ranks.append(clips.index(video) if video in clips else LIMIT)
        edges = np.array([[m.event.span.start / 1000, m.event.span.end / 1000] for m in moments]).reshape(-1, 2)
        right = (tiou(edges, span[None]) >= 0.5) & np.array([m.footage.fingerprint == video for m in moments], bool)
        moment_ranks.append(int(right.argmax()) if right.any() else LIMIT)
    table = {f"VR R@{k}": np.mean(np.array(video_ranks) < k) for k in (1, 5, 10)}
    table |= {f"VCMR R@{k},IoU>=0.5": np.mean(np.array(moment_ranks) < k) for k in (1, 10, 100)}
    return {name: 100 * float(share) for name, share in table.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--count", type=int, default=1000, help="so many questions, spread over all (default 1000)")
    options = parser.parse_args()
    described, asked = read_descriptions(options.index), read_descriptions(options.queries)
    both = set(described.names) & set(asked.names)
    described, asked = described.only(both), asked.only(both)
    embedder = MiniLMEmbedder(installed_weights())
    rows = np.linspace(0, len(asked.sentences) - 1, min(options.count, len(asked.sentences))).astype(int)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with WritableLibrary.open(folder / "library") as writable:
            fill(writable, folder, described, embedder)
        with Library.open(folder / "library") as library:
            found, milliseconds = answers(library, embedder, [asked.sentences[row] for row in rows])
    print(f"{len(described.sentences)} events of {len(described.names)} videos, {len(rows)} questions")
    for name, figure in figures(found, [asked.names[asked.videos[row]] for row in rows], asked.spans[rows]).items():
        print(f"  {name:22} {figure:8.2f}")
    print(f"  median of a question   {milliseconds:8.1f} ms, the vector of the question included")


if __name__ == "__main__":
    main()
