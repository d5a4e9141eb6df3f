"""What a stage begins with: a folder that holds a network, or the run that trained it so far.

A folder of our layout (`models/checkpoints/layout.py`) is a network that was taught before. Without a manifest it
is a stock language model (`language/`) beside a stock encoder (`encoder/`, and `video.safetensors`): the network
around them is made new. A run remembers the folder it began with, and its own base is opened before it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from tokenizers import AddedToken
from torch import Tensor, nn

from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.checkpoints.foreign import Tensors, listed
from momentidx.models.checkpoints.layout import LANGUAGE, MANIFEST, Converted
from momentidx.models.language import LLAMA_LINEARS, PHI_LINEARS, with_lora
from momentidx.training.method import Method
from momentidx.training.recipe import Lora, Recipe, differences

RUN, TRAINED = "run.json", "trained.safetensors"
FORMAT = 1
"""Of a run's folder; raised when what `run.json` says changes."""
FRESH_SEED = 0
"""What is made new is the same whenever a folder is opened."""


@dataclass(slots=True)
class Begun:
    """A network on the CPU, ready to be prepared for a stage."""

    network: nn.Module
    tokenizer: Any
    folder: Converted
    """Where its stock parts lie."""
    version: str
    """Changes with any weight."""


def begin(base: Path, method: Method) -> Begun:
    """Open a folder or a run. Raises MomentidxError when it is damaged, or not this method's."""
    return _after(base, method) if (base / RUN).exists() else _of_folder(base, method)


def _of_folder(base: Path, method: Method) -> Begun:
    folder = opened(base, method.network)
    tokenizer = folder.tokenizer()
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in method.vocabulary])
    if (base / MANIFEST).exists():
        return Begun(method.load(folder), tokenizer, folder, folder.version)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(FRESH_SEED)
        return Begun(method.fresh(folder, tokenizer), tokenizer, folder, folder.version)


def opened(base: Path, network: str) -> Converted:
    """The folder, with or without a manifest. Raises MomentidxError for weights that are not safetensors."""
    if (base / MANIFEST).exists():
        folder = Converted.open(base, network)
        folder.check()
        return folder
    language = base / LANGUAGE
    if not (language / "config.json").is_file():
        raise MomentidxError(
            f"{base} is nothing to begin with: neither a run, nor a converted model, nor a folder with 'language/' "
            "(a language model as transformers saves it) and 'encoder/' (CLIP)."
        )
    if not any(language.glob("*.safetensors")):
        raise MomentidxError(f"{language} has no weights as safetensors, and others are not read. Save it as such.")
    told = hashlib.sha256()
    for path in sorted(path for path in base.rglob("*") if path.is_file()):
        told.update(f"{path.relative_to(base)} {_sha256(path)}\n".encode())
    return Converted(
        base, network, {}, "That of the language model and the encoders it was begun with.", told.hexdigest()[:8]
    )


def _after(run: Path, method: Method) -> Begun:
    told = read_run(run)
    other = differences(told["recipe"]["method"], method.to_json())
    if other:
        raise WrongUse(f"{run} trained another network: {listed(other)}. Begin with a run of the same method.")
    begun = begin(base_of(run, told), method)
    if begun.version != told["base_version"]:
        raise MomentidxError(
            f"{run} was trained on version {told['base_version']} of {base_of(run, told)}, and that is version "
            f"{begun.version} now. What it learned does not belong to it: put the former one back."
        )
    adds = told["recipe"]["adds"]
    with torch.random.fork_rng(devices=[]):
        with_updates(begun, Lora(**adds) if adds else None)
    learn(begun.network, [*(one["parameters"] for one in told["recipe"]["learns"])], updates=bool(adds))
    path = run / TRAINED
    if not path.exists():
        raise MomentidxError(f"{run} is not finished. Go on with 'momentidx train resume {run}'.")
    put(begun.network, read_tensors(path), path)
    begun.version = _sha256(path)[:8]
    return begun


def read_run(run: Path) -> dict[str, Any]:
    """What a run says of itself. Raises MomentidxError."""
    try:
        told: dict[str, Any] = json.loads((run / RUN).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise MomentidxError(
                f"{run} was written in format {told['format']}, and this momentidx reads {FORMAT}. Nothing was "
                "changed: go on with the momentidx that wrote it."
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MomentidxError(f"{run / RUN} cannot be read as a run's: {error}.") from error
    return told


def base_of(run: Path, told: Mapping[str, Any]) -> Path:
    return (run / str(told["base"])).resolve()


def with_updates(begun: Begun, adds: Lora | None) -> None:
    """Fold the former stage's low-rank updates in, or keep them, and add this stage's."""
    network: Any = begun.network
    if isinstance(network.language, PeftModel):
        former: Any = network.language.peft_config["default"]
        if adds is not None and adds.former == "continued":
            if (former.r, former.lora_alpha) != (adds.rank, adds.alpha):
                raise WrongUse(
                    f"The stage before has updates of rank {former.r} and alpha {former.lora_alpha}; ones of "
                    f"{adds.rank} and {adds.alpha} cannot continue them. Use former='merged'."
                )
            return
        network.language = network.language.merge_and_unload()
    if adds is not None:
        ends = {name.rpartition(".")[2] for name, _ in network.language.named_modules()}
        linears = sorted(ends & {*LLAMA_LINEARS, *PHI_LINEARS})
        network.language = with_lora(network.language, adds.rank, adds.alpha, linears, adds.dropout)


def learn(network: nn.Module, patterns: list[str], *, updates: bool) -> None:
    """Let these parameters learn and no others. Raises WrongUse for a pattern that nothing has the name of."""
    for name, parameter in network.named_parameters():
        learns = any(re.fullmatch(pattern, plain(name)) for pattern in patterns)
        parameter.requires_grad_(learns or (updates and ".lora_" in name))
    names = [plain(name) for name, _ in network.named_parameters()]
    for pattern in patterns:
        if not any(re.fullmatch(pattern, name) for name in names):
            raise WrongUse(f"No parameter is called '{pattern}'. There are {listed(names)}.")


def plain(name: str) -> str:
    """A parameter's name as it is without updates beside it."""
    return name.replace("base_model.model.", "").replace(".base_layer.", ".")


def groups(network: nn.Module, recipe: Recipe) -> list[tuple[float, dict[str, nn.Parameter]]]:
    """What learns, by its highest rate; a name that two patterns match belongs to the first."""
    rates = [(one.lr, one.parameters) for one in recipe.learns]
    if recipe.adds is not None:
        rates.append((recipe.adds.lr, r".*\.lora_.*"))
    found: list[tuple[float, dict[str, nn.Parameter]]] = [(lr, {}) for lr, _ in rates]
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            place = next(at for at, (_, pattern) in enumerate(rates) if re.fullmatch(pattern, plain(name)))
            found[place][1][name] = parameter
    return found


def kept(network: nn.Module) -> dict[str, nn.Parameter]:
    """What a run must keep: all that learns, and all that is ours even where it does not."""
    return {
        name: parameter
        for name, parameter in network.named_parameters()
        if parameter.requires_grad or not name.startswith("language.")
    }


@torch.no_grad()
def put(network: nn.Module, tensors: Tensors, path: Path) -> None:
    """Tensors in the place of what the network has. Raises MomentidxError unless they are those, and no others."""
    wanted = kept(network)
    wrong = [
        *(f"{name} is not the network's" for name in sorted(tensors.keys() - wanted.keys())),
        *(f"{name} is missing" for name in sorted(wanted.keys() - tensors.keys())),
        *(
            f"{name} is {_shape(tensors[name])} and should be {_shape(wanted[name])}"
            for name in sorted(tensors.keys() & wanted.keys())
            if tensors[name].shape != wanted[name].shape
        ),
    ]
    if wrong:
        raise MomentidxError(f"{path} does not fit the network: {listed(wrong)}. Is it of another base or recipe?")
    for name, parameter in wanted.items():
        parameter.copy_(tensors[name])


def read_tensors(path: Path) -> Tensors:
    """A file of safetensors, checked. Raises MomentidxError for a damaged one, or one with numbers that are none."""
    try:
        with safe_open(path, "pt"):  # reads and checks the header before anything is asked of memory
            pass
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise MomentidxError(
            f"{path} is no whole file of safetensors: {error}. Take the checkpoint before it."
        ) from error
    endless = [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if endless:
        raise MomentidxError(f"{path} holds numbers that are none (NaN or infinite) in {listed(endless)}.")
    return tensors


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
