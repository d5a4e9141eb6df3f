"""How VTimeLLM's cases are checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from momentidx.models.checkpoints import vtimellm as checkpoint
from momentidx.models.checkpoints.convert import convert
from momentidx.models.checkpoints.lora import merged_adapter
from momentidx.models.codecs.percent_text import PercentText, Said, merged, read_dense, seconds_of
from momentidx.models.language import build, with_lora
from momentidx.models.preprocess import ClipTensor
from momentidx.models.sampling import linspace_inclusive
from momentidx.models.sentencepieces import llama_tokenizer
from momentidx.models.splice import IGNORED, SENTINEL
from momentidx.models.templates import VICUNA_V1, answer_labels, plain, plain_labels, tokens
from momentidx.models.vtimellm import VTimeLLM
from tests.golden.cases import Case, checks
from tests.golden.overlap import figures, overlap
from tests.golden.pictures import like_stored


@checks("vt_frame_index")
def frame_index(case: Case) -> None:
    """100 frames: their numbers, whole files and spans."""
    for row in case["table"]:
        sample = linspace_inclusive(row["n_frames"], row["fps"], case["num_frames"], row["split"], "official")
        assert list(sample.indices) == row["indices"], row


@checks("vt_time_codec")
def time_codec(case: Case) -> None:
    """Times as two digits, and annotated texts filled with them."""
    codec = PercentText("official")
    assert [codec.encode(row["t"], row["duration"]) for row in case["encode"]] == [
        row["text"] for row in case["encode"]
    ]
    example = case["conversation_example"]
    meta = example["item"]["meta"]
    converted = [
        turn | {"value": codec.filled(turn["value"].replace("<image>", "<video>"), meta["token"], meta["duration"])}
        for turn in example["item"]["conversations"]
    ]
    assert converted == example["converted"]
    for row in case["decode_grounding"]["examples"]:
        assert seconds_of(row["k"], row["duration"]) == pytest.approx(row["seconds"], abs=1e-9)


@checks("vt_grounding_parse")
def grounding_parse(case: Case) -> None:
    """Grounding answers: the pair read, its overlap, the figures over all."""
    codec, official = PercentText("official"), []
    for row in case["table"]:
        span = codec.pair(row["answer"])
        assert (list(span) if span else None) == row["span_percent"], row
        official.append(round(overlap(span, row["gt_fraction"]), 2) if span else 0.0)
        assert official[-1] == row["iou_official"], row
        if "ours" in row:
            assert overlap(span, row["gt_fraction"]) == pytest.approx(row["ours"]["iou_unrounded"], abs=1e-9)
            told = row["ours"]["seconds_at_duration"]
            seconds = [seconds_of(step, told["duration"]) for step in span or ()]
            assert seconds == pytest.approx(told["span"], abs=1e-9)
    assert figures(official) == pytest.approx(case["aggregate_official"], abs=case["tolerance"]["metrics_atol"])


@checks("vt_dvc_parse")
def dense_parse(case: Case) -> None:
    """Dense-caption answers: events, seconds, neighbours that are merged."""
    for row in case["table"]:
        said, _ = read_dense(row["answer"], "official")
        events = row["events_official"]
        assert [event.sentence for event in said] == [event["sentence"] for event in events], row
        for event, expected in zip(said, events, strict=True):
            atol = case["tolerance"]["seconds_atol"]
            assert event.seconds(row["duration"]) == pytest.approx(expected["timestamp"], abs=atol), row
    for row in case["merge_table"]:
        said = merged([Said(event["sentence"], *event["timestamp"]) for event in row["in"]])
        told = [{"sentence": event.sentence, "timestamp": [event.start, event.end]} for event in said]
        assert told == row["out_official"], row


@checks("vt_templates")
def templates(case: Case) -> None:
    """Conversations written out, and their token numbers."""
    for row in case["v1"]:
        assert VICUNA_V1.render([tuple(turn) for turn in row["turns"]]) == row["rendered"]
    model = case.path.parent / case["tokenizer_for_ids"].split(" ")[0]
    encode = encoder(model)
    for row in case["plain_stage1"]:
        assert plain(row["caption"]) == row["rendered"]
        assert tokens(encode, row["rendered"]) == row["input_ids"]
        assert plain_labels(encode, row["caption"]) == row["labels"]
    for legacy in (True, False):
        encode = encoder(model, legacy)
        for row in case["tokenizer_image_token"]:
            assert tokens(encode, row["text"]) == row[f"ids_legacy_{str(legacy).lower()}"], row["text"]


@checks("vt_preproc")
def preprocessing(case: Case) -> None:
    """Pictures for CLIP, with and without antialias."""
    for number in range(len(case["frames"])):
        picture = case.tensors[f"frame{number}.rgb"].numpy()
        for antialias, name in ((True, "antialias_on"), (False, "antialias_off")):
            seen = ClipTensor(case["toy_config"]["size"], antialias)([picture])[0]

            like_stored(case, f"frame{number}.{name}", seen)
            half = case.tensors.get(f"frame{number}.{name}_fp16.grid")
            if half is not None:
                torch.testing.assert_close(seen[:, ::3, ::3].half(), half, atol=4e-3, rtol=0.0)


@checks("vt_splice")
def splicing(case: Case) -> None:
    """Features among text: embeddings, labels, logits and loss, alone and in a batch."""
    weights = case.path.parent / case["weights_file"].split(" ")[0]
    model = network(case["toy_config"], Case(weights, {"tensor_file": weights.name}))
    told, file = case["conversations"], case.path.parent / case["tokenizer"]["file"]
    features = list(case.tensors["features"].float())
    for name in set(told) - {"batch"}:
        turns = [tuple(turn) for turn in told[name]["turns"]]
        for legacy, ending in ((True, ""), (False, "_legacy_false")):
            encode = encoder(file, legacy)
            ids = tokens(encode, VICUNA_V1.render(turns))
            assert [ids] == case.tensors[f"{name}.input_ids{ending}"].tolist()
            assert [answer_labels(encode, VICUNA_V1, turns, "official")] == case.tensors[
                f"{name}.labels{ending}"
            ].tolist()
        ids, labels = case.tensors[f"{name}.input_ids"], case.tensors[f"{name}.labels"]
        assert ids[0].tolist().index(SENTINEL) == told[name]["insert_at"]
        number = int(told[name]["feature"].removeprefix("features[").removesuffix("]"))
        batch = model.splice(ids, [features[number]], labels=labels)
        assert torch.equal(batch.labels, case.tensors[f"{name}.spliced_labels"])
        case.near(batch.embeds, case.tensors[f"{name}.inputs_embeds"])
        output = model(batch)
        case.near(output.logits, case.tensors[f"{name}.logits"])
        assert output.loss.item() == pytest.approx(told[name]["loss"], abs=case["tolerance"]["loss_atol"])
    _batch(case, model, features)


def _batch(case: Case, model: VTimeLLM, features: list[Tensor]) -> None:
    told = case["conversations"]["batch"]
    encode = encoder(case.path.parent / case["tokenizer"]["file"])
    rows = [[tuple(turn) for turn in turns] for turns in told["rows"]]
    ids = padded([tokens(encode, VICUNA_V1.render(turns)) for turns in rows], case["toy_config"]["pad_token_id"])
    labels = padded([answer_labels(encode, VICUNA_V1, turns, "official") for turns in rows], IGNORED)
    mask = padded([[1] * len(tokens(encode, VICUNA_V1.render(turns))) for turns in rows], 0)
    for name, made in (("input_ids", ids), ("labels", labels), ("attention_mask", mask)):
        assert torch.equal(made, case.tensors[f"batch.{name}"]), name
    batch = model.splice(ids, features, mask, labels)
    assert torch.equal(batch.mask, case.tensors["batch.spliced_mask"])
    assert torch.equal(batch.labels, case.tensors["batch.spliced_labels"])
    case.near(batch.embeds, case.tensors["batch.inputs_embeds"])
    output = model(batch)
    seen = batch.mask[:, ::4].bool()
    case.near(output.logits[:, ::4][seen], case.tensors["batch.logits_every4"][seen])
    assert output.loss.item() == pytest.approx(told["loss"], abs=case["tolerance"]["loss_atol"])
    short = model.splice(ids, features, mask, labels, told["truncate_to"])
    assert torch.equal(short.mask, case.tensors["batch_trunc.spliced_mask"])
    assert torch.equal(short.labels, case.tensors["batch_trunc.spliced_labels"])
    case.near(short.embeds.sum(dim=-1), case.tensors["batch_trunc.inputs_embeds_sum"])


@checks("vt_lora_merge")
def lora_merge(case: Case, scratch: Path) -> None:
    """A release converted: both adapters folded, logits after each; in half precision."""
    release = {part: case.path.parent / place for part, place in case["release_folder"].items() if part != "note"}
    ids, features = case.tensors["input_ids"], case.tensors["features"].float()
    base = network(case["toy_config"], case)
    case.near(base(base.splice(ids, features)).logits, case.tensors["logits.base"])
    weights = case.part("base.")
    for stage in ("stage2", "stage3"):
        _unmerged(case, stage, weights)
        weights = merged_adapter(weights, release[stage])
        for name, expected in case.part(f"merged_after_{stage}.").items():
            case.near(weights[name], expected, "merged_weight_atol")
        base.language.load_state_dict(weights)
        case.near(base(base.splice(ids, features)).logits, case.tensors[f"logits.{stage}"])
    made = convert(release["base"].parent, "vtimellm", scratch / "converted", None, None)
    made.check()
    model = checkpoint.load(made)
    case.near(model(model.splice(ids, features)).logits, case.tensors["logits.stage3"])
    half = model.half()
    case.near(half(half.splice(ids, features.half())).logits, case.tensors["logits.stage3_fp16"], "fp16_atol")
    assert made.tokenizer()("USER: hello").input_ids == encoder(release["base"] / "tokenizer.model")("USER: hello")


def _unmerged(case: Case, stage: str, weights: dict[str, Tensor]) -> None:
    """The same adapter beside the weights instead of in them, in the current PEFT."""
    model = network(case["toy_config"], case)
    model.language.load_state_dict(weights)
    told = case["lora"]
    beside = with_lora(model.language, told["r"], told["lora_alpha"], told["target_modules"], dropout=0.0)
    named = {name.replace(".weight", ".default.weight"): x for name, x in case.part(f"{stage}.").items()}
    unexpected = beside.load_state_dict(named, strict=False).unexpected_keys
    assert not unexpected
    ids, features = case.tensors["input_ids"], case.tensors["features"].float()
    case.near(model(model.splice(ids, features)).logits, case.tensors[f"logits.{stage}_unmerged"])


def network(sizes: dict[str, Any], case: Case) -> VTimeLLM:
    """At the case's sizes, with its weights."""
    others = ("mm_feature_dim", "num_frames", "attention")
    config = {name: value for name, value in sizes.items() if name not in others}
    model = VTimeLLM(build({"model_type": "llama"} | config), sizes["mm_feature_dim"])
    model.language.load_state_dict(case.part("base."))
    model.projector.load_state_dict(case.part("projector.model.mm_projector."))
    return model.eval()


def encoder(model: Path, legacy: bool = True) -> Callable[[str], list[int]]:
    tokenizer = llama_tokenizer(model, legacy)
    return lambda text: tokenizer(text if legacy or not text else "▁" + text).input_ids


def padded(rows: list[list[int]], filling: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor(np.array([row + [filling] * (longest - len(row)) for row in rows]))
