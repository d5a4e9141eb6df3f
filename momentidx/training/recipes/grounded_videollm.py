"""Grounded-VideoLLM (arXiv 2410.03290, section 4.1; rates, batches and epochs: the published stage scripts)."""

from __future__ import annotations

from dataclasses import replace

from momentidx.training.methods.grounded_videollm import GroundedMethod
from momentidx.training.recipe import Learns, Lora, Recipe

CAPTION = Recipe(
    "grounded-caption",
    "the two projectors learn, the one for movement a hundred times faster",
    GroundedMethod(),
    ("2 million captions of WebVid, InternVid and Panda-70M",),
    learns=(Learns(r"adapter\.video\..*", 1e-3), Learns(r"adapter\.image\..*", 1e-5)),
    batch=256,
)
GROUNDING = Recipe(
    "grounded-grounding",
    "updates, embeddings and head learn the time tokens",
    GroundedMethod(),
    ("InternVid-G", "VTimeLLM's second stage", "a part of Moment-10M"),
    learns=(
        Learns(r"adapter\.(video|image)\..*", 2e-5),
        Learns(r"language\.model\.embed_tokens\.weight", 2e-5),
        Learns(r"language\.lm_head\..*", 2e-5),
    ),
    adds=Lora(rank=128, alpha=256, lr=2e-4, former="continued"),
    epochs=3,
    longest=4096,
)
INSTRUCT = replace(
    GROUNDING,
    name="grounded-instruct",
    what="the same go on with instructions of many kinds",
    reads=("25 sets of questions, captions and timed sentences", "17 thousand timed questions of the authors' own"),
    epochs=1,
    batch=96,
)
STAGES = (CAPTION, GROUNDING, INSTRUCT)
