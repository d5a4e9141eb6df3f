"""Annotations as people publish them, and our own library's, as samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from momentidx.errors import WrongUse
from momentidx.training.data import archive, published, sentences
from momentidx.training.data.gathering import Gathered, Reading

READERS: Mapping[str, Callable[[Path, Reading], Gathered]] = {
    "pairs": published.pairs,
    "vtimellm": published.vtimellm,
    "moment10m": published.moment10m,
    "gesm": published.gesm,
    "grounded": published.grounded,
    "activitynet": sentences.activitynet,
    "hirest": sentences.hirest,
    "didemo": sentences.didemo,
    "library": archive.read,
}
"""By the name that stands before the file: `--data activitynet:train.json`."""


def read(told: str, reading: Reading) -> Gathered:
    """`KIND:FILE`. Raises WrongUse for another kind, or a file that is not of it."""
    kind, colon, file = told.partition(":")
    if not colon or kind not in READERS:
        raise WrongUse(f"'{told}' is not KIND:FILE. Kinds: {', '.join(READERS)}.")
    return READERS[kind](Path(file), reading)
