"""Scores, peaks and equation 5, computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from momentidx.training.engine.boundaries import Region, consistency, difference, peaks, smoothed
from momentidx.training.engine.looks import alike, look

RED, BLUE = (np.full((36, 64, 3), colour, np.uint8) for colour in ((220, 20, 20), (20, 20, 220)))


def test_the_score_is_the_mean_change_of_hue_saturation_and_brightness() -> None:
    # Hue goes from 0 to 120 of OpenCV's 180; saturation and brightness stay.
    assert (difference(None, RED), difference(RED, RED), difference(RED, BLUE)) == (0.0, 0.0, 40.0)


def test_smoothing_keeps_the_sum_and_spreads_a_cut_evenly() -> None:
    scores = [0.0] * 7 + [10.0] + [0.0] * 7
    curve = smoothed(scores, 2.0)
    assert len(curve) == len(scores)
    assert math.isclose(curve.sum(), 10.0)
    assert curve[7] == curve.max()
    np.testing.assert_allclose(curve[7 - 6 : 7 + 7], curve[7 - 6 : 7 + 7][::-1])
    assert math.isclose(curve[9] / curve[7], math.exp(-0.5))


def test_a_peak_is_higher_than_its_neighbours_and_than_the_least() -> None:
    assert peaks(np.array([0, 3, 0, 1, 0, 5, 5, 0, 9.0]), 2.0) == [1, 5]


def test_pictures_alike_go_together_and_others_do_not() -> None:
    assert alike(look(RED), look(RED)) == pytest.approx(1.0)
    assert alike(look(RED), look(BLUE)) == 0.0


def test_a_half_that_stays_is_half_alike() -> None:
    half = RED.copy()
    half[18:] = BLUE[18:]
    assert alike(look(RED), look(half)) == pytest.approx(0.5)


def test_equation_5_weighs_what_stays_by_how_far_it_went() -> None:
    here, there = Region((0.2, 0.5), look(RED)), Region((0.8, 0.5), look(RED))
    other = Region((0.2, 0.5), look(BLUE))
    frame = look(RED)
    assert consistency(frame, frame, {}, {}) == pytest.approx(1.0)
    assert consistency(frame, frame, {0: here}, {0: here}) == pytest.approx(2.0)
    assert consistency(frame, frame, {0: here}, {0: there}) == pytest.approx(2.0 - 0.6 / math.sqrt(2))
    # One that is in one picture only counts among the union, with nothing; one that looks different, too.
    assert consistency(frame, frame, {0: here, 1: other}, {0: here}) == pytest.approx(1.5)
    assert consistency(frame, frame, {0: here}, {0: other}) == pytest.approx(1.0)
    assert consistency(look(RED), look(BLUE), {0: here}, {0: here}) == pytest.approx(1.0)
