import hashlib
import subprocess
import sys
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest

from momentidx.times import Span
from momentidx.training.world.file import write
from momentidx.training.world.pictures import GAINS, pictures, pose
from momentidx.training.world.places import PLACES, canvas
from momentidx.training.world.story import (
    ACTS,
    CROSSINGS,
    LIGHTS,
    MOVES,
    PLACE,
    RATE,
    THING_ACTIONS,
    Happening,
    Thing,
    looks_new,
    story,
)  # fmt: skip
from momentidx.training.world.talks import TASKS, talk
from momentidx.training.world.things import COLOURS, KINDS, Pose, draw
from momentidx.training.world.words import ACTIONS, names, sentence, wordings

BASE = Fraction(1, RATE)
MANY = [story(seed, "train") for seed in range(300)]
HELD_OUT = [story(seed, "test") for seed in range(300)]


def test_a_seed_gives_the_same_story_pictures_and_words_in_another_process() -> None:
    program = (
        "import hashlib, numpy\n"
        "from momentidx.training.world import pictures, story, talks\n"
        "told = story.story(7, 'test')\n"
        "seen = pictures.pictures(told, numpy.linspace(0, told.duration, 9))\n"
        "said = [talks.talk(told, task) for task in talks.TASKS]\n"
        "print(hashlib.sha256(repr((told, said)).encode() + seen.tobytes()).hexdigest())\n"
    )
    told = story(7, "test")
    seen = pictures(told, np.linspace(0, told.duration, 9))
    here = hashlib.sha256(repr((told, [talk(told, task) for task in TASKS])).encode() + seen.tobytes()).hexdigest()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == here


def test_a_picture_does_not_depend_on_which_others_were_asked_for() -> None:
    told = story(3)
    times = np.linspace(0, told.duration, 12)
    together = pictures(told, times)
    for place in (7, 2, 11):
        assert np.array_equal(pictures(told, [times[place]])[0], together[place])


def test_the_stories_of_two_seeds_and_of_two_splits_differ() -> None:
    assert story(1) != story(2)
    assert story(1).happenings != story(1, "val").happenings


def test_every_happening_lies_inside_one_shot_and_every_stage_around_its_happening() -> None:
    for told in MANY:
        assert told.shots[0].span.start == 0
        assert all(
            first.span.end == second.span.start for first, second in zip(told.shots, told.shots[1:], strict=False)
        )
        for each in told.happenings:
            stage = each.stage or each.span
            assert stage.covers(each.span)
            assert sum(shot.span.covers(stage) for shot in told.shots) == 1


def test_the_world_has_short_and_long_clips_overlapping_events_and_all_kinds_of_everything() -> None:
    lengths = [told.duration for told in MANY]
    assert min(lengths) >= 10
    assert max(lengths) <= 180
    assert min(lengths) < 12
    assert max(lengths) > 150
    happenings = [each for told in MANY for each in told.happenings]
    assert {each.action for each in happenings} == {*THING_ACTIONS, *MOVES, *LIGHTS, PLACE}
    assert {each.thing.kind for each in happenings if each.thing} == set(KINDS)
    assert {each.thing.colour for each in happenings if each.thing} == set(COLOURS)
    assert {shot.place for told in MANY for shot in told.shots} == set(PLACES)
    meets = [_overlapping(told.happenings) for told in MANY]
    assert 0.3 < np.mean(meets) < 0.9


def _overlapping(happenings: tuple[Happening, ...]) -> bool:
    told = [each.span for each in happenings if each.action != PLACE]
    return any(first.overlap(second) > 0 for first, second in combinations(told, 2))


def test_nothing_happens_twice_in_a_clip_in_the_same_words() -> None:
    for told in MANY:
        done = [(each.thing, each.action, each.place) for each in told.happenings]
        assert len(done) == len(set(done))


def test_no_thing_is_in_two_places_at_once() -> None:
    for told in MANY:
        for first, second in combinations([each for each in told.happenings if each.thing], 2):
            if first.thing == second.thing:
                assert (first.stage or first.span).overlap(second.stage or second.span) == 0


def test_training_never_shows_the_combinations_that_are_kept_back_and_the_test_does() -> None:
    for told in (*MANY, *[story(seed, "val") for seed in range(50)]):
        assert not any(each.is_new for each in told.happenings)
        assert not any(looks_new(each.thing) for each in told.stills)
    things = [each for told in HELD_OUT for each in told.happenings if each.thing]
    assert 0.4 < np.mean([each.is_new for each in things]) < 0.6
    seen_alone = {each.thing.kind for told in MANY for each in told.happenings if each.thing}
    assert {each.thing.kind for each in things if each.is_new and each.thing} <= seen_alone


def test_a_thing_that_crosses_to_the_right_is_seen_on_the_left_first_and_only_while_it_crosses() -> None:
    span = Span(50, 150, BASE)
    each = Happening(span, "to the right", Thing("ball", "red"), home=(0.5, 0.5), size=0.15)
    xs = [pose(each, tick).x for tick in (50, 100, 149)]
    assert xs[0] < 0 < 0.49 < xs[1] < 0.51
    assert xs[2] > 1
    told = next(one for one in MANY if any(h.action in CROSSINGS for h in one.happenings))
    crossing = next(h for h in told.happenings if h.action in CROSSINGS)
    others = tuple(h for h in told.happenings if h is not crossing)
    without = type(told)(told.seed, told.split, told.shots, others, told.stills)
    for tick, shown in ((crossing.span.start - 1, False), (crossing.span.start, True), (crossing.span.end - 1, True),
                        (crossing.span.end, False)):  # fmt: skip
        if 0 <= tick < told.frames:
            differs = not np.array_equal(pictures(told, [tick / RATE]), pictures(without, [tick / RATE]))
            assert differs == shown, tick


@pytest.mark.parametrize("action", ACTS)
def test_a_thing_that_acts_is_still_before_and_after(action: str) -> None:
    each = Happening(Span(50, 150, BASE), action, Thing("fish", "blue"), stage=Span(20, 180, BASE), size=0.15)
    rest = Pose(0.5, 0.5, 0.15)
    assert [pose(each, tick) == rest for tick in (20, 49, 60, 73, 149, 150, 179)] == [
        True,
        True,
        *[False] * 3,
        True,
        True,
    ]


@pytest.mark.parametrize("action", LIGHTS)
def test_light_changes_within_its_time_only(action: str) -> None:
    base = MANY[0]
    plain = type(base)(0, "train", base.shots[:1], (), ())
    span = Span(40, 90, BASE)
    lit = type(base)(0, "train", base.shots[:1], (Happening(span, action),), ())
    assert base.shots[0].span.end > 95
    changed = [not np.array_equal(*(pictures(each, [tick / RATE]) for each in (plain, lit))) for tick in range(38, 93)]
    assert changed[:2] == [False, False]
    assert changed[-3:] == [False, False, False]
    assert changed[2]
    assert changed[-4] or action == "flicker"
    assert set(GAINS) == set(LIGHTS)


@pytest.mark.parametrize(("action", "shift"), [("pan right", (0.6, 0)), ("tilt up", (0, -0.6))])
def test_a_camera_that_pans_shows_another_part_of_the_place(action: str, shift: tuple[float, float]) -> None:
    shot = MANY[0].shots[0]
    told = type(MANY[0])(0, "train", (shot,), (Happening(Span(0, 100, BASE), action),), ())
    first, last = pictures(told, [0, 4]).astype(int)
    dx, dy = (round(112 * part) for part in shift)
    overlap = first[max(dy, 0) : 112 + min(dy, 0), max(dx, 0) : 112 + min(dx, 0)]
    again = last[max(-dy, 0) : 112 + min(-dy, 0), max(-dx, 0) : 112 + min(-dx, 0)]
    assert np.abs(overlap - again).mean() < 3
    assert np.abs(first - last).mean() > 3


def test_every_kind_and_every_place_looks_different() -> None:
    drawn = {}
    for kind in KINDS:
        picture = np.full((64, 64, 3), 128, np.uint8)
        draw(picture, kind, "red", Pose(0.5, 0.5, 0.4))
        drawn[kind] = picture.tobytes()
    assert len(set(drawn.values())) == len(KINDS)
    assert len({canvas(place, 1, 64).tobytes() for place in PLACES}) == len(PLACES)


def test_every_action_has_several_wordings_and_they_are_all_used() -> None:
    assert set(ACTIONS) == {*THING_ACTIONS, *MOVES, *LIGHTS, PLACE}
    assert min(map(len, ACTIONS.values())) >= 3
    each = Happening(Span(0, 25, BASE), "spins", Thing("moon", "purple"))
    assert names(Thing("moon", "purple")) == ("purple moon", "violet moon", "purple crescent", "violet crescent")
    assert wordings(each)[:2] == ("a purple moon spins", "a violet moon spins")
    random = np.random.default_rng(0)
    assert {sentence(each, random) for _ in range(600)} == set(wordings(each))


def test_the_times_of_a_conversation_are_the_truth() -> None:
    told = MANY[3]
    dense = talk(told, "dense")
    assert len(dense.turns) == 1
    lines = dense.turns[0][1].splitlines()
    assert len(lines) == len(told.happenings)
    for number, (line, each) in enumerate(zip(lines, told.happenings, strict=True)):
        assert line.startswith(f"From <s{number}> to <e{number}>, ")
        assert line.removesuffix(".").split(", ", 1)[1] in wordings(each)
        assert (dense.times[f"<s{number}>"], dense.times[f"<e{number}>"]) == each.seconds


def test_questions_for_a_time_name_one_happening_each() -> None:
    for told in MANY[:40]:
        grounding = talk(told, "grounding", turns=20)
        assert len(grounding.turns) == len(told.happenings)
        for number, (question, answer) in enumerate(grounding.turns):
            assert answer == f"From <s{number}> to <e{number}>."
            span = (grounding.times[f"<s{number}>"], grounding.times[f"<e{number}>"])
            (meant,) = [each for each in told.happenings if any(words in question for words in wordings(each))
                        and each.seconds == span]  # fmt: skip
            assert meant.seconds == span


def test_a_dialogue_answers_what_the_story_says() -> None:
    asked = [turn for told in MANY[:60] for turn in talk(told, "dialogue", turns=6).turns]
    kinds = {question.split()[0] for question, _ in asked}
    assert {"What", "Which", "Is", "Where", "How", "Does"} <= kinds
    cuts = dict.fromkeys(("None.", "One.", "Two.", "Three."), 0)
    for told in MANY[:60]:
        for question, answer in talk(told, "dialogue", turns=6).turns:
            if question == "How many cuts are there?":
                cuts[answer] += 1
                assert list(cuts).index(answer) == len(told.shots) - 1
    assert sum(cuts.values()) > 0


def test_a_story_is_written_as_a_video_whose_pictures_lie_on_the_truth(tmp_path: Path) -> None:
    told = story(5, "test", seconds=10)
    drawn = []
    write(told, tmp_path / "clip.mp4", 112, lambda: drawn.append(1))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        frames = [
            (frame.pts * stream.time_base, frame.to_ndarray(format="rgb24")) for frame in container.decode(stream)
        ]
    assert [time for time, _ in frames] == [Fraction(number, 25) for number in range(250)]
    assert len(drawn) == 250
    truth = pictures(told, [0, 4, 9.96], 112).astype(int)
    assert max(np.abs(frames[place][1] - truth[row]).mean() for row, place in enumerate((0, 100, 249))) < 4
