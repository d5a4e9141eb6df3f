"""Sentences to vectors, by a published sentence encoder of the MiniLM family: what the embedders of momentidx share.

Such an encoder is two files of the hub: `model.safetensors` and `tokenizer.json`. Few words, a question, are embedded
without torch; a library's captions with it, in batches. Both give the same vectors (a test compares them).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

    from momentidx.models.minilm import MiniLM
    from momentidx.models.minilm_numpy import NumpyMiniLM

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
BATCH_TOKENS = 512
"""Tokens of one batch, padding included; larger batches take more memory and no less time."""
FEW_TOKENS = 128
"""So many tokens at once are a query, and are embedded without torch, which takes a second to import."""


class SentenceEncoder(ABC):
    """Sentences to vectors. Nothing is loaded before the first call of `embed`."""

    dimension = 384
    max_tokens: int
    """`max_seq_length` of the original's `sentence_bert_config.json`; what follows is not read."""

    def __init__(self) -> None:
        self._tokenizer: Tokenizer | None = None
        self._light: NumpyMiniLM | None = None
        self._threads: ThreadpoolController
        self._bulk: MiniLM | None = None

    @abstractmethod
    def file(self, name: str) -> Path:
        """Where `WEIGHTS` or `TOKENIZER` lies. Raises MomentidxError unless it is the original's, byte for byte."""

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(N,) sentences to (N, dimension) vectors of length 1.

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
            from tokenizers import Tokenizer

            tokenizer = Tokenizer.from_file(str(self.file(TOKENIZER)))
            # What the file says of length and padding, the original library overrides as well.
            tokenizer.enable_truncation(self.max_tokens)
            tokenizer.no_padding()
            self._tokenizer = tokenizer
        return self._tokenizer.encode_batch(sentences)

    def _few(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        if self._light is None:
            from threadpoolctl import ThreadpoolController

            self._light = _light(self.file(WEIGHTS))
            self._threads = ThreadpoolController()
        with self._threads.limit(limits=1, user_api="blas"):  # as in `_one_thread`, and for the same reason
            return np.stack([self._light(encoding.ids) for encoding in encodings])

    def _many(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        if self._bulk is None:
            from safetensors.torch import load_file

            from momentidx.models.minilm import MiniLM

            self._bulk = MiniLM.from_checkpoint(load_file(self.file(WEIGHTS)))
        vectors = np.empty((len(encodings), self.dimension), np.float32)
        with _one_thread():
            for rows in _batches(encodings):
                vectors[rows] = self._bulk(*_padded([encodings[row].ids for row in rows])).numpy()
        return vectors


def _light(weights: Path) -> NumpyMiniLM:
    """The network without torch. Of the table of words, most of a multilingual file, only rows are read."""
    from safetensors import safe_open

    from momentidx.models.minilm_numpy import TABLE, NumpyMiniLM

    file: Any = safe_open(weights, framework="numpy")
    table = file.get_slice(TABLE)
    tensors = {name: file.get_tensor(name) for name in file.keys() if name != TABLE}  # noqa: SIM118
    return NumpyMiniLM(tensors, lambda tokens: np.concatenate([table[token : token + 1] for token in tokens]))


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
