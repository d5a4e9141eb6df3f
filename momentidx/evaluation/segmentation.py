"""Action segmentation: one label for every frame.

- Acc (MoF, mean over frames): the share of all frames of all videos with the right label.
- Edit: 100 (1 - Levenshtein distance of the two sequences of segments / length of the longer one), mean over videos
  (Lea et al., Segmental Spatiotemporal CNNs, arXiv 1602.02995, section 4).
- F1@k: a predicted segment is right when the true segment of its label that it overlaps most has a tIoU >= k % and
  was not found before; the F1 of all segments of all videos (Lea et al., Temporal Convolutional Networks, arXiv
  1611.05267, section 3.2). k = 10, 25, 50.

As in the programs of the field: a segment is a longest run of one label; the label "background", and no other ("SIL"
of Breakfast counts), makes no segment for Edit and F1, but is a label for Acc; a longer prediction is cut at the
length of the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean

from momentidx.errors import WrongUse
from momentidx.evaluation.reading import Record, name, read_object, reading, record, texts

OVERLAPS = (10, 25, 50)
BACKGROUND = "background"
Labels = Sequence[str]


@dataclass(frozen=True, slots=True)
class Segment:
    label: str
    start: int
    end: int
    """Frames, not included."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Segments: right ones, wrong ones, and true ones that were not found."""

    right: int
    wrong: int
    missed: int

    @property
    def f1(self) -> float:
        counted = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / counted if counted else 1.0


def read_labels(path: Path, field: str) -> dict[str, list[str]]:
    """Labels by video, of a JSON list of `{"id": ..., FIELD: [labels]}`, or of a folder with a text file for each
    video (Breakfast, 50 Salads; the name without ending is the video). Raises WrongUse."""
    if path.is_dir():
        return {file.stem: _label_file(file) for file in sorted(path.iterdir()) if file.is_file()}
    content = read_object(path)
    if not isinstance(content, list):
        raise WrongUse(f"{path}: is not a list of objects with 'id' and '{field}', nor a folder of label files.")
    rows = [record(path, f"entry {place}", row) for place, row in enumerate(content, start=1)]
    return {row.take("id", name): _labels(row, field) for row in rows}


def _label_file(path: Path) -> list[str]:
    """Labels between spaces or line ends; lines that begin with # are headings."""
    with reading(path, "a text file with the labels of the frames"):
        lines = path.read_text(encoding="utf-8").splitlines()
    labels = [label for line in lines if not line.startswith("#") for label in line.split()]
    if not labels:
        raise WrongUse(f"{path}: has no labels.")
    return labels


def _labels(row: Record, field: str) -> list[str]:
    labels = row.take(field, texts)
    if not labels:
        raise row.wrong(field, "has no frames")
    return labels


def figures(truths: dict[str, list[str]], answers: dict[str, list[str]]) -> dict[str, float]:
    """Per cent. Every video needs an answer that is at least as long. Raises WrongUse."""
    pairs: list[tuple[Labels, Labels]] = []
    for video, truth in truths.items():
        answer = answers.get(video)
        if answer is None or len(answer) < len(truth):
            has = "no labels" if answer is None else f"{len(answer)} labels"
            raise WrongUse(f"The prediction has {has} for '{video}', which has {len(truth)} frames.")
        pairs.append((truth, answer[: len(truth)]))
    same = sum(a == b for truth, answer in pairs for a, b in zip(truth, answer, strict=True))
    found = {
        "Acc": 100 * same / sum(len(truth) for truth, _ in pairs),
        "Edit": fmean(edit_score(truth, answer) for truth, answer in pairs),
    }
    for k in OVERLAPS:
        each = [hits(truth, answer, k / 100) for truth, answer in pairs]
        of_all = Hits(*(sum(counts) for counts in zip(*((h.right, h.wrong, h.missed) for h in each), strict=True)))
        found[f"F1@{k}"] = 100 * of_all.f1
    return {metric: round(value, 2) for metric, value in found.items()}


def segments(labels: Labels) -> list[Segment]:
    found, start = [], 0
    for label, run in groupby(labels):
        end = start + len(list(run))
        if label != BACKGROUND:
            found.append(Segment(label, start, end))
        start = end
    return found


def edit_score(truth: Labels, answer: Labels) -> float:
    """0 to 100; two without any segment are equal."""
    a, b = [s.label for s in segments(truth)], [s.label for s in segments(answer)]
    longest = max(len(a), len(b))
    return 100 * (1 - _distance(a, b) / longest) if longest else 100.0


def _distance(a: Labels, b: Labels) -> int:
    """Levenshtein: fewest insertions, deletions and exchanges."""
    row = list(range(len(b) + 1))
    for place, label in enumerate(a, start=1):
        before, row = row, [place]
        for other, above_left, above in zip(b, before, before[1:], strict=False):
            row.append(min(above + 1, row[-1] + 1, above_left + (label != other)))
    return row[-1]


def hits(truth: Labels, answer: Labels, overlap: float) -> Hits:
    truths, answers = segments(truth), segments(answer)
    found: set[int] = set()
    for segment in answers:
        of_truth = [_tiou(segment, other) if other.label == segment.label else 0.0 for other in truths]
        best = max(range(len(truths)), key=of_truth.__getitem__, default=None)
        if best is not None and of_truth[best] >= overlap:
            found.add(best)  # a second one for the same true segment is wrong
    return Hits(len(found), len(answers) - len(found), len(truths) - len(found))


def _tiou(a: Segment, b: Segment) -> float:
    shared = max(0, min(a.end, b.end) - max(a.start, b.start))
    return shared / ((a.end - a.start) + (b.end - b.start) - shared)
