"""Grounding figures on cases that can be counted by hand."""

from __future__ import annotations

import numpy as np

from momentidx.evaluation.grounding import figures


def test_figures_count_all_sentences_and_those_of_a_part() -> None:
    truths = np.array([[0.0, 4.0], [5.0, 10.0], [0.0, 9.0]])  # the last one is nearly all of its ten seconds
    answers = np.array([[0.0, 8.0], [5.0, 9.0], [0.0, 10.0]])  # tIoU 0.5, 0.8, 0.9
    assert figures(truths, answers, np.full(3, 10.0)) == {
        "sentences": 3,
        "R@1 0.3": 100.0,
        "R@1 0.5": 100.0,
        "R@1 0.7": 66.67,
        "mIoU": 73.33,
        "sentences of a part": 2,
        "R@1 0.3 of a part": 100.0,
        "R@1 0.5 of a part": 100.0,
        "R@1 0.7 of a part": 50.0,
        "mIoU of a part": 65.0,
    }


def test_without_sentences_of_a_part_nothing_is_said_of_them() -> None:
    found = figures(np.array([[0.0, 10.0]]), np.array([[0.0, 5.0]]), np.array([10.0]))
    assert found["mIoU"] == 50.0
    assert "mIoU of a part" not in found
