import json
from pathlib import Path

import numpy as np
import pytest

from momentidx.errors import WrongUse
from momentidx.evaluation.baselines import stemmed, words
from momentidx.evaluation.densevid import read_descriptions
from momentidx.evaluation.retrieval import Answers, calibration_error, figures, pair_figures, tiou

CAPTIONS = Path(__file__).parents[3] / "shared/data/annotations/activitynet_captions"

needs_captions = pytest.mark.skipif(not CAPTIONS.exists(), reason="the annotation files are not on this machine")


def test_every_figure_of_a_case_made_by_hand() -> None:
    videos = np.array([0, 1])
    spans = np.array([[0.0, 10.0], [5.0, 15.0]])
    answers = Answers(
        videos=np.array([[0, 1], [0, 1]]),
        moment_videos=np.array([[1, 0, -1], [1, 1, 0]]),
        moment_spans=np.array([[[0, 10], [0, 5], [0, 0]], [[5.0, 14.0], [0, 5], [5, 15]]]),
        given_spans=np.array([[0.0, 4.0], [5.0, 15.0]]),
    )
    assert figures(videos, spans, answers) == {
        "VR R@1": 50.0, "VR R@5": 100.0, "VR R@10": 100.0,
        "VCMR R@1,IoU>=0.5": 50.0, "VCMR R@10,IoU>=0.5": 100.0, "VCMR R@100,IoU>=0.5": 100.0,
        "SVMR R@1,IoU>=0.5": 50.0, "SVMR mIoU": 70.0,
    }  # fmt: skip


def test_a_pair_is_found_when_both_parts_are() -> None:
    spans = np.array([[[0.0, 10.0], [10.0, 20.0]], [[0.0, 10.0], [10.0, 20.0]]])
    given = np.array([[[0.0, 10.0], [10.0, 20.0]], [[0.0, 10.0], [18.0, 20.0]]])
    assert pair_figures(np.array([3, 4]), spans, np.array([[7, 3], [4, 7]]), given) == {
        "VR R@1": 50.0, "VR R@5": 100.0, "VR R@10": 100.0,
        "VCMR R@1,both IoU>=0.5": 0.0, "SVMR R@1,both IoU>=0.5": 50.0, "SVMR mIoU": 80.0,
    }  # fmt: skip


def test_tiou_of_spans_that_meet_overlap_or_are_empty() -> None:
    a = np.array([[0, 10], [0, 10], [0, 10], [3, 3]], np.float64)
    b = np.array([[10, 20], [5, 15], [0, 10], [3, 3]], np.float64)
    assert tiou(a, b).tolist() == [0, 1 / 3, 1, 0]


def test_probabilities_that_hold_have_no_calibration_error() -> None:
    stated, right = np.array([0.25, 0.25, 0.25, 0.25]), np.array([True, False, False, False])
    assert calibration_error(stated, right) == 0
    assert calibration_error(stated, ~right) == 0.5


def test_baseline_words_are_those_of_the_published_floor() -> None:
    assert words("The boy's hat -- he's 9!") == ["the", "boy's", "hat", "he's", "9"]
    assert stemmed("ladies watching dogs jumped matches bus sing") == [
        "lady", "watch", "dogs", "jump", "match", "bus", "sing",
    ]  # fmt: skip


def test_descriptions_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    videos = {
        "b": {"duration": 9, "timestamps": [[0, 4.5], [2, 9]], "sentences": [" One. ", "Two."]},
        "a": {"duration": 5, "timestamps": [[1, 2]], "sentences": ["Three."]},
    }
    file.write_text(json.dumps(videos))
    found = read_descriptions(file)
    assert (found.names, found.sentences) == (["b", "a"], ["One.", "Two.", "Three."])
    assert found.videos.tolist() == [0, 0, 1]
    assert found.spans.tolist() == [[0, 4.5], [2, 9], [1, 2]]
    only = found.only({"a"})
    assert (only.names, only.durations.tolist(), only.sentences, only.videos.tolist(), only.spans.tolist()) == (
        ["a"], [5], ["Three."], [0], [[1, 2]],
    )  # fmt: skip


@pytest.mark.parametrize(
    "content", ["", "[]", '{"a": {}}', '{"a": {"duration": 1, "timestamps": [], "sentences": ["x"]}}']
)
def test_another_format_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(content)
    with pytest.raises(WrongUse, match=r'a\.json: not the expected format\. Expected \{"video"'):
        read_descriptions(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"none\.json: cannot be read: No such file"):
        read_descriptions(tmp_path / "none.json")


@needs_captions
def test_the_two_annotators_share_2441_videos() -> None:
    first = read_descriptions(CAPTIONS / "anet_entities_val_1.json")
    second = read_descriptions(CAPTIONS / "anet_entities_val_2.json")
    shared = first.only(second.names)
    assert (len(shared.names), len(shared.sentences), len(second.sentences)) == (2441, 8713, 8595)
