"""Published weights become our layout, whole and with their origin; what does not belong is refused by name."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from momentidx.commands.models import Recipe, models_app
from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.checkpoints import grounded_videollm, momentor, vtimellm
from momentidx.models.checkpoints.convert import READERS, convert
from momentidx.models.checkpoints.foreign import read
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.clip import ClipFrames
from momentidx.models.splice import SENTINEL
from tests.models.checkpoints import releases

IDS = torch.tensor([[1, SENTINEL, 3]])


class Harmful:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("echo harmed > harmed.txt",)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return tmp_path / "source"


def test_the_command_knows_every_reader() -> None:
    assert {recipe.value for recipe in Recipe} == set(READERS)


def test_vtimellm_is_folded_twice_and_carries_its_origin(source: Path, tmp_path: Path) -> None:
    base = releases.vtimellm(source)
    made = convert(source, "vtimellm", tmp_path / "made", None, releases.clip(tmp_path / "clip"))
    model = vtimellm.load(made)
    name = "model.layers.1.mlp.down_proj.weight"
    expected = base[name]
    for number in (2, 3):
        lora = torch.load(source / f"vtimellm-toy-stage{number}" / "adapter_model.bin", weights_only=True)
        key = f"base_model.model.{name.removesuffix('weight')}lora_{{}}.weight"
        expected = expected + 2 * lora[key.format("B")] @ lora[key.format("A")]
    torch.testing.assert_close(model.language.state_dict()[name], expected)
    assert model(model.splice(IDS, torch.randn(1, 4, 12))).logits.shape == (1, 6, len(releases.WORDS))
    assert made.tokenizer()("word1 word2").input_ids == [4, 5]
    assert ClipFrames.load("projected", made.encoder)(torch.zeros(1, 3, 28, 28)).shape == (1, 12)
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    files = {each["name"]: each["sha256"] for each in manifest["sources"]}
    adapter = (source / "vtimellm-toy-stage3" / "adapter_config.json").read_bytes()
    assert files["adapter_config.json"] == hashlib.sha256(adapter).hexdigest()
    assert manifest["recipe"] == "vtimellm"
    assert "CC BY-NC-ND" in manifest["licence"]
    assert sorted(manifest["files"]) == sorted(
        str(path.relative_to(tmp_path / "made")) for path in (tmp_path / "made").rglob("*")
        if path.is_file() and path.name != "manifest.json"
    )  # fmt: skip
    made.check()


def test_momentor_s_embedding_takes_its_place_and_its_tokenizer_learns(source: Path, tmp_path: Path) -> None:
    releases.momentor(source)
    made = convert(source, "momentor", tmp_path / "made", source / "base", None)
    model = momentor.load(made)
    trained = torch.load(source / "mm_projector.bin", weights_only=True)
    assert torch.equal(model.language.get_input_embeddings().weight, trained["model.embed_tokens.weight"])
    assert torch.equal(model.time.output, trained["model.temporal_output_embeddings.weight"])
    head = model.language.get_output_embeddings().weight
    torch.testing.assert_close(head[-1], head[: len(releases.WORDS)].mean(dim=0))
    ids = made.tokenizer()("<vid_start><vid_patch><vid_end> word1 <TEMP-INPUT> <TEMP-005>").input_ids
    first = model.ids
    assert ids == [first.start, first.patch, first.end, 4, first.input, first.first_anchor + 5]


def test_grounded_videollm_keeps_its_bias_and_its_shifted_numbers(source: Path, tmp_path: Path) -> None:
    base = releases.grounded(source)
    made = convert(source, "grounded_videollm", tmp_path / "made", source / "phi", source / "clip")
    model = grounded_videollm.load(made)
    inside = torch.load(source / "ckpt" / "sft_toy.pth", weights_only=True)["model"]["language_model"]
    assert torch.equal(model.language.get_output_embeddings().bias, inside["base_model.model.lm_head.bias"])
    name = "model.layers.0.self_attn.qkv_proj"
    a, b = (inside[f"base_model.model.{name}.lora_{half}.default.weight"] for half in "AB")
    torch.testing.assert_close(model.language.state_dict()[f"{name}.weight"], base[f"{name}.weight"] + 128 * b @ a)
    assert made.tokenizer()("<0> <300> <timestamp_grounding>").input_ids == [40, 340, 341]
    assert model.adapter.block_end.shape == (64,)
    assert set(made.video()) == {"cls_token"}
    assert ClipFrames.load("patches", made.encoder)(torch.zeros(1, 3, 28, 28)).shape == (1, 5, 16)


def test_a_file_that_holds_code_is_refused_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Harmful()}, tmp_path / "weights.bin")
    with pytest.raises(MomentidxError, match=r"weights\.bin holds more than tensors \(program code"):
        read(tmp_path / "weights.bin")
    assert not (tmp_path / "harmed.txt").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a whole weight file"),
        (b"PK\x03\x04 and then nothing", "is not a whole weight file"),
        (None, r"stage1/mm_projector.safetensors is missing"),
    ],
)
def test_a_broken_or_missing_file_is_named(source: Path, tmp_path: Path, content: bytes | None, sentence: str) -> None:
    releases.vtimellm(source)
    file = source / "vtimellm-toy-stage1" / "mm_projector.bin"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MomentidxError, match=sentence):
        convert(source, "vtimellm", tmp_path / "made", None, None)
    assert not (tmp_path / "made").exists()


def test_what_does_not_belong_is_named(source: Path, tmp_path: Path) -> None:
    releases.vtimellm(source)
    projector = source / "vtimellm-toy-stage1" / "mm_projector.bin"
    kept = torch.load(projector, weights_only=True)
    torch.save(kept | {"model.surprise": torch.zeros(1)}, projector)
    with pytest.raises(MomentidxError, match=r"mm_projector\.bin has tensors .*: model\.surprise"):
        convert(source, "vtimellm", tmp_path / "made", None, None)
    torch.save({"model.mm_projector.weight": kept["model.mm_projector.weight"]}, projector)
    with pytest.raises(MomentidxError, match=r"mm_projector\.bin lacks mm_projector\.bias"):
        convert(source, "vtimellm", tmp_path / "made", None, None)
    torch.save(kept, projector)
    weights = source / "vicuna-toy" / "pytorch_model.bin"
    torch.save(torch.load(weights, weights_only=True) | {"model.extra.weight": torch.zeros(1)}, weights)
    with pytest.raises(MomentidxError, match=r"model\.extra\.weight"):
        convert(source, "vtimellm", tmp_path / "made", None, None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"bias": "all"}, "cannot be folded: bias"),
        ({"modules_to_save": ["lm_head"]}, "cannot be folded: modules_to_save"),
        ({"peft_type": "IA3", "use_rslora": True}, "cannot be folded: peft_type, use_rslora"),
    ],
)
def test_an_adapter_that_is_more_than_low_rank_is_refused(
    source: Path, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    releases.vtimellm(source)
    settings = source / "vtimellm-toy-stage2" / "adapter_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | change))
    with pytest.raises(MomentidxError, match=sentence):
        convert(source, "vtimellm", tmp_path / "made", None, None)


def test_half_of_a_lora_pair_or_a_stranger_is_refused(source: Path, tmp_path: Path) -> None:
    releases.grounded(source)
    path = source / "ckpt" / "sft_toy.pth"
    content = torch.load(path, weights_only=True)
    del content["model"]["language_model"]["base_model.model.model.layers.0.mlp.down_proj.lora_A.default.weight"]
    torch.save(content, path)
    with pytest.raises(MomentidxError, match=r"no pair of LoRA matrices: model\.layers\.0\.mlp\.down_proj\.weight"):
        convert(source, "grounded_videollm", tmp_path / "made", source / "phi", None)
    torch.save({"model": content["model"] | {"optimizer": {}}}, path)
    with pytest.raises(MomentidxError, match="optimizer"):
        convert(source, "grounded_videollm", tmp_path / "made", source / "phi", None)


def test_what_is_ambiguous_or_missing_is_asked_for(source: Path, tmp_path: Path) -> None:
    releases.vtimellm(source)
    releases.language(source / "another")
    with pytest.raises(MomentidxError, match=r"found: another, vicuna-toy\)\. Say --base"):
        convert(source, "vtimellm", tmp_path / "made", None, None)
    with pytest.raises(MomentidxError, match="Say which language model it was trained on: --base"):
        convert(source / "vtimellm-toy-stage1", "momentor", tmp_path / "made", None, None)
    with pytest.raises(MomentidxError, match=r"should hold one ckpt/\*\.pth \(found: none\)"):
        convert(source, "grounded_videollm", tmp_path / "made", None, None)


def test_a_folder_is_not_overwritten_and_a_change_is_found_out(source: Path, tmp_path: Path) -> None:
    releases.vtimellm(source)
    made = convert(source, "vtimellm", tmp_path / "made", source / "vicuna-toy", None)
    with pytest.raises(WrongUse, match="exists already"):
        convert(source, "vtimellm", tmp_path / "made", source / "vicuna-toy", None)
    with pytest.raises(MomentidxError, match="is a vtimellm model, not momentor"):
        Converted.open(tmp_path / "made", "momentor")
    with pytest.raises(MomentidxError, match=r"has no CLIP\. Convert again with --clip"):
        _ = made.encoder
    (tmp_path / "made" / "parts.safetensors").write_bytes(b"other")
    with pytest.raises(MomentidxError, match=r"parts\.safetensors is missing or was changed"):
        made.check()
    with pytest.raises(MomentidxError, match="is no converted model"):
        Converted.open(source, "vtimellm")


def test_a_large_model_is_written_in_several_files(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("momentidx.models.checkpoints.layout.SHARD", 4000)
    base = releases.vtimellm(source)
    made = convert(source, "vtimellm", tmp_path / "made", source / "vicuna-toy", None)
    assert len(list((made.folder / "language").glob("model-*.safetensors"))) > 2
    assert torch.equal(made.language().state_dict()["lm_head.weight"], base["lm_head.weight"])


def test_the_command_says_what_it_wrote_and_under_which_licence(source: Path, tmp_path: Path) -> None:
    releases.vtimellm(source)
    done = CliRunner().invoke(models_app, ["convert", str(source), "--as", "vtimellm", "-o", str(tmp_path / "made")])
    assert done.exit_code == 0, done.output
    assert f"Wrote {tmp_path / 'made'}: vtimellm, version " in done.output
    assert "Licence: VTimeLLM: CC BY-NC-ND 4.0" in done.output
