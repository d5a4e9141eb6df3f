"""Grounded-VideoLLM: how it is asked, and how its answers are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentidx.caption.generating import Decoding, go_on, rows
from momentidx.caption.seeds import Asked, Said, said
from momentidx.models.checkpoints.grounded_videollm import load, load_tower
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.clip import ClipFrames
from momentidx.models.codecs.grid_tokens import FLAG, IMAGE, TOKEN, GridTokens
from momentidx.models.grounded_videollm import FRAMES_OF_A_SEGMENT, SEGMENTS
from momentidx.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, ClipPillow
from momentidx.models.sampling import interval_midpoint, keyframes
from momentidx.models.templates import LLAMA_3, PHI_3_5, tokens

FRAMES = SEGMENTS * FRAMES_OF_A_SEGMENT


class GroundedSeed:
    """The network of a converted folder with both its eyes."""

    pictures, width, ends = FRAMES, 640, False

    def __init__(
        self, folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32, decoding: Decoding = "dynamic"
    ) -> None:
        """Raises MomentidxError when the folder is no such model."""
        converted = Converted.open(folder, "grounded_videollm")
        self.version, self.codec = converted.version, GridTokens(converted.settings.get("steps", 300))
        stock = PHI_3_5 if converted.settings["family"] == "phi" else LLAMA_3
        self._template = stock.asking_first(bool(converted.settings.get("asks_first")))
        self._tokenizer = converted.tokenizer()
        if self._template.end in self._tokenizer.get_vocab():
            self._tokenizer.eos_token = self._template.end  # what it was taught to end with
        self._sharp = ClipFrames.load("patches", converted.encoder).to(device, dtype)
        moves = converted.settings.get("moving", True)
        self._moving = load_tower(converted).to(device, dtype) if moves else None
        self._model = load(converted, dtype).to(device)
        self._device, self._dtype, self._decoding = device, dtype, decoding

    @torch.inference_mode()
    def look(self, images: NDArray[np.uint8]) -> tuple[Tensor, Tensor | None]:
        """What it sees of (T, H, W, 3) RGB: (12, 577, 1024) of keyframes, (12, 2049, 1408) of all frames."""
        places = list(interval_midpoint(len(images), 1.0, FRAMES).indices)  # 96
        keys = [places[place] for place in keyframes(FRAMES, SEGMENTS)]  # 12
        stills = ClipPillow(self._sharp.side)([images[key] for key in keys])  # (12, 3, 336, 336)
        sharp = self._sharp(stills.to(self._device, self._dtype))  # (12, 577, 1024)
        if self._moving is None:
            return sharp, None
        moving = ClipPillow(self._moving.config.side, IMAGENET_MEAN, IMAGENET_STD)(list(images))[places]
        moving = moving.view(SEGMENTS, FRAMES_OF_A_SEGMENT, *moving.shape[1:])  # (12, 8, 3, 224, 224)
        motion = self._moving(moving.transpose(1, 2).to(self._device, self._dtype))  # (12, 2049, 1408)
        return sharp, motion

    @torch.inference_mode()
    def tell_all(self, seen: Sequence[tuple[Tensor, Tensor | None]], asked: Sequence[Asked]) -> list[tuple[str, bool]]:
        """See `Seed`."""
        heads = [f"{IMAGE} {FLAG}" if one.times else IMAGE for one in asked]  # the flag says that times are wanted
        turns = [self._template.with_pictures(head, one.prompt) for head, one in zip(heads, asked, strict=True)]
        texts = [self._template.render([(turn, None)]) for turn in turns]
        ids, mask = rows([tokens(lambda piece: list(self._tokenizer(piece).input_ids), text, IMAGE) for text in texts])
        batch = self._model.splice(ids.to(self._device), seen, mask.to(self._device))
        limits = [one.tokens for one in asked]
        return go_on(self._model.language, self._tokenizer, batch, limits, self._decoding)

    def events(self, answer: str, duration: float) -> list[Said]:
        """One event a line: `From <a> to <b>, words`."""
        parts = [part.strip() for part in answer.splitlines() if part.strip()]
        return said(parts, self.codec, duration, _words)

    def spelled(self, answer: str, duration: float) -> str:
        """Tokens as seconds."""
        return re.sub(" +", " ", self.codec.spelled(answer, duration, before=" ")).strip()


def _words(line: str) -> str:
    """The line without its times and what ties them."""
    tied = rf"(?:from|between|at)?\s*{TOKEN.pattern}\s*(?:(?:to|and|-)\s*{TOKEN.pattern})?"
    words = re.sub(tied, " ", line, flags=re.IGNORECASE)
    return words.strip(" ,:.-")
