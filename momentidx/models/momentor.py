"""Momentor (arXiv 2402.11435): one token for each of 300 frames, and time as a place between 300 anchors.

The Temporal Perception Module has two tables of one row for each anchor: one is read with, the other
speaks. What we do differently: the tables lie beside a stock language model; an exact anchor is
taught with the whole mass; and `Anchors.spoken` reads a continuous time, which the published code
cannot (see `compat`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax
from transformers import PreTrainedModel

from momentidx.models.codecs.anchors import MARKERS, Anchors
from momentidx.models.compat import Compat
from momentidx.models.language import embedding_of, head_of
from momentidx.models.splice import IGNORED, left

FRAMES = 300
CLIP_WIDTH = 1024


@dataclass(frozen=True, slots=True)
class Ids:
    """Token numbers: five markers at the end of the embedding matrix, and the anchors past it."""

    patch: int
    start: int
    end: int
    input: int
    output: int

    @property
    def first_anchor(self) -> int:
        return self.output + 1

    @classmethod
    def after(cls, rows: int) -> Ids:
        """For a vocabulary of `rows` tokens before the markers."""
        return cls(*range(rows, rows + len(MARKERS)))


class TimeTables(nn.Module):
    """The two tables, and how a gradient spreads to neighbours."""

    def __init__(self, anchors: int, width: int) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(anchors, width) * 0.02)
        self.output = nn.Parameter(torch.randn(anchors, width) * 0.02)

    def forward(self) -> tuple[Tensor, Tensor]:
        """Both tables (N, D), propagated."""
        return propagated(self.input), propagated(self.output)


def propagated(table: Tensor) -> Tensor:
    """Neighbouring token propagation (eq. 2): W + R W - stop(R W) with R_ij = 2^-|i-j|.

    The values stay; a gradient on row k reaches row k twice and row j with 2^-|j-k|.
    """
    places = torch.arange(len(table), device=table.device, dtype=table.dtype)
    neighbours = 0.5 ** (places[:, None] - places[None]).abs() @ table  # (N, N) @ (N, D)
    return table + neighbours - neighbours.detach()


def between(table: Tensor, fractions: Sequence[float], anchors: Anchors) -> Tensor:
    """Rows of (N, D) at continuous places: (1 - r) of the lower anchor, r of the upper (eq. 1)."""
    places = [anchors.place(fraction) for fraction in fractions]
    ratio = torch.tensor([place.ratio for place in places], dtype=table.dtype, device=table.device)[:, None]
    lower, upper = table[[place.floor for place in places]], table[[place.ceil for place in places]]
    return (1 - ratio) * lower + ratio * upper


class Momentor(nn.Module):
    """Pooled CLIP vectors of frames, and text with times beside it, to the next tokens or anchors."""

    words_learn = False
    """Whether all words learn, and not only the two markers around a video."""

    def __init__(self, language: PreTrainedModel, ids: Ids, anchors: Anchors, width: int = CLIP_WIDTH) -> None:
        super().__init__()
        self.language, self.ids, self.anchors = language, ids, anchors
        self.projector = nn.Linear(width, language.config.hidden_size)
        self.time = TimeTables(anchors.count, language.config.hidden_size)

    def embed(
        self, ids: Tensor, features: Tensor, inputs: Sequence[Sequence[float]], outputs: Sequence[Sequence[float]]
    ) -> Tensor:
        """ids (B, T), features (B, N, 1024), and each row's places as fractions, to (B, T, D).

        Frame i is on anchor i, and is told so: the mean of its two rows is added to what is seen. Raises ValueError
        where there are more or fewer of them than places for them.
        """
        table, spoken = self.time()
        seen = self.projector(features) + (table + spoken) / 2  # (B, N, D)
        x = _put(self.text(ids, table), ids == self.ids.patch, seen.flatten(0, 1))
        for token, places in ((self.ids.input, inputs), (self.ids.output, outputs)):
            flat = [place for row in places for place in row]
            x = _put(x, ids == token, between(table, flat, self.anchors)) if flat else x
        return x

    def text(self, ids: Tensor, table: Tensor) -> Tensor:
        """(B, T) token and anchor numbers to (B, T, D); as published, only the video's markers and the tables learn."""
        embed = embedding_of(self.language)
        is_anchor = (ids >= self.ids.first_anchor)[..., None]
        words = embed(ids.clamp(max=self.ids.output))
        if not self.words_learn:
            learns = ((ids == self.ids.start) | (ids == self.ids.end))[..., None]
            words = torch.where(learns, words, words.detach())
        return torch.where(is_anchor, table[(ids - self.ids.first_anchor).clamp(min=0)], words)

    def forward(self, embeds: Tensor, mask: Tensor | None = None, since: int = 0) -> Tensor:
        """(B, T, D) to logits (B, T - since, V + N) from that place on: the vocabulary, then the anchors."""
        hidden = self.language.base_model(inputs_embeds=embeds, attention_mask=mask).last_hidden_state
        return self.heads(hidden[:, since:])

    def heads(self, hidden: Tensor) -> Tensor:
        """(B, T, D) to (B, T, V + N)."""
        _, spoken = self.time()
        return torch.cat((head_of(self.language)(hidden), hidden @ spoken.T), dim=-1)

    def soft_rows(self, fractions: Sequence[float]) -> Tensor:
        """The targets at places: (K, V + N), the mass shared between two anchors (eq. 3)."""
        words = self.ids.first_anchor
        rows = torch.zeros(len(fractions), words + self.anchors.count)
        for row, fraction in zip(rows, fractions, strict=True):
            for anchor, mass in self.anchors.soft(fraction):
                row[words + anchor] = mass
        return rows


def _put(x: Tensor, where: Tensor, rows: Tensor) -> Tensor:
    """(B, T, D) with (K, D) at the K places of (B, T), row by row."""
    if int(where.sum()) != len(rows):
        raise ValueError(f"{len(rows)} vectors for {int(where.sum())} places")
    return x.masked_scatter(where[..., None], rows.to(x.dtype))


def soft_loss(model: Momentor, logits: Tensor, labels: Tensor, outputs: Sequence[Sequence[float]]) -> Tensor:
    """Cross-entropy of logits (B, T, V + N) against labels (B, T) and, where a time is spoken, soft rows."""
    losses = []
    for row, places in enumerate(outputs):
        target = labels[row, 1:]
        log = log_softmax(logits[row, :-1].float(), dim=-1)  # (T - 1, V + N)
        each = -log.gather(1, target.clamp(min=0)[:, None])[:, 0]
        spoken = target == model.ids.output
        if spoken.any():
            soft = model.soft_rows(places).to(log)
            each = each.masked_scatter(spoken, -(soft * log[spoken]).sum(dim=-1))
        losses.append(each[target != IGNORED].mean())
    total = torch.stack(losses)
    compat: Compat = model.anchors.compat
    return total.sum() if compat == "official" else total.mean()


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was generated."""

    parts: tuple[list[int] | str, ...]
    """Runs of token numbers, and times between them as `<TEMP-17.250>`."""
    whole: bool


@torch.inference_mode()
def go_on(model: Momentor, embeds: Tensor, mask: Tensor, tokens: Sequence[int], end: int) -> list[Spoken]:
    """Each row goes on after (B, T, D), padded on the right, with the likeliest token or anchor, `tokens` at most.

    An anchor is spoken as a place between it and its neighbours, and that place is what is read next.
    """
    embeds, mask = left(embeds, mask)
    table, _ = model.time()
    stop = embedding_of(model.language)(torch.tensor([end], device=embeds.device))  # (1, D)
    rows: list[list[list[int] | str]] = [[] for _ in tokens]
    whole = [False] * len(rows)
    cache = None
    for number in range(max(tokens)):
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -embeds.shape[1] :]
        output = model.language.base_model(
            inputs_embeds=embeds, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
        )
        cache = output.past_key_values
        logits = model.heads(output.last_hidden_state[:, -1:])[:, 0].float()  # (B, V + N)
        best = logits.argmax(dim=-1).tolist()
        next_embeds = [stop] * len(rows)  # what a row that is over reads does not matter
        for row, parts in enumerate(rows):
            if whole[row] or number >= tokens[row]:
                continue
            if best[row] == end:
                whole[row] = True
            elif best[row] >= model.ids.first_anchor:
                place = model.anchors.spoken(logits[row, model.ids.first_anchor :].softmax(dim=0).tolist())
                parts.append(f"<TEMP-{place:.3f}>")
                next_embeds[row] = between(table, [place / (model.anchors.count - 1)], model.anchors)
            else:
                _speak(parts, best[row])
                next_embeds[row] = embedding_of(model.language)(torch.tensor([best[row]], device=embeds.device))
        if all(done or number + 1 >= most for done, most in zip(whole, tokens, strict=True)):
            break
        embeds = torch.stack([each.to(embeds.dtype) for each in next_embeds])  # (B, 1, D)
        mask = torch.cat((mask, mask.new_ones(len(rows), 1)), dim=1)
    return [Spoken(tuple(parts), done) for parts, done in zip(rows, whole, strict=True)]


def _speak(parts: list[list[int] | str], token: int) -> None:
    """One more token, to the run of tokens at the end or to a new one."""
    if not parts or isinstance(parts[-1], str):
        parts.append([])
    run = parts[-1]
    assert isinstance(run, list)
    run.append(token)
