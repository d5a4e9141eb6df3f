"""Finding a model's files on this machine, and making sure that they are whole before anything is loaded.

Looked for are, in this order: a folder, the folder of models under the model's name, and the cache of the
hub's own tools. Nothing is downloaded: every sentence says the command that would.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentidx.caption.asking import PLAIN, Prompts
from momentidx.caption.transformers.families import FAMILIES, TEXT, Family
from momentidx.caption.transformers.known import KNOWN, Known, known
from momentidx.caption.transformers.pixels import Numbers
from momentidx.errors import MomentidxError, WrongUse

if TYPE_CHECKING:
    from momentidx.config import Settings

WHERE = "docs/captioners.md says which models there are and how to get them"
INDEX = "model.safetensors.index.json"
GROUNDING_DINO = "GroundingDinoForObjectDetection"
_HUB_ID = re.compile(r"(?P<repo>[\w.\-]+/[\w.\-]+)(?:@(?P<revision>[\w.\-]+))?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model's files, looked at but not loaded."""

    path: Path
    architecture: str
    config: dict[str, Any] = field(repr=False)
    weights: tuple[Path, ...]
    """Safetensors files."""
    prompts: Prompts = PLAIN

    @property
    def family(self) -> Family:
        return FAMILIES.get(self.architecture, TEXT)

    @property
    def gigabytes(self) -> float:
        """Of its weights on disk; in memory they are as large or smaller."""
        return sum(file.stat().st_size for file in self.weights) / 1e9

    @property
    def version(self) -> str:
        """Changes with the files: their sizes, the beginnings of the weights (names, shapes), all of the small ones."""
        digest = hashlib.sha256()
        for file in sorted(file for file in self.path.iterdir() if file.suffix in (".json", ".jinja", ".safetensors")):
            with file.open("rb") as content:
                digest.update(f"{file.name} {file.stat().st_size} ".encode() + content.read(1 << 16))
        return digest.hexdigest()[:12]

    @property
    def asked(self) -> Prompts:
        """What it is asked, with times as its family writes them."""
        return replace(self.prompts, times=self.family.times)

    def numbers(self) -> Numbers:
        """What its preprocessing files say, where they do not: what the family takes."""
        told = _preprocessing(self.path)
        usual = self.family.numbers
        size = told.get("size") or {}
        vision = self.config.get("vision_config") or {}
        pooling = told.get("pooling_size")
        return Numbers(
            patch=told.get("patch_size", usual.patch),
            mean=tuple(told.get("image_mean", usual.mean)),
            std=tuple(told.get("image_std", usual.std)),
            merge=pooling[0] if pooling else told.get("merge_size", usual.merge),
            pictures=told.get("temporal_patch_size", usual.pictures),
            least=told.get("min_pixels") or size.get("shortest_edge") or usual.least,
            most=told.get("max_pixels") or size.get("longest_edge") or usual.most,
            side=_side(size, vision, usual),
            tokens=_tokens(self.config, vision) if usual.tokens else 0,
        )

    def check_contents(self) -> None:
        """Compare the weights with their SHA-256, where it is known. Raises MomentidxError.

        The hub's cache names big files by it; a file `SHA256SUMS` beside the weights may hold it too.
        """
        sums = self.path / "SHA256SUMS"
        lines = (line.split(maxsplit=1) for line in sums.read_text().splitlines()) if sums.is_file() else iter(())
        expected = {name.strip().lstrip("*"): digest for digest, name in lines}
        for file in self.weights:
            digest = expected.get(file.name) or (_SHA256.fullmatch(file.resolve().name) and file.resolve().name)
            if digest:
                with file.open("rb") as content:
                    if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                        raise MomentidxError(
                            f"{file} is not the file that it should be (its SHA-256 differs), and is not used. "
                            "Delete it and fetch it again."
                        )


def found(text: str, models: Path) -> ModelFolder:
    """The model that a setting means: a folder, a name of `KNOWN`, or a hub id with or without a revision.

    Raises WrongUse for what means nothing, MomentidxError when it is not here or not whole.
    """
    if (folder := Path(text).expanduser()).is_dir():
        return opened(folder)
    match = _HUB_ID.fullmatch(text)
    one = known(match["repo"] if match else text)
    if one is None and match is None:
        names = ", ".join(each.name for each in KNOWN)
        raise WrongUse(f"'video_model' = '{text}' is no folder, no hub id (org/name) and none of: {names}.")
    if one is not None and (models / one.name).is_dir():
        return opened(models / one.name, one.prompts)
    repo, revision = one.repo if one else "", None
    if match:
        repo, revision = match["repo"], match["revision"]
    return opened(_cached(repo, revision), one.prompts if one else PLAIN)


def chosen(settings: Settings, models: Path) -> ModelFolder:
    """The model of the settings; where they name none, the best that is installed and fits the GPU.

    Raises MomentidxError when there is none.
    """
    from momentidx.models.devices import check_room, memory

    if settings.video_model:
        return found(settings.video_model, models)
    too_large: MomentidxError | None = None
    may = settings.gpu_memory_gb or memory()
    for _, folder in installed(models):
        try:
            if may:
                check_room(folder.path.name, folder.gigabytes, may)
            return folder
        except MomentidxError as error:
            too_large = error
    raise too_large or MomentidxError(f"No video chat model is installed. {WHERE[0].upper()}{WHERE[1:]}.")


def installed(models: Path) -> Iterator[tuple[Known, ModelFolder]]:
    """The known models that are here and whole, best first."""
    for one in KNOWN:
        try:
            yield one, found(one.name, models)
        except MomentidxError:
            continue


def opened(folder: Path, prompts: Prompts = PLAIN) -> ModelFolder:
    """A folder's model, if everything is there and of a kind that is known. Raises MomentidxError."""
    wanted = "video chat model that momentidx can ask"
    made = _of_kind(folder, FAMILIES.__contains__, wanted, f"It can ask: {', '.join(FAMILIES)}.")
    return replace(made, prompts=prompts)


def language_model(text: str) -> ModelFolder:
    """A model that is only told things: a folder, or a hub id in the cache of the hub's tools. Raises as `found`."""
    return _of_kind(placed(text), _is_language, "language model", "Take one for text alone (...ForCausalLM).")


def grounding_dino(text: str) -> ModelFolder:
    """A Grounding DINO: a folder, or a hub id in the cache. Raises as `found`."""
    return _of_kind(placed(text), GROUNDING_DINO.__eq__, "Grounding DINO", "Take IDEA-Research/grounding-dino-tiny.")


def placed(text: str) -> Path:
    """The folder that its own name or a hub id means. Raises WrongUse for neither, MomentidxError when it is absent."""
    if (folder := Path(text).expanduser()).is_dir():
        return folder
    match = _HUB_ID.fullmatch(text)
    if match is None:
        raise WrongUse(f"'{text}' is no folder with a model and no hub id (org/name).")
    return _cached(match["repo"], match["revision"])


def _is_language(architecture: str) -> bool:
    return architecture.endswith("ForCausalLM")


def _of_kind(folder: Path, is_kind: Callable[[str], bool], wanted: str, advice: str) -> ModelFolder:
    """A folder's model, if it is whole and of that kind. Raises MomentidxError."""
    config = _json(folder / "config.json")
    if config is None:
        raise MomentidxError(f"{folder} holds no model: config.json is missing. {WHERE}.")
    named = config.get("architectures") or ["?"]
    architecture = next((name for name in named if is_kind(name)), None)
    if architecture is None:
        raise MomentidxError(f"{folder} holds a {named[0]}, which is no {wanted}. {advice}")
    weights = tuple(_weights(folder))
    for file in weights:
        _check_whole(file)
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise MomentidxError(
            f"{folder} has no tokenizer ({', '.join(_TOKENIZERS)}). Fetch the rest of the model. {WHERE}."
        )
    return ModelFolder(folder, architecture, config, weights)


def _cached(repo: str, revision: str | None) -> Path:
    """The snapshot in the hub's cache. Raises MomentidxError with the command that would fetch it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    command = f"hf download {repo}" + (f" --revision {revision}" if revision else "")
    try:
        return Path(snapshot_download(repo, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, FileNotFoundError) as error:
        here = f" in the revision {revision}" if revision else ""
        raise MomentidxError(
            f"The model {repo} is not on this machine{here}. Fetch it with '{command}', or put its files into a folder "
            f"and name that. {WHERE}."
        ) from error


def _weights(folder: Path) -> Iterator[Path]:
    """The safetensors files that belong together. Raises MomentidxError when some are missing."""
    index = _json(folder / INDEX)
    names = sorted(set(index["weight_map"].values())) if index else ["model.safetensors"]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing and not index and any(folder.glob("*.bin")):
        raise MomentidxError(
            f"{folder} holds its weights as .bin only, which can hold code. Take a revision with safetensors."
        )
    if missing:
        raise MomentidxError(
            f"{folder}: {len(missing)} of {len(names)} weight files are missing ({missing[0]}). "
            "Run the download again, it goes on where it stopped."
        )
    yield from (folder / name for name in names)


def _check_whole(file: Path) -> None:
    """A safetensors file says at its beginning how long it is. Raises MomentidxError when it is not."""
    again = "Run the download again, it goes on where it stopped."
    size = file.stat().st_size
    with file.open("rb") as content:
        length = int.from_bytes(content.read(8), "little")
        try:
            header = json.loads(content.read(min(length, size)))
            ends = [told["data_offsets"][1] for name, told in header.items() if name != "__metadata__"]
        except (ValueError, AttributeError, LookupError, TypeError) as error:
            raise MomentidxError(f"{file} is no whole safetensors file. {again}") from error
    whole = 8 + length + max(ends, default=0)
    if size != whole:
        raise MomentidxError(f"{file} has {size} of {whole} bytes: half a download. {again}")


def _preprocessing(folder: Path) -> dict[str, Any]:
    """The settings for videos, wherever this version of the library wrote them."""
    told: dict[str, Any] = {}
    for name, key in (
        ("preprocessor_config.json", None),
        ("processor_config.json", "image_processor"),
        ("processor_config.json", "video_processor"),
        ("video_preprocessor_config.json", None),
    ):
        content = _json(folder / name) or {}
        part = content.get(key) if key else content
        told |= part if isinstance(part, dict) else {}
    return told


def _side(size: dict[str, Any], vision: dict[str, Any], usual: Numbers) -> int:
    if not usual.side:
        return 0
    if usual.tokens:  # pictures become what the encoder takes
        return int(vision.get("image_size", usual.side))
    return int(size.get("height") or usual.side)


def _tokens(config: dict[str, Any], vision: dict[str, Any]) -> int:
    """Tokens of a picture: patches of the square, `scale_factor` squared of them in one."""
    a_side = int(vision["image_size"]) // int(vision["patch_size"])
    return a_side**2 // int(config.get("scale_factor", 2)) ** 2


def _json(file: Path) -> dict[str, Any] | None:
    """The object in a file; None when there is no such file. Raises MomentidxError when it is something else."""
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise MomentidxError(f"{file} cannot be read: {error}. Fetch it again.") from error
    if not isinstance(content, dict):
        raise MomentidxError(f"{file} is not what it should be. Fetch it again.")
    return content
