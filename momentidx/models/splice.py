"""Putting what is seen between what is said: features take the place of a marker among embedded tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

SENTINEL = -200
"""Stands in a row of token numbers where the features go."""
IGNORED = -100
"""A label that teaches nothing."""


@dataclass(frozen=True, slots=True)
class Spliced:
    """A batch as a language model takes it, padded on the right."""

    embeds: Tensor
    """(B, T, D); zeros where the mask is 0."""
    mask: Tensor
    """(B, T) 1 for tokens, 0 for padding."""
    labels: Tensor
    """(B, T); `IGNORED` on features and padding."""


def splice(
    embed: Callable[[Tensor], Tensor],
    ids: Tensor,
    features: Sequence[Tensor | None],
    mask: Tensor | None = None,
    labels: Tensor | None = None,
    limit: int | None = None,
) -> Spliced:
    """ids (B, T) with at most one `SENTINEL` a row; features: for each row (F, D), or None when it shows nothing.

    A row without a marker leaves its features unused; a marker without features goes away.
    """
    embeds, targets = [], []
    for number, row in enumerate(ids):
        kept = mask[number].bool() if mask is not None else torch.ones_like(row, dtype=torch.bool)
        row, target = row[kept], (labels[number] if labels is not None else torch.full_like(row, IGNORED))[kept]
        x, target = _row(embed, row, target, features[number])
        embeds.append(x[:limit])
        targets.append(target[:limit])
    lengths = torch.tensor([len(target) for target in targets], device=ids.device)
    padded = pad_sequence(embeds, batch_first=True)  # (B, T, D)
    places = torch.arange(padded.shape[1], device=ids.device)
    return Spliced(
        padded,
        (places[None] < lengths[:, None]).long(),
        pad_sequence(targets, batch_first=True, padding_value=IGNORED),
    )


def _row(
    embed: Callable[[Tensor], Tensor], row: Tensor, target: Tensor, features: Tensor | None
) -> tuple[Tensor, Tensor]:
    places = (row == SENTINEL).nonzero().flatten().tolist()
    if not places:
        return embed(row), target
    if len(places) > 1:
        raise ValueError(f"a row has {len(places)} markers, and features for one")
    (at,) = places
    text = embed(torch.cat((row[:at], row[at + 1 :])))  # (T - 1, D)
    if features is None:
        return text, torch.cat((target[:at], target[at + 1 :]))
    nothing = target.new_full((len(features),), IGNORED)
    return (
        torch.cat((text[:at], features.to(text), text[at:])),  # (T - 1 + F, D)
        torch.cat((target[:at], nothing, target[at + 1 :])),
    )


def left(embeds: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The same rows (B, T, D) and mask (B, T), padded on the left: all rows go on from one place."""
    length = mask.shape[1]
    shift = length - mask.sum(dim=1, keepdim=True)  # (B, 1)
    places = (torch.arange(length, device=mask.device)[None] - shift) % length  # (B, T)
    return embeds.gather(1, places[..., None].expand_as(embeds)), mask.gather(1, places)
