"""`momentidx eval retrieval` on descriptions made by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from momentidx.errors import WrongUse
from typer_app import app


def video(seconds: int, *events: tuple[int, int, str]) -> dict[str, Any]:
    return {
        "duration": seconds,
        "timestamps": [[start, end] for start, end, _ in events],
        "sentences": [sentence for _, _, sentence in events],
    }


INDEX = {
    "bake": video(60, (0, 20, "She stirs dough."), (20, 60, "A cake is in the oven.")),
    "surf": video(30, (0, 10, "He paddles out."), (10, 30, "A man rides a wave.")),
    "only here": video(5, (0, 5, "A cake, a wave, dough.")),
}
QUERIES = {
    "surf": video(30, (0, 10, "He paddles."), (10, 30, "Someone rides the wave.")),
    "bake": video(60, (0, 20, "Dough is stirred."), (20, 60, "The cake bakes in the oven.")),
    "only there": video(5, (0, 5, "A wave.")),
}
ALL_RIGHT = {
    "VR R@1": 100.0, "VR R@5": 100.0, "VR R@10": 100.0,
    "VCMR R@1,IoU>=0.5": 100.0, "VCMR R@10,IoU>=0.5": 100.0, "VCMR R@100,IoU>=0.5": 100.0,
    "SVMR R@1,IoU>=0.5": 100.0, "SVMR mIoU": 100.0,
}  # fmt: skip


DATA = Path(__file__).parents[3] / "shared/data"


def run(folder: Path, *options: str) -> Any:
    for name, content in (("a.json", INDEX), ("b.json", QUERIES)):
        (folder / name).write_text(json.dumps(content))
    files = ["--index", str(folder / "a.json"), "--queries", str(folder / "b.json")]
    return CliRunner().invoke(app, ["eval", "retrieval", *files, *options])


@pytest.mark.parametrize("method", ["bm25", "bm25-stemmed", "flat"])
def test_videos_that_both_described_are_asked_for_whatever_their_order(tmp_path: Path, method: str) -> None:
    assert json.loads(run(tmp_path, "--method", method, "--json").stdout) == ALL_RIGHT


@pytest.mark.parametrize("position", [[], ["--position"]])
def test_all_that_search_knows_finds_video_and_moment(tmp_path: Path, position: list[str]) -> None:
    found = json.loads(run(tmp_path, "--json", *position).stdout)
    assert list(found) == list(ALL_RIGHT)
    assert (found["VR R@1"], found["VCMR R@10,IoU>=0.5"]) == (100, 100)


@pytest.mark.parametrize("method", ["bm25", "flat", "full"])
def test_pairs_ask_for_two_spans_at_once(tmp_path: Path, method: str) -> None:
    found = json.loads(run(tmp_path, "--pairs", "--method", method, "--json").stdout)
    assert (found["VR R@1"], found["SVMR R@1,both IoU>=0.5"]) == (100, 100)


def test_without_json_a_person_can_read_it(tmp_path: Path) -> None:
    lines = run(tmp_path, "--method", "bm25").stdout.splitlines()
    assert lines[:2] == ["4 events of 2 videos, 4 sentences", "  VR R@1                   100.00"]


def test_position_needs_the_method_that_knows_it(tmp_path: Path) -> None:
    error = run(tmp_path, "--method", "flat", "--position").exception
    assert isinstance(error, WrongUse)
    assert str(error) == "--position belongs to --method full; 'flat' has no use for it."


def test_two_files_without_a_common_video_are_refused(tmp_path: Path) -> None:
    other = {"other": QUERIES["surf"]}
    (tmp_path / "c.json").write_text(json.dumps(other))
    run(tmp_path, "--method", "bm25")
    asked = ["eval", "retrieval", "--index", str(tmp_path / "a.json"), "--queries", str(tmp_path / "c.json")]
    error = CliRunner().invoke(app, asked).exception
    assert isinstance(error, WrongUse)
    assert str(error).endswith("c.json have no video in common.")


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the annotation files are not on this machine")
@pytest.mark.parametrize(("method", "name"), [("bm25", "raw"), ("bm25-stemmed", "stem")])
def test_the_published_floor_is_reproduced(method: str, name: str) -> None:
    captions = DATA / "annotations/activitynet_captions"
    files = [
        "--index",
        str(captions / "anet_entities_val_1.json"),
        "--queries",
        str(captions / "anet_entities_val_2.json"),
    ]
    found = json.loads(CliRunner().invoke(app, ["eval", "retrieval", *files, "--method", method, "--json"]).stdout)
    published = json.loads((DATA / "metrics/cross_annotator_bm25_val.json").read_text())[name]
    # Two sentences of 8,595 lie between our stems and theirs.
    assert found == pytest.approx({figure: published[figure] for figure in found}, abs=0.025 if name == "stem" else 0)
