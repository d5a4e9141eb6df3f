"""Momentor: how it is asked, and how its answers are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentidx.caption.generating import Decoding, rows
from momentidx.caption.seeds import Asked, Said, said
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.checkpoints.momentor import load
from momentidx.models.clip import ClipFrames
from momentidx.models.codecs.anchors import END, PATCH, START, TOKEN
from momentidx.models.momentor import Spoken, go_on
from momentidx.models.preprocess import ClipPillow
from momentidx.models.sampling import uniform_seconds
from momentidx.models.templates import MOMENTOR


class MomentorSeed:
    """The network of a converted folder with its eyes."""

    width, ends = 448, True

    def __init__(
        self,
        folder: Path,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        decoding: Decoding = "dynamic",  # noqa: ARG002 (it goes on by itself, for it reads places between anchors)
    ) -> None:
        """Raises MomentidxError when the folder is no such model."""
        converted = Converted.open(folder, "momentor")
        self.version = converted.version
        self._template = MOMENTOR.asking_first(bool(converted.settings.get("asks_first")))
        self._tokenizer = converted.tokenizer()
        self._eyes = ClipFrames.load("pooled", converted.encoder).to(device, dtype)
        self._model = load(converted, dtype).to(device)
        self.codec = self._model.anchors
        self.pictures = self.codec.count
        self._device, self._dtype = device, dtype

    @torch.inference_mode()
    def look(self, images: NDArray[np.uint8]) -> Tensor:
        """What it sees of (T, H, W, 3) RGB: (N, 1024)."""
        seen = self._eyes(
            ClipPillow(self._eyes.side, floors=True)(list(images)).to(self._device, self._dtype)
        )  # (T, 1024)
        seen = seen[list(uniform_seconds(len(images), 1.0, self.pictures).indices)]  # (N, 1024)
        return cast(Tensor, seen)

    @torch.inference_mode()
    def tell_all(self, seen: Sequence[Tensor], asked: Sequence[Asked]) -> list[tuple[str, bool]]:
        """See `Seed`."""
        head = f"{START}{PATCH * self.pictures}{END}"
        texts = [self._template.render([(self._template.with_pictures(head, one.prompt), None)]) for one in asked]
        ids, mask = (each.to(self._device) for each in rows([self._tokenizer(text).input_ids for text in texts]))
        no_times: list[list[float]] = [[]] * len(asked)
        embeds = self._model.embed(ids, torch.stack(list(seen)), no_times, no_times)
        limits = [one.tokens for one in asked]
        return [self._told(each) for each in go_on(self._model, embeds, mask, limits, self._tokenizer.eos_token_id)]

    def _told(self, spoken: Spoken) -> tuple[str, bool]:
        """Words after a time are read with those before it: alone, they would lose the blank they begin with."""
        told, numbers = "", list[int]()
        for part in spoken.parts:
            if isinstance(part, str):
                told += part
                continue
            before = len(self._tokenizer.decode(numbers))
            numbers += part
            told += self._tokenizer.decode(numbers)[before:]
        return told.strip(), spoken.whole

    def events(self, answer: str, duration: float) -> list[Said]:
        """One event a line or sentence, with two times in it."""
        parts = [part.strip() for part in re.split(r"\n|(?<=[^\d])\.\s", answer) if part.strip()]
        return said(parts, self.codec, duration, _words)

    def spelled(self, answer: str, duration: float) -> str:
        """Places as seconds."""
        step = self.codec.resolution(duration)
        return TOKEN.sub(lambda found: f"{min(float(found[1]) * step, duration):.1f} seconds", answer)


def _words(part: str) -> str:
    """The sentence without its times and what ties them."""
    tied = rf"(?:from|between|at)?\s*{TOKEN.pattern}\s*(?:(?:to|and|-)\s*{TOKEN.pattern})?"
    words = re.sub(tied, " ", part, flags=re.IGNORECASE)
    return words.strip(" ,:.-")
