"""The three networks at toy size: what goes in, how much comes out, and what learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import CLIPVisionConfig, PreTrainedModel

from momentidx.models.adapters import Mlp, TwoStream, merge_2x2, with_row_ends
from momentidx.models.clip import ClipFrames, Look
from momentidx.models.codecs.anchors import Anchors
from momentidx.models.grounded_videollm import GroundedVideoLLM
from momentidx.models.internvideo2 import Config, InternVideo2, stretched
from momentidx.models.language import LLAMA_LINEARS, bias_head, build, embedding_of, grow, head_of, with_lora
from momentidx.models.momentor import Ids, Momentor, propagated, soft_loss
from momentidx.models.preprocess import GROUNDED_SPATIAL, MOMENTOR, VTIMELLM, ClipTensor, short_side
from momentidx.models.sampling import interval_midpoint, keyframes, linspace_inclusive, uniform_seconds
from momentidx.models.splice import IGNORED, SENTINEL, splice
from momentidx.models.vtimellm import VTimeLLM

WIDTH, ROWS = 32, 40


@pytest.fixture
def language() -> PreTrainedModel:
    torch.manual_seed(0)
    return build({
        "model_type": "llama", "vocab_size": ROWS, "hidden_size": WIDTH, "intermediate_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    })  # fmt: skip


def test_the_seeds_look_at_these_frames() -> None:
    assert linspace_inclusive(50, 25.0).indices[:6] == (0, 0, 0, 1, 1, 2)
    assert linspace_inclusive(300, 25.0, 3, (2.0, 7.5)).indices == (50, 118, 187)
    assert uniform_seconds(50, 25.0, 5).indices == (0, 12, 25, 38, 49)
    assert uniform_seconds(50, 25.0, 5).seconds == (0.0, 0.5, 1.0, 1.5, 2.0)
    assert interval_midpoint(300, 30.0).indices[:5] == (1, 4, 7, 10, 13)
    assert interval_midpoint(2, 25.0, 4).indices == (0, 1, 1, 1)
    assert interval_midpoint(1000, 25.0, 96, (4.0, 20.0)).duration == 16.0
    assert keyframes() == (4, 12, 20, 28, 36, 44, 52, 60, 68, 76, 84, 92)


def test_a_span_past_the_end_is_held_inside_unless_the_published_code_is_asked_for() -> None:
    assert linspace_inclusive(300, 25.0, 3, (13.0, 20.0)).indices == (299, 299, 299)
    assert linspace_inclusive(300, 25.0, 3, (13.0, 20.0), "official").indices == (325, 312, 299)


def test_pictures_become_small_in_ways_that_differ() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (150, 113, 3), dtype=np.uint8)
    assert short_side(150, 113, 224) == (297, 224)
    assert VTIMELLM([picture, picture]).shape == (2, 3, 224, 224)
    assert GROUNDED_SPATIAL([picture]).shape == (1, 3, 336, 336)
    large = np.repeat(np.repeat(picture, 4, 0), 4, 1)
    assert not torch.allclose(VTIMELLM([large]), ClipTensor(antialias=True)([large]), atol=0.05)
    grey = np.full((300, 260, 3), 128, dtype=np.uint8)
    assert torch.allclose(VTIMELLM([grey]), MOMENTOR([grey]), atol=1e-5)


@pytest.mark.parametrize(("look", "shape"), [("projected", (2, 12)), ("pooled", (2, 16)), ("patches", (2, 5, 16))])
def test_clip_is_looked_at_in_three_ways(look: Look, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    eyes = ClipFrames.random(look, CLIPVisionConfig(**sizes, image_size=28, patch_size=14, projection_dim=12))
    pictures = torch.randn(2, 3, 28, 28)
    seen = eyes(pictures)
    assert seen.shape == shape
    assert torch.allclose(eyes(pictures[1:]), seen[1:], atol=1e-5)
    assert not any(weight.requires_grad for weight in eyes.parameters())


def test_the_video_tower_leaves_out_the_last_block_and_what_is_for_other_inputs() -> None:
    torch.manual_seed(0)
    config = Config(width=16, depth=3, heads=2, hidden=32, patch=14, side=28, frames=8)
    tower = InternVideo2(config)
    weights = {
        name.replace("patch_embed.", "patch_embed.proj.") if name.startswith("patch") else name: torch.randn_like(
            tensor
        )
        for name, tensor in tower.state_dict().items()
    } | {
        "pos_embed": torch.randn(1, 17, 16),
        "clip_pos_embed": torch.zeros(1),
        "blocks.2.norm1.weight": torch.zeros(16),
    }
    loaded = InternVideo2.from_checkpoint(weights, config, frames=4)
    assert loaded(torch.randn(2, 3, 8, 28, 28)).shape == (2, 33, 16)
    with pytest.raises(RuntimeError, match="surprise"):
        InternVideo2.from_checkpoint(weights | {"surprise": torch.zeros(1)}, config, frames=4)


def test_positions_are_stretched_in_time_only() -> None:
    positions = torch.tensor([[[9.0], [0.0], [10.0], [4.0], [14.0]]])  # class, then 2 frames of 2 places
    made = stretched(positions, frames=2, to=4)[0, :, 0]
    assert made.tolist() == [9.0, 0.0, 10.0, 1.0, 11.0, 3.0, 13.0, 4.0, 14.0]


@pytest.mark.parametrize(("spatial", "tokens"), [("merge", 3420), ("pool", 2316)])
def test_two_streams_give_as_many_tokens_as_the_paper_s_models_read(spatial: str, tokens: int) -> None:
    merges = spatial == "merge"
    image, video = Mlp(16 if merges else 4, 8, 8), Mlp(6, 8, 8)
    adapter = TwoStream("merge" if merges else "pool", image, video, 4, 8)
    assert adapter(torch.randn(12, 577, 4), torch.randn(12, 2049, 6)).shape == (tokens, 8)


def test_merging_and_row_ends_keep_the_order_of_the_patches() -> None:
    x = torch.arange(16.0).view(1, 4, 4, 1)
    merged = merge_2x2(x)
    assert merged[0, 0].tolist() == [[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0]]
    ended = with_row_ends(merged, torch.full((4,), -1.0))
    assert ended[0, :, 0].tolist() == [0.0, 2.0, -1.0, 8.0, 10.0, -1.0]


def test_features_take_the_marker_s_place_and_rows_are_padded(language: PreTrainedModel) -> None:
    embed = embedding_of(language)
    ids = torch.tensor([[1, SENTINEL, 2, 3], [4, 5, 6, 0], [7, SENTINEL, 8, 9]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]])
    seen = torch.full((2, WIDTH), 0.5)
    batch = splice(embed, ids, [seen, seen, None], mask, ids)
    assert batch.mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 0, 0]]
    assert batch.labels.tolist() == [
        [1, IGNORED, IGNORED, 2, 3],
        [4, 5, 6, IGNORED, IGNORED],
        [7, 8, 9, IGNORED, IGNORED],
    ]
    assert torch.equal(batch.embeds[0, 1:3], seen)
    assert not batch.embeds[1, 3:].any()
    assert splice(embed, ids, [seen] * 3, mask, limit=2).mask.shape == (3, 2)
    with pytest.raises(ValueError, match="2 markers"):
        splice(embed, torch.tensor([[SENTINEL, SENTINEL]]), [seen])


def test_padding_changes_nothing_of_what_vtimellm_says(language: PreTrainedModel) -> None:
    model = VTimeLLM(language, 6).eval()
    ids, features = torch.tensor([[1, SENTINEL, 2, 3]]), torch.randn(2, 4, 6)
    alone = model(model.splice(ids, features[:1])).logits[0]
    beside = torch.tensor([[1, SENTINEL, 2, 3, 0], [4, SENTINEL, 5, 6, 7]])
    together = model(model.splice(beside, features, beside != 0)).logits[0]
    torch.testing.assert_close(together[: len(alone)], alone, atol=1e-5, rtol=0)


def test_grown_rows_are_the_mean_and_the_head_keeps_its_bias(language: PreTrainedModel) -> None:
    bias_head(language)
    before = head_of(language).weight.mean(dim=0)
    grow(language, 3)
    assert head_of(language).weight.shape == (ROWS + 3, WIDTH)
    assert torch.allclose(head_of(language).weight[-1], before)
    assert language.config.vocab_size == embedding_of(language).num_embeddings == ROWS + 3
    assert language(input_ids=torch.tensor([[ROWS + 2]])).logits.shape == (1, 1, ROWS + 3)


def test_lora_trains_nothing_but_its_own_matrices(language: PreTrainedModel) -> None:
    beside = with_lora(language, rank=2, alpha=4)
    learns = [name for name, weight in beside.named_parameters() if weight.requires_grad]
    assert len(learns) == 2 * len(LLAMA_LINEARS) * 2
    assert all("lora_" in name for name in learns)


def test_a_gradient_spreads_to_neighbours_and_the_values_stay() -> None:
    table = torch.randn(5, 2, requires_grad=True)
    assert torch.allclose(propagated(table), table, atol=1e-6)
    (gradient,) = torch.autograd.grad(propagated(table)[2].sum(), table)
    assert gradient[:, 0].tolist() == [0.25, 0.5, 2.0, 0.5, 0.25]


def momentor(language: PreTrainedModel, compat: str = "fixed") -> Momentor:
    torch.manual_seed(1)
    grow(language, 5)
    anchors = Anchors(6, "official" if compat == "official" else "fixed")
    return Momentor(language, Ids.after(ROWS), anchors, 8).eval()


def test_momentor_hears_times_and_speaks_anchors(language: PreTrainedModel) -> None:
    model = momentor(language)
    patch, start, end, heard, spoken = range(ROWS, ROWS + 5)
    ids = torch.tensor([[1, start, *[patch] * 6, end, heard, 2, spoken, ROWS + 5 + 3]])
    features = torch.randn(1, 6, 8)
    x = model.embed(ids, features, [[0.5]], [[1.0]])
    assert torch.allclose(x[0, 9], (model.time.input[2] + model.time.input[3]) / 2, atol=1e-5)
    assert torch.allclose(x[0, 11], model.time.input[5], atol=1e-6)
    assert torch.allclose(x[0, 12], model.time.input[3], atol=1e-6)
    seen = model.projector(features[0, 4]) + (model.time.input[4] + model.time.output[4]) / 2
    assert torch.allclose(x[0, 6], seen, atol=1e-6)
    assert model(x).shape == (1, 13, ROWS + 5 + 6)


def test_momentor_wants_a_vector_for_every_place(language: PreTrainedModel) -> None:
    model = momentor(language)
    ids = torch.tensor([[1, *[ROWS] * 5, 2]])
    with pytest.raises(ValueError, match="6 vectors for 5 places"):
        model.embed(ids, torch.randn(1, 6, 8), [[]], [[]])


def test_the_end_of_the_clip_is_taught_unless_the_published_code_is_asked_for(
    language: PreTrainedModel,
) -> None:
    model = momentor(language)
    spoken = ROWS + 4
    labels = torch.tensor([[IGNORED, spoken], [IGNORED, spoken]])
    logits = torch.zeros(2, 2, ROWS + 5 + 6)
    even = float(np.log(ROWS + 5 + 6))
    assert soft_loss(model, logits, labels, [[1.0], [0.5]]).item() == pytest.approx(even)
    model.anchors = Anchors(6, "official")
    assert soft_loss(model, logits, labels, [[1.0], [0.5]]).item() == pytest.approx(even)  # nothing, plus the sum's one
    assert soft_loss(model, logits, labels, [[1.0], [1.0]]).item() == 0.0


@pytest.mark.parametrize("words_learn", [False, True])
def test_only_the_video_markers_and_the_time_tables_learn_from_momentor_s_loss(
    language: PreTrainedModel, words_learn: bool
) -> None:
    model = momentor(language)
    model.words_learn = words_learn  # ours, where the language model learns as well
    patch, start, end, _, spoken = range(ROWS, ROWS + 5)
    ids = torch.tensor([[1, start, *[patch] * 6, end, 2, spoken]])
    labels = torch.tensor([[IGNORED] * 10 + [spoken]])
    soft_loss(model, model(model.embed(ids, torch.randn(1, 6, 8), [[]], [[0.3]])), labels, [[0.3]]).backward()
    gradient = embedding_of(model.language).weight.grad
    assert gradient is not None
    assert gradient.abs().sum(dim=1).nonzero().flatten().tolist() == [*([1, 2] if words_learn else []), start, end]
    assert model.time.input.grad is not None


def test_grounded_videollm_reads_both_streams(language: PreTrainedModel) -> None:
    bias_head(language)
    adapter = TwoStream(
        "pool", Mlp(4, WIDTH, WIDTH), Mlp(6, WIDTH, WIDTH), 4, WIDTH, frames=2, image_side=2, video_side=2
    )
    model = GroundedVideoLLM(language, adapter).eval()
    seen = (torch.randn(3, 17, 4), torch.randn(3, 33, 6))
    ids = torch.tensor([[1, SENTINEL, 2], [1, SENTINEL, 3]])
    batch = model.splice(ids, [seen, None], labels=ids)
    assert batch.mask.sum(dim=1).tolist() == [2 + 3 * (4 + 2 * 4 + 1), 2]
    output = model(batch)
    assert output.logits.shape == (2, 41, ROWS)
    assert torch.isfinite(output.loss)
