"""How Grounded-VideoLLM's cases are checked."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import Tensor, nn

from momentidx.models.adapters import Mlp, TwoStream, grid, merge_2x2, with_row_ends
from momentidx.models.checkpoints.grounded_videollm import read_checkpoint
from momentidx.models.codecs.grid_tokens import FLAG, IMAGE, GridTokens, flagged
from momentidx.models.grounded_videollm import GroundedVideoLLM
from momentidx.models.internvideo2 import Config, InternVideo2, stretched
from momentidx.models.language import bias_head, build, grow
from momentidx.models.preprocess import ClipPillow
from momentidx.models.sampling import interval_midpoint, keyframes
from momentidx.models.templates import GROUNDED
from tests.golden.cases import Case, checks
from tests.golden.pictures import like_stored


@checks("gv_frame_index")
def frame_index(case: Case) -> None:
    """96 frames, spans, keyframes."""
    for row in case["table"]:
        assert list(interval_midpoint(row["n_frames"], 25.0, row["num_frames"]).indices) == row["indices"], row
    for row in case["reader_table"]:
        sample = interval_midpoint(row["n_frames"], row["fps"], len(row["indices"]), row["clip"])
        assert (list(sample.indices), sample.duration) == (row["indices"], row["duration"]), row
    spatial, temporal = case["spatial_stream_samples"], case["temporal_stream_samples"]
    assert list(keyframes(len(temporal), len(spatial))) == spatial


@checks("gv_time_codec")
def time_codec(case: Case) -> None:
    """Times as tokens: texts, numbers, questions, the flag."""
    codec = GridTokens(300, "official")
    for row in case["encode_text"]:
        assert codec.encoded(row["text"], row["duration"]) == row["encoded"]
    for name, steps in (("encode_numbers", 300), ("encode_numbers_n20", 20)):
        for row in case[name]:
            assert GridTokens(steps, "official").step(row["t"], row["duration"]) == row["k"], row
    for row in case["decode_text"]:
        assert codec.spelled(row["text"], row["duration"], before=" ") == row["phi3.5"]
        assert codec.spelled(row["text"], row["duration"]) == row["llama3"]
    for row in case["question_rewrite"]:
        for family in ("phi3.5", "llama3"):
            assert f"{IMAGE}\n{codec.question(row['question'], row['duration'])}" == row[family]
    for row in case["flag_token"]:
        made = [text for question, answer in row["turns"] for text in (flagged(question, answer), answer)]
        assert made == row["converted"]
    told = case["grounding_user_text"]
    assert f"{IMAGE} {FLAG}\n{told['question']}" == told["user_text"]


@checks("gv_preproc")
def preprocessing(case: Case) -> None:
    """Pictures for both streams through Pillow."""
    for stream, told in case["toy_config"].items():
        prepare = ClipPillow(told["size"], told["mean"], told["std"])
        for number in range(len(case["frames"])):
            name = f"frame{number}.{stream}{told['size']}"
            like_stored(case, name, prepare([case.tensors[f"frame{number}.rgb"].numpy()])[0])


@checks("gv_template_hash")
def template(case: Case) -> None:
    """Conversations written out for three language models (by hash)."""
    for row in case["table"]:
        rendered = GROUNDED[row["llm"]].render([(user, None if row["open"] else said) for user, said in row["turns"]])
        assert len(rendered) == row["length_chars"], row
        assert hashlib.sha256(rendered.encode()).hexdigest() == row["sha256"], row


@checks("gv_internvideo2")
def video_tower(case: Case) -> None:
    """The video tower: stretched positions, features one block before the end."""
    told, weights = case["toy_config"], case.part("weights4.")
    config = Config(
        told["embed_dim"], told["depth"], told["num_heads"], int(told["embed_dim"] * told["mlp_ratio"]),
        told["patch_size"], told["img_size"], told["frames_used"],
    )  # fmt: skip
    for name in ("pos_embed", "clip_pos_embed"):
        made = stretched(weights[name], told["frames_in_checkpoint"], told["frames_used"])
        case.near(made, case.tensors[f"interpolated{told['frames_used']}.{name}"], "pos_atol")
    tower = InternVideo2.from_checkpoint(weights, config, told["frames_in_checkpoint"])
    case.near(tower(case.tensors["pixels"].float()), case.tensors["output"])


class Pick(nn.Module):
    """Some channels, in place of a projector."""

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return x[..., self.channels]


@checks("gv_pool")
def pooling(case: Case) -> None:
    """Pooling of patches, two clips."""
    told = case["toy_config"]
    width, frames = told["channels"], told["num_frames"] // told["num_segments"]
    adapter = TwoStream("pool", nn.Identity(), nn.Identity(), width, width, frames)
    adapter.block_end.data = case.tensors["image_newline"]
    vision, video = case.tensors["vision"].float(), case.tensors["video"].float()
    segments = told["num_segments"]
    for number, expected in enumerate(case.tensors["output"]):
        part = slice(number * segments, (number + 1) * segments)
        made = adapter(vision[part], video[part])
        assert len(made) == segments * told["tokens_per_segment"]
        case.near(made, expected)


@checks("gv_assembly")
def assembly(case: Case) -> None:
    """Tokens of both streams in their order, and through the projectors."""
    merges = "glb_GN" in case.tensors
    told, columns = case["toy_config"], case.tensors["layout.output"].shape[1]
    width, frames = told["vision_channels"], told["num_frames"] // told["num_segments"]
    every = list(range(columns))
    picks = [0, *(block * width + place for block in range(4) for place in (1, 2))] if merges else every
    adapter = TwoStream("merge" if merges else "pool", Pick(picks), Pick(every), width, columns, frames)
    if adapter.row_end is not None:
        adapter.row_end.data.fill_(-1.0)
    adapter.block_end.data.fill_(-2.0)
    made = adapter(*_layout(told, frames))
    torch.testing.assert_close(made, case.tensors["layout.output"], atol=0.0 if merges else 1e-5, rtol=0.0)
    adapter = two_stream(case.tensors, told["hidden"], frames)
    vision, video = features(case)
    case.near(adapter(vision, video), case.tensors["numeric.output"])
    if merges:
        merged = merge_2x2(grid(vision[:2, 1:]))
        channels = case["merge_channels"]
        case.near(merged[..., channels], case.tensors["merge2x2.output_channels"])
        assert adapter.row_end is not None
        case.near(with_row_ends(merged, adapter.row_end)[..., channels], case.tensors["newline.output_channels"])


def _layout(told: dict[str, Any], frames: int) -> tuple[Tensor, Tensor]:
    """Features whose first channels say where they stand; see the case's own words."""
    segment = torch.arange(told["num_segments"])[:, None]
    side, video_side = told["vision_grid"], told["video_grid"]
    patch, token = torch.arange(side**2), torch.arange(frames * video_side**2)
    place = token % video_side**2
    stands = [
        (told["vision_channels"], [1 + segment, patch // side + 1, patch % side + 1]),
        (told["video_channels"], [
            101 + segment, token // video_side**2 + 1, place // video_side + 1, place % video_side + 1]),
    ]  # fmt: skip
    made = []
    for channels, columns in stands:
        x = torch.zeros(told["num_segments"], columns[1].shape[0], channels)
        for column, values in enumerate(columns):
            x[..., column] = values
        made.append(torch.cat((torch.full((told["num_segments"], 1, channels), 999.0), x), dim=1))
    return made[0], made[1]


def features(case: Case) -> tuple[Tensor, Tensor]:
    """Both streams from the factors that are stored."""
    factors = {name: x.float() for name, x in case.tensors.items() if name.startswith(("vision_", "video_"))}
    return factors["vision_a"] @ factors["vision_B"], factors["video_a"] @ factors["video_B"]


def two_stream(tensors: dict[str, Tensor], hidden: int, frames: int) -> TwoStream:
    """With a case's projectors and ends."""
    x = {name: tensor.float() for name, tensor in tensors.items()}
    merges = "glb_GN" in x
    names = ("linear_0", "linear_1") if merges else ("linear_1", "linear_2")
    image = Mlp(*reversed(x[f"multi_modal_projector.{names[0]}.weight"].shape), hidden)
    video = Mlp(*reversed(x["video_projecter.up_proj.weight"].shape), hidden)
    adapter = TwoStream("merge" if merges else "pool", image, video, x["vision_B"].shape[1], hidden, frames)
    layers = [
        (image.up, f"multi_modal_projector.{names[0]}"), (image.down, f"multi_modal_projector.{names[1]}"),
        (video.up, "video_projecter.up_proj"), (video.down, "video_projecter.down_proj"),
    ]  # fmt: skip
    for layer, name in layers:
        layer.load_state_dict({kind: x[f"{name}.{kind}"] for kind in ("weight", "bias")})
    if adapter.row_end is not None:
        adapter.row_end.data, adapter.block_end.data = x["sub_GN"].flatten(), x["glb_GN"].flatten()
    else:
        adapter.block_end.data = x["image_newline"]
    return adapter.eval()


@checks("gv_forward")
def forward(case: Case) -> None:
    """Grown vocabulary, features among text, logits and loss."""
    told = case["toy_config"]
    language = build(language_config(told, told["vocab_rows_before"]))
    language.get_input_embeddings().weight.data = case.tensors["before.embed_tokens"].clone()
    language.get_output_embeddings().weight.data = case.tensors["before.lm_head"].clone()
    bias_head(language)
    grow(language, told["rows_added"])
    weights = case.part("language_model.")
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        torch.testing.assert_close(language.state_dict()[name], weights[name], atol=1e-6, rtol=0.0)
    language.load_state_dict(weights)
    codec = GridTokens(told["num_temporal_tokens"], "official")
    assert len(codec.vocabulary) == told["rows_added"]
    assert told["tokenizer_size_before"] + codec.vocabulary.index(FLAG) == told["flag_token_id"]
    model = GroundedVideoLLM(
        language, two_stream(case.tensors, told["hidden_size"], told["num_frames"] // told["num_segments"])
    ).eval()
    vision, video = features(case)
    segments = told["num_segments"]
    rows = [(vision[at : at + segments], video[at : at + segments]) for at in range(0, len(vision), segments)]
    for name, seen in (("video", rows), ("second_text_only", [*rows[:-1], None])):
        ids, mask, labels = (case.tensors[key] for key in ("input_ids", "text_attention_mask", "text_labels"))
        batch = model.splice(ids, seen, mask, labels)
        length = case.tensors[f"{name}.labels"].shape[1]
        assert torch.equal(batch.mask, case.tensors[f"{name}.attention_mask"][:, : batch.mask.shape[1]])
        assert torch.equal(batch.labels, case.tensors[f"{name}.labels"][:, : batch.labels.shape[1]])
        assert not case.tensors[f"{name}.attention_mask"][:, batch.mask.shape[1] : length].any()
        if f"{name}.inputs_embeds" in case.tensors:
            real = batch.mask.bool()
            case.near(batch.embeds[real], case.tensors[f"{name}.inputs_embeds"][:, : real.shape[1]][real])
        output = model(batch)
        places = torch.tensor(case[f"{name}_rows"])
        real = batch.mask[:, places].bool()
        case.near(output.logits[:, places][real], case.tensors[f"{name}.logits_rows"][real])
        torch.testing.assert_close(
            output.loss.item(), case[f"{name}_loss"], atol=case["tolerance"]["loss_atol"], rtol=0.0
        )


@checks("gv_ckpt_fold")
def checkpoint(case: Case) -> None:
    """A released checkpoint read and folded: weights and logits."""
    told = case["toy_config"]
    read = read_checkpoint(case.path.parent / case["checkpoint_file"], case["lora"]["lora_alpha"])
    for name, expected in case.part("folded.").items():
        case.near(read.language[name], expected, "folded_weight_atol")
    language = build(language_config(told, told["vocab_rows_before"] + told["rows_added"]))
    bias_head(language)
    language.load_state_dict(read.language | {"lm_head.bias": read.head_bias})
    case.near(language(input_ids=case.tensors["input_ids"]).logits, case.tensors["logits_from_ids"])
    case.near(language(inputs_embeds=case.tensors["inputs_embeds"]).logits, case.tensors["logits_from_embeds"])
    vocabulary = GridTokens(told["num_temporal_tokens"]).vocabulary
    assert told["first_time_token_id"] + vocabulary.index(FLAG) == told["flag_token_id"]


def language_config(told: dict[str, Any], rows: int) -> dict[str, Any]:
    """A stock configuration at the case's sizes."""
    same = (
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "rms_norm_eps",
    )
    kind = "phi3" if told["architecture"].startswith("Phi") else "llama"
    config = {"model_type": kind, "vocab_size": rows, "pad_token_id": None, "tie_word_embeddings": False}
    config |= {
        "rope_parameters": {"rope_type": "default", "rope_theta": told["rope_theta"]},
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    return config | {name: told[name] for name in (*same, "sliding_window") if name in told}
