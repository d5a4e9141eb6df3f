"""Detectors: Grounding DINO of toy size beside the library's own way through it, and how detectors come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from typer.testing import CliRunner

from momentidx.caption.transformers import grounding_dino
from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.hooks import choose
from typer_app import app

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = (
    ".",
    "dog",
    "red",
    "car",
    "##pet",
    *"abcdefghijklmnopqrstuvwxyz",
    *(f"##{a}" for a in "abcdefghijklmnopqrstuvwxyz"),
)
ASKED = ("dog", "red car", "carpet")


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (72, 120, 3), np.uint8)  # as large as the model wants it


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Grounding DINO with random weights, in the layout of a download from the hub."""
    folder = tmp_path_factory.mktemp("models") / "dino"
    torch.manual_seed(0)
    swin = transformers.SwinConfig(
        image_size=64, embed_dim=8, depths=[1] * 4, num_heads=[1, 1, 2, 2], window_size=4, out_indices=[2, 3, 4]
    )
    bert = transformers.BertConfig(
        vocab_size=len(SPECIAL) + len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64,
    )  # fmt: skip
    model = transformers.GroundingDinoForObjectDetection(
        transformers.GroundingDinoConfig(
            backbone_config=swin.to_dict(), text_config=bert.to_dict(), d_model=32, encoder_layers=1, decoder_layers=2,
            encoder_ffn_dim=16, decoder_ffn_dim=16, encoder_attention_heads=2, decoder_attention_heads=2,
            num_queries=12, max_text_len=64,
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate((*SPECIAL, *WORDS))}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = transformers.BertTokenizer(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    size = {"shortest_edge": 72, "longest_edge": 120}
    eyes = transformers.GroundingDinoImageProcessorPil(size=size, do_pad=False)
    transformers.GroundingDinoProcessor(eyes, tokenizer).save_pretrained(folder)
    return folder


def made(folder: Path) -> Any:
    return choose("detectors", "grounding-dino").make(Settings(detector_model=str(folder)))


@pytest.mark.slow
def test_grounding_dino_finds_what_the_library_s_own_processor_finds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounding_dino, "LEAST", 0.0)
    monkeypatch.setattr(grounding_dino, "SAME", 1.0)
    processor: Any = transformers.GroundingDinoProcessor.from_pretrained(folder)
    network = transformers.AutoModelForZeroShotObjectDetection.from_pretrained(folder).eval()
    images = [Image.fromarray(picture(seed)) for seed in range(5)]
    inputs = processor(images=images, text=["dog. red car. carpet."] * 5, return_tensors="pt")
    with torch.inference_mode():
        seen = network(**inputs)
    theirs = processor.post_process_grounded_object_detection(
        seen, inputs.input_ids, threshold=0.0, text_threshold=2.0, target_sizes=[(1, 1)] * 5
    )
    ours = made(folder).find([picture(seed) for seed in range(5)], ASKED)
    # Theirs counts full stops and ends as words, too, so scores are compared with the network's own.
    dog, red, car, car_, pet = seen.logits.sigmoid()[..., [1, 3, 4, 6, 7]].unbind(dim=-1)
    words = torch.stack((dog, torch.maximum(red, car), torch.maximum(car_, pet)), dim=-1).max(dim=-1)
    for number, our in enumerate(ours):
        expected = torch.cat((theirs[number]["boxes"].clamp(0, 1), words.values[number, :, None]), dim=1)
        for each in our:
            told = torch.tensor([each.left, each.top, each.right, each.bottom, each.score])
            apart = (expected - told).abs().amax(dim=1)
            assert apart.min() < 1e-4
            assert each.label == ASKED[int(words.indices[number, int(apart.argmin())])]


@pytest.mark.slow
def test_a_word_s_score_is_that_of_its_own_tokens(folder: Path) -> None:
    detector = made(folder)
    text = detector._tokenizer("dog. red car. carpet.", return_offsets_mapping=True)
    tokens = grounding_dino._tokens(ASKED, text["offset_mapping"])
    assert [[detector._tokenizer.convert_ids_to_tokens(text["input_ids"][at]) for at in some] for some in tokens] == [
        ["dog"], ["red", "car"], ["car", "##pet"],
    ]  # fmt: skip


@pytest.mark.slow
def test_a_picture_alone_and_among_others_is_seen_the_same_and_memory_that_ends_halves_the_batch(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounding_dino, "LEAST", 0.0)
    detector = made(folder)
    alone = [detector.find([picture(seed)], ASKED)[0] for seed in range(3)]
    looked = detector._looked

    def full(pictures: Any, text: Any) -> Any:
        if len(pictures) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return looked(pictures, text)

    monkeypatch.setattr(detector, "_looked", full)
    assert detector.find([picture(seed) for seed in range(3)], ASKED) == alone


@pytest.mark.slow
def test_too_many_words_are_refused(folder: Path) -> None:
    with pytest.raises(WrongUse, match="40 things are too many to look for: 82 tokens, 64 are the most"):
        made(folder).find([picture(0)], [f"{a}" for a in range(40)])


def test_a_grounding_dino_that_is_not_here_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(MomentidxError, match=r"Fetch it with 'hf download IDEA-Research/grounding-dino-tiny'"):
        choose("detectors", "grounding-dino").make(Settings())
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    with pytest.raises(MomentidxError, match="holds a LlamaForCausalLM, which is no Grounding DINO"):
        made(tmp_path)


def test_plugins_are_listed_with_the_detectors() -> None:
    shown = CliRunner().invoke(app, ["plugins"]).stdout
    assert [line.split()[0] for line in shown.split("Detectors\n")[1].splitlines()] == ["grounding-dino", "shotlog"]
