"""Stories as samples: drawn when they are looked at, with the truth as times."""

import numpy as np

from momentidx.training.samples import Pictures
from momentidx.training.world.pictures import pictures
from momentidx.training.world.samples import Drawn, mixed, samples, stills, timed
from momentidx.training.world.story import story


def test_pictures_of_a_story_are_drawn_at_any_time_without_a_file() -> None:
    drawn = Drawn(5, "val", side=56)
    assert isinstance(drawn, Pictures)
    assert drawn.rate == 25.0
    assert np.array_equal(np.stack(drawn.at([0.5, 3.25])), pictures(story(5, "val"), [0.5, 3.25], 56))
    assert len({drawn.key, Drawn(5, "val").key, Drawn(5, "test", 56).key, Drawn(6, "val", 56).key}) == 4


def test_a_sample_asks_and_answers_with_the_truth_in_seconds() -> None:
    (sample,) = samples("dense", [3])
    told = story(3)
    times = [part for part in sample.turns[0].answered if not isinstance(part, str)]
    assert sample.duration == told.duration
    assert list(zip(times[::2], times[1::2], strict=True)) == [each.seconds for each in told.happenings]


def test_a_mix_is_the_same_every_time_and_goes_over_the_clips_with_other_words() -> None:
    shares = {"grounding": 0.5, "dialogue": 0.5}
    made = mixed(shares, range(5), count=40)
    assert made == mixed(shares, range(5), count=40)
    assert len(made) == 40
    assert {sample.pictures.seed for sample in made if isinstance(sample.pictures, Drawn)} == set(range(5))
    assert len({sample.turns for sample in made}) > 30


def test_a_single_picture_has_its_words_and_no_length() -> None:
    (sample,) = stills([7])
    assert sample.duration == 0
    assert isinstance(sample.pictures, Drawn)
    assert sample.pictures.tick is not None
    assert np.array_equal(sample.pictures.at([0.0])[0], pictures(story(7), [sample.pictures.tick / 25])[0])


def test_times_stand_between_words_as_numbers() -> None:
    assert timed("From <s0> to <e0>.", {"<s0>": 1.5, "<e0>": 4.0}) == ("From ", 1.5, " to ", 4.0, ".")
