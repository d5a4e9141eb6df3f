"""`momentidx eval score` on files made by hand."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from momentidx.commands.evaluating import MetricName, Preset
from momentidx.commands.scoring import read_log
from momentidx.errors import WrongUse
from momentidx.evaluation import text
from momentidx.evaluation.conventions import PRESETS, conventions
from momentidx.evaluation.dense import Told
from momentidx.evaluation.scoring import METRICS
from momentidx.evaluation.text import TextMetricsMissing
from typer_app import app


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["eval", "score", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """One query of QVHighlights with two true windows, both found, the second first."""
    prediction, truth = tmp_path / "pred.jsonl", tmp_path / "gt.jsonl"
    prediction.write_text('{"qid": 1, "pred_relevant_windows": [[20, 60, 0.9], [0, 10, 0.8]]}\n')
    truth.write_text('{"qid": 1, "duration": 150, "relevant_windows": [[0, 10], [20, 60]]}\n')
    return prediction, truth


def test_the_command_offers_every_metric_and_every_preset() -> None:
    assert (list(MetricName), list(Preset)) == (list(METRICS), list(PRESETS))


def test_json_holds_every_figure_by_name(files: tuple[Path, Path]) -> None:
    found = json.loads(run("moments", "--pred", files[0], "--gt", files[1], "--json").stdout)
    kinds = {name.split("-")[1] for name in found}
    assert (kinds, set(found.values())) == ({"full", "long", "short"}, {100.0, 0.0, 50.0})
    assert (found["MR-full-mAP"], found["MR-short-R1@0.5"], found["MR-short-mAP@0.5"]) == (100.0, 0.0, 50.0)


def test_without_json_a_person_can_read_it(files: tuple[Path, Path]) -> None:
    lines = run("moments", "--pred", files[0], "--gt", files[1]).stdout.splitlines()
    assert lines[0] == "  MR-full-R1@0.5            100"


def test_a_metric_says_how_many_files_it_takes(files: tuple[Path, Path]) -> None:
    error = run("gqa", "--pred", files[0], "--gt", files[1]).exception
    assert isinstance(error, WrongUse)
    assert str(error) == "The metric 'gqa' takes 2 --gt, not 1."


def test_a_preset_is_refused_where_it_means_nothing(files: tuple[Path, Path]) -> None:
    error = run("moments", "--pred", files[0], "--gt", files[1], "--preset", "vtimellm").exception
    assert isinstance(error, WrongUse)
    assert str(error) == ("The metric 'moments' knows no --preset and no --switch; these do: grounding, dense, soda.")


@pytest.mark.parametrize(
    ("metric", "content", "sentence"),
    [
        ("moments", "{}", "line 1: field 'qid' is missing. Expected a text or a whole number."),
        (
            "moments",
            '{"qid": 1, "pred_relevant_windows": [[0, 10]]}',
            "line 1: field 'pred_relevant_windows' is [[0, 10]]. Expected a list of [start, end, score].",
        ),
        ("moments", '{"qid": 1}\n{"qid": 1}', "line 2: field 'qid' is 1 for the second time."),
        (
            "soda",
            '{"results": {"v": [{"sentence": "x"}]}}',
            "'v', entry 1: field 'timestamp' is missing. Expected [start, end] in seconds.",
        ),
        ("segmentation", '[{"id": "s", "prediction": []}]', "entry 1: field 'prediction' has no frames."),
        ("captions", '[{"image_id": 1}]', "entry 1: field 'caption' is missing. Expected a text."),
        ("captions", '{"1": 5}', "the document: field '1' is 5. Expected a caption or a list of captions."),
    ],
)  # fmt: skip
def test_an_unusable_prediction_is_named_with_its_place(
    tmp_path: Path, metric: str, content: str, sentence: str
) -> None:
    truths = {
        "moments": '{"qid": 1, "duration": 9, "relevant_windows": [[0, 9]]}',
        "soda": '{"v": {"duration": 9, "timestamps": [[0, 9]], "sentences": ["x"]}}',
        "segmentation": '[{"id": "s", "ground_truth": ["a"]}]',
        "captions": '{"1": ["x"]}',
    }
    prediction, truth = tmp_path / "pred.json", tmp_path / "gt.json"
    prediction.write_text(content)
    truth.write_text(truths[metric])
    error = run(metric, "--pred", prediction, "--gt", truth).exception
    assert isinstance(error, WrongUse)
    assert str(error) == f"{prediction}, {sentence}"


@pytest.mark.skipif(find_spec("pycocoevalcap") is None, reason="pycocoevalcap is not installed")
def test_without_java_the_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "captions.json").write_text('{"1": ["A dog runs."]}')
    monkeypatch.setenv("PATH", str(tmp_path))
    error = run("captions", "--pred", tmp_path / "captions.json", "--gt", tmp_path / "captions.json").exception
    assert isinstance(error, TextMetricsMissing)
    assert str(error) == (
        "Text metrics need Java (the tokeniser and METEOR are Java programs): apt install default-jre-headless."
    )


def test_segmentation_reads_folders_of_label_files(tmp_path: Path) -> None:
    for side, labels in (("gt", "SIL\nSIL\npour\npour\n"), ("pred", "### Frames: ###\nSIL pour pour pour")):
        (tmp_path / side).mkdir()
        (tmp_path / side / "P03_tea.txt").write_text(labels)
    found = json.loads(run("segmentation", "--pred", tmp_path / "pred", "--gt", tmp_path / "gt", "--json").stdout)
    assert found == {"Acc": 75.0, "Edit": 100.0, "F1@10": 100.0, "F1@25": 100.0, "F1@50": 100.0}


def test_grounded_answers_are_scored_with_their_windows(tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("video_id,qid,question,type,answer,a0,a1,a2,a3,a4\nv,3,why,CW,x,x,y,z,u,w\n")
    (tmp_path / "gsub.json").write_text('{"v": {"duration": 20, "location": {"3": [[10, 20]]}}}')
    (tmp_path / "pred.jsonl").write_text('{"video_id": "v", "qid": 3, "window": [10, 15], "answer": "x"}')
    options = ["--gt", tmp_path / "gsub.json", "--gt", tmp_path / "val.csv", "--json"]
    found = json.loads(run("gqa", "--pred", tmp_path / "pred.jsonl", *options).stdout)
    assert (found["Acc@GQA"], found["mIoP"], found["mIoU"]) == (100.0, 100.0, 50.0)


@pytest.mark.parametrize(("switch", "end"), [("yes", 36.0), ("no", 34.0)])
def test_dense_captions_in_words_end_as_the_switch_says(tmp_path: Path, switch: str, end: float) -> None:
    events = json.dumps([{"event": "A man waves.", "timestamps": "from 05 to 17"}])
    lines = [
        {"video_id": "v", "task": "captioning", "query_id": 0, "answer": f"Here: {events}"},
        {"video_id": "v", "task": "grounding", "query_id": 0, "answer": "from 1 to 2"},
        {"video_id": "elsewhere", "task": "captioning", "query_id": 0, "answer": "[]"},
    ]
    path = tmp_path / "log.txt"
    path.write_text("\n".join(map(json.dumps, lines)))
    how = conventions("vtimellm", [f"end_plus_one={switch}"])
    assert read_log(path, {"v": 200.0}, how) == {"v": [Told((10.0, end), "A man waves.")]}


@pytest.mark.slow  # METEOR reads a table of 60 MB for half a minute
@pytest.mark.skipif(text.missing() is not None, reason=text.missing() or "")
@pytest.mark.parametrize(("switch", "share"), [("zero", 0.5), ("drop", 1.0)])
def test_a_video_that_was_not_described_counts_as_the_switch_says(tmp_path: Path, switch: str, share: float) -> None:
    video = {"duration": 9, "timestamps": [[0, 9]], "sentences": ["A dog runs over the lawn."]}
    (tmp_path / "gt.json").write_text(json.dumps({"v": video, "w": video}))
    (tmp_path / "pred.json").write_text(
        json.dumps({"results": {"v": [{"sentence": "A dog runs over the lawn.", "timestamp": [0, 9]}]}})
    )
    options = ["--pred", tmp_path / "pred.json", "--gt", tmp_path / "gt.json", "--switch", f"on_missing={switch}"]
    assert json.loads(run("soda", *options, "--json").stdout) == {"SODA_c": share, "SODA_c, swapped": share}
