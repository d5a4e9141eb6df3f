"""Where a seed's paper, its published code and we disagree, and the switch between them.

Everything here that can be done in two ways takes `compat`. "official" gives the numbers of the
published code, mistakes included, so that a comparison is exact; "fixed" is what momentidx runs.
Properties of published weights (Grounded-VideoLLM's biased head and shifted token numbers) are not
deviations and hold in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Compat = Literal["official", "fixed"]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One point at which "official" and "fixed" give different answers."""

    seed: str
    where: str
    """The function or class of ours that has the switch."""
    official: str
    fixed: str


DEVIATIONS = (
    Deviation(
        "VTimeLLM",
        "sampling.linspace_inclusive",
        "a span that begins after the last frame gives frames in falling order, past the end",
        "both ends are held inside the file",
    ),
    Deviation(
        "VTimeLLM",
        "preprocess.ClipTensor",
        "bicubic without antialias (torchvision before 0.17): `antialias=False`",
        "the same: the released projector was trained on such pictures; `antialias=True` is there to compare",
    ),
    Deviation(
        "VTimeLLM",
        "codecs.percent_text.PercentText",
        "a time before the start becomes a negative number",
        "times are held inside the clip",
    ),
    Deviation(
        "VTimeLLM",
        "codecs.percent_text.read_dense",
        "a list on one line only, digits at fixed places, nothing after the first bad entry, reversed spans kept",
        "lists on several lines, numbers wherever they stand, bad entries counted and left out",
    ),
    Deviation(
        "VTimeLLM",
        "templates.answer_labels",
        "one disagreement in counting tokens hides the whole conversation from the loss",
        "each answer is found by the tokens before it",
    ),
    Deviation(
        "Momentor",
        "codecs.anchors.Anchors.soft",
        "a time exactly on an anchor (the start, the end) has no target, so no loss",
        "the anchor has the whole mass",
    ),
    Deviation(
        "Momentor",
        "momentor.soft_loss",
        "the mean over each sample, summed over the batch",
        "the mean over each sample, averaged over the batch",
    ),
    Deviation(
        "Momentor",
        "momentor_records.turns",
        "times in the order source clip, moment, click; one mention of each; a record without times fails",
        "times in the order of the text, each mention counted",
    ),
    Deviation(
        "Grounded-VideoLLM",
        "codecs.grid_tokens.GridTokens",
        "times are floored to the grid; negative ones pass; numbers past the grid are read as they stand",
        "times are rounded and held inside the clip; numbers past the grid are not read",
    ),
    Deviation(
        "Grounded-VideoLLM",
        "codecs.grid_tokens.GridTokens.question",
        "whole seconds only, so that 12.5 seconds becomes 12. and a token; no upper limit",
        "decimals are understood",
    ),
)
