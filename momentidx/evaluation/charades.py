"""Charades-STA: sentences about home videos with their times (Gao et al., arXiv 1705.02101).

Its text has a line for each sentence: `video start end##sentence`, times in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from momentidx.errors import WrongUse
from momentidx.evaluation.reading import Span, read_text


@dataclass(frozen=True, slots=True)
class Sentence:
    video: str
    place: int
    """Which sentence of its video, from 0."""
    span: Span
    text: str


def read_charades(path: Path) -> list[Sentence]:
    """Raises WrongUse with the line that is no sentence."""
    found: list[Sentence] = []
    count: dict[str, int] = {}
    for line, row in enumerate(read_text(path).splitlines(), start=1):
        times, mark, sentence = row.partition("##")
        try:
            video, start, end = times.split()
            span = float(start), float(end)
        except ValueError as error:
            raise WrongUse(f"{path}, line {line}: is not 'video start end##sentence'.") from error
        if not mark:
            raise WrongUse(f"{path}, line {line}: has no '##' before its sentence.")
        found.append(Sentence(video, count.get(video, 0), span, sentence.strip()))
        count[video] = count.get(video, 0) + 1
    return found
