"""Grounding DINO (arXiv 2303.05499) through transformers: finds what words say, in single pictures.

The words become one text, `person. dog. red car.`, and every box is told how well it goes with each token of it. A
box's label is the word whose tokens it goes with best. Weights are read from files that are there, never fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentidx.caption.answers import plain
from momentidx.caption.shotlog.boxes import apart
from momentidx.caption.transformers.folder import ModelFolder
from momentidx.caption.transformers.network import load, tokenizer
from momentidx.caption.transformers.pixels import normalised, resized
from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.tflite import Detection

REVISION = "1"
"""Raised whenever a change here can change what is found."""
WORDS = tuple(
    "person dog cat horse bird cow sheep car truck bus bicycle motorcycle boat train airplane ball bag bottle cup book "
    "phone laptop screen camera chair table sofa bed door window lamp plant flower tree food knife guitar".split()
)
"""What is looked for when nobody says what."""
LEAST = 0.3
"""Score from which a box is told."""
SAME = 0.8
"""Part of the smaller of two boxes in common from which they are one thing, the surer."""
AT_ONCE = 4
"""Pictures that go through the network together; half of them when memory runs out."""
SHORTER, LONGER = 800, 1333
"""Pixels of a picture's sides, where the model's files do not say."""


class GroundingDino:
    """See `Detector`."""

    name, width = "grounding-dino", LONGER

    def __init__(self, folder: ModelFolder, device: torch.device) -> None:
        """Raises MomentidxError when the files make no Grounding DINO."""
        folder.check_contents()
        self._model = load(folder, device, attention=None, dtype=torch.float32)
        self._tokenizer: Any = tokenizer(folder)
        self._tokenizer.padding_side = "right"
        self._numbers, self._device, self._at_once = folder.numbers(), device, AT_ONCE
        self.version = f"{REVISION} {folder.version}"

    def find(self, pictures: Sequence[NDArray[np.uint8]], words: Sequence[str]) -> list[list[Detection]]:
        """See `Detector`."""
        labels = list(dict.fromkeys(plain(word).casefold() for word in words or WORDS))
        text = self._tokenizer(". ".join(labels) + ".", return_offsets_mapping=True, return_tensors="pt")
        offsets = text.pop("offset_mapping")[0].tolist()
        most = int(self._model.config.max_text_len)
        if len(offsets) > most:
            raise WrongUse(
                f"{len(labels)} things are too many to look for: {len(offsets)} tokens, {most} are the most."
            )
        tokens = _tokens(labels, offsets)
        found: list[list[Detection]] = []
        while len(found) < len(pictures):
            try:
                scores, boxes = self._looked(pictures[len(found) : len(found) + self._at_once], text)
            except torch.OutOfMemoryError as error:
                if self._at_once == 1:
                    raise MomentidxError(
                        f"The memory of {self._device} is too small for one picture with Grounding DINO."
                    ) from error
                self._at_once //= 2
                continue
            found += [_told(labels, tokens, *one) for one in zip(scores, boxes, strict=True)]
        return found

    @torch.inference_mode()
    def _looked(self, pictures: Sequence[NDArray[np.uint8]], text: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """(B, Q, tokens) how well each box goes with each token, 0 to 1; (B, Q, 4) centre and size."""
        shown = self._shown(np.stack(pictures)).to(self._device)  # (B, 3, H, W)
        asked = {name: value.expand(len(shown), -1).to(self._device) for name, value in text.items()}
        seen = self._model(pixel_values=shown, **asked)
        return seen.logits.sigmoid().cpu(), seen.pred_boxes.cpu()

    def _shown(self, images: NDArray[np.uint8]) -> Tensor:
        """(B, 3, H, W): the shorter side as the model wants it, if the longer does not become too long."""
        height, width = images.shape[1:3]
        least = self._numbers.least or SHORTER
        most = self._numbers.most if self._numbers.most < 1 << 40 else LONGER
        scale = min(least / min(height, width), most / max(height, width))
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        return normalised(resized(images, size, mode="bilinear"), self._numbers)


def _tokens(labels: Sequence[str], offsets: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The tokens of each word; `offsets` are where each token's letters lie in the text."""
    places, start = [], 0
    for label in labels:
        end = start + len(label)
        places.append([at for at, (first, last) in enumerate(offsets) if start <= first < last <= end])
        start = end + len(". ")
    return places


def _told(labels: Sequence[str], tokens: Sequence[Sequence[int]], scores: Tensor, boxes: Tensor) -> list[Detection]:
    """The boxes of one picture that are sure enough, each with its best word."""
    by_word = torch.stack([scores[:, places].amax(dim=1) for places in tokens], dim=1)  # (Q, words)
    best = by_word.max(dim=1)
    found = []
    for score, word, (x, y, w, h) in zip(best.values.tolist(), best.indices.tolist(), boxes.tolist(), strict=True):
        if score >= LEAST:
            left, top, right, bottom = (
                min(max(edge, 0.0), 1.0) for edge in (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            )
            found.append(Detection(labels[word], score, left, top, right, bottom))
    return apart(sorted(found, key=lambda each: -each.score), SAME)
