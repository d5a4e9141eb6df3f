"""How fast a video chat model describes footage here, against the naive loop and against what the hardware allows.

    python benchmarks/gpu.py                               a toy model with random weights, on any machine
    python benchmarks/gpu.py --folder DIR --windows 32     a downloaded model
    python benchmarks/gpu.py --random 8b --folder DIR      writes a Qwen3-VL of 8 billion random weights first

Random weights at full size give true speed. The naive loop is one window at a time. Measured besides are short clips,
each a footage of its own, as many as windows, and the other ways to keep keys and values (`decoding`). The floors are
the time to read all weights once for each token (`--bandwidth`, GB a second) and twice the weights in
multiplications for each token of the prompt (`--tflops`); give them for your GPU.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from momentidx.caption.captioner import ChatCaptioner
from momentidx.caption.chat import Clip, Reply, Request, Sight, Task
from momentidx.caption.generating import Decoding
from momentidx.caption.transformers.chat import TransformersChat
from momentidx.caption.transformers.folder import opened
from momentidx.footage import Footage, VideoStream
from momentidx.media.frames import Frames, Signals, Sound
from momentidx.times import Span

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|video_pad|>")
TEMPLATE = (
    "{% for part in messages[0].content %}"
    "{% if part.type == 'video' %}<|video_pad|>{% else %}{{ part.text }}{% endif %}{% endfor %}"
)
SIZES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "toy": (
        {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 16},
        {"depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "out_hidden_size": 64,
         "num_position_embeddings": 256, "deepstack_visual_indexes": [0]},
    ),
    "8b": (
        {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36, "num_attention_heads": 32,
         "num_key_value_heads": 8, "head_dim": 128},
        {"depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16, "out_hidden_size": 4096,
         "num_position_embeddings": 2304, "deepstack_visual_indexes": [8, 16, 24]},
    ),
}  # fmt: skip


def write(folder: Path, size: str) -> None:
    """A Qwen3-VL with random weights, in the layout of a download."""
    alphabet = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *SPECIAL]
    tokens = {token: number for number, token in enumerate(alphabet)}
    text, vision = SIZES[size]
    head = text["head_dim"] // 2
    sections = [head - 2 * (head // 3), head // 3, head // 3]
    text = text | {"vocab_size": 151936 if size == "8b" else len(alphabet), "tie_word_embeddings": False}
    text |= {"rope_parameters": {"rope_type": "default", "mrope_section": sections, "rope_theta": 5e6}}
    config = transformers.Qwen3VLConfig(
        text_config=text, vision_config=vision, video_token_id=tokens["<|video_pad|>"],
        vision_start_token_id=tokens["<|vision_start|>"], vision_end_token_id=tokens["<|vision_end|>"],
    )  # fmt: skip
    torch.set_default_dtype(torch.bfloat16 if size == "8b" else torch.float32)
    model = transformers.Qwen3VLForConditionalGeneration(config)
    torch.set_default_dtype(torch.float32)
    end, pad = tokens["<|im_end|>"], tokens[SPECIAL[0]]
    model.generation_config = transformers.GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=end, pad_token_id=pad
    )
    model.save_pretrained(folder)
    made = Tokenizer(models.BPE(tokens, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    transformers.PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made, eos_token="<|im_end|>", pad_token=SPECIAL[0], chat_template=TEMPLATE
    ).save_pretrained(folder)
    (folder / "video_preprocessor_config.json").write_text(json.dumps({"patch_size": 16}))


def requests(count: int, sight: Sight, tokens: int) -> list[Request]:
    chance = np.random.default_rng(0)
    images = chance.integers(0, 255, (sight.pictures, sight.width * 9 // 16, sight.width, 3), dtype=np.uint8)
    clip = Clip(images, tuple(float(number) for number in range(sight.pictures)), float(sight.pictures))
    return [Request(clip, Task.DESCRIBE, "", f"What happens? {number}", tokens) for number in range(count)]


def timed(chat: TransformersChat, asked: Sequence[Request]) -> float:
    return seconds(chat, asked[0].tokens, lambda: list(chat.replies(iter(asked))))


def seconds(chat: TransformersChat, tokens: int, act: Callable[[], Sequence[object]]) -> float:
    """How long it takes while every answer has so many tokens. Raises what comes in the place of an answer."""
    chat.network.ready()
    chat.network.model.generation_config.min_new_tokens = tokens
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    for result in act():
        if isinstance(result, Exception) and getattr(result, "code", "") != "answers-unread":  # of random weights
            raise result
    return time.perf_counter() - start


class Drawn:
    """The pictures of a short clip: noise, of one shot."""

    def __init__(self, number: int, sight: Sight) -> None:
        self._pictures = np.random.default_rng(number).integers(
            0, 255, (sight.pictures, sight.width * 9 // 16, sight.width, 3), dtype=np.uint8
        )
        span = Span(0, sight.pictures, Fraction(1))
        video = VideoStream(0, "raw", sight.width, sight.width * 9 // 16, "rgb24", 8)
        self.footage = Footage(str(number), "drawn", span, Fraction(1), video)
        self.shots = (span,)
        nothing = np.zeros(sight.pictures, np.float32)
        self.signals = Signals(np.arange(sight.pictures), nothing, nothing, nothing)

    def watch(self, *, per_second: Fraction | int, width: int) -> Iterator[Frames]:  # noqa: ARG002
        yield from ()

    def at(self, pts: Sequence[int], *, width: int) -> Frames:  # noqa: ARG002
        return Frames(np.asarray(pts), self._pictures[list(pts)])

    def sound(self, *, rate: int) -> Iterator[Sound]:  # noqa: ARG002
        yield from ()


class Limited:
    """A chat whose answers have so many tokens."""

    def __init__(self, chat: TransformersChat, tokens: int) -> None:
        self._chat, self._tokens = chat, tokens
        self.version, self.sight, self.step = chat.version, chat.sight, chat.step

    def replies(self, asked: Iterable[Request]) -> Iterator[Reply | Exception]:
        return self._chat.replies(replace(request, tokens=self._tokens) for request in asked)


def clips(chat: TransformersChat, count: int, tokens: int) -> float:
    """Seconds to describe so many clips of one window."""
    captioner = ChatCaptioner("benchmark", Limited(chat, tokens))
    drawn = [Drawn(number, chat.sight) for number in range(count)]
    return seconds(chat, tokens, lambda: list(captioner.describe_all((each.footage, each) for each in drawn)))


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--random", choices=SIZES)
    asked.add_argument("--windows", type=int, default=8)
    asked.add_argument("--batch", type=int, default=8)
    asked.add_argument("--pictures", type=int, default=16)
    asked.add_argument("--width", type=int, default=192)
    asked.add_argument("--tokens", type=int, default=64)
    asked.add_argument("--bandwidth", type=float, default=0.0)
    asked.add_argument("--tflops", type=float, default=0.0)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "toy"
        if options.random or not options.folder:
            write(folder, options.random or "toy")
        measure(folder, options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    model = opened(folder)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    sight = Sight(options.pictures, width=options.width)
    naive = TransformersChat(model, sight, device, 1)
    naive.network.ready()

    def like(naive: TransformersChat, decoding: Decoding) -> TransformersChat:
        """In batches, with the same weights."""
        made = TransformersChat(model, sight, device, options.batch, decoding)
        made.network.model, made.network.tokenizer = naive.network.model, naive.network.tokenizer
        made.network.template = naive.network.template
        return made

    batched = like(naive, "dynamic")
    many, tokens = options.windows, options.tokens
    timed(batched, requests(options.batch, sight, 2))  # the first run pays for buffers and kernels
    first = timed(batched, requests(many, sight, 1))
    whole = timed(batched, requests(many, sight, tokens))
    alone = timed(naive, requests(many, sight, tokens))
    shown = model.family.show(requests(1, sight, 1)[0].clip, model.numbers())
    prompt = len(naive.network.tokenizer(shown.text, add_special_tokens=False)["input_ids"])
    weights = sum(parameter.numel() for parameter in naive.network.model.parameters())
    said = many * (tokens - 1) / max(1e-9, whole - first)
    print(f"{folder.name} ({model.architecture}, {weights / 1e9:.3f} billion weights) on {device}")
    print(f"windows {many}, {options.pictures} pictures and {prompt} tokens each; batch {options.batch}; {tokens} said")
    show("pictures a second (cut up, encoded, prompt read)", many * options.pictures / first)
    show("prompt tokens a second", many * prompt / first)
    show("tokens said a second", said)
    show("windows a minute", many * 60 / whole)
    show("naive loop: windows a minute", many * 60 / alone)
    show("times faster than the naive loop", alone / whole, "goal on a GPU: 4")
    show("short clips a minute, in batches across files", many * 60 / (across := clips(batched, many, tokens)))
    show("times faster than one clip after the other", clips(naive, many, tokens) / across)
    others: list[Decoding] = ["static", "compiled"] if device.type == "cuda" else ["static"]
    for decoding in others:
        other = like(naive, decoding)
        timed(other, requests(options.batch, sight, tokens))  # compiles, where it does
        show(f"{decoding}: times faster than dynamic", whole / timed(other, requests(many, sight, tokens)))
    if options.bandwidth:
        floor = options.bandwidth * 1e9 / (2 * weights) * options.batch
        show("share of the bandwidth's floor, saying", said / floor, "goal: 0.60")
    if options.tflops:
        show(
            "share of the rate of multiplication, reading", many * prompt / first * 2 * weights / options.tflops / 1e12
        )
    if device.type == "cuda":
        show("peak memory, GB", torch.cuda.max_memory_allocated() / 1e9)
    else:
        print("No GPU: this shows that the program runs, not how fast a GPU is.")


def show(what: str, value: float, note: str = "") -> None:
    print(f"{what:<50}{value:10.2f}   {note}".rstrip())


if __name__ == "__main__":
    main()
