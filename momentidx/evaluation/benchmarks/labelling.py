"""Which action is it, frame by frame? A captioner's sentences become the labels that they sound most like,
as Momentor is measured (arXiv 2402.11435, section 5): by the similarity of sentence vectors.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from momentidx.errors import WrongUse
from momentidx.evaluation.benchmarks.values import Alike, Answered, Files, Outcome, Query, Row, Said, share_curve
from momentidx.evaluation.reading import Span
from momentidx.evaluation.segmentation import figures, read_labels

IDLE = ("SIL", "background", "action_start", "action_end")
"""Labels of frames in which nothing is done; frames of which nothing is told get the first of them that is used."""


def read(files: Files) -> list[Query]:
    """A folder with a text file of labels for each video. The labels are the truth; its spans follow from them."""
    return [Query(video, video, (), told=labels) for video, labels in read_labels(files.annotations[0], "").items()]


def count(answered: Answered, alike: Alike) -> Outcome:
    truths = {query.id: query.told for query, _ in answered}
    used = sorted({label for labels in truths.values() for label in labels})
    actions = [label for label in used if label not in IDLE]
    if not actions:
        raise WrongUse(f"The label files name no action, only {', '.join(used)}.")
    idle = next((label for label in IDLE if label in used), IDLE[1])
    answers = {query.id: _labels(said, len(query.told), actions, idle, alike) for query, said in answered}
    rows = []
    for query, said in answered:
        same = sum(a == b for a, b in zip(query.told, answers[query.id], strict=True)) / len(query.told)
        truth = replace(query, truth=_spans(query.told, said.duration))
        rows.append(Row(truth, said, same, {"labels": _runs(answers[query.id])}))
    return Outcome(figures(truths, answers), rows, [share_curve({"videos": [row.score for row in rows]}, "accuracy")])


def _labels(said: Said, frames: int, actions: list[str], idle: str, alike: Alike) -> list[str]:
    """The label of each frame; where events overlap, of the later one."""
    found = [idle] * frames
    if not said.captions:
        return found
    best = alike(said.captions, [label.replace("_", " ") for label in actions]).argmax(1)
    for (start, end), place in sorted(zip(said.here, best, strict=True), key=lambda told: told[0]):
        first, last = (round(second / said.duration * frames) for second in (start, end))
        found[first:last] = [actions[place]] * (min(last, frames) - first)
    return found


def _spans(labels: list[str], duration: float) -> tuple[Span, ...]:
    """Where something is done, in seconds."""
    found, frame = [], 0
    for label, run in groupby(labels):
        start, frame = frame, frame + len(list(run))
        if label not in IDLE:
            found.append((start * duration / len(labels), frame * duration / len(labels)))
    return tuple(found)


def _runs(labels: list[str]) -> list[list[object]]:
    """[label, number of frames], in order."""
    return [[label, len(list(run))] for label, run in groupby(labels)]
