"""`momentidx eval run`: a benchmark from its files to its report."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tqdm import tqdm

from momentidx import __version__
from momentidx.commands.measured import Opener, system
from momentidx.commands.setting_up import Setup
from momentidx.commands.showing import plain
from momentidx.errors import UnusableFootage, WrongUse
from momentidx.evaluation import text
from momentidx.evaluation.benchmarks import BENCHMARKS
from momentidx.evaluation.benchmarks.values import Benchmark, Files, Outcome, Query, Row
from momentidx.evaluation.page import Picture, page
from momentidx.evaluation.report import report, worst
from momentidx.evaluation.running import open_journal, run
from momentidx.hooks import choose
from momentidx.media.child import Decoder
from momentidx.times import Span

REPORT, PAGE = "report.json", "report.html"
WORST = 12


@dataclass(frozen=True)
class Folder:
    """Annotations and videos somewhere below one folder."""

    path: Path
    endings: Sequence[str]

    @cached_property
    def _files(self) -> dict[str, list[Path]]:
        """By every name that a benchmark may use: path from here, name, name without ending, and the path with `_` for
        `/` (Breakfast calls `P16/webcam02/P16_milk.avi` so)."""
        found: dict[str, list[Path]] = defaultdict(list)
        for folder, folders, names in os.walk(self.path):
            folders.sort()
            for name in sorted([*folders, *names]):
                path = Path(folder, name)
                inner = path.relative_to(self.path)
                keys = {name, inner.as_posix()}
                if path.suffix[1:].lower() in self.endings:
                    keys |= {path.stem, "_".join(inner.with_suffix("").parts)}
                for key in keys:
                    found[key].append(path)
        return found

    def find(self, video: str) -> Path | None:
        """By id, name or path, also an absolute one. Raises WrongUse when it could be several."""
        if Path(video).is_absolute():
            return Path(video) if Path(video).is_file() else None
        there = [path for path in self._files.get(video, ()) if path.suffix[1:].lower() in self.endings]
        if len(there) > 1:
            raise WrongUse(f"'{video}' could be {' or '.join(map(str, there[:3]))}. Take the others out of the folder.")
        return there[0] if there else None

    def annotations(self, benchmark: Benchmark) -> tuple[Path, ...]:
        """Raises WrongUse when there are too few."""
        found = [self._files[name][0] for name in benchmark.annotations if name in self._files][: benchmark.most]
        if len(found) < benchmark.least:
            raise WrongUse(
                f"{self.path}: has no {' or '.join(benchmark.annotations)}. Put the annotations there, or name them "
                "with --annotations."
            )
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command was asked for."""

    benchmark: str
    captioner: str
    data: Path
    annotations: tuple[Path, ...]
    """Instead of those in the data folder."""
    out: Path | None
    """None: a folder here, named after benchmark and captioner."""
    limit: int | None


def measure(wish: Wish, setup: Setup) -> tuple[dict[str, Any], Path]:
    """Runs it, writes its report and its page, and gives the report and where they are.

    Raises WrongUse, TextMetricsMissing.
    """
    benchmark = BENCHMARKS[wish.benchmark]
    if benchmark.needs_words and (why := text.missing()):
        raise text.TextMetricsMissing(why)
    if not wish.data.is_dir():
        raise WrongUse(f"{plain(wish.data)}: there is no such folder.")
    folder = Folder(wish.data.absolute(), setup.settings.extensions)
    annotations = wish.annotations or folder.annotations(benchmark)
    embedder = choose("embedders", setup.settings.embedder).make(setup.settings)
    with Decoder(setup.settings) as decoder:
        opener = Opener(decoder, setup.settings)
        queries = benchmark.read(Files(annotations, folder.find, opener.facts))[: wish.limit]
        with system(wish.captioner, setup, opener, embedder, benchmark.asks) as measured:
            settings = {
                "benchmark": wish.benchmark,
                "captioner": measured.name,
                "captioner_version": measured.version,
                "annotations": {path.name: _hash(path) for path in annotations},
                "momentidx": __version__,
            }
            out = wish.out or Path(f"eval-{wish.benchmark}-{measured.name}")
            with open_journal(out, settings) as journal:
                bar = tqdm(_by_video(queries), desc=wish.benchmark, unit="query", file=sys.stderr, disable=None)
                done = run(bar, measured, folder.find, journal)
        if not done.answered:
            why = f" {done.passing[0]}" if done.passing else ""
            raise WrongUse(f"{wish.data}: none of the {len(queries)} queries could be asked of a video there.{why}")
        outcome = benchmark.count(done.answered, lambda a, b: embedder.embed(a) @ embedder.embed(b).T)
        about = settings | {"summary": benchmark.summary, "source": benchmark.source}
        told = report(about, measured.how, done, outcome)
        _write(out, told, outcome, folder, opener)
    return told, out


def _by_video(queries: Sequence[Query]) -> list[Query]:
    """Those of one video after each other; videos in the order in which they come first."""
    order: dict[str, int] = {}
    for query in queries:
        order.setdefault(query.video, len(order))
    return sorted(queries, key=lambda query: order[query.video])


def _hash(path: Path) -> str:
    """Of a file's content, or of all files of a folder."""
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _write(out: Path, told: dict[str, Any], outcome: Outcome, folder: Folder, opener: Opener) -> None:
    shown = [(row, _pictures(row, folder, opener)) for row in worst(outcome, WORST)]
    (out / REPORT).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (out / PAGE).write_text(page(told, outcome, shown), encoding="utf-8")


def _pictures(row: Row, folder: Folder, opener: Opener) -> list[Picture]:
    """The middle of what was marked and of what was answered; none of a file that cannot be read."""
    path = folder.find(row.query.video)
    answered = "answered later" if row.said.spans[:1] == (None,) else "answered"
    wanted = [(row.query.truth[:1], "marked"), (row.said.here[:1], answered)]
    named = [(span, name) for spans, name in wanted for span in spans]
    if path is None or not row.said.duration or not named:
        return []
    try:
        footage, source = opener(path)
        last = float(footage.duration)
        middles = [min(sum(span) / 2, last - 0.001) for span, _ in named]
        jpegs = source.middles([_at(second, footage.span) for second in middles])
    except UnusableFootage:
        return []
    return [
        Picture(jpeg, f"{name}, at {middle:.1f} s")
        for jpeg, middle, (_, name) in zip(jpegs, middles, named, strict=True)
    ]


def _at(second: float, footage: Span) -> Span:
    """The tick at a time from the first picture."""
    start = footage.start + round(second / footage.base)
    return Span(start, start + 1, footage.base)
