"""The sentence encoder all-MiniLM-L6-v2, and paraphrase-multilingual-MiniLM-L12-v2, which has more layers and words.

A BERT encoder (Devlin et al., arXiv 1810.04805, section 3 and appendix A.2) of thin layers; the
vector of a sentence is the mean over its tokens, scaled to length 1 (Sentence-BERT, Reimers and
Gurevych, arXiv 1908.10084, section 3). What we do differently: nothing that changes a number. Only
inference is here, so dropout, the pooler and the second segment are left out.

It is ours because importing sentence-transformers takes seconds, and a search should not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, scaled_dot_product_attention


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; the defaults are those of all-MiniLM-L6-v2."""

    vocabulary: int = 30522
    positions: int = 512
    width: int = 384
    heads: int = 12
    hidden: int = 1536
    layers: int = 6
    epsilon: float = 1e-12

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Self:
        """The sizes of a published checkpoint, by its tensors; the number of heads, which they do not tell, is 12."""
        words, positions = (tensors[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position"))
        widening = [tensor for name, tensor in tensors.items() if name.endswith(".intermediate.dense.weight")]
        return cls(
            vocabulary=words.shape[0], positions=positions.shape[0], width=words.shape[1],
            hidden=widening[0].shape[0], layers=len(widening),
        )  # fmt: skip


class Attention(nn.Module):
    """Every token looks at every token of its sentence."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (self.split(part(x)) for part in (self.query, self.key, self.value))
        x = scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])  # (B, H, T, D/H)
        return self.output(x.transpose(1, 2).flatten(2))  # (B, T, D)

    def split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (B, T, D) -> (B, H, T, D/H)


class Layer(nn.Module):
    """Attention, then two linear layers; each adds to its input and is normed after."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.attention_norm = nn.LayerNorm(config.width, config.epsilon)
        self.widen = nn.Linear(config.width, config.hidden)
        self.narrow = nn.Linear(config.hidden, config.width)
        self.norm = nn.LayerNorm(config.width, config.epsilon)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention_norm(x + self.attention(x, mask))
        return self.norm(x + self.narrow(gelu(self.widen(x))))


class MiniLM(nn.Module):
    """Token numbers in, sentence vectors out."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        # Bare tables: nn.Embedding draws its random numbers even on the meta device, which takes a second.
        self.words = nn.Parameter(torch.empty(config.vocabulary, config.width))
        self.positions = nn.Parameter(torch.empty(config.positions, config.width))
        self.segments = nn.Parameter(torch.empty(2, config.width))
        self.norm = nn.LayerNorm(config.width, config.epsilon)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(B, T) token numbers and (B, T) "is a token, not padding" to (B, D) vectors of length 1."""
        x = self.words[tokens] + self.positions[: tokens.shape[1]] + self.segments[0]  # (B, T, D)
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, mask)
        total = (x * mask[:, :, None]).sum(dim=1)  # (B, T, D) -> (B, D)
        return normalize(total / mask.sum(dim=1, keepdim=True), dim=1)

    @classmethod
    def from_checkpoint(cls, tensors: Mapping[str, Tensor], config: Config | None = None) -> Self:
        """The network with the tensors of a published BERT checkpoint, which it keeps without copying.

        Raises RuntimeError when a name or a shape is not the expected one.
        """
        with torch.device("meta"):  # neither memory nor random numbers for weights that are replaced at once
            model = cls(config or Config.of(tensors))
        weights = {_our_name(name): tensor for name, tensor in tensors.items() if not name.startswith(_UNUSED)}
        model.load_state_dict(weights, assign=True)
        return model.eval().requires_grad_(False)


_UNUSED = ("pooler.", "embeddings.position_ids")
_RENAMED = (  # in this order: the last rules are the least specific
    ("embeddings.word_embeddings.weight", "words"),
    ("embeddings.position_embeddings.weight", "positions"),
    ("embeddings.token_type_embeddings.weight", "segments"),
    ("embeddings.LayerNorm", "norm"),
    ("encoder.layer.", "layers."),
    (".attention.self.", ".attention."),
    (".attention.output.dense", ".attention.output"),
    (".attention.output.LayerNorm", ".attention_norm"),
    (".intermediate.dense", ".widen"),
    (".output.dense", ".narrow"),
    (".output.LayerNorm", ".norm"),
)


def _our_name(name: str) -> str:
    for theirs, ours in _RENAMED:
        name = name.replace(theirs, ours)
    return name
