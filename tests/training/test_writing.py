"""Which tokens a sample becomes, and which of them are learned from: shown as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.codecs.anchors import PATCH, Anchors
from momentidx.models.codecs.grid_tokens import GridTokens
from momentidx.models.momentor_records import turns
from momentidx.models.splice import IGNORED, SENTINEL, Spliced
from momentidx.training.base import begin
from momentidx.training.method import Batch, Method, Written
from momentidx.training.methods.grounded_videollm import GroundedMethod
from momentidx.training.methods.momentor import MomentorMethod
from momentidx.training.methods.vtimellm import VTimeLLMMethod
from momentidx.training.methods.writing import weight, with_followed
from momentidx.training.samples import Sample, Turn
from tests.training.toys import Turning

PICTURES = Turning(0, 200, 5.0)
TALK = (
    Turn(("When does it turn bright?",), ("From ", 2.5, " to ", 10.0, ".")),
    Turn(("What happens from ", 0.0, " to ", 2.5, "?"), ("It is dark.",)),
)
SAMPLE = Sample("clip", PICTURES, 10.0, TALK)


def told(written: Written, tokenizer: Any) -> tuple[str, str]:
    """All of it, and what is learned from, with `_` for what is not."""
    names = ["[video]" if one == SENTINEL else tokenizer.decode([one]) for one in written.ids]
    learned = [name if label != IGNORED else "_" for name, label in zip(names, written.labels, strict=True)]
    taught = "".join(learned)
    while "__" in taught:
        taught = taught.replace("__", "_")
    assert all(label in (IGNORED, one) for label, one in zip(written.labels, written.ids, strict=True))
    return "".join(names), taught


def written(method: Method, base: Path, sample: Sample = SAMPLE, *, bare: bool = False) -> tuple[str, str]:
    tokenizer = begin(base, method).tokenizer
    return told(method.write(sample, tokenizer, bare=bare), tokenizer)


def test_vtimellm_learns_its_answers_in_per_cents_of_the_clip(base: Path) -> None:
    text, learned = written(VTimeLLMMethod(), base)
    assert text == (
        "<s>A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
        "detailed, and polite answers to the user's questions. USER: [video]\nWhen does it turn bright? ASSISTANT: "
        "From 25 to 99.</s>USER: What happens from 00 to 25? ASSISTANT: It is dark.</s>"
    )
    assert learned == "_ From 25 to 99.</s>_ It is dark.</s>"


def test_vtimellm_s_first_stage_learns_the_bare_caption(base: Path) -> None:
    still = Sample("still", PICTURES, 0.0, (Turn((), ("a red door",)),))
    assert written(VTimeLLMMethod(), base, still, bare=True) == ("<s>[video]\na red door\n", "_a red door\n")


def test_momentor_learns_places_that_lie_beside_the_text(base: Path) -> None:
    method = MomentorMethod(anchors=3)
    text, learned = written(method, base)
    assert text == (
        "<s>You are a careful observer of a video, and tell when things happen in it. USER: "
        "<vid_start><vid_patch><vid_patch><vid_patch><vid_end>\nWhen does it turn bright? ASSISTANT: "
        "From <TEMP-OUTPUT> to <TEMP-OUTPUT>.</s>USER: What happens from <TEMP-INPUT> to <TEMP-INPUT>? ASSISTANT: "
        "It is dark.</s>"
    )
    assert learned == "_ From <TEMP-OUTPUT> to <TEMP-OUTPUT>.</s>_ It is dark.</s>"
    row = method.write(SAMPLE, begin(base, method).tokenizer)
    assert (row.heard, row.told) == ((0.0, 0.25), (0.25, 1.0))
    stiff = MomentorMethod(anchors=3, interpolates=False)
    assert stiff.write(SAMPLE, begin(base, stiff).tokenizer).told == (0.0, 1.0)


def test_momentor_writes_what_its_published_records_become(base: Path) -> None:
    """The same through our samples as through the reader that is compared with the published code."""
    record = {
        "moment": [2.5, 10.0],
        "conversations": [{"User": "When does it turn bright?", "Assistant": "From {moment}."}],
    }
    method = MomentorMethod(anchors=3)
    tokenizer = begin(base, method).tokenizer
    ours = method.write(Sample("clip", PICTURES, 10.0, TALK[:1]), tokenizer)
    theirs = turns(record, 10.0, patches=3)
    assert ours.told == theirs.outputs
    assert (
        told(ours, tokenizer)[0].partition("USER: ")[2] == f"{theirs.turns[0][0]} ASSISTANT: {theirs.turns[0][1]}</s>"
    )


def test_grounded_videollm_learns_tokens_of_its_grid_and_is_told_when_times_are_wanted(base: Path) -> None:
    text, learned = written(GroundedMethod("phi"), base)
    assert text == (
        "<s><|system|>\nYou are a helpful AI assistant that can generate responses based on visual inputs.\n"
        "<|user|>\n[video] <timestamp_grounding>\nWhen does it turn bright?\n<|assistant|>\nFrom <75> to <300>."
        "<|endoftext|>\n<|user|>\nWhat happens from <0> to <75>?\n<|assistant|>\nIt is dark.<|endoftext|>"
    )
    assert learned == "_From <75> to <300>.<|endoftext|>_It is dark.<|endoftext|>"
    coarse = GroundedMethod("llama", steps=50)
    assert "From <12> to <50>.<|eot_id|>" in written(coarse, base)[1]


@pytest.mark.parametrize(
    ("method", "whole"),
    [
        (VTimeLLMMethod(asks_first=True), "<s>Until 25?\n[video] It is dark.</s> And from 99? Bright.</s>"),
        (
            MomentorMethod(anchors=1, asks_first=True),
            "<s>Until <TEMP-INPUT>?\n<vid_start><vid_patch><vid_end> It is dark.</s> "
            "And from <TEMP-INPUT>? Bright.</s>",
        ),
        (
            GroundedMethod("phi", asks_first=True),
            "<s>Until <75>?\n[video] It is dark.<|endoftext|> And from <300>? Bright.<|endoftext|>",
        ),
    ],
    ids=lambda value: getattr(value, "network", ""),
)
def test_the_first_question_can_stand_before_the_pictures_and_nothing_beside_it(
    method: Method, whole: str, base: Path
) -> None:
    asked = Turn(("Until ", 2.5, "?"), ("It is dark.",))
    later = Turn(("And from ", 10.0, "?"), ("Bright.",))
    sample = Sample("clip", PICTURES, 10.0, (asked, later))
    text, learned = written(method, base, sample)
    assert text == whole
    end = "<|endoftext|>" if method.network == "grounded_videollm" else "</s>"
    assert learned == f"_ It is dark.{end}_ Bright.{end}"
    heard = method.write(sample, begin(base, method).tokenizer).heard
    assert heard == ((0.25, 1.0) if isinstance(method, MomentorMethod) else ())


def test_new_tokens_are_one_number_each(base: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base / "language")
    rows = len(tokenizer)
    for method, vocabulary in (
        (MomentorMethod(anchors=4), Anchors(4).vocabulary),
        (GroundedMethod(steps=50), GridTokens(50).vocabulary),
    ):
        known = begin(base, method).tokenizer
        assert known.convert_tokens_to_ids(list(vocabulary)) == list(range(rows, rows + len(vocabulary)))


def test_a_marker_in_the_text_is_refused(base: Path) -> None:
    sample = Sample("clip7", PICTURES, 10.0, (Turn(("What is in <video>?",), ("A door.",)),))
    with pytest.raises(MomentidxError, match="clip7: '<video>' stands in its text"):
        written(VTimeLLMMethod(), base, sample)


def test_what_goes_through_a_network_at_once_is_of_like_length() -> None:
    def one(name: str, length: int) -> Batch:
        return Batch([Written([7] * length, [IGNORED] * length)], [{}], [name])

    batch = Batch.joined([one("long", 9), one("short", 2), one("longer", 10), one("shorter", 1), one("middle", 5)])
    assert [part.names for part in batch.parts(2)] == [["shorter", "short"], ["middle", "long"], ["longer"]]
    assert [len(row.ids) for part in batch.parts(2) for row in part.written] == [1, 2, 5, 9, 10]


def test_what_is_cut_off_is_not_learned_from(base: Path) -> None:
    method = VTimeLLMMethod()
    whole = method.write(SAMPLE, begin(base, method).tokenizer)
    assert method.weight(whole) == len(" From 25 to 99.") + 1 + len(" It is dark.") + 1
    assert method.weight(whole.cut(20)) == 0


def at_every_picture(method: Method, base: Path, sample: Sample) -> list[str | None]:
    """What is to be said at each vector of what is seen: the label of the token after it, as the loss shifts them."""
    begun = begin(base, method)
    written = method.write(sample, begun.tokenizer)
    if isinstance(method, MomentorMethod):
        patch = begun.tokenizer.convert_tokens_to_ids(PATCH)
        labels = [written.labels[place + 1] for place, number in enumerate(written.ids) if number == patch]
    else:
        count = method.loss(begun.network, Batch([written], [method.eyes(begun.folder).look(sample)])).item()
        assert count > 0
        labels = list(written.followed)
    last = {"s": "Yes", "o": "No"}  # of the tokenizer's pieces, which are letters here
    return [last[begun.tokenizer.decode([label])] if label != IGNORED else None for label in labels]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (VTimeLLMMethod(frames=4, follows=True), ["No", "Yes", "Yes", "No"]),
        (MomentorMethod(anchors=4, follows=True), ["No", "Yes", "Yes", "No"]),
        (
            GroundedMethod("llama", image_side=1, video_side=1, follows=True),
            [
                word
                for segment in range(12)
                for word in (None, *("Yes" if 20 <= 8 * segment + frame <= 70 else "No" for frame in range(8)), None)
            ],
        ),
        (
            GroundedMethod("llama", image_side=1, moving=False, follows=True),
            [word for segment in range(12) for word in (None, "Yes" if 3 <= segment < 9 else "No")],
        ),
    ],
    ids=["vtimellm", "momentor", "grounded", "grounded-still"],
)
def test_at_each_picture_it_can_be_taught_whether_it_goes_on(method: Method, said: list[str], base: Path) -> None:
    """From 2.1 to 7.4 of 10 seconds: pictures 2 and 3 of those at 0, 3.3, 6.7 and 10; frames 20 to 70 of 96."""
    one = Sample("clip", PICTURES, 10.0, (Turn(("When does it turn bright?",), ("From ", 2.1, " to ", 7.4, ".")),))
    assert at_every_picture(method, base, one) == said
    tokenizer = begin(base, method).tokenizer
    assert not any(method.write(SAMPLE, tokenizer).followed), "two turns do not ask for one thing"
    if not isinstance(method, MomentorMethod):  # its samples count 1 each; the last vector's word is never taught
        words = sum(label != IGNORED for label in method.write(one, tokenizer).labels)
        assert method.weight(method.write(one, tokenizer)) == words + sum(word is not None for word in said[:-1])


def test_what_is_said_at_pictures_stands_one_place_after_each() -> None:
    """What follows the last one stays what the sample says there."""
    batch = Spliced(torch.zeros(2, 7, 1), torch.ones(2, 7), torch.full((2, 7), IGNORED))
    batch.labels[:, 5:] = 9
    rows = [Written([4, SENTINEL, 9, 9], [], followed=(1, 2, IGNORED, 3)), Written([4, SENTINEL, 9, 9], [])]
    assert with_followed(batch, rows).labels.tolist() == [
        [IGNORED, IGNORED, 1, 2, IGNORED, 9, 9], [IGNORED] * 5 + [9, 9],
    ]  # fmt: skip
    assert weight(Written([4, SENTINEL, 9, 9], [IGNORED, IGNORED, 9, 9], followed=(1, 2, IGNORED, 3))) == 4


def test_phi_s_vectors_are_not_known_beforehand_and_cannot_be_followed() -> None:
    with pytest.raises(WrongUse, match="'follows' is for the family 'llama'"):
        GroundedMethod("phi", follows=True)
