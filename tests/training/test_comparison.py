"""The comparison: the same for everyone, in sittings, and never a piece twice."""

import json
from pathlib import Path

import numpy as np
import pytest

from momentidx.errors import WrongUse
from momentidx.training.comparison import Budget, Comparison, contender_named, contenders
from momentidx.training.methods.grounded_videollm import GroundedMethod
from momentidx.training.methods.momentor import MomentorMethod
from momentidx.training.world import exam

TINY = Budget(clips=2, steps=4, batch=2, test=2, described=1, seeds=(0,))


def test_the_three_and_every_ablation_of_their_papers_are_there() -> None:
    names = [contender.name for contender in contenders()]
    assert len(names) == len(set(names)) == 17
    assert names[:3] == ["VTimeLLM", "Momentor", "Grounded-VideoLLM"]
    steps = [m.steps for c in contenders() if isinstance(m := c.stages[-1].recipe.method, GroundedMethod)]
    assert {50, 100, 300, 600} <= set(steps)
    momentor = [m for c in contenders() if isinstance(m := c.stages[-1].recipe.method, MomentorMethod)]
    assert [(m.interpolates, m.propagates) for m in momentor] == [
        (True, True), (True, True), (False, True), (True, False), (True, True),
    ]  # fmt: skip
    updates = contender_named("VTimeLLM, LoRA re-used").stages[-1].recipe.adds
    assert updates is not None
    assert updates.former == "continued"
    assert len(contender_named("VTimeLLM without stage 1").stages) == 2


def test_a_contender_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(WrongUse, match=r"no contender 'GPT'.*Known: VTimeLLM, Momentor"):
        contender_named("GPT")


def test_the_table_shows_mean_and_spread_beside_answers_without_eyes(tmp_path: Path) -> None:
    asked = list(exam.questions(2))
    comparison = Comparison(tmp_path, tmp_path, Budget(test=2, seeds=(0, 1)), print)
    for seed, value in ((0, 40.0), (1, 50.0)):
        place = Comparison.place(tmp_path, contender_named("Momentor"), seed)
        place.parent.mkdir(exist_ok=True)
        marks = dict.fromkeys(exam.marks(asked, np.zeros((2, 2))), value)
        place.write_text(json.dumps({"grounding": marks, "dense": {"SODA_c": value}}))
    lines = comparison.table().splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| whole clip", "| best single stretch", "| chance", "| Momentor",
    ]  # fmt: skip
    spread = "45.0 ± 7.1"
    assert lines[-1] == f"| Momentor | {' | '.join([spread] * 6)} |  |  | 2 |"


def test_the_truth_is_found_entirely_and_nothing_not_at_all() -> None:
    asked = list(exam.questions(20))
    truths = np.array([question.truth.seconds for question in asked])
    assert exam.marks(asked, truths)["mIoU"] == 100
    assert exam.marks(asked, np.zeros((20, 2)))["mIoU"] == 0
    assert {question.story.split for question in asked} == {"test"}
    assert list(exam.questions(20)) == asked


def test_answers_without_eyes_lie_in_their_clips() -> None:
    asked = list(exam.questions(30))
    for spans in exam.blind(asked).values():
        assert (spans[:, 0] < spans[:, 1]).all()
        assert (spans[:, 1] <= [question.story.duration + 1e-9 for question in asked]).all()


def test_a_comparison_stops_when_its_time_is_over_and_goes_on_where_it_was(base: Path, tmp_path: Path) -> None:
    told: list[str] = []
    comparison = Comparison(tmp_path / "c", base, TINY, told.append)
    assert not comparison.go_on(0.0, ["VTimeLLM"])
    assert "train resume" in told[-1]
    while not comparison.go_on(1.0, ["VTimeLLM"]):
        pass
    place = Comparison.place(tmp_path / "c", contender_named("VTimeLLM"), 0)
    found = json.loads(place.read_text())
    assert found["contender"] == "VTimeLLM"
    assert len(found["spans"]) == 2
    before = place.stat().st_mtime_ns
    assert comparison.go_on(1.0, ["VTimeLLM"])
    assert place.stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("name", [contender.name for contender in contenders()])
def test_every_contender_is_trained_and_examined(base: Path, tmp_path: Path, name: str) -> None:
    comparison = Comparison(tmp_path, base, TINY, print)
    while not comparison.go_on(1.0, [name]):
        pass
    assert Comparison.place(tmp_path, contender_named(name), 0).exists()
