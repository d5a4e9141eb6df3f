"""How each kind of video chat model is shown a clip: its tensors, and the text that takes the video's place.

What a family writes between the pictures is how its models learned to tell time, so it must be met to the
letter. The forms were read from the library's own processors (transformers 5.23); the sums are in `pixels`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from momentidx.caption.asking import CLOCK, SECONDS, WHOLE_SECONDS, TimeText
from momentidx.caption.chat import Clip
from momentidx.caption.transformers.pixels import Numbers, changed, fitted, normalised, patches, pooled, resized

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Shown:
    """A clip, ready for a model."""

    text: str
    """Stands where the chat template put the video."""
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Family:
    """Models that are shown clips in the same way."""

    times: TimeText
    numbers: Numbers
    """Used where a model's own files do not say."""
    video: tuple[str, ...]
    """What the chat template writes for a video; the first that is found is replaced."""
    visual: Mapping[str, int]
    """Tokens that stand for pictures, with the library's number for their kind."""
    show: Callable[[Clip, Numbers], Shown]


def _per_picture(clip: Clip, numbers: Numbers) -> tuple[Tensor, tuple[int, int, int]]:
    _, height, width, _ = clip.images.shape
    size = fitted(height, width, numbers.patch * numbers.merge, numbers.least, numbers.most)
    return patches(normalised(resized(clip.images, size), numbers), numbers)


def _per_clip(clip: Clip, numbers: Numbers) -> tuple[Tensor, tuple[int, int, int]]:
    _, height, width, _ = clip.images.shape
    layers = -(-len(clip.images) // numbers.pictures) * numbers.pictures
    grown = max(1.0, numbers.patch * numbers.merge / min(height, width))  # to one token at least, keeping its shape
    height, width = int(height * grown), int(width * grown)
    size = fitted(height, width, numbers.patch * numbers.merge, numbers.least, numbers.most, layers)
    return patches(normalised(resized(clip.images, size), numbers), numbers)


def _tokens(grid: tuple[int, int, int], numbers: Numbers) -> int:
    """Tokens of one layer."""
    return grid[1] * grid[2] // numbers.merge**2


def _pairs(clip: Clip) -> list[tuple[float, ...]]:
    """Times of the pictures two by two, the last one alone when their number is odd."""
    return [clip.seconds[at : at + 2] for at in range(0, len(clip.seconds), 2)]


def _qwen2_5(clip: Clip, numbers: Numbers) -> Shown:
    """No times in the text: positions in time are scaled by the seconds between layers."""
    flat, grid = _per_picture(clip, numbers)
    between = clip.duration / len(clip.images) * numbers.pictures
    tensors = {
        "pixel_values_videos": flat,
        "video_grid_thw": torch.tensor([grid]),
        "second_per_grid_ts": torch.tensor([between]),
    }
    text = "<|video_pad|>" * (grid[0] * _tokens(grid, numbers))
    return Shown(f"<|vision_start|>{text}<|vision_end|>", tensors)


def _qwen3(clip: Clip, numbers: Numbers) -> Shown:
    """The mean time of two pictures before both."""
    flat, grid = _per_clip(clip, numbers)
    picture = f"<|vision_start|>{'<|video_pad|>' * _tokens(grid, numbers)}<|vision_end|>"
    text = "".join(f"<{(pair[0] + pair[-1]) / 2:.1f} seconds>{picture}" for pair in _pairs(clip))
    return Shown(text, {"pixel_values_videos": flat, "video_grid_thw": torch.tensor([grid])})


def _glm(clip: Clip, numbers: Numbers, time: Callable[[float], str]) -> Shown:
    """The time of the first of two pictures after both."""
    flat, grid = _per_clip(clip, numbers)
    picture = f"<|begin_of_image|>{'<|image|>' * _tokens(grid, numbers)}<|end_of_image|>"
    text = "".join(f"{picture}{time(pair[0])}" for pair in _pairs(clip))
    return Shown(text, {"pixel_values_videos": flat, "video_grid_thw": torch.tensor([grid])})


def _glm4(clip: Clip, numbers: Numbers) -> Shown:
    return _glm(clip, numbers, lambda seconds: str(int(seconds)))


def _glm4_6(clip: Clip, numbers: Numbers) -> Shown:
    return _glm(clip, numbers, lambda seconds: f"{seconds:.1f} seconds")


def _video_llama_3(clip: Clip, numbers: Numbers) -> Shown:
    """The time before each picture, and only the tokens in which it differs from the one before."""
    share = replace(numbers, pictures=1, most=numbers.most // len(clip.images))
    flat, grid = _per_picture(clip, share)
    kept = changed(flat, grid, numbers.merge)
    counts = kept.reshape(grid[0], -1).sum(1).tolist()
    said = [f"Time {time:.1f}s:{'<|video_pad|>' * count}" for time, count in zip(clip.seconds, counts, strict=True)]
    tensors = {
        "pixel_values_videos": flat,
        "video_grid_thw": torch.tensor([grid]),
        "video_merge_sizes": torch.tensor([numbers.merge]),
        "video_compression_mask": kept,
    }
    return Shown(",".join(said), tensors)


def _molmo2(clip: Clip, numbers: Numbers) -> Shown:
    """The time before each picture; its patches are pooled in windows."""
    pictures = normalised(resized(clip.images, (numbers.side, numbers.side), mode="bilinear", antialias=False), numbers)
    side, across = numbers.patch, numbers.side // numbers.patch
    split = pictures.reshape(len(pictures), 3, across, side, across, side).permute(0, 2, 4, 3, 5, 1)
    flat = split.reshape(len(pictures), across * across, side * side * 3)  # (T, patches, ph * pw * C)
    window, rows, columns = pooled(across, across, (numbers.merge, numbers.merge))
    starts = (torch.arange(len(pictures)) * across * across).view(-1, 1, 1)
    windows = torch.where(window >= 0, window + starts, window).reshape(-1, window.shape[-1])
    picture = f"<frame_start>{'<im_patch>' * (rows * columns)}<frame_end>"
    tensors = {
        "pixel_values_videos": flat,
        "video_token_pooling": windows,
        "video_grids": torch.tensor([[len(pictures), rows, columns]]),
    }
    return Shown(" ".join(f"{time:.1f} {picture}" for time in clip.seconds), tensors)


def _smolvlm(clip: Clip, numbers: Numbers) -> Shown:
    """Minutes and seconds before each picture, and how long the video is before all."""
    pictures = normalised(resized(clip.images, (numbers.side, numbers.side)), numbers)
    around = "<fake_token_around_image>"
    picture = f"{around}<global-img>{'<image>' * numbers.tokens}{around}"
    length = int(clip.duration)
    clock = f"{length // 3600}:{length // 60 % 60:02}:{length % 60:02}"
    count = in_words(len(pictures))
    text = f"You are provided the following series of {count} frames from a {clock} [H:MM:SS] video.\n"
    text += "".join(f"\nFrame from {CLOCK.write(time)}:{picture}" for time in clip.seconds) + "\n\n"
    mask = torch.ones(1, len(pictures), numbers.side, numbers.side, dtype=torch.int64)
    return Shown(text, {"pixel_values": pictures[None], "pixel_attention_mask": mask})


_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(number: int) -> str:
    """`sixty-four`, `one hundred and five`: as SmolVLM read the number of pictures."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    rest = f" and {in_words(number % 100)}" if number % 100 else ""
    return f"{in_words(number // 100)} hundred{rest}"


_QWEN_VIDEO = ("<|vision_start|><|video_pad|><|vision_end|>", "<|video_pad|>")
_QWEN3 = Family(
    SECONDS, Numbers(16, HALF, HALF, 2, 2, 128 * 32 * 32, 768 * 32 * 32), _QWEN_VIDEO, {"<|video_pad|>": 2}, _qwen3
)
_GLM = Numbers(14, CLIP_MEAN, CLIP_STD, 2, 2, 112 * 112, 28 * 28 * 2 * 30000)
_MOLMO_TOKENS = (
    *("<im_patch>", "<im_col>", "<im_low>", "<im_start>", "<low_res_im_start>", "<frame_start>"),
    *("<im_end>", "<frame_end>"),
)

TEXT = Family(SECONDS, Numbers(1, HALF, HALF), (), {}, lambda clip, numbers: Shown("", {}))  # noqa: ARG005
"""Language models without eyes: of a clip they are shown nothing."""
FAMILIES: Mapping[str, Family] = {
    "Qwen2_5_VLForConditionalGeneration": Family(
        SECONDS, Numbers(14, CLIP_MEAN, CLIP_STD, 2, 2, 128 * 28 * 28, 768 * 28 * 28), _QWEN_VIDEO,
        {"<|video_pad|>": 2}, _qwen2_5,
    ),
    "Qwen3VLForConditionalGeneration": _QWEN3,
    "Qwen3VLMoeForConditionalGeneration": _QWEN3,
    "Qwen3_5ForConditionalGeneration": _QWEN3,
    "Glm4vForConditionalGeneration": Family(WHOLE_SECONDS, _GLM, ("<|video|>",), {"<|image|>": 2}, _glm4),
    "Glm46VForConditionalGeneration": Family(SECONDS, _GLM, ("<|video|>",), {"<|image|>": 2}, _glm4_6),
    "VideoLlama3ForConditionalGeneration": Family(
        SECONDS, Numbers(14, HALF, HALF, 2, 1, 128 * 28 * 28, 768 * 28 * 28), ("<|video_pad|>",),
        {"<|video_pad|>": 2}, _video_llama_3,
    ),
    "Molmo2ForConditionalGeneration": Family(
        SECONDS, Numbers(14, HALF, HALF, 3, side=378), ("<|video|>",), dict.fromkeys(_MOLMO_TOKENS, 1), _molmo2
    ),
    "SmolVLMForConditionalGeneration": Family(
        CLOCK, Numbers(14, HALF, HALF, side=364, tokens=81), ("<video>",), {"<image>": 1}, _smolvlm
    ),
}  # fmt: skip
"""By the class that a model's `config.json` names."""
