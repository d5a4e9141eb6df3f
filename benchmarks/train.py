"""How fast a recipe learns: samples and tokens a second, the share of the machine's matrix rate, and what waits.

    python benchmarks/train.py [--width 256] [--layers 4] [--steps 8] [--batch 8]

A Llama of the size that is asked for, with random weights, learns from vectors with every VTimeLLM and Momentor recipe
(the encoders have done their work by then). The matrix rate is measured in the same run, so the share holds on a busy
machine too. Operations are counted as in arXiv 2204.02311, appendix B: 2 for each weight and token forward; going back
the same for the inputs, and once more for weights that learn.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from momentidx.models.language import build
from momentidx.training.loop import Watching, prepared, train
from momentidx.training.machine import Machine
from momentidx.training.reading import Read
from momentidx.training.recipe import Recipe
from momentidx.training.recipes import RECIPES
from momentidx.training.samples import Sample, Turn, Vectors

SECONDS = 60.0
CLIP_WIDTHS = {"vtimellm": 768, "momentor": 1024}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=8)
    told = parser.parse_args()
    cuda = torch.cuda.is_available()
    machine = Machine(micro=told.batch, every=10**9, precision="bf16" if cuda else "no")
    print(f"matrix rate {matrix_rate(cuda, told.width) / 1e9:,.1f} GFLOP/s")
    print("| recipe | samples/s | tokens/s | matrix rate used | waiting for data |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        language(folder / "base" / "language", told.width, told.layers)
        for name, recipe in RECIPES.items():
            if (width := CLIP_WIDTHS.get(recipe.method.network)) is not None:
                one = replace(recipe, batch=told.batch, steps=told.steps)
                print(
                    row(
                        name,
                        one,
                        folder,
                        samples(folder, width, 2 * told.batch),
                        machine,
                        matrix_rate(cuda, told.width),
                    )
                )


def row(name: str, recipe: Recipe, folder: Path, data: list[Sample], machine: Machine, rate: float) -> str:
    """One line: the first two steps are not counted, which warm up."""
    times: list[float] = []
    waited = Waiting()
    Read.__getitem__ = waited.around(Read.__getitem__)  # type: ignore[method-assign]
    train(
        recipe, folder / "base", data, folder / name, machine=machine,
        watching=Watching(stepped=lambda _: times.append(time.perf_counter())),
    )  # fmt: skip
    Read.__getitem__ = waited.inner  # type: ignore[method-assign]
    begun = prepared(recipe, folder / "base")
    method: Any = recipe.method
    bare = recipe.dialogue == "caption"
    text = [len(method.write(sample, begun.tokenizer, bare=bare).ids) for sample in data]
    seen = (method.frames - 1) if method.network == "vtimellm" else 0  # Momentor's are among its tokens
    tokens = recipe.batch * (sum(text) / len(text) + seen)
    weights = [one for key, one in begun.network.named_parameters() if one.ndim == 2 and "embed_tokens" not in key]
    passed = sum(one.numel() for one in weights)
    learned = sum(one.numel() for one in weights if one.requires_grad)
    step = (times[-1] - times[1]) / (len(times) - 2)
    share = tokens * 2 * (2 * passed + learned) / step / rate
    waiting = waited.seconds / len(times) / step
    return f"| {name} | {recipe.batch / step:.1f} | {tokens / step:,.0f} | {share:.0%} | {waiting:.1%} |"


class Waiting:
    """How long reading samples takes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.inner: Any = None

    def around(self, inner: Any) -> Any:
        self.inner = inner

        def timed(*given: Any) -> Any:
            before = time.perf_counter()
            try:
                return inner(*given)
            finally:
                self.seconds += time.perf_counter() - before

        return timed


def matrix_rate(cuda: bool, width: int) -> float:
    """Operations a second of a product of the size that the network multiplies, the best of some."""
    x, w = torch.randn(2048, width), torch.randn(width, 4 * width)
    if cuda:
        x, w = x.to("cuda", torch.bfloat16), w.to("cuda", torch.bfloat16)
    best = float("inf")
    for _ in range(20):
        before = time.perf_counter()
        for _ in range(5):
            x @ w
        if cuda:
            torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - before) / 5)
    return 2 * 2048 * width * 4 * width / best


def samples(folder: Path, width: int, count: int) -> list[Sample]:
    """Vectors for 100 pictures, or for 300 anchors, and three turns."""
    frames = {768: 100, 1024: 300}[width]
    return list(_samples(folder, width, frames, count))


def _samples(folder: Path, width: int, frames: int, count: int) -> Iterator[Sample]:
    random = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{width}-{number}.npy"
        np.save(path, random.normal(size=(frames, width)).astype(np.float16))
        turn = Turn(("When does it turn bright?",), ("From ", 10.0, " to ", 20.0 + number % 30, "."))
        yield Sample(path.stem, Vectors(path), SECONDS, (turn,) * 3)


def language(folder: Path, width: int, layers: int) -> None:
    """Random weights and a tokenizer of bytes."""
    alphabet = ["<unk>", "<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    build({
        "model_type": "llama", "vocab_size": len(alphabet), "hidden_size": width, "intermediate_size": 3 * width,
        "num_hidden_layers": layers, "num_attention_heads": max(width // 64, 1), "bos_token_id": 1, "eos_token_id": 2,
        "num_key_value_heads": max(width // 64, 1), "tie_word_embeddings": False,
    }).save_pretrained(folder)  # fmt: skip
    made = Tokenizer(models.BPE({token: place for place, token in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.add_special_tokens(alphabet[:3])
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    kind: Any = PreTrainedTokenizerFast
    kind(tokenizer_object=made, **special).save_pretrained(folder)


if __name__ == "__main__":
    main()
