"""The embedder for other languages than English: paraphrase-multilingual-MiniLM-L12-v2, 384 numbers a sentence.

A student of an English encoder, taught with translations that a sentence has one vector in every language (Reimers and
Gurevych, arXiv 2004.09813); so a German question finds an English caption. Its network is that of `minilm` with twice
the layers, its tokenizer XLM-R's. docs/search.md says why this one. The files are installed by 'momentidx models pull'.
"""

from __future__ import annotations

from pathlib import Path

from momentidx.errors import MomentidxError
from momentidx.models.store import MULTILINGUAL, Store
from momentidx.search.sentences import WEIGHTS, SentenceEncoder


class MultilingualEmbedder(SentenceEncoder):
    """Embeds with the files of the store."""

    name = MULTILINGUAL
    max_tokens = 128

    def __init__(self, store: Store) -> None:
        """Raises MomentidxError when the model is not installed."""
        super().__init__()
        self._store = store
        self._model = store.find(self.name)
        if store.missing(self._model):
            raise MomentidxError(
                f"The model '{self.name}' is not installed. Run 'momentidx models pull {self.name}', or set 'embedder' "
                "to another; 'momentidx plugins' lists them."
            )
        self._files = {file.name: file for file in self._model.files}
        self.version = f"1-{self._files[WEIGHTS].sha256[:12]}"
        """Our code's revision (raise it when a change here can change a vector) and the weights."""

    def file(self, name: str) -> Path:
        """Hashed each time a process loads it: half a second for the weights."""
        return self._store.checked(self._model, self._files[name])
