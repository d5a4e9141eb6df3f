"""Dense captioning: what happens in a video and when, several events each.

Figures of Krishna et al. (Dense-Captioning Events in Videos, arXiv 1705.00754, section 5) at tIoU 0.3, 0.5, 0.7 and
0.9 and their means, as the challenge's own program counts:

- Every predicted caption is compared with every true one that it overlaps with tIoU >= t, and, when there is none,
  with `NOTHING`, a word that no caption has (there a random one). The pairs of one video are one corpus: its BLEU,
  METEOR, ROUGE-L and CIDEr (how rare a word is, is counted in them) make the video's figure; the mean over videos is
  given, and a video without a prediction counts 0. With several references, pairs are made with all of them.
- Recall: the share of true events that a prediction overlaps with tIoU > t, precision the share of predictions that a
  true event overlaps so; the better reference counts, per video, then the mean.
- Letters outside of ASCII become spaces before the captions are tokenised.

tIoU of an end before its start is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from momentidx.errors import WrongUse
from momentidx.evaluation.reading import Span, items, length, read_object, record, span, spans, text, texts
from momentidx.evaluation.retrieval import tiou
from momentidx.evaluation.text import Meteor, Pair, bleu, cider, meteor, rouge, tokenised

THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
NOTHING = "zqxjkvbwqz"
TEXT_METRICS = ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "CIDEr")


@dataclass(frozen=True, slots=True)
class Told:
    """An event in words."""

    span: Span
    sentence: str


Events = Mapping[str, Sequence[Told]]
"""By video."""


def read_reference(path: Path) -> dict[str, list[Told]]:
    """`{"video": {"duration": 9, "timestamps": [[0, 4.5]], "sentences": ["..."]}}`. Raises WrongUse."""
    found = {}
    for video, content in record(path, "the document", read_object(path)).content.items():
        row = record(path, f"'{video}'", content)
        row.take("duration", length)
        times, sentences = row.take("timestamps", spans), row.take("sentences", texts)
        if len(times) != len(sentences):
            raise row.wrong("timestamps", f"has {len(times)} entries, 'sentences' {len(sentences)}")
        found[video] = [Told(each, sentence) for each, sentence in zip(times, sentences, strict=True)]
    return found


def read_durations(path: Path) -> dict[str, float]:
    """Seconds of the videos of a reference. Raises WrongUse."""
    content = record(path, "the document", read_object(path)).content
    return {video: record(path, f"'{video}'", row).take("duration", length) for video, row in content.items()}


def read_prediction(path: Path) -> dict[str, list[Told]]:
    """`{"results": {"video": [{"sentence": "...", "timestamp": [0, 4.5]}]}}`, with or without the outer object.

    Raises WrongUse."""
    document = record(path, "the document", read_object(path))
    if "results" in document.content:
        document = record(path, "'results'", document.content["results"])
    found = {}
    for video in document.content:
        rows = [
            record(path, f"'{video}', entry {n}", row) for n, row in enumerate(document.take(video, items), start=1)
        ]
        found[video] = [Told(row.take("timestamp", span), row.take("sentence", text)) for row in rows]
    return found


def figures(references: Sequence[Events], predictions: Events) -> dict[str, float]:
    """Shares between 0 and 1, CIDEr up to 10: means over the thresholds ("METEOR") and at each ("METEOR@0.5").

    Videos are those of the references. Raises WrongUse, TextMetricsMissing.
    """
    videos = list(dict.fromkeys(video for reference in references for video in reference))
    if not set(videos) & set(predictions):
        raise WrongUse("The prediction has none of the videos of the reference.")
    words = words_of([*references, predictions])
    found: dict[str, list[float]] = {}
    with meteor() as program:
        for threshold in THRESHOLDS:
            rows = []
            for video in videos:
                told, truths = predictions.get(video, ()), [reference.get(video, ()) for reference in references]
                pairs = matching(truths, told, threshold, words)
                rows.append(_text_figures(pairs, program) | recall_and_precision(truths, told, threshold))
            for metric in rows[0]:
                found.setdefault(metric, []).append(fmean(row[metric] for row in rows))
    at = {f"{metric}@{t}": value for metric, each in found.items() for t, value in zip(THRESHOLDS, each, strict=True)}
    return {metric: fmean(each) for metric, each in found.items()} | at


def words_of(sides: Iterable[Events]) -> dict[str, str]:
    """The tokens of every sentence."""
    sentences = [told.sentence for side in sides for events in side.values() for told in events]
    words = tokenised(_ascii(sentence) for sentence in sentences)
    return {sentence: words[_ascii(sentence)] for sentence in sentences}


def _ascii(sentence: str) -> str:
    return "".join(letter if letter.isascii() else " " for letter in sentence)


def overlaps(truths: Sequence[Told], told: Sequence[Told]) -> NDArray[np.float64]:
    """tIoU, (T, P)"""
    a, b = (np.array([each.span for each in side], np.float64).reshape(-1, 2) for side in (truths, told))
    return tiou(a[:, None], b[None])


def matching(
    references: Sequence[Sequence[Told]], told: Sequence[Told], threshold: float, words: Mapping[str, str]
) -> list[Pair]:
    """What the captions of one video are compared with at a threshold."""
    pairs = []
    for event in told:
        right = [
            truth
            for truths in references
            for truth, overlap in zip(truths, overlaps(truths, [event])[:, 0], strict=True)
            if overlap >= threshold
        ]
        said = words[event.sentence]
        pairs += [Pair(said, (words[truth.sentence],)) for truth in right] or [Pair(said, (NOTHING,))]
    return pairs


def _text_figures(pairs: Sequence[Pair], program: Meteor) -> dict[str, float]:
    if not pairs:
        return dict.fromkeys(TEXT_METRICS, 0.0)
    values = [*bleu(pairs)[0], program.score(pairs)[0], fmean(rouge(pairs)), fmean(cider(pairs))]
    return dict(zip(TEXT_METRICS, values, strict=True))


def recall_and_precision(
    references: Sequence[Sequence[Told]], told: Sequence[Told], threshold: float
) -> dict[str, float]:
    """Of the events of one video, whatever is said of them."""
    near = [overlaps(truths, told) > threshold for truths in references if truths]
    if not told or not near:
        return {"Recall": 0.0, "Precision": 0.0}
    return {
        "Recall": max(float(each.any(1).mean()) for each in near),
        "Precision": max(float(each.any(0).mean()) for each in near),
    }
