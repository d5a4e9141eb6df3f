"""Words as the baseline of the cross-annotator benchmark counts them; the floor that search has to beat."""

from __future__ import annotations

import re

WORD = re.compile(r"[a-z0-9']+")
ENDINGS = (("ies", "y", 2), ("ing", "", 4), ("ed", "", 4), ("es", "", 4), ("s", "", 4))
"""Ending, what stands for it, and how many letters have to be left. The first that fits is taken."""


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def stemmed(text: str) -> list[str]:
    return [_stem(word) for word in words(text)]


def _stem(word: str) -> str:
    for ending, instead, left in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= left:
            return word[: -len(ending)] + instead
    return word
