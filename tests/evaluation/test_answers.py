"""Grounding answers in the field's files, under each convention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from momentidx.errors import WrongUse
from momentidx.evaluation.answers import figures, read_answers, read_truths
from momentidx.evaluation.conventions import Conventions, conventions, span_in

VIDEO = {"v": {"duration": 200, "timestamps": [[20, 60], [100, 200]], "sentences": ["He waves.", "She runs."]}}


def scored(folder: Path, lines: list[dict[str, Any]], how: Conventions) -> dict[str, float]:
    (folder / "gt.json").write_text(json.dumps(VIDEO))
    (folder / "pred.jsonl").write_text("\n".join(json.dumps({"video_id": "v"} | line) for line in lines))
    return figures(read_truths(folder / "gt.json", how), read_answers(folder / "pred.jsonl"), how)


def test_a_log_of_vtimellm_is_read_in_hundredths(tmp_path: Path) -> None:
    lines = [
        {"task": "captioning", "query_id": 0, "answer": "[]"},
        {"task": "grounding", "query_id": 0, "answer": "He waves from 10 to 20.", "info": {"sentence_id": 0}},
        {"task": "grounding", "query_id": 0, "answer": "I cannot say.", "info": {"sentence_id": 1}},
    ]
    assert scored(tmp_path, lines, conventions("vtimellm")) == {
        "queries": 2, "unanswered": 0, "unparsed": 1, "reversed": 0,
        "R@1 0.3": 50.0, "R@1 0.5": 50.0, "R@1 0.7": 0.0, "mIoU": 25.0,
    }  # fmt: skip


@pytest.mark.parametrize(("value", "miou"), [("zero", 25.0), ("whole", 50.0), ("drop", 50.0)])
def test_an_answer_without_a_span_counts_as_the_switch_says(tmp_path: Path, value: str, miou: float) -> None:
    # The first: tIoU 0.5; the whole video has a tIoU of 0.5 with the second truth.
    lines = [{"sentence_id": 0, "answer": "20 to 40"}, {"sentence_id": 1, "answer": "somewhere"}]
    assert scored(tmp_path, lines, conventions("clean", [f"on_unparsed={value}"]))["mIoU"] == miou


@pytest.mark.parametrize(("value", "miou"), [("as_is", 0.0), ("swap", 50.0), ("zero", 0.0)])
def test_an_end_before_its_start_counts_as_the_switch_says(tmp_path: Path, value: str, miou: float) -> None:
    lines = [{"sentence_id": 0, "answer": "60 to 20"}]
    found = scored(tmp_path, lines, conventions("clean", [f"on_reversed={value}"]))
    assert (found["mIoU"], found["reversed"], found["unanswered"]) == (miou, 1, 1)


@pytest.mark.parametrize(("value", "miou"), [("zero", 50.0), ("drop", 100.0)])
def test_a_query_without_an_answer_counts_as_the_switch_says(tmp_path: Path, value: str, miou: float) -> None:
    lines = [{"sentence_id": 0, "answer": "20 to 60"}]
    found = scored(tmp_path, lines, conventions("clean", [f"on_missing={value}"]))
    assert (found["mIoU"], found["unanswered"]) == (miou, 1)


@pytest.mark.parametrize(("value", "right"), [("yes", 50.0), ("no", 0.0)])
def test_rounding_lets_nearly_half_pass(tmp_path: Path, value: str, right: float) -> None:
    lines = [{"sentence_id": 0, "spans": [[20, 39.9]]}]  # tIoU 0.4975
    assert scored(tmp_path, lines, conventions("clean", [f"round_iou={value}"]))["R@1 0.5"] == right


@pytest.mark.parametrize(("value", "miou"), [("yes", 100.0), ("no", 75.0)])
def test_the_truth_can_be_rounded_down_to_the_grid(tmp_path: Path, value: str, miou: float) -> None:
    # Four steps of 50 s: the truth, 20 to 60, becomes 0 to 50.
    lines = [{"sentence_id": 0, "answer": "0 to 1"}, {"sentence_id": 1, "answer": "2 to 4"}]
    how = conventions("clean", ["grid=4", f"quantise_reference={value}"])
    assert scored(tmp_path, lines, how)["mIoU"] == miou


def test_ranked_spans_are_counted_among_the_first_five(tmp_path: Path) -> None:
    lines = [{"sentence_id": 0, "spans": [[0, 5], [20, 60]]}, {"sentence_id": 1, "spans": [[100, 200]]}]
    found = scored(tmp_path, lines, Conventions())
    assert {name: found[name] for name in ("R@1 0.7", "R@5 0.7", "mIoU")} == {
        "R@1 0.7": 50.0, "R@5 0.7": 100.0, "mIoU": 50.0,
    }  # fmt: skip


def test_records_of_grounded_videollm_carry_their_truth(tmp_path: Path) -> None:
    rows = [
        {"video_ids": "a", "pred_texts": "From <0> to <150>.", "answers": "From <0> to <300>.", "durations": 31.0},
        {"video_ids": "a", "pred_texts": "I see 3 of 4, 5 men.", "answers": "From <30> to <120>.", "durations": 31.0},
    ]
    path = tmp_path / "records.json"
    path.write_text(json.dumps(rows))
    how = conventions("grounded_videollm")
    found = figures(read_truths(path, how), read_answers(path), how)
    assert (found["R@1 0.5"], found["R@1 0.3"], found["mIoU"], found["unparsed"]) == (50.0, 100.0, 40.0, 1)


def test_a_truth_in_steps_is_taken_as_it_is(tmp_path: Path) -> None:
    # As the published evaluation does: beyond the last step, and the whole video where there are no two numbers.
    rows = [
        {"video_ids": "a", "pred_texts": "From <200> to <260>.", "answers": "From <200> to <320>.", "durations": 31.0},
        {"video_ids": "a", "pred_texts": "From <0> to <150>.", "answers": "Always.", "durations": 31.0},
    ]
    path = tmp_path / "records.json"
    path.write_text(json.dumps(rows))
    how = conventions("grounded_videollm")
    assert figures(read_truths(path, how), read_answers(path), how)["mIoU"] == 50.0
    with pytest.raises(WrongUse, match="entry 2: field 'answers' has no span"):
        read_truths(path, conventions("clean"))


def test_charades_text_numbers_the_sentences_of_a_video(tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("3MSZA 24.3 30.4##person turn a light on.\n3MSZA 0.0 10.0##a person sits.\n")
    (tmp_path / "pred.jsonl").write_text('{"video_id": "3MSZA", "sentence_id": 1, "spans": [[0, 9]]}')
    truths = read_truths(tmp_path / "test.txt", Conventions())
    found = figures(truths, read_answers(tmp_path / "pred.jsonl"), Conventions())
    assert (found["queries"], found["unanswered"], found["mIoU"]) == (2, 1, 45.0)


@pytest.mark.parametrize(
    ("answer", "reads", "span"),
    [
        ("from 05 to 17, then 20 to 30", "digits", (5, 17)),
        ("from 5 to 17", "digits", None),
        ("<12> to <300>", "integers", (12, 300)),
        ("1, 2 and 3", "integers", None),
        ("It lasts from 3.5 seconds to 10s.", "times", (3.5, 10)),
        ("12.5 - 20", "times", (12.5, 20)),
        ("nowhere", "times", None),
    ],
)
def test_a_span_is_read_as_the_convention_says(answer: str, reads: str, span: tuple[float, float] | None) -> None:
    assert span_in(answer, conventions("clean", [f"reads={reads}"])) == span


@pytest.mark.parametrize(
    ("switch", "sentence"),
    [
        ("round_iou=maybe", "The switch 'round_iou' takes yes or no, not 'maybe'."),
        ("grid=many", "The switch 'grid' takes a whole number, not 'many'."),
        (
            "rounding=yes",
            "There is no switch 'rounding'. There are grid, reads, round_iou, on_unparsed, on_missing, on_reversed, "
            "quantise_reference, end_plus_one.",
        ),
    ],
)
def test_a_switch_that_does_not_exist_is_refused(switch: str, sentence: str) -> None:
    with pytest.raises(WrongUse) as error:
        conventions("clean", [switch])
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"video_id": "v"}', ": field 'query_id' is missing. Expected a text or a whole number."),
        (
            '{"video_id": "v", "sentence_id": 0, "spans": [[1, "x"]]}',
            ": field 'spans' is [[1, \"x\"]]. Expected a list of [start, end] in seconds.",
        ),
        ("[1]", ": is not an object {...}."),
        ('{"video_id": ', ", column 14: is not JSON: Expecting value."),
    ],
)
def test_an_error_names_file_line_and_field(tmp_path: Path, line: str, sentence: str) -> None:
    path = tmp_path / "pred.jsonl"
    path.write_text('{"video_id": "v", "sentence_id": 7, "answer": ""}\n' + line)
    with pytest.raises(WrongUse) as error:
        read_answers(path)
    assert str(error.value) == f"{path}, line 2{sentence}"
