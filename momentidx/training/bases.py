"""Toy bases for the recipes, made from the world alone: a CLIP, a video tower and a Llama, minutes on a CPU.

    DIR/encoder/            a stock vision tower of a CLIP that was trained on pictures and what is true of them
    DIR/video.safetensors   an InternVideo2 of toy size under the published names, trained on eight pictures each
    DIR/language/           a stock Llama folder with its tokenizer, trained on the world's text and on lookups in it
    DIR/bases.json          sizes, minutes, steps and losses

All three are of the kinds that the published systems start from, so that every recipe runs as it would at real
size; how good they are decides much of how good a recipe can get on them.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, LlamaConfig, LlamaForCausalLM

from momentidx.errors import WrongUse
from momentidx.models.checkpoints.layout import ENCODER, LANGUAGE, VIDEO
from momentidx.models.internvideo2 import Config, InternVideo2, stretched
from momentidx.models.preprocess import CLIP_MEAN, CLIP_STD, IMAGENET_MEAN, IMAGENET_STD
from momentidx.models.quiet import quietly
from momentidx.training.contrast import Phrases, patches_of, usual
from momentidx.training.lookups import Reader, lookups
from momentidx.training.texts import corpus, tokenizer
from momentidx.training.world.phrases import Truth, going_on, truth
from momentidx.training.world.pictures import pictures
from momentidx.training.world.story import RATE, story


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the three networks."""

    side: int = 112
    """Pixels."""
    patch: int = 16
    eyes: int = 96
    """Width of CLIP's vision tower ..."""
    eyes_depth: int = 4
    projection: int = 96
    """... and of what it shares with phrases."""
    video: int = 96
    video_depth: int = 3
    video_patch: int = 28
    hidden: int = 128
    """Width of the Llama."""
    layers: int = 3
    vocabulary: int = 1024

    @property
    def clip(self) -> CLIPVisionConfig:
        return CLIPVisionConfig(
            hidden_size=self.eyes, intermediate_size=3 * self.eyes, num_hidden_layers=self.eyes_depth,
            num_attention_heads=4, image_size=self.side, patch_size=self.patch, projection_dim=self.projection,
        )  # fmt: skip

    @property
    def tower(self) -> Config:
        width = self.video
        return Config(width, self.video_depth + 1, 16, 3 * width, self.video_patch, self.side, frames=8)

    @property
    def llama(self) -> LlamaConfig:
        return LlamaConfig(
            vocab_size=self.vocabulary, hidden_size=self.hidden, intermediate_size=8 * self.hidden // 3 // 16 * 16,
            num_hidden_layers=self.layers, num_attention_heads=self.hidden // 32, num_key_value_heads=self.hidden // 32,
            bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD, max_position_embeddings=4096,
            rope_parameters={"rope_type": "default", "rope_theta": FAR},
        )  # fmt: skip


SHARES = {"clip": 0.55, "video": 0.2, "llama": 0.25}
"""Of the minutes, in the order in which they are trained."""
PAD, BOS, EOS = 0, 2, 3
"""Places in the tokenizer."""
FAR = 1e6
"""Turns of RoPE so slow that a word is found again however far away it is."""
LAYERED = re.compile(r"(layers|blocks)\.\d+\.")
"""What lies in a layer."""
WARM = 50
"""Steps until the full rate."""
LOUD = 0.5
"""How loud words begin (standard deviation). At the usual 0.02 the first layers' noise drowns them, and a network this
small takes twice as long or more to find a word of a question again."""
ROWS, EVERY, TEXT = 2, 5, 0.5
"""So many rows of running text in every fifth step; the others are lookups only, and text weighs half as much."""
COUNTED, LEAST = 500, 3
"""Stories in which phrases are counted, and how often one must be true to be learned by."""
CLIPS, OF_EACH = 16, 8
"""A batch: so many clips, so many pictures of each, so that a picture must be told from others of its clip."""
POSITIONS = 4
"""Frames that the video tower's positions are stored for, as published."""


def make(folder: Path, minutes: float, sizes: Sizes | None = None, seed: int = 0,
         tell: Callable[[str, float, float], None] = lambda _what, _part, _loss: None) -> Path:  # fmt: skip
    """Trains and writes the bases; `tell` hears what is trained, how far it is (0 to 1) and the loss.

    Raises WrongUse when the folder exists.
    """
    if folder.exists():
        raise WrongUse(f"{folder} exists already. Choose another folder, or remove it.")
    sizes = sizes or Sizes()
    words = tokenizer(sizes.vocabulary)
    torch.manual_seed(seed)
    report: dict[str, Any] = {"minutes": minutes, "seed": seed, "sizes": asdict(sizes)}
    folder.mkdir(parents=True)
    moments = list(_moments())
    seer = _Seer(sizes, [seen for seen, _ in moments])
    report["clip"] = _trained(seer, _picture_losses(seer, sizes, seed), SHARES["clip"] * minutes, 2e-3,
                              lambda part, loss: tell("clip", part, loss))  # fmt: skip
    with quietly():
        seer.tower.save_pretrained(folder / ENCODER)
    mover = _VideoSeer(sizes, [seen | goes_on for seen, goes_on in moments])
    report["video"] = _trained(mover, _video_losses(mover, sizes, seed), SHARES["video"] * minutes, 2e-3,
                               lambda part, loss: tell("video", part, loss))  # fmt: skip
    save_file(mover.tensors(), folder / VIDEO)
    llama = LlamaForCausalLM(sizes.llama)
    nn.init.normal_(llama.model.embed_tokens.weight, std=LOUD)
    reader = Reader(llama, words, list(usual((seen for seen, _ in moments), LEAST)))
    report["llama"] = _trained(reader, _text_losses(reader, seed), SHARES["llama"] * minutes, 3e-3,
                               lambda part, loss: tell("llama", part, loss))  # fmt: skip
    with quietly():
        llama.save_pretrained(folder / LANGUAGE)
    words.save_pretrained(folder / LANGUAGE)
    (folder / "bases.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    return folder


def _trained(network: nn.Module, losses: Iterator[Tensor], minutes: float, rate: float,
             tell: Callable[[float, float], None]) -> dict[str, float]:  # fmt: skip
    """Steps until the time is over, with a short warm-up, then a cosine to nothing: Muon for the matrices of layers,
    AdamW for the rest.
    """
    named = dict(network.named_parameters())
    matrices = {name: one for name, one in named.items() if one.ndim == 2 and LAYERED.search(name)}
    rest = [one for name, one in named.items() if name not in matrices]
    optimizers = [
        torch.optim.Muon([*matrices.values()], lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=rate, weight_decay=0.01, betas=(0.9, 0.98)),
    ]
    start, steps, mean = time.monotonic(), 0, float("nan")
    while True:
        part = (time.monotonic() - start) / (60 * minutes)
        if part >= 1 and steps:
            return {"steps": steps, "loss": round(mean, 4)}
        now = rate * min(1.0, (steps + 1) / WARM) * 0.5 * (1 + math.cos(math.pi * min(part, 1.0)))
        loss = next(losses)
        network.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(named.values(), 5.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = now
            optimizer.step()
        steps += 1
        mean = loss.item() if steps == 1 else 0.95 * mean + 0.05 * loss.item()
        tell(min(part, 1.0), mean)


def scaled(images: np.ndarray[Any, np.dtype[np.uint8]], mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(..., H, W, 3) bytes to (..., 3, H, W)."""
    x = torch.from_numpy(images).float() / 255.0
    return ((x - torch.tensor(mean)) / torch.tensor(std)).movedim(-1, -3)


class _Seer(nn.Module):
    """CLIP's vision tower and the phrases that it learns by."""

    def __init__(self, sizes: Sizes, counted: Iterable[frozenset[str]]) -> None:
        super().__init__()
        self.tower = CLIPVisionModelWithProjection(sizes.clip)
        self.phrases = Phrases(usual(counted, LEAST), sizes.projection)
        self.side = sizes.side // sizes.patch

    def forward(self, shown: Tensor, truths: Sequence[Truth]) -> Tensor:
        """Pictures (N, 3, H, W) and what is true of them to the loss."""
        seen: Any = self.tower.vision_model(shown)
        whole = self.phrases.loss(self.tower.visual_projection(seen.pooler_output), [one.phrases for one in truths])
        on = [
            (row, patch, place.phrases)
            for row, one in enumerate(truths) for place in one.places for patch in patches_of(place, self.side)
        ]  # fmt: skip
        if not on:
            return whole
        rows, patches, told = zip(*on, strict=True)
        looked = self.tower.vision_model.post_layernorm(seen.last_hidden_state[:, 1:][list(rows), list(patches)])
        return whole + self.phrases.loss(self.tower.visual_projection(looked), told, near=True)


def _moments() -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """What can be seen and what goes on at two times of each of many stories, for counting what is usual."""
    for number in range(COUNTED):
        told = story(number)
        for tick in (0.2 * told.frames, 0.7 * told.frames):
            yield truth(told, tick).phrases, going_on(told, tick)


def _picture_losses(seer: _Seer, sizes: Sizes, seed: int) -> Iterator[Tensor]:
    random, number = np.random.default_rng((seed, 1)), 0
    while True:
        images: list[Any] = []
        truths: list[Truth] = []
        for _ in range(CLIPS):
            told, number = story(number), number + 1
            ticks = random.uniform(0, told.frames - 1, OF_EACH).round(2)
            images.append(pictures(told, ticks / RATE, sizes.side))
            truths += [truth(told, float(tick)) for tick in ticks]
        yield seer(scaled(np.concatenate(images), CLIP_MEAN, CLIP_STD), truths)


class _VideoSeer(nn.Module):
    """The tower with what it learns by: a mean over all patches, and phrases."""

    def __init__(self, sizes: Sizes, counted: Iterable[frozenset[str]]) -> None:
        super().__init__()
        self.tower = InternVideo2(sizes.tower)
        stored = torch.randn(1, 1 + POSITIONS * sizes.tower.places, sizes.video) * 0.02
        self.positions = nn.Parameter(stored)
        self.tower.pos_embed.requires_grad_(False)
        self.head = nn.Linear(sizes.video, sizes.projection)
        self.phrases = Phrases(usual(counted, LEAST), sizes.projection)

    def forward(self, clips: Tensor, told: Sequence[frozenset[str]]) -> Tensor:
        """clips (B, 3, F, H, W) and what is true of their middles to the loss."""
        positions = stretched(self.positions, POSITIONS, self.tower.config.frames)
        seen: Tensor = torch.func.functional_call(self.tower, {"pos_embed": positions}, (clips,))
        return self.phrases.loss(self.head(seen[:, 1:].mean(dim=1)), told)

    def tensors(self) -> dict[str, Tensor]:
        """As published: one name more, the positions of four frames, and a last block, which nothing looks at."""
        found = {
            name.replace("patch_embed.", "patch_embed.proj."): tensor.detach().clone()
            for name, tensor in self.tower.state_dict().items()
        }
        last = len(self.tower.blocks) - 1
        unused = {
            name.replace(f"blocks.{last}.", f"blocks.{last + 1}."): torch.zeros_like(tensor)
            for name, tensor in found.items()
            if name.startswith(f"blocks.{last}.")
        }
        return found | unused | {"pos_embed": self.positions.detach().clone()}


def _video_losses(seer: _VideoSeer, sizes: Sizes, seed: int) -> Iterator[Tensor]:
    """Eight pictures over a twelfth of a clip, and what is true in its middle."""
    random, number, frames = np.random.default_rng((seed, 2)), 1_000_000, sizes.tower.frames
    while True:
        images: list[Any] = []
        said: list[frozenset[str]] = []
        while len(images) < 32:
            told, number = story(number), number + 1
            for part in random.permutation(12)[:2].tolist():
                ticks = (part + (np.arange(frames) + 0.5) / frames) / 12 * told.frames
                images.append(pictures(told, ticks / RATE, sizes.side))
                middle = (part + 0.5) / 12 * told.frames
                said.append(truth(told, middle).phrases | going_on(told, middle))
        shown = scaled(np.stack(images), IMAGENET_MEAN, IMAGENET_STD).transpose(1, 2)  # (B, 3, F, H, W)
        yield seer(shown, said)


def _text_losses(reader: Reader, seed: int, length: int = 512) -> Iterator[Tensor]:
    """Lookups, and now and then rows of running text, `length` tokens each."""
    texts, running = corpus(seed), list[int]()
    for number, loss in enumerate(lookups(reader, seed)):
        if number % EVERY:
            yield loss
            continue
        while len(running) < ROWS * length:
            running += [*reader.tokenizer(next(texts), add_special_tokens=False).input_ids, EOS]
        rows = torch.tensor(running[: ROWS * length]).view(ROWS, length)
        running = running[ROWS * length :]
        output: Any = reader.language(input_ids=rows, labels=rows)
        yield loss + TEXT * output.loss
