"""The seeds as captioners: their own time told on in seconds, and a step never taken for a second."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from momentidx.caption.chat import Clip, Reply, Request, Sight, Task
from momentidx.caption.grounded_videollm import GroundedSeed
from momentidx.caption.momentor import MomentorSeed
from momentidx.caption.seeds import Asked, Seed, SeedChat
from momentidx.caption.vtimellm import VTimeLLMSeed
from momentidx.caption.windows import looked_at
from momentidx.errors import MomentidxError, UnusableFootage
from momentidx.models.codecs.anchors import Anchors
from momentidx.models.language import build
from momentidx.models.momentor import Ids, Momentor, Spoken, go_on
from momentidx.models.sampling import interval_midpoint, linspace_inclusive
from momentidx.times import Span
from momentidx.training.texts import tokenizer
from tests.caption.toy_seeds import toy

SEEDS: dict[str, Any] = {"vtimellm": VTimeLLMSeed, "momentor": MomentorSeed, "grounded_videollm": GroundedSeed}
ALL = [Task.DESCRIBE, Task.LOCATE, Task.ANSWER]


def replies(seed: Seed, tasks: list[Task], duration: float = 30.0) -> list[str]:
    clip = Clip(np.full((7, 90, 160, 3), 100, np.uint8), tuple(map(float, range(7))), duration)
    chat = SeedChat("seed", lambda: seed, Sight(), at_once=2)
    return [reply.text for reply in good(chat, *[Request(clip, task, "a dog", "when", 20) for task in tasks])]


def good(chat: SeedChat, *requests: Request) -> list[Reply]:
    replies = list(chat.replies(requests))
    assert all(isinstance(reply, Reply) for reply in replies), replies
    return cast(list[Reply], replies)


@pytest.mark.parametrize(
    ("name", "says", "told"),
    [
        ("vtimellm", None, [
            "0.000 - 15.000 seconds: a ball rolls in\n15.000 - 30.000 seconds: it is quiet",
            "0.000 - 14.700 seconds\n15.000 - 29.700 seconds", None]),
        ("vtimellm", "From 10 to 20, a dog runs.\nIt rains at 30.", [
            "3.000 - 6.000 seconds: a dog runs\nIt rains at ##.", "3.000 - 6.000 seconds",
            "From 3.0 to 6.0 seconds, a dog runs.\nIt rains at 30."]),
        ("grounded_videollm", "From <30> to <60>, it rains.\nAt <90> it stops.", [
            "3.000 - 6.000 seconds: it rains\nAt <##> it stops.", "3.000 - 6.000 seconds",
            "From 3.00 seconds to 6.00 seconds, it rains.\nAt 9.00 seconds it stops."]),
        ("momentor", "A dog runs from <TEMP-001> to <TEMP-2.5>. Nothing else happens.", [
            "6.000 - 15.000 seconds: A dog runs\nNothing else happens.", "6.000 - 15.000 seconds",
            "A dog runs from 6.0 seconds to 15.0 seconds. Nothing else happens."]),
        ("momentor", "I see 12 to 15 dogs.", ["I see ## to ## dogs.", "I see ## to ## dogs.", "I see 12 to 15 dogs."]),
    ],
)  # fmt: skip
def test_what_a_seed_says_is_told_in_seconds(
    tmp_path: Path, name: str, says: str | None, told: list[str | None]
) -> None:
    made = replies(SEEDS[name](toy(tmp_path, name, says)), ALL)
    wanted = [(at, text) for at, text in enumerate(told) if text is not None]
    assert [(at, made[at]) for at, _ in wanted] == wanted


def test_a_reply_that_does_not_end_is_not_whole(tmp_path: Path) -> None:
    seed = VTimeLLMSeed(toy(tmp_path, "vtimellm", "From 10 to 20."))
    clip = Clip(np.zeros((1, 90, 160, 3), np.uint8), (0.0,), 30.0)
    (reply,) = good(SeedChat("seed", lambda: seed, Sight()), Request(clip, Task.LOCATE, "a dog", "when", 1))
    assert reply == Reply("3.000 - 6.000 seconds", whole=False)


def test_a_step_is_that_of_the_longest_clip(tmp_path: Path) -> None:
    chat = SeedChat("seed", lambda: VTimeLLMSeed(toy(tmp_path, "vtimellm")), Sight(window=Fraction(120)))
    assert (chat.step, chat.sight.pictures) == (Fraction(6, 5), 100)


def test_a_seed_is_shown_the_frames_that_its_authors_show_it(tmp_path: Path) -> None:
    window = Span(1000, 1301, Fraction(1, 25))
    seen = {name: SeedChat(name, partial(made, toy(tmp_path, name)), Sight()).sight for name, made in SEEDS.items()}
    counted = {name: [pts - 1000 for pts in looked_at(window, sight)] for name, sight in seen.items()}
    assert counted["vtimellm"] == list(linspace_inclusive(301, 25.0).indices)
    assert counted["momentor"] == [0, 60, 120, 180, 240, 300]
    theirs = interval_midpoint(301, 25.0).indices
    assert max(abs(ours - official) for ours, official in zip(counted["grounded_videollm"], theirs, strict=True)) <= 1


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_that_is_not_there_is_said_with_the_way_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(MomentidxError, match=f"models convert SRC --as {name} -o {tmp_path}"):
        SEEDS[name](tmp_path)


def test_momentor_speaks_words_and_places_between_anchors() -> None:
    torch.manual_seed(0)
    config = {"model_type": "llama", "vocab_size": 9, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    language = build(config | {"num_attention_heads": 2, "num_key_value_heads": 2, "tie_word_embeddings": False})
    model = Momentor(language, Ids.after(4), Anchors(4), 3).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        for name, weight in language.named_parameters():
            if name.endswith("norm.weight"):
                weight.fill_(1.0)
        language.get_input_embeddings().weight[3, 1] = 1.0  # after word 3, an anchor; after any anchor, the end
        model.time.input[:, 2] = 1.0
        model.time.output[1, 1], model.time.output[2, 1] = 9.0, 9.0
        language.get_output_embeddings().weight[3, 0] = 9.0
        language.get_output_embeddings().weight[2, 2] = 9.0
    start, mask = torch.eye(8)[:1][None], torch.ones(1, 1, dtype=torch.long)
    assert go_on(model, start, mask, [10], end=2) == [Spoken(([3], "<TEMP-1.500>"), True)]
    assert go_on(model, start, mask, [1], end=2) == [Spoken(([3],), False)]


def test_words_after_a_time_keep_the_blank_that_they_begin_with(tmp_path: Path) -> None:
    """A sentencepiece's blank belongs to the word after it, and is lost where that word is read alone."""
    seed = MomentorSeed(toy(tmp_path, "momentor"))
    seed._tokenizer = tokenizer(768)
    before, between, after = (
        seed._tokenizer(text, add_special_tokens=False).input_ids for text in ("From ", "to ", "it is red.")
    )
    spoken = Spoken((before, "<TEMP-1.000>", between, "<TEMP-2.000>", after), True)
    assert seed._told(spoken) == ("From <TEMP-1.000> to <TEMP-2.000> it is red.", True)


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_says_in_a_batch_what_it_says_alone(tmp_path: Path, name: str) -> None:
    seed = SEEDS[name](toy(tmp_path, name))
    torch.manual_seed(1)
    for weight in seed._model.parameters():
        if weight.ndim > 1:
            weight.data.normal_()  # what is said depends on all that is seen and asked
    chance, seconds = np.random.default_rng(0), tuple(map(float, range(7)))
    clips = [Clip(chance.integers(0, 255, (7, 90, 160, 3), np.uint8), seconds, 30.0) for _ in range(5)]
    prompts = ["when", "what when what what", "when what", "what", "what what"]
    requests = [
        Request(clip, Task.ANSWER, "", prompt, tokens)
        for clip, prompt, tokens in zip(clips, prompts, (12, 5, 12, 9, 12), strict=True)
    ]
    together = good(SeedChat(name, lambda: seed, Sight(), at_once=3), *requests)
    assert together == [good(SeedChat(name, lambda: seed, Sight()), request)[0] for request in requests]
    seed._decoding = "static"
    assert good(SeedChat(name, lambda: seed, Sight(), at_once=3), *requests) == together
    assert len({reply.text for reply in together}) == 5


def test_a_seed_whose_memory_or_device_goes_is_asked_less_or_loaded_anew(tmp_path: Path) -> None:
    made: list[VTimeLLMSeed] = []
    sizes: list[int] = []

    def make() -> VTimeLLMSeed:
        seed = VTimeLLMSeed(toy(tmp_path / str(len(made)), "vtimellm"))
        tell_all = seed.tell_all

        def small(seen: Sequence[torch.Tensor], asked: Sequence[Asked]) -> list[tuple[str, bool]]:
            sizes.append(len(asked))
            if len(asked) > 1:
                raise torch.OutOfMemoryError
            if len(sizes) == 3:
                raise torch.AcceleratorError("CUDA error: unspecified launch failure")
            return tell_all(seen, asked)

        seed.tell_all = small  # type: ignore[method-assign]
        made.append(seed)
        return seed

    clip = Clip(np.zeros((1, 90, 160, 3), np.uint8), (0.0,), 30.0)
    chat = SeedChat("vtimellm", make, Sight(), at_once=2)
    first, lost, last = chat.replies([Request(clip, Task.LOCATE, "a dog", "when", 9)] * 3)
    assert first == last
    assert isinstance(first, Reply)
    assert isinstance(lost, UnusableFootage)
    assert (lost.code, lost.passing, sizes, len(made)) == ("device-lost", True, [2, 1, 1, 1], 2)
