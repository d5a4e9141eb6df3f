"""From a run to a converted folder: what it learned in its place, so that the captioners can be asked.

A stock language model carries what was learned without knowing of updates; the folder is the same that
`momentidx models convert` writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from momentidx.models.checkpoints.clip import clip_vision
from momentidx.models.checkpoints.foreign import source
from momentidx.models.checkpoints.layout import ENCODER, LANGUAGE, VIDEO, Converted, Made, Stock, write
from momentidx.training.base import TRAINED, begin, read_run, with_updates
from momentidx.training.methods import method_of


def merge(run: Path, folder: Path) -> Converted:
    """Raises MomentidxError when the run is not finished, damaged, or not of the base that is there now."""
    told = read_run(run)
    method = method_of(told["recipe"]["method"])
    begun = begin(run, method)
    with_updates(begun, None)
    network: Any = begun.network
    parts, settings = method.parts(network)
    language = {
        name: tensor
        for name, tensor in network.language.state_dict().items()
        if name not in parts and not name.endswith(".rotary_emb.inv_freq")
    }
    root = begun.folder.folder
    carries = (root / ENCODER).is_dir()
    made = Made(
        method.network,
        told["licence"],
        [source(run / TRAINED)],
        Stock(network.language.config.to_dict(), language),
        parts,
        settings=settings,
        tokenizer=root / LANGUAGE,
        added=method.vocabulary,
        encoder=clip_vision(root / ENCODER, projects=method.network == "vtimellm") if carries else None,
        video=load_file(root / VIDEO) if (root / VIDEO).exists() and method.network == "grounded_videollm" else None,
    )
    write(made, folder)
    return Converted.open(folder, method.network)
