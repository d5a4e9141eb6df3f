"""The video chat models that momentidx knows by name, best first: where they are, what they need, how to ask them."""

from __future__ import annotations

from dataclasses import dataclass

from momentidx.caption.asking import PLAIN, Prompts


@dataclass(frozen=True, slots=True)
class Known:
    """One model."""

    name: str
    repo: str
    """On the hub."""
    licence: str
    """Of the weights, as their card says; those of the model they were trained from hold besides."""
    gigabytes: float
    """GPU memory of the weights in bfloat16. Some more is needed to run them: `models.devices.ROOM`."""
    prompts: Prompts = PLAIN


_TIMELENS = Prompts(locate="locate_sentence")
_REASONED = Prompts(locate="locate_reasoned", thinks=True)

KNOWN: tuple[Known, ...] = (
    Known("qwen3-vl-8b", "Qwen/Qwen3-VL-8B-Instruct", "Apache-2.0", 17.5),
    Known("timelens-8b", "TencentARC/TimeLens-8B", "BSD-3-Clause", 17.5, _TIMELENS),
    Known("timelens-7b", "TencentARC/TimeLens-7B", "BSD-3-Clause", 16.6, _TIMELENS),
    Known("time-r1-7b", "Boshenxx/Time-R1-7B", "Apache-2.0", 16.6, _REASONED),
    Known("glm-4.1v-9b", "zai-org/GLM-4.1V-9B-Thinking", "MIT", 20.6, Prompts(thinks=True)),
    Known("molmo2-8b", "allenai/Molmo2-8B", "Apache-2.0", 17.4),
    Known("qwen2.5-vl-7b", "Qwen/Qwen2.5-VL-7B-Instruct", "Apache-2.0", 16.6),
    Known("qwen3-vl-4b", "Qwen/Qwen3-VL-4B-Instruct", "Apache-2.0", 8.9),
    Known("videollama3-2b", "lkhl/VideoLLaMA3-2B-Image-HF", "Apache-2.0", 3.9),
    Known("qwen3-vl-2b", "Qwen/Qwen3-VL-2B-Instruct", "Apache-2.0", 4.3),
    Known("smolvlm2-2b", "HuggingFaceTB/SmolVLM2-2.2B-Instruct", "Apache-2.0", 4.5),
    Known("smolvlm2-500m", "HuggingFaceTB/SmolVLM2-500M-Video-Instruct", "Apache-2.0", 1.0),
)


def known(text: str) -> Known | None:
    """The model of that name or hub id, if there is one."""
    return next((one for one in KNOWN if text.casefold() in (one.name, one.repo.casefold())), None)
