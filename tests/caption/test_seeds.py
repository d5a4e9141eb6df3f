"""The seeds as captioners: their own time told on in seconds, and a step never taken for a second."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from momentidx.caption.chat import Clip, Reply, Request, Sight, Task
from momentidx.caption.grounded_videollm import GroundedSeed
from momentidx.caption.momentor import MomentorSeed
from momentidx.caption.seeds import Seed, SeedChat
from momentidx.caption.vtimellm import VTimeLLMSeed
from momentidx.caption.windows import looked_at
from momentidx.errors import MomentidxError
from momentidx.models.codecs.anchors import Anchors
from momentidx.models.language import build
from momentidx.models.momentor import Ids, Momentor, Spoken, go_on
from momentidx.models.sampling import interval_midpoint, linspace_inclusive
from momentidx.times import Span
from tests.caption.toy_seeds import toy

SEEDS = {"vtimellm": VTimeLLMSeed, "momentor": MomentorSeed, "grounded_videollm": GroundedSeed}
ALL = [Task.DESCRIBE, Task.LOCATE, Task.ANSWER]


def replies(seed: Seed, tasks: list[Task], duration: float = 30.0) -> list[str]:
    clip = Clip(np.full((7, 90, 160, 3), 100, np.uint8), tuple(map(float, range(7))), duration)
    chat = SeedChat(seed, Sight())
    return [reply.text for reply in chat.replies(Request(clip, task, "a dog", "when", 20) for task in tasks)]


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
    (reply,) = SeedChat(seed, Sight()).replies([Request(clip, Task.LOCATE, "a dog", "when", 1)])
    assert reply == Reply("3.000 - 6.000 seconds", whole=False)


def test_a_step_is_that_of_the_longest_clip(tmp_path: Path) -> None:
    chat = SeedChat(VTimeLLMSeed(toy(tmp_path, "vtimellm")), Sight(window=Fraction(120)))
    assert (chat.step, chat.sight.pictures) == (Fraction(6, 5), 100)


def test_a_seed_is_shown_the_frames_that_its_authors_show_it(tmp_path: Path) -> None:
    window = Span(1000, 1301, Fraction(1, 25))
    seen = {name: SeedChat(made(toy(tmp_path, name)), Sight()).sight for name, made in SEEDS.items()}
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
    start = torch.eye(8)[:1][None]
    assert go_on(model, start, 10, end=2) == Spoken(([3], "<TEMP-1.500>"), True)
    assert go_on(model, start, 1, end=2) == Spoken(([3],), False)
