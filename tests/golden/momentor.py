"""How Momentor's cases are checked."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from momentidx.models.codecs.anchors import PATCH, Anchors
from momentidx.models.language import build
from momentidx.models.momentor import Ids, Momentor, between, propagated, soft_loss
from momentidx.models.momentor_records import turns as turns_of
from momentidx.models.preprocess import ClipPillow
from momentidx.models.sampling import uniform_seconds
from momentidx.models.templates import MOMENTOR
from tests.golden.cases import Case, checks
from tests.golden.pictures import like_stored


@checks("mo_frame_index")
def frame_index(case: Case) -> None:
    """Evenly spaced seconds and their frames."""
    for row in case["table"]:
        sample = uniform_seconds(row["n_frames"], row["fps"], row["num_samples"])
        assert list(sample.indices) == row["indices"], row
        assert [sample.seconds[1], sample.seconds[-1]] == row["last_seconds"]
        assert sample.duration == row["duration"]


@checks("mo_ntp")
def propagation(case: Case) -> None:
    """Neighbouring token propagation: values and gradients."""
    for name in sorted({tensor.split(".")[0] for tensor in case.tensors}):
        table = case.tensors[f"{name}.weight"].requires_grad_()
        case.near(propagated(table), case.tensors[f"{name}.value"], "value_atol")
        (gradient,) = torch.autograd.grad((propagated(table) * case.tensors[f"{name}.upstream_grad"]).sum(), table)
        case.near(gradient, case.tensors[f"{name}.grad"], "grad_atol", "grad_rtol")
        for row, expected in zip(case[f"{name}_upstream_rows"], case.tensors[f"{name}.grad_coeff"], strict=True):
            (gradient,) = torch.autograd.grad(propagated(table)[row].sum(), table)
            case.near(gradient, expected[:, None].expand_as(gradient), "grad_atol", "grad_rtol")


@checks("mo_position_")
def position(case: Case) -> None:
    """Times between anchors: place, embedding, shared mass."""
    anchors = Anchors(case["toy_config"]["num_anchors"], "official")
    fixed = Anchors(anchors.count)
    fractions = [row["t"] / row["duration"] for row in case["table"]]
    for number, (row, fraction) in enumerate(zip(case["table"], fractions, strict=True)):
        place = anchors.place(fraction)
        assert (fraction, place.floor, place.ceil) == (row["position"], row["floor"], row["ceil"]), row
        assert place.ratio == pytest.approx(row["ratio"], abs=case["tolerance"]["ratio_atol"])
        assert (place.floor == place.ceil) == row["integer_position"]
        for codec, name in ((anchors, "soft_label_official_rule"), (fixed, "soft_label_fixed")):
            masses = torch.zeros(codec.count)
            for anchor, mass in codec.soft(fraction):
                masses[anchor] = mass
            case.near(masses, case.tensors[name][number], "embedding_atol")
    case.near(between(case.tensors["table_weights"], fractions, anchors), case.tensors["embeddings"], "embedding_atol")


@checks("mo_positions")
def positions(case: Case) -> None:
    """Records as turns with placeholders and places."""
    for row in case["table"]:
        patches = row["turns_official"][0]["User"].count(PATCH)
        made = turns_of(row["item"], row["duration"], patches, "official")
        assert [{"User": user, "Assistant": assistant} for user, assistant in made.turns] == row["turns_official"]
        atol = case["tolerance"]["positions_atol"]
        assert list(made.inputs) == pytest.approx(row["temporal_input_locations"], abs=atol)
        assert list(made.outputs) == pytest.approx(row["temporal_output_locations"], abs=atol)


@checks("mo_preproc")
def preprocessing(case: Case) -> None:
    """Pictures for CLIP through Pillow."""
    told = case["toy_config"]
    prepare = ClipPillow(told["size"]["shortest_edge"], told["image_mean"], told["image_std"], floors=True)
    for number in range(len(case["frames"])):
        like_stored(case, f"frame{number}", prepare([case.tensors[f"frame{number}.rgb"].numpy()])[0])


SYSTEM = "MOMENTIDX_MOMENTOR_SYSTEM"
"""Names a file with the authors' system text: it has no licence, so that it is not in the repository."""


@checks("mo_template_hash")
def template(case: Case) -> None:
    """Conversations written out (by hash)."""
    rows = [(row, [tuple(turn) for turn in row["turns"]]) for row in case["table"]]
    longer = {row["length_chars"] - len(MOMENTOR.render(turns)) for row, turns in rows}
    assert len(longer) == 1, "all but the system text is as long as the published code's"
    if SYSTEM not in os.environ:
        pytest.skip(f"the case has only hashes of a text that may not be copied; {SYSTEM} may name a file with it")
    theirs = replace(MOMENTOR, system=Path(os.environ[SYSTEM]).read_text(encoding="utf-8").strip() + " ")
    for row, turns in rows:
        assert hashlib.sha256(theirs.render(turns).encode()).hexdigest() == row["sha256"]


@checks("mo_forward")
def forward(case: Case) -> None:
    """Embeddings, logits, soft targets, loss and gradients."""
    model, fixed = network(case, "official"), network(case, "fixed")
    features = case.tensors["frame_features"].float()
    for name, told in case["runs"].items():
        if name == "batch":
            continue
        run = {key.removeprefix(f"{name}."): x for key, x in case.tensors.items() if key.startswith(f"{name}.")}
        outputs = [told["output_locations"]]
        embeds = model.embed(run["input_ids"], features[:1], [told["input_locations"]], outputs)
        logits = model(embeds)
        if "inputs_embeds" in run:
            case.near(embeds[0], run["inputs_embeds"])
        first = len(logits[0]) - len(run["logits"])  # long runs are stored from the last frame on
        case.near(logits[0, first:], run["logits"])
        for codec, ending in ((model, "official"), (fixed, "fixed")):
            loss = soft_loss(codec, logits, run["labels"], outputs).item()
            assert loss == pytest.approx(run[f"loss_{ending}"].item(), abs=case["tolerance"]["loss_atol"]), (
                name,
                ending,
            )
            if outputs[0]:
                case.near(codec.soft_rows(outputs[0]), run[f"soft_labels_{ending}"], "soft_label_atol")
    _batch(case, model, features)


def _batch(case: Case, model: Momentor, features: torch.Tensor) -> None:
    told = case["runs"]["batch"]
    run = {key.removeprefix("batch."): x for key, x in case.tensors.items() if key.startswith("batch.")}
    mask, outputs = run["attention_mask"], told["output_locations"]
    model.requires_grad_().zero_grad()
    logits = model(model.embed(run["input_ids"], features, told["input_locations"], outputs), mask)
    if "logits_all" in run:
        case.near(logits[mask.bool()], run["logits_all"][mask.bool()])
    loss = soft_loss(model, logits, run["labels"], outputs)
    assert loss.item() == pytest.approx(told["loss_official"], abs=case["tolerance"]["loss_atol"])
    loss.backward()
    embedding = model.language.get_input_embeddings().weight.grad
    gradients: dict[str, Any] = {
        "temporal_input_embeddings": model.time.input.grad,
        "temporal_output_embeddings": model.time.output.grad,
        "mm_projector.bias": model.projector.bias.grad,
        "mm_projector.weight_rowsum": model.projector.weight.grad.sum(dim=1),
        "embed_tokens": embedding,
    }
    for name, gradient in gradients.items():
        if f"grad.{name}" in run:
            case.near(gradient, run[f"grad.{name}"], "grad_atol")
    if "embed_rows_with_gradient" in told:
        assert embedding.abs().sum(dim=1).nonzero().flatten().tolist() == told["embed_rows_with_gradient"]


def network(case: Case, compat: Any) -> Momentor:
    sizes = dict(case["toy_config"])
    width, anchors, _ = sizes.pop("mm_feature_dim"), sizes.pop("num_anchors"), sizes.pop("num_frames")
    ids = Ids.after(sizes["vocab_size"])
    assert ids.first_anchor == case["ids"]["first_anchor"]
    sizes["vocab_size"] = case["ids"]["vocab_size_after_markers"]
    model = Momentor(build({"model_type": "llama", **sizes}), ids, Anchors(anchors, compat), width)
    weights = case.part("weights.")
    model.projector.load_state_dict({name: weights.pop(f"model.mm_projector.{name}") for name in ("weight", "bias")})
    model.time.load_state_dict(
        {name: weights.pop(f"model.temporal_{name}_embeddings.weight") for name in ("input", "output")}
    )
    model.language.load_state_dict(weights)
    return model.eval()
