import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.search.adapter import CELLS
from momentidx.search.spans import LARGEST, MEASURED, PEOPLE, agreement_with, choose, tiou

EVENTS = np.array([[0.0, 10.0], [10.0, 20.0], [40.0, 60.0]])


def scores(*rows: list[float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32)


def test_the_span_of_the_one_event_that_fits_is_the_answer() -> None:
    found = choose(scores([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]), EVENTS, 60.0)
    assert found.times.tolist() == [[[40, 60]], [[0, 10]]]


def test_neighbours_that_answer_together_become_one_span() -> None:
    found = choose(scores([0.8, 0.8, 0.0]), EVENTS, 60.0)
    assert found.times.tolist() == [[[0, 20]]]


def test_an_event_that_spans_everything_is_trimmed_to_the_part_that_answers_better() -> None:
    events = np.array([[0.0, 60.0], [0.0, 10.0], [20.0, 30.0]])
    found = choose(scores([0.5, 0.1, 0.8]), events, 60.0)
    assert found.times.tolist() == [[[20, 30]]]


def test_further_answers_are_for_where_the_first_is_wrong_and_their_chances_add_up_to_at_most_one() -> None:
    found = choose(scores([0.5, 0.5, 0.6]), EVENTS, 60.0, count=3)
    assert found.times.shape == (1, 3, 2)
    for a in range(3):
        for b in range(a):
            assert tiou(found.times[0, a], found.times[0, b]) < 1
    assert (found.chances > 0).all()
    assert found.chances.sum() <= 1


def test_only_edges_that_events_have_are_answered() -> None:
    random = np.random.default_rng(0)
    events = np.sort(random.uniform(0, 100, (8, 2)), axis=1)
    found = choose(random.uniform(0, 1, (50, 8)).astype(np.float32), events, 100.0, count=3)
    assert set(found.times[..., 0].ravel()) <= set(events[:, 0])
    assert set(found.times[..., 1].ravel()) <= set(events[:, 1])


def test_a_usual_position_decides_between_events_that_fit_alike() -> None:
    events = np.array([[0.0, 10.0], [50.0, 60.0]])
    late = np.where(CELLS[:, 0] >= 15, 0.0, -5.0).astype(np.float32)[None]
    early = np.where(CELLS[:, 1] <= 5, 0.0, -5.0).astype(np.float32)[None]
    same = scores([0.5, 0.5])
    assert choose(same, events, 60.0, late).times.tolist() == [[[50, 60]]]
    assert choose(same, events, 60.0, early).times.tolist() == [[[0, 10]]]


def test_of_many_events_those_around_the_best_one_are_weighed() -> None:
    events = np.array([[10.0 * n, 10.0 * n + 10] for n in range(1000)])
    fits = np.zeros((2, 1000), np.float32)
    fits[0, 700] = fits[1, 3] = 1
    assert len(events) > LARGEST
    assert choose(fits, events, 10_000.0, agreement=MEASURED).times.tolist() == [[[7000, 7010]], [[30, 40]]]


@pytest.mark.parametrize("events", [[[5.0, 9.0]], [[5.0, 5.0]], [[5.0, 5.0], [7.0, 7.0]]])
def test_one_event_or_events_without_length_are_answered_too(events: list[list[float]]) -> None:
    found = choose(np.ones((1, len(events)), np.float32), np.array(events), 20.0)
    assert found.times[0, 0, 0] == 5
    assert np.isfinite(found.chances).all()


def test_measured_edges_are_kept_where_edges_by_eye_are_widened() -> None:
    events = np.array([[0.0, 10.0], [10.0, 12.0], [12.0, 30.0]])
    fits = scores([0.25, 0.2, 0.6])
    assert choose(fits, events, 30.0, agreement=MEASURED).times.tolist() == [[[12, 30]]]
    assert choose(fits, events, 30.0).times.tolist() == [[[10, 30]]]


def test_only_where_every_event_was_measured_answers_keep_closely_to_one() -> None:
    told = [["shotlog"], ["shotlog", "human"], ["transformers"]]
    assert [agreement_with(captioners) for captioners in told] == [MEASURED, PEOPLE, PEOPLE]
