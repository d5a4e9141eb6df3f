"""What the loop asks of a network: the one interface between training and the three seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from momentidx.training.samples import Sample

if TYPE_CHECKING:
    from momentidx.models.checkpoints.foreign import Tensors
    from momentidx.models.checkpoints.layout import Converted

Seen = dict[str, Tensor]
"""What an encoder saw of one clip."""


class Eyes(Protocol):
    """The frozen encoders of a method."""

    @property
    def key(self) -> str:
        """Changes with their weights, and with how they are shown pictures."""
        ...

    device: torch.device
    """Where they look; to be set before the first look."""

    def look(self, sample: Sample) -> Seen:
        """What is seen of one sample. Raises UnusableFootage."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A sample as token numbers."""

    ids: list[int]
    """`SENTINEL` where features go in."""
    labels: list[int]
    """As long as `ids`; `IGNORED` where nothing is taught."""
    heard: tuple[float, ...] = ()
    """Times in questions, as fractions of the clip (Momentor)."""
    told: tuple[float, ...] = ()
    """Times in answers."""
    followed: tuple[int, ...] = ()
    """What is to be said at each vector of what is seen, if anything: `IGNORED` or a token (see `writing.goes_on`)."""

    def cut(self, longest: int) -> Written:
        """Without what is longer."""
        return Written(self.ids[:longest], self.labels[:longest], self.heard, self.told, self.followed)


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples on their way through the network."""

    written: Sequence[Written]
    seen: Sequence[Seen]
    names: Sequence[str] = ()

    @classmethod
    def joined(cls, batches: Sequence[Batch]) -> Batch:
        """All samples of several."""
        written = [one for batch in batches for one in batch.written]
        seen = [one for batch in batches for one in batch.seen]
        return cls(written, seen, [name for batch in batches for name in batch.names])

    def parts(self, most: int) -> list[Batch]:
        """The same samples, at most so many at a time, those of like length together: what is padded costs as much."""
        order = sorted(range(len(self.written)), key=lambda place: len(self.written[place].ids))
        return [self._of(order[at : at + most]) for at in range(0, len(order), most)]

    def _of(self, places: Sequence[int]) -> Batch:
        names = [self.names[place] for place in places] if self.names else ()
        return Batch([self.written[place] for place in places], [self.seen[place] for place in places], names)


class Described:
    """For the methods: a dataclass that says what it is."""

    def to_json(self) -> dict[str, Any]:
        return {"name": type(self).__name__, **{each.name: getattr(self, each.name) for each in fields(self)}}  # type: ignore[arg-type]


class Method(Protocol):
    """One seed's network in training: a frozen dataclass, its fields what the paper's ablations change."""

    network: ClassVar[str]
    """The layout's name for it: `vtimellm`, `momentor`, `grounded_videollm`."""

    width: ClassVar[int]
    """Pixels of the longer side of the pictures it is given, as its captioner has them."""

    def to_json(self) -> dict[str, Any]:
        """Its fields, and its name."""
        ...

    @property
    def vocabulary(self) -> Sequence[str]:
        """Tokens that it needs in addition."""
        ...

    def fresh(self, folder: Converted, tokenizer: Any) -> nn.Module:
        """The network around a stock language model that knows nothing of pictures yet."""
        ...

    def load(self, converted: Converted) -> nn.Module:
        """The network of a converted folder."""
        ...

    def eyes(self, folder: Converted) -> Eyes:
        """Its encoders."""
        ...

    def write(self, sample: Sample, tokenizer: Any, *, bare: bool = False) -> Written:
        """Times in the network's own way; `bare` for a caption without a conversation."""
        ...

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """The sum of what the batch teaches; it is divided by the sum of `weight` over the step."""
        ...

    def weight(self, written: Written) -> float:
        """How much a sample counts: its tokens, or 1."""
        ...

    def parts(self, network: nn.Module) -> tuple[Tensors, dict[str, Any]]:
        """What is ours of the network, and the settings, as its converted folder has them."""
        ...
