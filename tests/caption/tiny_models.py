"""Tiny random models in the layout of a download from the hub, one for each class that can be asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from tests.caption.server import answer_to

WIDTH = 32
SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|image_pad|>", "<|video_pad|>", "<|begin_of_video|>", "<|end_of_video|>", "<|begin_of_image|>"),
    *("<|end_of_image|>", "<|image|>", "<|video|>", "<im_patch>", "<im_col>", "<im_low>", "<im_start>"),
    *("<low_res_im_start>", "<frame_start>", "<im_end>", "<frame_end>", "<image>", "<video>"),
    *("<fake_token_around_image>", "<global-img>"),
)
VIDEO = {
    "Qwen": "<|vision_start|><|video_pad|><|vision_end|>",
    "Glm4": "<|begin_of_video|><|video|><|end_of_video|>",
    "Vide": "<|video_pad|>",
    "Molm": "<|video|>",
    "Smol": "<video>",
}


def alphabet() -> list[str]:
    return [*sorted(pre_tokenizers.ByteLevel.alphabet()), *SPECIAL]


def number(token: str) -> int:
    return alphabet().index(token)


VOCABULARY = len(alphabet())
_TEXT = {
    "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32768, "tie_word_embeddings": False,
    "bos_token_id": None, "eos_token_id": number("<|im_end|>"), "pad_token_id": number("<|endoftext|>"),
}  # fmt: skip
_QWEN_IDS = {
    "image_token_id": number("<|image_pad|>"), "video_token_id": number("<|video_pad|>"),
    "vision_start_token_id": number("<|vision_start|>"), "vision_end_token_id": number("<|vision_end|>"),
}  # fmt: skip
_GLM_IDS = {
    "image_token_id": number("<|image|>"), "video_token_id": number("<|video|>"),
    "image_start_token_id": number("<|begin_of_image|>"), "image_end_token_id": number("<|end_of_image|>"),
    "video_start_token_id": number("<|begin_of_video|>"), "video_end_token_id": number("<|end_of_video|>"),
}  # fmt: skip
_MROPE = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
_QWEN3_VISION = {
    "depth": 2, "hidden_size": WIDTH, "intermediate_size": 48, "num_heads": 4, "out_hidden_size": WIDTH,
    "num_position_embeddings": 16, "deepstack_visual_indexes": [0],
}  # fmt: skip
_GLM_VISION = {
    "depth": 1, "hidden_size": WIDTH, "intermediate_size": 48, "num_heads": 4, "out_hidden_size": WIDTH,
    "image_size": 28,
}  # fmt: skip

CONFIGS: dict[str, dict[str, Any]] = {
    "Qwen2_5_VLForConditionalGeneration": {
        "text_config": _TEXT | {"rope_parameters": _MROPE},
        "vision_config": {
            "depth": 1, "hidden_size": WIDTH, "intermediate_size": 48, "num_heads": 4, "out_hidden_size": WIDTH,
            "fullatt_block_indexes": [0],
        },
    } | _QWEN_IDS,
    "Qwen3VLForConditionalGeneration": {
        "text_config": _TEXT | {"head_dim": 8, "rope_parameters": _MROPE}, "vision_config": _QWEN3_VISION,
    } | _QWEN_IDS,
    "Qwen3VLMoeForConditionalGeneration": {
        "text_config": _TEXT | {
            "head_dim": 8, "rope_parameters": _MROPE, "num_experts": 2, "num_experts_per_tok": 1,
            "moe_intermediate_size": 16,
        },
        "vision_config": _QWEN3_VISION,
    } | _QWEN_IDS,
    "Qwen3_5ForConditionalGeneration": {
        "text_config": _TEXT | {
            "head_dim": 16, "rope_parameters": _MROPE | {"partial_rotary_factor": 0.5},
            "layer_types": ["linear_attention", "full_attention"], "linear_num_key_heads": 2,
            "linear_num_value_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
        },
        "vision_config": {key: value for key, value in _QWEN3_VISION.items() if key != "deepstack_visual_indexes"},
    } | _QWEN_IDS,
    "Glm4vForConditionalGeneration": {
        "text_config": _TEXT | {"rope_parameters": _MROPE}, "vision_config": _GLM_VISION,
    } | _GLM_IDS,
    "Glm46VForConditionalGeneration": {
        "text_config": _TEXT | {"model_type": "glm4v_text", "rope_parameters": _MROPE},
        "vision_config": _GLM_VISION | {"model_type": "glm4v_vision"},
    } | _GLM_IDS,
    "VideoLlama3ForConditionalGeneration": {
        "text_config": _TEXT | {"model_type": "qwen2"},
        "vision_config": {
            "hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4,
            "patch_size": 14,
        },
        "image_token_id": number("<|image_pad|>"), "video_token_id": number("<|video_pad|>"),
    },
    "Molmo2ForConditionalGeneration": {
        "text_config": _TEXT | {"head_dim": 8, "additional_vocab_size": 0},
        "vision_config": {
            "hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 4, "head_dim": 8, "image_size": [42, 42],
        },
        "adapter_config": {
            "vision_feature_layer": [1, 0], "hidden_size": WIDTH, "num_attention_heads": 4, "num_key_value_heads": 4,
            "head_dim": 8, "intermediate_size": 48, "text_hidden_size": WIDTH,
        },
        "image_patch_id": number("<im_patch>"), "image_token_id": number("<im_patch>"),
    },
    "SmolVLMForConditionalGeneration": {
        "text_config": _TEXT | {"model_type": "llama"},
        "vision_config": {
            "hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4,
            "image_size": 56, "patch_size": 14,
        },
        "scale_factor": 2, "image_token_id": number("<image>"), "pad_token_id": number("<|endoftext|>"),
    },
}  # fmt: skip
PREPROCESSING: dict[str, dict[str, Any]] = {
    "Qwen2_5_VLForConditionalGeneration": {"min_pixels": 28 * 28, "max_pixels": 56 * 56, "patch_size": 14},
    "Qwen3VLForConditionalGeneration": {"size": {"shortest_edge": 32 * 32, "longest_edge": 8 * 64 * 64}},
    "Qwen3VLMoeForConditionalGeneration": {"size": {"shortest_edge": 32 * 32, "longest_edge": 8 * 64 * 64}},
    "Qwen3_5ForConditionalGeneration": {"size": {"shortest_edge": 32 * 32, "longest_edge": 8 * 64 * 64}},
    "Glm4vForConditionalGeneration": {"size": {"shortest_edge": 28 * 28, "longest_edge": 8 * 56 * 56}},
    "Glm46VForConditionalGeneration": {"size": {"shortest_edge": 28 * 28, "longest_edge": 8 * 56 * 56}},
    "VideoLlama3ForConditionalGeneration": {"size": {"shortest_edge": 28 * 28, "longest_edge": 8 * 56 * 56}},
    "Molmo2ForConditionalGeneration": {"size": {"height": 42, "width": 42}, "pooling_size": [3, 3]},
    "SmolVLMForConditionalGeneration": {"max_image_size": {"longest_edge": 56}},
}


def write(folder: Path, architecture: str) -> Path:
    """A model of that class with random weights, saved as its publisher would."""
    torch.manual_seed(0)
    kind = getattr(transformers, architecture)
    model = kind(kind.config_class(**CONFIGS[architecture]))
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data.normal_(0, 0.3)  # much, so that what is said depends on all that is seen and asked
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=number("<|im_end|>"), pad_token_id=number("<|endoftext|>"), do_sample=True, temperature=0.7
    )
    model.save_pretrained(folder)
    tokenizer(folder, VIDEO[architecture[:4]])
    (folder / "preprocessor_config.json").write_text(json.dumps({"patch_size": 14, "image_mean": [0.5, 0.5, 0.5]}))
    (folder / "video_preprocessor_config.json").write_text(
        json.dumps({"patch_size": 16 if "Qwen3" in architecture else 14} | PREPROCESSING[architecture])
    )
    return folder


def language_model(folder: Path) -> Path:
    """One that is only told things."""
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**_TEXT))
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=number("<|im_end|>"), pad_token_id=number("<|endoftext|>")
    )
    model.save_pretrained(folder)
    tokenizer(folder, "")
    template = (
        "{% for message in messages %}<|im_start|>{{ message.role + '\n' + message.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n"
    )
    (folder / "chat_template.jinja").write_text(template)
    return folder


def speaking(network: Any) -> None:
    """Let a random model say what `server.answer_to` would, token by token through its own generation."""
    network.ready()
    model, tokens = network.model, network.tokenizer
    generate = model.generate

    def forced(**inputs: Any) -> Any:
        asked, length = inputs["input_ids"], inputs["input_ids"].shape[1]
        texts = [answer_to(tokens.decode(row, skip_special_tokens=True)) for row in asked]
        answers = [[*tokens(text)["input_ids"], number("<|im_end|>")] for text in texts]

        def allowed(row: int, ids: Any) -> list[int]:
            return [answers[row][min(len(ids) - length, len(answers[row]) - 1)]]

        return generate(**inputs, prefix_allowed_tokens_fn=allowed)

    model.generate = forced


def tokenizer(folder: Path, video: str) -> None:
    """A tokenizer of single bytes and special tokens, with a chat template."""
    made = Tokenizer(models.BPE({token: place for place, token in enumerate(alphabet())}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for part in message.content %}"
        "{% if part.type == 'video' %}" + video + "{% else %}{{ part.text }}{% endif %}{% endfor %}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=template
    )
    fast.save_pretrained(folder)
