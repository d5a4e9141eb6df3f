"""Does it work on my footage? A person's own queries.

`queries.csv` has the columns file, query, in and out. A file is named by its path from the data folder or by its name
alone; times are written as everywhere in momentidx (01:02:03:04, 12.5s, 300f), and the out point is not included. Rows
with the same file and query are several right moments: the one that an answer fits best counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median
from typing import Any

import numpy as np

from momentidx.errors import WrongUse
from momentidx.evaluation.benchmarks.locating import count as count_located
from momentidx.evaluation.benchmarks.locating import overlap
from momentidx.evaluation.benchmarks.values import Alike, Answered, Curve, Files, Outcome, Query, Row
from momentidx.evaluation.reading import Record, Span, read_table, text
from momentidx.footage import Footage
from momentidx.times import parse_frame, round_half_up

MOST_FRAMES = 50
"""As far as the curve of edges goes."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What a person marked in one file."""

    footage: Footage
    frames: tuple[tuple[int, int], ...]
    """First frame and first frame after the end of each right moment."""


def read(files: Files) -> list[Query]:
    """Raises WrongUse with line and field for what makes no sense, UnusableFootage for a file that cannot be read."""
    known: dict[str, Footage] = {}
    found: dict[tuple[str, str], Query] = {}
    for row in read_table(files.annotations[0]):
        file, words = row.take("file", text).strip(), row.take("query", text).strip()
        for field, value in (("file", file), ("query", words)):
            if not value:
                raise row.wrong(field, "is empty")
        if file not in known:
            path = files.find(file)
            if path is None:
                raise row.wrong("file", f"is '{file}', which is not in the data folder")
            known[file] = files.facts(path)
        frames = _frames(row, known[file])
        before = found.get((file, words))
        marked = (*before.told.frames, frames) if before else (frames,)
        found[file, words] = Query(
            before.id if before else row.place, file, tuple(_seconds(each, known[file]) for each in marked), words,
            told=Marked(known[file], marked),
        )  # fmt: skip
    return list(found.values())


def _frames(row: Record, footage: Footage) -> tuple[int, int]:
    start, end = (_frame(row, field, footage) for field in ("in", "out"))
    if end <= start:
        raise row.wrong("out", f"is {row.content['out']}, not after the in point {row.content['in']}")
    if end > footage.length_frames:
        raise row.wrong("out", f"is frame {end}; the file has {footage.length_frames}")
    return start, end


def _frame(row: Record, field: str, footage: Footage) -> int:
    written = row.take(field, text)
    try:
        return parse_frame(written, footage.rate, footage.start)
    except WrongUse as error:
        raise WrongUse(f"{row.path}, {row.place}: field '{field}': {error}") from error


def _seconds(frames: tuple[int, int], footage: Footage) -> Span:
    span = footage.grid.span(*frames)
    return float(footage.seconds(span.start)), float(footage.seconds(span.end))


def count(answered: Answered, alike: Alike) -> Outcome:
    """R@k and mIoU; and how many frames the edges of first answers lie from the true ones, where they overlap at all.

    With answers from other files, what they say of the query's own file is counted as well ("in file").
    """
    outcome = count_located(answered, alike)
    rows = [_row(row) for row in outcome.rows]
    errors = [error for row in rows for error in row.facts["edge_error_frames"]]
    figures = outcome.figures | {"first answer overlaps": round(100 * len(errors) / 2 / len(rows), 2)}
    if errors:
        figures["median edge error, frames"] = float(median(errors))
    if any(None in said.spans for _, said in answered):
        in_file = count([(query, replace(said, spans=said.here)) for query, said in answered], alike)
        figures |= {f"in file {name}": value for name, value in in_file.figures.items()}
    curves = [*outcome.curves, *([_edges(errors)] if errors else [])]
    return replace(outcome, figures=figures, rows=rows, curves=curves)


def _row(row: Row) -> Row:
    """With the frames that were marked and answered, and how far apart their edges are."""
    footage, marked = row.query.told.footage, row.query.told.frames
    first = row.said.spans[0] if row.said.spans else None
    facts: dict[str, Any] = {"truth_frames": marked, "frames": None, "edge_error_frames": []}
    if first is not None:
        facts["frames"] = told = [_frame_at(edge, footage) for edge in first]
        if row.score:
            truth = max(zip(row.query.truth, marked, strict=True), key=lambda each: overlap(first, each[:1]))[1]
            facts["edge_error_frames"] = [abs(a - b) for a, b in zip(told, truth, strict=True)]
    return replace(row, facts=facts)


def _frame_at(seconds: float, footage: Footage) -> int:
    return footage.grid.frame(footage.span.start + round_half_up(Fraction(seconds) / footage.span.base))


def _edges(errors: Sequence[int]) -> Curve:
    points = [(float(frames), float(np.mean(np.array(errors) <= frames))) for frames in range(MOST_FRAMES + 1)]
    return Curve("Edges within so many frames", "frames", "share of edges", {"first answer": points})
