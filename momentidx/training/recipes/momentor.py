"""Momentor (arXiv 2402.11435, section 5.1; rate, epochs and warm-up: the published training script).

The published code has one phase, begun with Video-ChatGPT's projector; the paper has three, and these are they.
The language model never learns, but for the rows of the two tokens before and after the pictures.
"""

from __future__ import annotations

from dataclasses import replace

from momentidx.training.methods.momentor import MomentorMethod
from momentidx.training.recipe import Learns, Recipe

RATE = 2e-5
"""In the paper's and the script's one phase for everything that learns."""

INSTRUCT = Recipe(
    "momentor-instruct",
    "the projector and both time tables learn from instructions about segments",
    MomentorMethod(),
    ("Moment-10M: ten million instructions of eight kinds",),
    learns=(
        Learns(r"projector\..*", RATE),
        Learns(r"time\..*", RATE),
        Learns(r"language\.model\.embed_tokens\.weight", RATE),
    ),
    epochs=2,
    batch=32,  # 8 devices of 4
    warmup=0.01,
)
ALIGN = replace(
    INSTRUCT,
    name="momentor-align",
    what="the projector learns to put pictures into the language model's words",
    reads=("captions of pictures or clips; skipped by the authors, whose projector was Video-ChatGPT's",),
    learns=INSTRUCT.learns[:1],
    epochs=1,
)
SEQUENCES = replace(
    INSTRUCT,
    name="momentor-sequences",
    what="all events of a video in their order, each with its times (grounded event-sequence modelling)",
    reads=("GESM: the segments of Moment-10M and their captions",),
    dense=1.0,
    epochs=1,
)
STAGES = (ALIGN, SEQUENCES, INSTRUCT)
