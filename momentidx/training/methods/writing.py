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


def weight(written: Written) -> float:
    """How many labels a sample has, those at what is seen among them."""
    return taught(written.labels) + taught((IGNORED, *written.followed[:-1]))


def goes_on(sample: Sample, encode: Callable[[str], list[int]], times: Sequence[float | None]) -> tuple[int, ...]:
    """What is to be said at each vector of what is seen: Yes while what is asked for goes on, No while it does not.

    An answer teaches two times; so every picture teaches whether it lies between them, and moments are found sooner
    (in 300 steps of a trial: mIoU 53 instead of 27, benchmarks/LOG.md, 2026-11-22). A saliency loss as Moment-DETR has
    (arXiv 2107.09609, section 4), told in words instead of by a head of its own. `times`: seconds of each vector, None
    for one that is of no time. Nothing where a conversation tells no stretch, or more than one.
    """
    told = [part for turn in sample.turns for part in turn.answered if not isinstance(part, str)]
    if len(told) != 2 or len(sample.turns) != 1:
        return ()
    start, end = told
    yes, no = (encode(word)[-1] for word in ("Yes", "No"))
    return tuple(IGNORED if time is None else yes if start <= time <= end else no for time in times)


def with_followed(batch: Spliced, written: Sequence[Written]) -> Spliced:
    """Labels for what is seen as well. What is said at a vector is the label of the place after it; what follows the
    last one is the sample's own.
    """
    for labels, one in zip(batch.labels, written, strict=True):
        if one.followed and SENTINEL in one.ids:  # a long question may have been cut off before it
            first = one.ids.index(SENTINEL) + 1
            labels[first : first + len(one.followed) - 1] = torch.tensor(one.followed[:-1], device=labels.device)
    return batch


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
