"""VTimeLLM (arXiv 2311.18445, section 4.1; learning rates, batches and warm-up: the published stage scripts)."""

from __future__ import annotations

from dataclasses import replace

from momentidx.training.methods.vtimellm import VTimeLLMMethod
from momentidx.training.recipe import Learns, Lora, Recipe

ALIGN = Recipe(
    "vtimellm-align",
    "the linear layer learns to put one picture into the language model's words",
    VTimeLLMMethod(),
    ("LCS-558K: 558 thousand pictures and their captions",),
    learns=(Learns(r"projector\..*", 1e-3),),
    dialogue="caption",
)
BOUNDARIES = Recipe(
    "vtimellm-boundaries",
    "updates of the language model learn events and their borders",
    VTimeLLMMethod(),
    ("134 thousand videos of InternVid-10M-FLT, several events in each",),
    adds=Lora(rank=64, alpha=128, lr=1e-4),
    epochs=2,
)
DIALOGUE = replace(
    BOUNDARIES,
    name="vtimellm-dialogue",
    what="the updates are folded in, and new ones learn to talk about events",
    reads=("16 thousand dialogues about ActivityNet and DiDeMo", "20 thousand of VideoInstruct100K"),
)
STAGES = (ALIGN, BOUNDARIES, DIALOGUE)
