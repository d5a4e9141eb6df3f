"""VTimeLLM in training: `frames` vectors of CLIP, times as two digits of text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig

from momentidx.models.checkpoints.foreign import Tensors
from momentidx.models.checkpoints.layout import ENCODER, Converted
from momentidx.models.checkpoints.vtimellm import load
from momentidx.models.clip import ClipFrames
from momentidx.models.codecs.percent_text import PercentText
from momentidx.models.preprocess import ClipTensor
from momentidx.models.sampling import linspace_inclusive
from momentidx.models.templates import VICUNA_V1, VIDEO, answer_labels, plain, plain_labels, tokens
from momentidx.models.vtimellm import CLIP_WIDTH, FRAMES, VTimeLLM
from momentidx.training.method import Batch, Described, Eyes, Seen, Written
from momentidx.training.methods import looking
from momentidx.training.methods.writing import (
    device_of,
    encoder_of,
    goes_on,
    padded,
    sum_of_losses,
    weight,
    with_followed,
    with_one_marker,
    worded,
)
from momentidx.training.samples import Sample, Vectors


@dataclass(frozen=True)
class VTimeLLMMethod(Described):
    """See `Method`."""

    network: ClassVar[str] = "vtimellm"
    width: ClassVar[int] = 448
    vocabulary: ClassVar[tuple[str, ...]] = ()
    frames: int = FRAMES
    asks_first: bool = False
    """See `models/templates.Template.asking_first`."""
    follows: bool = False
    """See `writing.goes_on`; of use where a picture comes after what is asked (`asks_first`)."""

    def fresh(self, folder: Converted, tokenizer: Any) -> nn.Module:  # noqa: ARG002  no vocabulary of its own
        """The projector begins at random."""
        return VTimeLLM(folder.language(), _width(folder))

    def load(self, converted: Converted) -> nn.Module:
        return load(converted)

    def eyes(self, folder: Converted) -> Eyes:
        return _Eyes(folder, self.frames)

    def write(self, sample: Sample, tokenizer: Any, *, bare: bool = False) -> Written:
        """Bare: the first stage's picture and caption. Else Vicuna's conversation, the marker before its first line."""
        encode, codec = encoder_of(tokenizer), PercentText()

        def time(seconds: float) -> str:
            return codec.encode(seconds, sample.duration)

        if bare:
            caption = worded(sample.turns[0].answered, time)
            written = Written(tokens(encode, plain(caption)), plain_labels(encode, caption))
        else:
            turns = [(worded(turn.asked, time), worded(turn.answered, time)) for turn in sample.turns]
            template = VICUNA_V1.asking_first(self.asks_first)
            turns[0] = (template.with_pictures(VIDEO, turns[0][0]), turns[0][1])
            seen = range(self.frames if self.follows else 0)
            times = [place * sample.duration / (self.frames - 1) for place in seen]
            written = Written(tokens(encode, template.render(turns)), answer_labels(encode, template, turns),
                              followed=goes_on(sample, encode, times))  # fmt: skip
        return with_one_marker(sample, written)

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(network, VTimeLLM)
        device, dtype = device_of(network), network.projector.weight.dtype
        ids, mask, labels = padded(batch.written, device)
        seen = [one["frames"].to(device, dtype) for one in batch.seen]
        spliced = with_followed(network.splice(ids, seen, mask, labels), batch.written)
        return sum_of_losses(network.language, spliced)

    def weight(self, written: Written) -> float:
        return weight(written)

    def parts(self, network: nn.Module) -> tuple[Tensors, dict[str, Any]]:
        assert isinstance(network, VTimeLLM)
        tensors = {f"projector.{name}": tensor for name, tensor in network.projector.state_dict().items()}
        return tensors, {"frames": self.frames, "asks_first": self.asks_first}


class _Eyes:
    """CLIP's projected vector of each of the places."""

    def __init__(self, folder: Converted, frames: int) -> None:
        self._folder, self._frames = folder, frames
        self.device = torch.device("cpu")

    @cached_property
    def _tower(self) -> ClipFrames:
        return looking.eyes_of(self._folder.encoder, "projected", self.device)

    @cached_property
    def key(self) -> str:
        return looking.key_of("vtimellm", self._frames, files=looking.files_in(self._folder.encoder))

    def look(self, sample: Sample) -> Seen:
        """(F, C); one vector for a single picture."""
        if isinstance(sample.pictures, Vectors):
            return {"frames": looking.vectors(sample.pictures, (self._frames, 1), _width(self._folder))}
        pictures, places = looking.looked_at(sample, partial(linspace_inclusive, count=self._frames))
        small = ClipTensor(self._tower.side)(pictures).to(self.device)
        return {"frames": looking.in_parts(self._tower, small)[places].cpu()}


def _width(folder: Converted) -> int:
    if not (folder.folder / ENCODER).is_dir():
        return CLIP_WIDTH  # the vectors come from elsewhere
    return int(CLIPVisionConfig.from_pretrained(folder.encoder).projection_dim)
