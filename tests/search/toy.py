"""A multilingual sentence model at toy size, as it lies on the hub: every file, names and forms the same.

What it knows of languages is in its table of words: words that translate each other have the same row, so a sentence
and its translation have one vector.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from momentidx.models import store as stores

WIDTH, HIDDEN, POSITIONS = 384, 64, 160
WORDS = {
    "dog": ("hund", "犬"), "red": ("rote", "赤い"), "door": ("tür", "ドア"), "runs": ("rennt", "走る"),
    "woman": ("frau", "женщина"), "opens": ("öffnet", "открывает"), "a": ("ein", "eine"),
}  # fmt: skip
MARKS = ("<s>", "<pad>", "</s>", "<unk>")
LETTERS = "abcdefghijklmnopqrstuvwxyzäöü.,!?犬赤いドア走る東京の夜景🎬"


def make(folder: Path, layers: int = 2) -> Path:
    """Write the model into a folder."""
    from safetensors.numpy import save_file
    from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    words = ["▁" + word for each in WORDS.items() for word in (each[0], *each[1])]
    vocabulary = [(mark, 0.0) for mark in MARKS] + [("▁", -5.0)]
    vocabulary += [(word, -3.0) for word in words] + [(letter, -9.0) for letter in LETTERS] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in MARKS])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))

    draw = np.random.default_rng(0)
    tensors = {name: draw.normal(0, 0.05, shape).astype(np.float32) for name, shape in _shapes(len(vocabulary), layers)}
    tensors |= {name: 1 + tensor for name, tensor in tensors.items() if name.endswith("LayerNorm.weight")}
    table = tensors["embeddings.word_embeddings.weight"]
    table *= 20  # so that a sentence is what its words are
    number = {piece: place for place, (piece, _) in enumerate(vocabulary)}
    for word, others in WORDS.items():
        for other in others:
            table[number["▁" + other]] = table[number["▁" + word]]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})

    marks = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>"}
    files = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-12,
            "vocab_size": len(vocabulary),
            "hidden_size": WIDTH,
            "intermediate_size": HIDDEN,
            "num_attention_heads": 12,
            "num_hidden_layers": layers,
            "max_position_embeddings": POSITIONS,
            "type_vocab_size": 2,
            "pad_token_id": 0,
        },
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "sep_token": "</s>", **marks},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "sentence_bert_config.json": {"max_seq_length": 128, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True},
    }
    (folder / "1_Pooling").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def pin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be what the store knows as the model."""
    known = stores.MODELS[stores.MULTILINGUAL]
    contents = {file.name: (folder / file.name).read_bytes() for file in known.files}
    files = tuple(
        replace(file, size=len(contents[file.name]), sha256=hashlib.sha256(contents[file.name]).hexdigest())
        for file in known.files
    )
    monkeypatch.setattr(stores, "MODELS", {**stores.MODELS, known.name: replace(known, files=files)})


def _shapes(words: int, layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a published BERT's tensors."""
    yield "embeddings.position_ids", (1, POSITIONS)
    for name, rows in (("word", words), ("position", POSITIONS), ("token_type", 2)):
        yield f"embeddings.{name}_embeddings.weight", (rows, WIDTH)
    square, norm = (WIDTH, WIDTH), (WIDTH,)
    layer = {f"attention.self.{part}": square for part in ("query", "key", "value")}
    layer |= {"attention.output.dense": square, "intermediate.dense": (HIDDEN, WIDTH), "output.dense": (WIDTH, HIDDEN)}
    layer |= {"attention.output.LayerNorm": norm, "output.LayerNorm": norm}
    parts = {f"encoder.layer.{number}.{name}": shape for number in range(layers) for name, shape in layer.items()}
    for name, shape in {"embeddings.LayerNorm": norm, "pooler.dense": square, **parts}.items():
        yield f"{name}.weight", shape
        yield f"{name}.bias", shape[:1]
