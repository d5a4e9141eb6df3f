"""Our one layout of a converted model: a folder that says what it is and where it came from.

manifest.json            recipe, settings, licence, the sources' and the files' SHA-256
parts.safetensors        what is ours: projectors, time tables, learned ends, a head's bias
language/                a stock folder that transformers loads: config.json, model.safetensors, tokenizer
encoder/, video.safetensors   the vision towers, where the recipe carries them
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.checkpoints.foreign import Source, Tensors, complete, listed
from momentidx.models.language import build
from momentidx.models.quiet import quietly
from momentidx.models.sentencepieces import llama_tokenizer

FORMAT = 1
MANIFEST, PARTS, LANGUAGE, ENCODER, VIDEO = (
    "manifest.json",
    "parts.safetensors",
    "language",
    "encoder",
    "video.safetensors",
)
SHARD = 4 << 30
"""Bytes; a file of weights is about as large at most, so that any file system takes it."""


@dataclass(frozen=True, slots=True)
class Stock:
    """A network of transformers: its configuration and its tensors."""

    config: Mapping[str, Any]
    tensors: Tensors


@dataclass(frozen=True, slots=True)
class Made:
    """A model that was read, ready to be written."""

    recipe: str
    licence: str
    sources: Sequence[Source]
    language: Stock
    parts: Tensors
    settings: Mapping[str, Any] = field(default_factory=dict)
    tokenizer: Path | None = None
    """A folder whose tokenizer files are carried along."""
    added: Sequence[str] = ()
    """Tokens that the tokenizer learns, in the order of their numbers."""
    encoder: Stock | None = None
    """CLIP's vision tower."""
    video: Tensors | None = None


def write(made: Made, folder: Path) -> Path:
    """Writes the folder whole or not at all, and returns it. Raises WrongUse when it exists.

    Raises MomentidxError when the tensors are not those of the language model that the configuration says.
    """
    if folder.exists():
        raise WrongUse(f"{folder} exists already. Choose another folder, or remove it.")
    _fits(made.language, made.sources[0].name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as unfinished:
            inside = Path(unfinished) / "model"
            _write(made, inside)
            inside.replace(folder)
    except OSError as error:
        raise MomentidxError(f"{folder}: the model cannot be written: {error.strerror}.") from error
    return folder


def _write(made: Made, folder: Path) -> None:
    _save(made.language, folder / LANGUAGE)
    if made.tokenizer is not None:
        _carry_tokenizer(made.tokenizer, made.added, folder / LANGUAGE)
    if made.encoder is not None:
        _save(made.encoder, folder / ENCODER)
    save_file(_own(made.parts), folder / PARTS)
    if made.video is not None:
        save_file(_own(made.video), folder / VIDEO)
    files = {str(path.relative_to(folder)): _sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    manifest = {
        "format": FORMAT, "recipe": made.recipe, "settings": dict(made.settings), "licence": made.licence,
        "sources": [asdict(source) for source in made.sources], "files": files,
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def _fits(language: Stock, name: str) -> None:
    """Every tensor has its place, and every place its tensor."""
    with torch.device("meta"):
        wanted = build(language.config).state_dict()
    complete(Path(name), set(language.tensors) - set(wanted), set(wanted) - set(language.tensors))
    other = [key for key, tensor in language.tensors.items() if tensor.shape != wanted[key].shape]
    if other:
        raise MomentidxError(f"{name}: {listed(other)} have other shapes than the configuration says.")


def _save(network: Stock, folder: Path) -> None:
    """As transformers does: config.json, and model.safetensors or numbered shards with an index of what lies where."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(dict(network.config), indent=2), encoding="utf-8")
    shards: list[Tensors] = [{}]
    size = 0
    for name, tensor in network.tensors.items():
        if size and size + tensor.nbytes > SHARD:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    if len(shards) == 1:
        save_file(_own(shards[0]), folder / "model.safetensors", metadata={"format": "pt"})
        return
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(_own(shard), folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(shard, file)
    total = sum(tensor.nbytes for tensor in network.tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")


def _carry_tokenizer(source: Path, added: Sequence[str], folder: Path) -> None:
    """A sentencepiece model is read by ourselves, for transformers would read it otherwise."""
    if (source / "tokenizer.json").exists():
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    elif (source / "tokenizer.model").exists():
        tokenizer = llama_tokenizer(source / "tokenizer.model")
    else:
        raise MomentidxError(f"{source} has no tokenizer (tokenizer.json or tokenizer.model).")
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in added])
    tokenizer.save_pretrained(folder)


def _own(tensors: Tensors) -> Tensors:
    """Without shared memory, which safetensors refuses."""
    return {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}


@dataclass(frozen=True, slots=True)
class Converted:
    """A folder of our layout, opened."""

    folder: Path
    recipe: str
    settings: Mapping[str, Any]
    licence: str
    version: str
    """Changes with any of its files."""

    @classmethod
    def open(cls, folder: Path, recipe: str) -> Self:
        """Raises MomentidxError when it is no converted model of this recipe."""
        try:
            text = (folder / MANIFEST).read_text(encoding="utf-8")
            manifest = json.loads(text)
            if manifest["format"] != FORMAT:
                raise MomentidxError(f"{folder} was written in format {manifest['format']}. Convert it again.")
            if manifest["recipe"] != recipe:
                raise MomentidxError(f"{folder} is a {manifest['recipe']} model, not {recipe}.")
            version = hashlib.sha256(text.encode()).hexdigest()[:8]
            return cls(folder, recipe, manifest["settings"], manifest["licence"], version)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise MomentidxError(
                f"{folder} is no converted model. Run 'momentidx models convert SRC --as {recipe} -o {folder}'."
            ) from error

    def check(self) -> None:
        """Compares every file's SHA-256. Raises MomentidxError with the name of one that changed or is missing."""
        manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        for name, digest in manifest["files"].items():
            path = self.folder / name
            if not path.is_file() or _sha256(path) != digest:
                raise MomentidxError(f"{path} is missing or was changed. Convert the model again.")

    def check_whole(self) -> None:
        """Whether all is there that it is asked with, by name. Raises MomentidxError with what is missing."""
        manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        if missing := [name for name in manifest["files"] if not (self.folder / name).is_file()]:
            raise MomentidxError(f"{self.folder / missing[0]} is missing. Convert the model again.")
        _ = self.encoder, self._words

    @property
    def gigabytes(self) -> float:
        """Of its weights in half precision, as they are on a GPU."""
        count = 0
        for file in self.folder.rglob("*.safetensors"):
            with safe_open(file, "pt") as weights:
                count += sum(prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
        return 2 * count / 1e9

    def language(self, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
        """The language model, every weight in its place."""
        place = self.folder / LANGUAGE
        with quietly():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                place, dtype=dtype, local_files_only=True, output_loading_info=True
            )
        language, told = loaded
        complete(place, told["unexpected_keys"], told["missing_keys"])
        return language.eval()

    def parts(self) -> Tensors:
        return load_file(self.folder / PARTS)

    @property
    def encoder(self) -> Path:
        """CLIP's folder. Raises MomentidxError when none was carried along."""
        if not (self.folder / ENCODER).is_dir():
            raise MomentidxError(f"{self.folder} has no CLIP. Convert again with --clip.")
        return self.folder / ENCODER

    def video(self) -> Tensors:
        return load_file(self.folder / VIDEO)

    def tokenizer(self) -> Any:
        """Raises MomentidxError when none was carried along."""
        return AutoTokenizer.from_pretrained(self._words, local_files_only=True)

    @property
    def _words(self) -> Path:
        if not (self.folder / LANGUAGE / "tokenizer.json").exists():
            raise MomentidxError(f"{self.folder} has no tokenizer. Convert again with --base.")
        return self.folder / LANGUAGE


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
