"""Toy bases: what a recipe begins with, made from the drawn world alone."""

import json
import math
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from momentidx.errors import WrongUse
from momentidx.models.checkpoints.grounded_videollm import load_tower
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.clip import ClipFrames
from momentidx.training.bases import Sizes, make
from momentidx.training.contrast import Phrases, patches_of, usual
from momentidx.training.lookups import Reader, lookups
from momentidx.training.texts import corpus, tokenizer
from momentidx.training.world.phrases import Place, going_on, truth
from momentidx.training.world.pictures import Camera, shot_at
from momentidx.training.world.samples import Drawn
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


def test_a_phrase_is_as_likely_as_it_is_usual_until_something_is_seen() -> None:
    shares = usual(map(frozenset, [["red", "red ball"], ["red"], ["red", "box"], ["box"]]), least=2)
    assert shares == {"box": 0.5, "red": 0.75}
    phrases = Phrases(shares, width=8)
    assert phrases().norm(dim=-1).tolist() == pytest.approx([1, 1])
    assert phrases.true([{"red", "unheard of"}, set()]).tolist() == [[0, 1], [0, 0]]
    with torch.no_grad():
        phrases.scale.fill_(-torch.inf)
    nothing = torch.ones(1, 8)
    assert phrases.loss(nothing, [{"red"}]).item() == pytest.approx(-math.log(0.75) - math.log(0.5), abs=1e-4)
    assert phrases.loss(nothing, [set()]).item() == pytest.approx(-math.log(0.25) - math.log(0.5), abs=1e-4)


def test_what_is_seen_near_its_phrase_and_away_from_the_others_costs_next_to_nothing() -> None:
    phrases = Phrases({"red": 0.5, "box": 0.5, "moon": 0.5}, width=3)
    with torch.no_grad():
        phrases.words.zero_()
        phrases.own.copy_(torch.eye(3))
        phrases.scale.fill_(math.log(50))
    seen = 2 * torch.eye(3) - 1
    told = [{"red"}, {"box"}, {"moon"}]
    assert phrases.loss(seen, told) < 1e-6
    assert phrases.loss(seen, told[1:] + told[:1]) > 50


def test_patches_of_a_thing_are_those_that_it_lies_on() -> None:
    assert patches_of(Place(Pose(0.5, 0.5, 0.3), frozenset()), 4) == [5, 6, 9, 10]
    assert patches_of(Place(Pose(0.1, 0.9, 0.05), frozenset()), 4) == [12]  # however small
    assert patches_of(Place(Pose(-0.02, 0.1, 0.02), frozenset()), 8) == []


def test_what_is_true_of_a_picture_and_of_its_places() -> None:
    told = story(2)
    each = next(each for each in told.happenings if each.action == "spins")
    assert each.thing == ("cross", "green")
    found = truth(told, each.span.start + 5)
    mine = next(place for place in found.places if {"cross", "green"} <= place.phrases)
    assert mine.phrases <= found.phrases
    alone = {"high", "middle", "turned", "turned east"}
    assert mine.phrases == {
        "cross", "green", "green cross", *(f"{word} {state}" for word in ("cross", "green") for state in alone),
    }  # fmt: skip
    assert shot_at(told, each.span.start + 5).place in found.phrases
    assert {"spins", "cross spins", "green spins"} <= going_on(told, each.span.start)
    assert "cross spins" not in going_on(told, each.span.end)


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


def test_a_language_model_reads_pictures_as_sums_of_their_phrases_words() -> None:
    words = tokenizer(768)
    language = LlamaForCausalLM(replace(SMALL, vocabulary=768).llama)
    told = story(31, "train")
    phrases = sorted(truth(told, 0).phrases)[:3]
    reader = Reader(language, words, [*phrases, "no such thing"])
    seen = reader.seen(Drawn(31))
    assert seen.shape == (40, 4)
    assert seen[0].tolist() == [1, 1, 1, 0]
    for row, tick in zip(seen, np.linspace(0, told.frames - 1, 40), strict=True):
        assert [phrase in truth(told, float(tick)).phrases for phrase in phrases] == row[:3].bool().tolist()
    alone = reader.seen(Drawn(31, tick=40))
    assert alone.tolist() == [[float(phrase in truth(told, 40).phrases) for phrase in phrases] + [0]]
    (number, *others) = words(phrases[0], add_special_tokens=False).input_ids
    said = language.get_input_embeddings().weight[[number, *others]].sum(dim=0) / (1 + len(others)) ** 0.5 / 3
    heard = reader.network.projector.weight[:, 0]
    assert (heard - said).std().item() == pytest.approx(0.05, rel=0.5)  # what it has of its own


def test_lookups_teach_the_language_model_and_go_on_with_other_stories() -> None:
    torch.manual_seed(0)
    words = tokenizer(768)
    language = LlamaForCausalLM(replace(SMALL, vocabulary=768).llama)
    reader = Reader(language, words, ["red", "ball"])
    first, second = islice(lookups(reader, 0), 2)
    first.backward()
    assert language.model.layers[0].mlp.up_proj.weight.grad.abs().sum() > 0
    assert first.item() != second.item()
    assert first.item() == pytest.approx(math.log(768), rel=0.2)
    assert [loss.item() for loss in islice(lookups(reader, 0), 2)] == [first.item(), second.item()]
