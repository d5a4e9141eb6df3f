"""Each metric by name, with the files that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from momentidx.errors import WrongUse
from momentidx.evaluation import answers, captions, dense, nextgqa, qvhighlights, segmentation, soda
from momentidx.evaluation.conventions import Conventions
from momentidx.evaluation.reading import name, read_lines, span, text

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Request:
    """Files, and how to count."""

    prediction: Path
    truths: Sequence[Path]
    how: Conventions
    read_log: Callable[[Path, Mapping[str, float], Conventions], dense.Events]
    """Dense captions in words, of a file of JSON Lines, by the durations of the videos."""


@dataclass(frozen=True, slots=True)
class Metric:
    run: Callable[[Request], Figures]
    """Raises WrongUse, TextMetricsMissing."""
    truths: range = range(1, 2)
    """How many files the truth may have."""
    conventional: bool = False
    """Whether presets and switches count."""


def score(metric: str, asked: Request) -> Figures:
    """Raises WrongUse when a file cannot be used; it names the file, the line or entry, and the field."""
    chosen = METRICS[metric]
    if len(asked.truths) not in chosen.truths:
        wanted = " or ".join(str(count) for count in chosen.truths)
        raise WrongUse(f"The metric '{metric}' takes {wanted} --gt, not {len(asked.truths)}.")
    if asked.how != Conventions() and not chosen.conventional:
        conventional = ", ".join(name for name, each in METRICS.items() if each.conventional)
        raise WrongUse(f"The metric '{metric}' knows no --preset and no --switch; these do: {conventional}.")
    return chosen.run(asked)


def _grounding(asked: Request) -> Figures:
    truths = answers.read_truths(asked.truths[0], asked.how)
    return answers.figures(truths, answers.read_answers(asked.prediction), asked.how)


def _moments(asked: Request) -> Figures:
    return qvhighlights.moment_figures(*_qvhighlights(asked))


def _highlights(asked: Request) -> Figures:
    truths, told = _qvhighlights(asked)
    if not any(truth.saliency for truth in truths.values()):
        raise WrongUse(f"{asked.truths[0]}: no line has the field 'saliency_scores'.")
    return qvhighlights.highlight_figures(truths, told)


def _qvhighlights(asked: Request) -> tuple[dict[str, qvhighlights.Truth], dict[str, qvhighlights.Answer]]:
    told, truths = qvhighlights.read_answers(asked.prediction), qvhighlights.read_truths(asked.truths[0])
    if not set(told) & set(truths):
        raise WrongUse(f"{asked.prediction} answers none of the queries of {asked.truths[0]}: no 'qid' is in both.")
    return truths, told


def _dense(asked: Request) -> Figures:
    told = _events(asked)
    return dense.figures([_counted(dense.read_reference(truth), told, asked.how) for truth in asked.truths], told)


def _soda(asked: Request) -> Figures:
    told = _events(asked)
    return soda.figures(_counted(dense.read_reference(asked.truths[0]), told, asked.how), told)


def _counted(reference: dense.Events, told: dense.Events, how: Conventions) -> dense.Events:
    """The videos that count."""
    if how.on_missing == "zero":
        return reference
    return {video: events for video, events in reference.items() if video in told}


def _events(asked: Request) -> dense.Events:
    if asked.prediction.suffix == ".json":
        return dense.read_prediction(asked.prediction)
    durations = {video: each for truth in asked.truths for video, each in dense.read_durations(truth).items()}
    return asked.read_log(asked.prediction, durations, asked.how)


def _captions(asked: Request) -> Figures:
    references = captions.read_cases(asked.truths[0], "references")
    return captions.figures(references, captions.read_cases(asked.prediction, "predictions"))


def _segmentation(asked: Request) -> Figures:
    truths = segmentation.read_labels(asked.truths[0], "ground_truth")
    return segmentation.figures(truths, segmentation.read_labels(asked.prediction, "prediction"))


def _gqa(asked: Request) -> Figures:
    questions = nextgqa.read_nextgqa(*sorted(asked.truths, key=lambda path: path.suffix))  # .csv before .json
    told = {}
    for row in read_lines(asked.prediction):
        window, choice = row.take("window", span), row.maybe("answer", text)
        told[row.take("video_id", name), row.take("qid", name)] = nextgqa.Answer(window, choice)
    for question in questions:
        if (question.video, question.number) not in told:
            raise WrongUse(
                f"{asked.prediction} has no line for question {question.number} of the video {question.video}."
            )
    return nextgqa.figures(questions, told)


METRICS = {
    "grounding": Metric(_grounding, conventional=True),
    "moments": Metric(_moments),
    "highlights": Metric(_highlights),
    "dense": Metric(_dense, range(1, 3), conventional=True),
    "soda": Metric(_soda, conventional=True),
    "captions": Metric(_captions),
    "segmentation": Metric(_segmentation),
    "gqa": Metric(_gqa, range(2, 3)),
}
