"""Toy bases for the recipes, made from the world alone: a CLIP, a video tower and a Llama, minutes on a CPU.

    DIR/encoder/            a stock vision tower of a CLIP that was trained contrastively on pictures and their words
    DIR/video.safetensors   an InternVideo2 of toy size under the published names, trained on eight pictures each
    DIR/language/           a stock Llama folder with its tokenizer, trained on the world's text
    DIR/bases.json          sizes, minutes, steps and losses

All three are of the kinds that the published systems start from, so that every recipe runs as it would at real
size; how good they are decides much of how good a recipe can get on them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from transformers import CLIPConfig, CLIPModel, CLIPVisionModelWithProjection, LlamaConfig, LlamaForCausalLM

from momentidx.errors import WrongUse
from momentidx.models.checkpoints.layout import ENCODER, LANGUAGE, VIDEO
from momentidx.models.internvideo2 import Config, InternVideo2, stretched
from momentidx.models.preprocess import CLIP_MEAN, CLIP_STD, IMAGENET_MEAN, IMAGENET_STD
from momentidx.training.texts import corpus, tokenizer
from momentidx.training.world.pictures import pictures
from momentidx.training.world.stills import still
from momentidx.training.world.story import RATE, story
from momentidx.training.world.words import sentence


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
    """... and of what it shares with the text tower."""
    video: int = 96
    video_depth: int = 3
    video_patch: int = 28
    hidden: int = 192
    """Width of the Llama."""
    layers: int = 4
    vocabulary: int = 768

    @property
    def clip(self) -> CLIPConfig:
        vision = {
            "hidden_size": self.eyes, "intermediate_size": 3 * self.eyes, "num_hidden_layers": self.eyes_depth,
            "num_attention_heads": 4, "image_size": self.side, "patch_size": self.patch,
            "projection_dim": self.projection,
        }  # fmt: skip
        text = {
            "hidden_size": self.eyes, "intermediate_size": 3 * self.eyes, "num_hidden_layers": 2,
            "num_attention_heads": 4, "vocab_size": self.vocabulary, "max_position_embeddings": LONGEST,
            "bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD,
        }  # fmt: skip
        return CLIPConfig(text_config=text, vision_config=vision, projection_dim=self.projection)

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
        )  # fmt: skip


PAD, BOS, EOS = 0, 2, 3
"""Places in the tokenizer. Not 2 for the end: CLIP takes that for a sign of old files and pools elsewhere."""
LONGEST = 96
"""Tokens of a picture's words."""
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
    clip = CLIPModel(sizes.clip)
    report["clip"] = _trained(clip.parameters(), _clip_losses(clip, words, sizes, seed), 0.5 * minutes, 1e-3,
                              lambda part, loss: tell("clip", part, loss))  # fmt: skip
    seen: Any = clip.config.vision_config
    eyes = CLIPVisionModelWithProjection(seen)
    eyes.load_state_dict({name: tensor for name, tensor in clip.state_dict().items() if name.startswith("vis")})
    eyes.save_pretrained(folder / ENCODER)
    seer = _VideoSeer(sizes, clip)
    report["video"] = _trained(seer.parameters(), _video_losses(seer, words, sizes, seed), 0.2 * minutes, 1e-3,
                               lambda part, loss: tell("video", part, loss))  # fmt: skip
    save_file(seer.tensors(), folder / VIDEO)
    llama = LlamaForCausalLM(sizes.llama)
    report["llama"] = _trained(llama.parameters(), _text_losses(llama, words, seed), 0.3 * minutes, 2e-3,
                               lambda part, loss: tell("llama", part, loss))  # fmt: skip
    llama.save_pretrained(folder / LANGUAGE)
    words.save_pretrained(folder / LANGUAGE)
    (folder / "bases.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    return folder


def _trained(parameters: Iterator[nn.Parameter], losses: Iterator[Tensor], minutes: float, rate: float,
             tell: Callable[[float, float], None]) -> dict[str, float]:  # fmt: skip
    """Steps of AdamW until the time is over: a short warm-up, then a cosine to nothing."""
    weights = list(parameters)
    optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.05, betas=(0.9, 0.98))
    start, steps, mean = time.monotonic(), 0, float("nan")
    while True:
        part = (time.monotonic() - start) / (60 * minutes)
        if part >= 1 and steps:
            return {"steps": steps, "loss": round(mean, 4)}
        now = rate * min(1.0, steps / 50) * 0.5 * (1 + np.cos(np.pi * min(part, 1.0)))
        for group in optimizer.param_groups:
            group["lr"] = now
        loss = next(losses)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        steps += 1
        mean = loss.item() if steps == 1 else 0.95 * mean + 0.05 * loss.item()
        tell(min(part, 1.0), mean)


def _batch_of_words(words: Any, said: Sequence[str]) -> dict[str, Tensor]:
    """(B, T) numbers with start, end and a mask."""
    rows = [[BOS, *words(text, add_special_tokens=False).input_ids[: LONGEST - 2], EOS] for text in said]
    length = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (length - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": (ids != PAD).long()}


def contrast(seen: Tensor, said: Tensor, scale: Tensor) -> Tensor:
    """(B, D) and (B, D): each picture is nearest to its own words and the other way round (arXiv 2103.00020)."""
    alike = scale.exp().clamp(max=100) * normalize(seen, dim=-1) @ normalize(said, dim=-1).T
    own = torch.arange(len(alike))
    return (cross_entropy(alike, own) + cross_entropy(alike.T, own)) / 2


def scaled(images: np.ndarray[Any, np.dtype[np.uint8]], mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(..., H, W, 3) bytes to (..., 3, H, W)."""
    x = torch.from_numpy(images).float() / 255.0
    return ((x - torch.tensor(mean)) / torch.tensor(std)).movedim(-1, -3)


def _clip_losses(clip: CLIPModel, words: Any, sizes: Sizes, seed: int) -> Iterator[Tensor]:
    random, number = np.random.default_rng((seed, 1)), 0
    while True:
        images: list[Any] = []
        said: list[str] = []
        for _ in range(CLIPS):
            told, number = story(number), number + 1
            ticks = np.sort(random.uniform(0, told.frames - 1, OF_EACH)).round(2)
            images.append(pictures(told, ticks / RATE, sizes.side))
            said += [still(told, float(tick), random) for tick in ticks]
        shown = scaled(np.concatenate(images), CLIP_MEAN, CLIP_STD)
        output: Any = clip(pixel_values=shown, **_batch_of_words(words, said))
        yield contrast(output.image_embeds, output.text_embeds, clip.logit_scale)


class _VideoSeer(nn.Module):
    """The tower with what it learns by: a mean over all patches, and CLIP's text tower to compare with."""

    def __init__(self, sizes: Sizes, clip: CLIPModel) -> None:
        super().__init__()
        self.tower = InternVideo2(sizes.tower)
        stored = torch.randn(1, 1 + POSITIONS * sizes.tower.places, sizes.video) * 0.02
        self.positions = nn.Parameter(stored)
        self.tower.pos_embed.requires_grad_(False)
        self.head = nn.Linear(sizes.video, sizes.projection)
        self.text, self.projection = clip.text_model, clip.text_projection
        self.scale = nn.Parameter(torch.tensor(2.6592))

    def forward(self, clips: Tensor, words: dict[str, Tensor]) -> Tensor:
        """clips (B, 3, F, H, W) and their words to the loss."""
        positions = stretched(self.positions, POSITIONS, self.tower.config.frames)
        seen: Tensor = torch.func.functional_call(self.tower, {"pos_embed": positions}, (clips,))
        said = self.projection(self.text(**words).pooler_output)
        return contrast(self.head(seen[:, 1:].mean(dim=1)), said, self.scale)

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


def _video_losses(seer: _VideoSeer, words: Any, sizes: Sizes, seed: int) -> Iterator[Tensor]:
    """Eight pictures over a twelfth of a clip, and what goes on there."""
    random, number, frames = np.random.default_rng((seed, 2)), 1_000_000, sizes.tower.frames
    while True:
        images: list[Any] = []
        said: list[str] = []
        while len(images) < 32:
            told, number = story(number), number + 1
            for part in random.permutation(12)[:2].tolist():
                ticks = (part + (np.arange(frames) + 0.5) / frames) / 12 * told.frames
                middle = (part + 0.5) / 12 * told.frames
                goes_on = [sentence(each, random) for each in told.happenings
                           if each.span.start <= middle < each.span.end]  # fmt: skip
                images.append(pictures(told, ticks / RATE, sizes.side))
                said.append("; ".join([*goes_on, still(told, middle, random)]))
        shown = scaled(np.stack(images), IMAGENET_MEAN, IMAGENET_STD).transpose(1, 2)  # (B, 3, F, H, W)
        yield seer(shown, _batch_of_words(words, said))


def _text_losses(llama: LlamaForCausalLM, words: Any, seed: int, length: int = 256) -> Iterator[Tensor]:
    """Rows of running text, `length` tokens each."""
    texts, running = corpus(seed), list[int]()
    while True:
        while len(running) < 32 * length:
            running += [*words(next(texts), add_special_tokens=False).input_ids, EOS]
        rows = torch.tensor(running[: 32 * length]).view(32, length)
        running = running[32 * length :]
        output: Any = llama(input_ids=rows, labels=rows)
        yield output.loss
