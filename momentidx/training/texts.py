"""The world's text: what the toy Llama reads, and the tokenizer that is made for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from momentidx.models.codecs.percent_text import PercentText
from momentidx.models.templates import LLAMA_3, MOMENTOR, VICUNA_V1, Template
from momentidx.training.world.stills import still
from momentidx.training.world.story import Story, story
from momentidx.training.world.talks import TASKS, Talk, talk
from momentidx.training.world.words import every_sentence

SPECIAL = ("<pad>", "<unk>", "<s>", "</s>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
TEMPLATES = (VICUNA_V1, MOMENTOR, LLAMA_3)
OTHERS = 3_000_000
"""Stories from this number on are read, never shown."""


def tokenizer(size: int) -> Any:
    """Pieces of words as in Llama: a blank belongs to the word after it, and every digit stands alone."""
    made = Tokenizer(BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Metaspace(prepend_scheme="first"),
    ])  # fmt: skip
    made.decoder = decoders.Metaspace(prepend_scheme="first")
    letters = [chr(code) for code in range(32, 127)]
    trainer = BpeTrainer(vocab_size=size, special_tokens=list(SPECIAL), initial_alphabet=letters, show_progress=False)
    made.train_from_iterator([*every_sentence(), *islice(corpus(0), 400)], trainer)
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    fast: Any = PreTrainedTokenizerFast
    return fast(tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>")


def corpus(seed: int) -> Iterator[str]:
    """Conversations, notes and captions about stories, without end; times as per cents of the clip."""
    random, number = np.random.default_rng((seed, 3)), OTHERS
    while True:
        told, number = story(number), number + 1
        task = TASKS[int(random.integers(len(TASKS)))]
        template = TEMPLATES[int(random.integers(len(TEMPLATES)))].asking_first(random.random() < 0.5)
        said = talk(told, task)
        if random.random() < 0.5:
            said = Talk(said.task, _noted(told, said, template, random), said.times)
        if said.turns:
            turns = [(_filled(question, said, told), _filled(answer, said, told)) for question, answer in said.turns]
            yield template.render(turns).replace("</s>", "")
        yield still(told, float(random.uniform(0, told.frames - 1)), random)


def _noted(told: Story, said: Talk, template: Template, random: np.random.Generator) -> tuple[tuple[str, str], ...]:
    """The conversation with the video in words where its pictures would be: what can be seen at twelve times."""
    notes = []
    for step in range(12):
        percent = PercentText().encode(step / 12 * told.duration, told.duration)
        notes.append(f"{percent} {still(told, step / 12 * told.frames, random)}")
    (question, answer), *rest = said.turns or (("What can be seen?", "Nothing more."),)
    return ((template.with_pictures("\n".join(notes), question), answer), *rest)


def _filled(text: str, said: Talk, told: Story) -> str:
    return PercentText().filled(text, dict(said.times), told.duration)
