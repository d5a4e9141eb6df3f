"""What separates an answer from no answer: scores of lines that a shot log can and cannot know.

python benchmarks/floor.py LIBRARY...
"""

from __future__ import annotations

import sys
from pathlib import Path

from momentidx.config import load_settings
from momentidx.hooks import choose
from momentidx.library import Library
from momentidx.search.find import find

KNOWN = (
    "the camera pans left over green hills", "a red ball crosses the frame", "night, a light moves from right to left",
    "camera tilts up", "push in on a house", "slow pull out at sunset", "hand-held shot",
    "bright picture, something blue rises", "fade from black", "fade to black", "dark shot", "static shot",
    "something moves from left to right", "blue sky above green grass",
)  # fmt: skip
UNKNOWN = (
    "a dog runs on the beach", "a bride kisses the groom", "two men shake hands", "a woman laughs at the table",
    "typing on a keyboard", "the president gives a speech", "a car crash", "birthday cake with candles",
    "children play football", "underwater coral reef", "close-up of a hand writing a letter", "an airplane takes off",
    "cooking pasta", "a crowd cheering in a stadium",
)  # fmt: skip


def main(folders: list[str]) -> None:
    for folder in folders:
        settings = load_settings(Path(folder), {}).settings
        embedder = choose("embedders", settings.embedder).make(settings)
        with Library.open(Path(folder)) as library:
            for name, lines in (("known", KNOWN), ("unknown", UNKNOWN)):
                scores = sorted(find(library, line, limit=1, embedder=embedder)[0].score or 0 for line in lines)
                print(f"{folder} {name}: lowest {scores[0]:.2f}, median {scores[len(scores) // 2]:.2f}, "
                      f"highest {scores[-1]:.2f}")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
