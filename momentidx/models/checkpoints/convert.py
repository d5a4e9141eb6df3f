"""From published or self-trained weights to a folder of our layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from momentidx.models.checkpoints import grounded_videollm, momentor, vtimellm
from momentidx.models.checkpoints.layout import Converted, Made, write


class Reader(Protocol):
    """Reads one kind of published weights; `base` and `clip` are folders that it may need besides."""

    def __call__(self, folder: Path, base: Path | None = None, clip: Path | None = None) -> Made: ...


READERS: Mapping[str, Reader] = {
    "vtimellm": vtimellm.read,
    "momentor": momentor.read,
    "grounded_videollm": grounded_videollm.read,
}


def convert(source: Path, recipe: str, folder: Path, base: Path | None, clip: Path | None) -> Converted:
    """Raises MomentidxError when something is missing, unknown, damaged or holds program code."""
    write(READERS[recipe](source, base, clip), folder)
    return Converted.open(folder, recipe)
