"""Momentor's trainer output: no weights were ever published, so this is for people who trained it themselves.

mm_projector.bin     projector, the two time tables, and the embedding with its five markers
"""

from __future__ import annotations

from pathlib import Path

import torch

from momentidx.errors import MomentidxError
from momentidx.models.checkpoints import foreign
from momentidx.models.checkpoints.clip import clip_vision
from momentidx.models.checkpoints.foreign import complete
from momentidx.models.checkpoints.layout import Converted, Made, Stock
from momentidx.models.checkpoints.vtimellm import COMPUTED
from momentidx.models.codecs.anchors import MARKERS, Anchors
from momentidx.models.momentor import Ids, Momentor

LICENCE = "Momentor: none stated; LLaVA-Lightning: the licence of the LLaMA it is built on."
TRAINED = {
    "mm_projector.weight": "projector.weight",
    "mm_projector.bias": "projector.bias",
    "temporal_input_embeddings.weight": "time.input",
    "temporal_output_embeddings.weight": "time.output",
    "embed_tokens.weight": "embedding",
}


def read(folder: Path, base: Path | None = None, clip: Path | None = None) -> Made:
    """`folder` holds mm_projector.bin, or is it; `base` is the frozen language model. Raises MomentidxError."""
    path = folder / "mm_projector.bin" if folder.is_dir() else folder
    if base is None:
        raise MomentidxError(f"{path} holds only what was trained. Say which language model it was trained on: --base.")
    parts = foreign.only(path, foreign.tensors(path), TRAINED)
    config, weights, files = foreign.folder(base)
    weights = {name: tensor for name, tensor in weights.items() if not name.endswith(COMPUTED)}
    embedding = parts.pop("embedding")
    rows = len(embedding) - len(MARKERS)
    head = weights["lm_head.weight"]
    if len(head) not in (rows, len(embedding)):
        raise MomentidxError(f"{path} was trained on a vocabulary of {rows} tokens, and {base} has {len(head)}.")
    if len(head) == rows:  # the head's new rows are never trained: the mean of the others, as the trainer made them
        head = torch.cat((head, head.float().mean(dim=0, keepdim=True).to(head).expand(len(MARKERS), -1)))
    weights |= {"model.embed_tokens.weight": embedding.to(head.dtype), "lm_head.weight": head}
    anchors = len(parts["time.input"])
    return Made(
        "momentor", LICENCE, [foreign.source(file) for file in (*files, path)],
        Stock(config | {"vocab_size": len(embedding)}, weights), parts,
        settings={"frames": anchors, "first_marker": rows}, tokenizer=base, added=Anchors(anchors).vocabulary,
        encoder=clip_vision(clip),
    )  # fmt: skip


def load(converted: Converted, dtype: torch.dtype = torch.float32) -> Momentor:
    """The network of a converted folder."""
    parts, settings = converted.parts(), converted.settings
    ids, anchors = Ids.after(settings["first_marker"]), Anchors(settings["frames"])
    model = Momentor(converted.language(dtype), ids, anchors, parts["projector.weight"].shape[1])
    complete(converted.folder, model.load_state_dict(parts, strict=False).unexpected_keys, [])
    return model.to(dtype).eval()
