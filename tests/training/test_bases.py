"""Toy bases: what a recipe begins with, made from the drawn world alone."""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from momentidx.errors import WrongUse
from momentidx.models.checkpoints.grounded_videollm import load_tower
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.clip import ClipFrames
from momentidx.training.bases import Sizes, contrast, make
from momentidx.training.texts import corpus, tokenizer
from momentidx.training.world.pictures import Camera
from momentidx.training.world.stills import looking, still, where
from momentidx.training.world.story import story
from momentidx.training.world.things import Pose

SMALL = Sizes(side=56, patch=28, eyes=32, eyes_depth=2, projection=16, video=32, video_depth=1, hidden=32, layers=1)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("bases") / "made", minutes=0.01, sizes=SMALL)


def test_bases_are_stock_folders_that_a_recipe_begins_with(bases: Path) -> None:
    folder = Converted(bases, "vtimellm", {}, "", "")
    assert ClipFrames.load("projected", bases / "encoder")(torch.zeros(2, 3, 56, 56)).shape == (2, 16)
    assert ClipFrames.load("patches", bases / "encoder")(torch.zeros(2, 3, 56, 56)).shape == (2, 5, 32)
    assert folder.language().config.hidden_size == 32
    assert AutoTokenizer.from_pretrained(bases / "language").eos_token == "</s>"
    report = json.loads((bases / "bases.json").read_text())
    assert all(report[part]["steps"] >= 1 for part in ("clip", "video", "llama"))


def test_the_video_tower_is_read_as_the_published_one(bases: Path) -> None:
    tower = load_tower(Converted(bases, "grounded_videollm", {}, "", ""))
    assert (tower.config.side, tower.config.frames, tower.config.depth) == (56, 8, 2)
    assert tower(torch.zeros(1, 3, 8, 56, 56)).shape == (1, 1 + 8 * 4, 32)


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="exists already"):
        make(tmp_path, minutes=0.01, sizes=SMALL)


def test_the_tokenizer_gives_back_what_it_was_given_and_tells_digits_apart() -> None:
    words = tokenizer(768)
    text = "From 05 to 17, a red ball spins.\nFrom 20 to 99, the light goes down."
    ids = words(text).input_ids
    assert words.decode(ids) == text
    assert words.convert_ids_to_tokens(ids)[:8] == ["▁From", "▁", "0", "5", "▁to", "▁", "1", "7"]
    assert words("a</s>").input_ids[-1] == words.eos_token_id


def test_text_is_the_same_for_a_seed_and_holds_no_time_that_is_not_filled_in() -> None:
    said = list(islice(corpus(3), 40))
    assert said == list(islice(corpus(3), 40))
    assert not [text for text in said if "<s0>" in text or "<e0>" in text]
    assert [text for text in said if "ASSISTANT: From " in text]


def test_pictures_that_are_nearest_to_their_own_words_cost_nothing() -> None:
    apart = torch.eye(6)
    scale = torch.tensor(4.0)
    assert contrast(apart, apart, scale) < 1e-6
    assert contrast(apart, apart.roll(1, 0), scale) > 50


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (Pose(0.1, 0.1, 0.15), "at the very top on the far left"),
        (Pose(0.5, 0.5, 0.15, turn=3.14), "halfway up in the middle, turned to the south"),
        (Pose(1.1, 0.7, 0.25, glow=0.9), "low on the far right, shining, large"),
    ],
)
def test_a_thing_is_told_with_its_place_and_state(at: Pose, words: str) -> None:
    assert where(at) == words


def test_where_the_camera_looks_is_told() -> None:
    assert looking(Camera()) == []
    assert looking(Camera(-0.3, 0.1, 1.5)) == ["looking far left", "looking down", "from very close"]


def test_a_picture_is_told_with_all_that_is_in_it() -> None:
    told = story(4)
    each = next(each for each in told.happenings if each.thing)
    words = still(told, each.span.start, np.random.default_rng(0))
    assert each.thing is not None
    assert each.thing.colour in words or each.thing.colour in ("purple", "turquoise")
    assert len(words.split("; ")) >= 2
