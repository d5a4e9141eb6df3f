"""The small Video-LLM that comes with momentidx: one of the three seeds, trained on the drawn world alone.

Its weights lie beside this module in the layout of any converted model; `CARD.md` among them says how they were
made and what they can do. It knows the rendered world and nothing else: for seeing the whole path of such a model
on a CPU, not for footage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from momentidx.caption.asking import Prompts
from momentidx.caption.captioner import ChatCaptioner
from momentidx.caption.chat import Sight
from momentidx.caption.grounded_videollm import GroundedSeed
from momentidx.caption.momentor import MomentorSeed
from momentidx.caption.seeds import Seed, SeedChat
from momentidx.caption.vtimellm import VTimeLLMSeed
from momentidx.config import Settings
from momentidx.errors import MomentidxError
from momentidx.models.checkpoints.layout import MANIFEST

SEEDS: Mapping[str, Callable[[Path], Seed]] = {
    "vtimellm": VTimeLLMSeed, "momentor": MomentorSeed, "grounded_videollm": GroundedSeed,
}  # fmt: skip
SIDE = 112
"""Pixels of its square pictures; the world's are square, so nothing has to be cut off."""
PROMPTS = Prompts(describe="momentor_describe", locate="momentor_locate", answer="seed_answer")
"""As it was asked in training, whichever seed it is."""


def captioner(folder: Path, settings: Settings) -> ChatCaptioner:
    """The captioner of a folder of weights, on the CPU. Raises MomentidxError when it is none."""
    try:
        recipe = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["recipe"]
        made = partial(SEEDS[recipe], folder)
        chat = SeedChat("tiny", made, Sight.of(settings, pictures=0, width=SIDE), settings.video_batch)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MomentidxError(f"{folder} holds no weights of the captioner 'tiny'. Install momentidx again.") from error
    chat.sight = replace(chat.sight, width=SIDE)
    return ChatCaptioner("tiny", chat, PROMPTS)
