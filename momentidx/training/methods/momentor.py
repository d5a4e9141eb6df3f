"""Momentor in training: a frame on every anchor, and times between anchors, heard and told as mixtures of two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig

from momentidx.models.checkpoints.foreign import Tensors
from momentidx.models.checkpoints.layout import ENCODER, Converted
from momentidx.models.checkpoints.momentor import load
from momentidx.models.clip import ClipFrames
from momentidx.models.codecs.anchors import END, INPUT, OUTPUT, PATCH, START, Anchors
from momentidx.models.language import embedding_of, grow
from momentidx.models.momentor import CLIP_WIDTH, FRAMES, Ids, Momentor, TimeTables, soft_loss
from momentidx.models.preprocess import ClipPillow
from momentidx.models.sampling import uniform_seconds
from momentidx.models.templates import MOMENTOR, answer_labels, tokens
from momentidx.training.method import Batch, Described, Eyes, Seen, Written
from momentidx.training.methods import looking
from momentidx.training.methods.untied import untied
from momentidx.training.methods.writing import device_of, encoder_of, first_taught, goes_on, padded, taught, worded
from momentidx.training.samples import Sample, Vectors


class StiffTables(TimeTables):
    """The tables without propagation: a gradient stays on its row."""

    def forward(self) -> tuple[Tensor, Tensor]:
        return self.input, self.output


@dataclass(frozen=True)
class MomentorMethod(Described):
    """See `Method`. The two switches are the paper's ablations (table 5)."""

    network: ClassVar[str] = "momentor"
    width: ClassVar[int] = 448
    anchors: int = FRAMES
    interpolates: bool = True
    """Whether a time may lie between two anchors; else it is moved to the nearest."""
    propagates: bool = True
    """Whether a gradient reaches neighbouring anchors."""
    asks_first: bool = False
    """See `models/templates.Template.asking_first`."""
    follows: bool = False
    """See `writing.goes_on`; of use where a picture comes after what is asked (`asks_first`)."""
    words_learn: bool = False
    """Whether all words learn where the language model does; in the paper it is frozen, and they are with it."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return Anchors(self.anchors).vocabulary

    def fresh(self, folder: Converted, tokenizer: Any) -> nn.Module:
        """The five markers get rows of their own; the anchors are numbered past the matrix.

        What is seen and when begin as loud as words, and anchors like their neighbours, so that places can be told
        apart before anything is learned; all times begin about as likely. (The paper begins with a projector that was
        taught, and says nothing of the tables.)
        """
        language = untied(folder.language())
        first = tokenizer.convert_tokens_to_ids(PATCH)
        if language.config.vocab_size != first:  # a matrix that was made longer than the tokenizer
            language.resize_token_embeddings(first, mean_resizing=False)
        grow(language, 5)
        network = Momentor(language, Ids.after(first), Anchors(self.anchors), _width(folder))
        loud = float(embedding_of(language).weight.detach().std())
        nn.init.normal_(network.projector.weight, std=loud / network.projector.in_features**0.5)
        nn.init.zeros_(network.projector.bias)
        network.time.input.data.copy_(loud * waves(*network.time.input.shape))
        network.time.output.data.copy_(waves(*network.time.output.shape) / network.time.output.shape[1] ** 0.5)
        return self._stiff(network)

    def load(self, converted: Converted) -> nn.Module:
        return self._stiff(load(converted))

    def _stiff(self, network: Momentor) -> Momentor:
        network.words_learn = self.words_learn
        if not self.propagates:
            tables = StiffTables(*network.time.input.shape)
            tables.load_state_dict(network.time.state_dict())
            network.time = tables
        return network

    def eyes(self, folder: Converted) -> Eyes:
        return _Eyes(folder, self.anchors)

    def write(self, sample: Sample, tokenizer: Any, *, bare: bool = False) -> Written:  # noqa: ARG002  always a dialogue
        """Every time is a placeholder; where it lies travels beside the text."""
        encode = encoder_of(tokenizer)
        heard: list[float] = []
        told: list[float] = []

        def placed(places: list[float], placeholder: str, seconds: float) -> str:
            places.append(self._fraction(seconds, sample.duration))
            return placeholder

        turns = [
            (worded(turn.asked, partial(placed, heard, INPUT)), worded(turn.answered, partial(placed, told, OUTPUT)))
            for turn in sample.turns
        ]
        template = MOMENTOR.asking_first(self.asks_first)
        turns[0] = (template.with_pictures(f"{START}{PATCH * self.anchors}{END}", turns[0][0]), turns[0][1])
        ids = tokens(encode, template.render(turns), marker=PATCH * 2 * self.anchors)  # no marker: patches are tokens
        labels = answer_labels(encode, template, turns)
        if self.follows:
            times = [anchor * sample.duration / (self.anchors - 1) for anchor in range(self.anchors)]
            followed = goes_on(sample, encode, times)
            first = ids.index(tokenizer.convert_tokens_to_ids(PATCH)) + 1
            labels[first : first + len(followed)] = followed  # after the last picture stands END
        return Written(ids, labels, tuple(heard), tuple(told))

    def _fraction(self, seconds: float, duration: float) -> float:
        fraction = seconds / duration if duration else 0.0
        return fraction if self.interpolates else round(fraction * (self.anchors - 1)) / (self.anchors - 1)

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """The mean over each sample's labels, added up over the samples."""
        assert isinstance(network, Momentor)
        device, dtype = device_of(network), network.projector.weight.dtype
        ids, mask, labels = padded(batch.written, device)
        seen = torch.stack([one["frames"].to(device, dtype) for one in batch.seen])
        heard, told = (
            [places[: one.ids.count(token)] for one, places in zip(batch.written, times, strict=True)]
            for token, times in (
                (network.ids.input, [one.heard for one in batch.written]),
                (network.ids.output, [one.told for one in batch.written]),
            )
        )
        since = first_taught(labels)
        logits = network(network.embed(ids, seen, heard, told), mask, since)
        teach = [row for row, one in enumerate(batch.written) if taught(one.labels)]
        if not teach:
            return logits.sum() * 0.0
        return soft_loss(network, logits[teach], labels[teach, since:], [told[row] for row in teach]) * len(teach)

    def weight(self, written: Written) -> float:
        return float(taught(written.labels) > 0)

    def parts(self, network: nn.Module) -> tuple[Tensors, dict[str, Any]]:
        assert isinstance(network, Momentor)
        tensors = {name: one for name, one in network.state_dict().items() if not name.startswith("language.")}
        return tensors, {
            "frames": self.anchors, "first_marker": network.ids.patch, "asks_first": self.asks_first,
        }  # fmt: skip


def waves(places: int, width: int) -> Tensor:
    """(N, D) of variance 1: sines and cosines along the places, of half a wave in all to one of four places."""
    lengths = torch.logspace(math.log2(0.5), math.log2(max(0.5, places / 4)), (width + 1) // 2, base=2)
    angles = 2 * math.pi * torch.arange(places)[:, None] / places * lengths  # (N, D / 2)
    return 2**0.5 * torch.cat((angles.sin(), angles.cos()), dim=1)[:, :width]


class _Eyes:
    """CLIP's pooled vector of the picture on each anchor."""

    def __init__(self, folder: Converted, anchors: int) -> None:
        self._folder, self._anchors = folder, anchors
        self.device = torch.device("cpu")

    @cached_property
    def _tower(self) -> ClipFrames:
        return looking.eyes_of(self._folder.encoder, "pooled", self.device)

    @cached_property
    def key(self) -> str:
        return looking.key_of("momentor", self._anchors, files=looking.files_in(self._folder.encoder))

    def look(self, sample: Sample) -> Seen:
        """(N, C); a single picture lies on every anchor."""
        if isinstance(sample.pictures, Vectors):
            seen = looking.vectors(sample.pictures, (self._anchors, 1), _width(self._folder))
        else:
            pictures, places = looking.looked_at(sample, partial(uniform_seconds, count=self._anchors))
            small = ClipPillow(self._tower.side, floors=True)(pictures).to(self.device)
            seen = looking.in_parts(self._tower, small)[places].cpu()
        return {"frames": seen.expand(self._anchors, -1).contiguous()}


def _width(folder: Converted) -> int:
    if not (folder.folder / ENCODER).is_dir():
        return CLIP_WIDTH
    return int(CLIPVisionConfig.from_pretrained(folder.encoder).hidden_size)
