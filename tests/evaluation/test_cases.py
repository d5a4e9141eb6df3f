"""Every case file whose value the field's own program gave is reproduced, far below the second decimal."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from momentidx.evaluation import captions, dense, qvhighlights, segmentation, soda, text

CASES = Path(__file__).parents[3] / "shared/data/metrics"
WHY_NO_TEXT = text.missing()

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the metric case files are not on this machine")
needs_package = pytest.mark.skipif(find_spec("pycocoevalcap") is None, reason="pycocoevalcap is not installed")
needs_text = pytest.mark.skipif(WHY_NO_TEXT is not None, reason=WHY_NO_TEXT or "")
runs_meteor = [needs_text, pytest.mark.slow]  # it reads a table of 60 MB for half a minute


def expected(name: str) -> Any:
    return json.loads((CASES / f"{name}_expected.json").read_text())


def moments() -> tuple[dict[str, float], dict[str, float]]:
    told = {}
    for kind, content in expected("mr").items():
        if kind == "brief":
            told |= content
            continue
        told |= {f"MR-{kind}-R1@{t}": value for t, value in content["MR-R1"].items()}
        for t, value in content["MR-mAP"].items():
            told[f"MR-{kind}-mAP" if t == "average" else f"MR-{kind}-mAP@{t}"] = value
    truths, answers = (
        qvhighlights.read_truths(CASES / "mr_gt.jsonl"),
        qvhighlights.read_answers(CASES / "mr_pred.jsonl"),
    )
    return qvhighlights.moment_figures(truths, answers), told


def highlights() -> tuple[dict[str, float], dict[str, float]]:
    told = {f"{kind}-{key[3:]}": value for kind, row in expected("hl").items() for key, value in row.items()}
    truths, answers = (
        qvhighlights.read_truths(CASES / "hl_gt.jsonl"),
        qvhighlights.read_answers(CASES / "hl_pred.jsonl"),
    )
    return qvhighlights.highlight_figures(truths, answers), told


def action_segmentation() -> tuple[dict[str, float], dict[str, float]]:
    path, told = CASES / "segmentation_cases.json", expected("segmentation")
    truths, answers = (segmentation.read_labels(path, side) for side in ("ground_truth", "prediction"))
    for row in told.pop("per_sequence"):
        truth, answer = truths[row["id"]], answers[row["id"]]
        counts = [segmentation.hits(truth, answer, k / 100) for k in segmentation.OVERLAPS]
        assert segmentation.edit_score(truth, answer) == pytest.approx(row["edit"])
        assert [[each.right, each.wrong, each.missed] for each in counts] == row["tp_fp_fn@10_25_50"]
    return segmentation.figures(truths, answers), {metric: round(value, 2) for metric, value in told.items()}


def recall_and_precision() -> tuple[dict[str, float], dict[str, float]]:
    """What of dense captioning needs no words."""
    found, told = {}, {}
    references, prediction = dense_files()
    for name, sides in references.items():
        for place, t in enumerate(dense.THRESHOLDS):
            each = [
                dense.recall_and_precision([side.get(video, ()) for side in sides], prediction.get(video, ()), t)
                for video in references["ref_1"][0]
            ]
            for metric in ("Recall", "Precision"):
                found[f"{name} {metric}@{t}"] = sum(row[metric] for row in each) / len(each)
                told[f"{name} {metric}@{t}"] = expected("dvc")[name][metric][place]
    return found, told


def dense_files() -> tuple[dict[str, list[dense.Events]], dense.Events]:
    first, second = dense.read_reference(CASES / "dvc_ref_1.json"), dense.read_reference(CASES / "dvc_ref_2.json")
    return {"ref_1": [first], "ref_1_and_2": [first, second]}, dense.read_prediction(CASES / "dvc_pred.json")


def dense_captions(name: str) -> tuple[dict[str, float], dict[str, float]]:
    told = expected("dvc")[name]
    at = {
        f"{metric}@{t}": value
        for metric, values in told.items()
        if metric != "average"
        for t, value in zip(dense.THRESHOLDS, values, strict=True)
    }
    references, prediction = dense_files()
    return dense.figures(references[name], prediction), told["average"] | at


def story() -> tuple[dict[str, float], dict[str, float]]:
    names = {"SODA_c": "reference_as_first_argument", "SODA_c, swapped": "prediction_as_first_argument"}
    references, prediction = dense_files()
    found = soda.by_video(references["ref_1"][0], prediction)
    return (
        {f"{order} {video}": value for order, each in found.items() for video, value in each.items()},
        {
            f"{order} {video}": value
            for order, block in names.items()
            for video, value in expected("soda")[block]["per_video"].items()
        },
    )


def worked_assignments() -> tuple[dict[str, float], dict[str, float]]:
    """SODA_c from printed matrices of tIoU and METEOR."""
    found, told = {}, {}
    for order in ("reference_as_first_argument", "prediction_as_first_argument"):
        for video, case in expected("soda")[order]["worked_matrices"].items():
            pairs = [
                [a * b for a, b in zip(*rows, strict=True)]
                for rows in zip(case["iou_gt_rows"], case["meteor_gt_rows"], strict=True)
            ]
            found[f"{order} {video}"], told[f"{order} {video}"] = soda.f1(np.array(pairs)), case["f"]
    return found, told


def coco_captions() -> tuple[dict[str, float], dict[str, float]]:
    path = CASES / "caption_cases.json"
    found = captions.figures(captions.read_cases(path, "references"), captions.read_cases(path, "predictions"))
    return found, expected("caption")["corpus"]


def caption_pairs() -> list[text.Pair]:
    cases = json.loads((CASES / "caption_cases_tokenised.json").read_text())
    return [text.Pair(*told, tuple(cases["references"][picture])) for picture, told in cases["predictions"].items()]


def each_caption() -> tuple[dict[str, float], dict[str, float]]:
    """From tokens on, without Java."""
    pairs, told = caption_pairs(), expected("caption")["per_image"]
    values = {"Bleu_4": text.bleu(pairs)[1][3], "ROUGE_L": text.rouge(pairs), "CIDEr": text.cider(pairs)}
    return (
        {f"{metric} {place}": value for metric, each in values.items() for place, value in enumerate(each)},
        {f"{metric} {place}": row[metric] for metric in values for place, row in enumerate(told.values())},
    )


@needs_cases
@pytest.mark.parametrize(
    ("case", "within"),
    [
        pytest.param(moments, 0, id="moments"),
        pytest.param(highlights, 0, id="highlights"),
        pytest.param(action_segmentation, 0, id="segmentation"),
        pytest.param(recall_and_precision, 1e-12, id="recall and precision"),
        pytest.param(worked_assignments, 2e-6, id="worked SODA"),  # the matrices are printed with six decimals
        pytest.param(each_caption, 1e-12, id="each caption", marks=needs_package),
        pytest.param(coco_captions, 1e-12, id="captions", marks=runs_meteor),
        pytest.param(lambda: dense_captions("ref_1"), 1e-12, id="dense", marks=runs_meteor),
        pytest.param(lambda: dense_captions("ref_1_and_2"), 1e-12, id="dense, two", marks=runs_meteor),
        pytest.param(story, 1e-8, id="SODA", marks=runs_meteor),  # that program adds as much to avoid 0 / 0
    ],
)
def test_the_value_of_the_field_s_own_program_comes_out(
    case: Callable[[], tuple[dict[str, float], dict[str, float]]], within: float
) -> None:
    found, told = case()
    assert told
    assert {metric: found[metric] for metric in told} == pytest.approx(told, rel=0, abs=within)


@needs_cases
@needs_text
def test_captions_are_tokenised_as_the_field_does() -> None:
    told = json.loads((CASES / "caption_cases_tokenised.json").read_text())
    given = {side: captions.read_cases(CASES / "caption_cases.json", side) for side in told}
    words = text.tokenised(sentence for side in given.values() for each in side.values() for sentence in each)
    for side, sentences in given.items():
        assert {picture: [words[one] for one in each] for picture, each in sentences.items()} == told[side]
