"""What the methods share in writing a conversation and in scoring it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from momentidx.errors import MomentidxError
from momentidx.models.splice import IGNORED, SENTINEL, Spliced
from momentidx.training.method import Written
from momentidx.training.samples import Said, Sample


def worded(said: Said, time: Callable[[float], str]) -> str:
    """The words, with every time written by `time`."""
    return "".join(part if isinstance(part, str) else time(part) for part in said)


def encoder_of(tokenizer: Any) -> Callable[[str], list[int]]:
    return lambda piece: list(tokenizer(piece).input_ids)


def with_one_marker(sample: Sample, written: Written) -> Written:
    """Raises MomentidxError when the words of a sample hold a marker themselves."""
    if written.ids.count(SENTINEL) != 1:
        raise MomentidxError(f"{sample.name}: '<video>' stands in its text. Take it out; it is put there for training.")
    return written


def taught(labels: Sequence[int]) -> int:
    """Labels that count: all but the first token's, which nothing predicts."""
    return sum(label != IGNORED for label in labels[1:])


def padded(written: Sequence[Written], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers, mask and labels (B, T), padded on the right."""
    ids = [torch.tensor(one.ids, device=device) for one in written]
    labels = [torch.tensor(one.labels, device=device) for one in written]
    mask = [torch.ones_like(row) for row in ids]
    return (
        pad_sequence(ids, batch_first=True),
        pad_sequence(mask, batch_first=True),
        pad_sequence(labels, batch_first=True, padding_value=IGNORED),
    )


def first_taught(labels: Tensor) -> int:
    """The place of (B, T) at which the first label that counts is told: before it nothing has to be said."""
    told = (labels[:, 1:] != IGNORED).any(dim=0).nonzero()
    return int(told[0]) if len(told) else labels.shape[1] - 1


def sum_of_losses(language: nn.Module, batch: Spliced) -> Tensor:
    """Cross-entropy over all labels of a batch, added up in single precision."""
    since = first_taught(batch.labels)
    keep = batch.labels.shape[1] - since
    logits = language(inputs_embeds=batch.embeds, attention_mask=batch.mask, logits_to_keep=keep).logits  # (B, keep, V)
    labels = batch.labels[:, since + 1 :].flatten()
    return cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels, ignore_index=IGNORED, reduction="sum")


def device_of(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
