"""VTimeLLM: how it is asked, and how its answers are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentidx.caption.generating import Decoding, go_on, rows
from momentidx.caption.seeds import Asked, Said, said
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.checkpoints.vtimellm import load
from momentidx.models.clip import ClipFrames
from momentidx.models.codecs.percent_text import TOLERANT, PercentText, read_dense
from momentidx.models.codecs.protocol import inside
from momentidx.models.preprocess import ClipTensor
from momentidx.models.sampling import linspace_inclusive
from momentidx.models.templates import VICUNA_V1, VIDEO, tokens
from momentidx.models.vtimellm import FRAMES


class VTimeLLMSeed:
    """The network of a converted folder with its eyes."""

    width, ends = 448, True

    def __init__(
        self, folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32, decoding: Decoding = "dynamic"
    ) -> None:
        """Raises MomentidxError when the folder is no such model."""
        converted = Converted.open(folder, "vtimellm")
        self.version, self.codec = converted.version, PercentText()
        self._template = VICUNA_V1.asking_first(bool(converted.settings.get("asks_first")))
        self.pictures = int(converted.settings.get("frames", FRAMES))
        self._tokenizer = converted.tokenizer()
        self._eyes = ClipFrames.load("projected", converted.encoder).to(device, dtype)
        self._model = load(converted, dtype).to(device)
        self._device, self._dtype, self._decoding = device, dtype, decoding

    @torch.inference_mode()
    def look(self, images: NDArray[np.uint8]) -> Tensor:
        """What it sees of (T, H, W, 3) RGB: (100, 768)."""
        seen = self._eyes(ClipTensor(self._eyes.side)(list(images)).to(self._device, self._dtype))  # (T, 768)
        seen = seen[list(linspace_inclusive(len(images), 1.0, self.pictures).indices)]  # (100, 768)
        return cast(Tensor, seen)

    @torch.inference_mode()
    def tell_all(self, seen: Sequence[Tensor], asked: Sequence[Asked]) -> list[tuple[str, bool]]:
        """See `Seed`."""
        texts = [self._template.render([(self._template.with_pictures(VIDEO, one.prompt), None)]) for one in asked]
        ids, mask = rows([tokens(lambda piece: list(self._tokenizer(piece).input_ids), text) for text in texts])
        batch = self._model.splice(ids.to(self._device), seen, mask.to(self._device))
        limits = [one.tokens for one in asked]
        return go_on(self._model.language, self._tokenizer, batch, limits, self._decoding)

    def events(self, answer: str, duration: float) -> list[Said]:
        """A JSON list, or else sentences with a stretch in each."""
        dense, problems = read_dense(answer)
        if dense:
            told = [Said(event.sentence, inside([event.seconds(duration)], duration)) for event in dense]
            return told + [Said(problem, inside([], duration)) for problem in problems]
        parts = [part.strip() for part in re.split(r"[\n;]|(?<=\D)\.\s", answer) if part.strip()]
        return said(parts, self.codec, duration, _without_times)

    def spelled(self, answer: str, duration: float) -> str:
        """Per cents as seconds where they stand in pairs."""
        return TOLERANT.sub(lambda found: _seconds(self.codec.decode(found[0], duration).spans, found[0]), answer)


def _seconds(spans: tuple[tuple[float, float], ...], words: str) -> str:
    return f"{spans[0][0]:.1f} to {spans[0][1]:.1f} seconds" if spans else words


def _without_times(sentence: str) -> str:
    """The sentence without its times and what ties them."""
    words = re.sub(rf"(?:from|between)?\s*{TOLERANT.pattern}", " ", sentence, flags=re.IGNORECASE)
    return words.strip(" ,:.-")
