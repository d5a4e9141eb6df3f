"""Descriptions of videos in the format of the dense captioning challenge (ActivityNet Captions).

One JSON object: for each video `{"duration": seconds, "timestamps": [[start, end], ...], "sentences": [...]}`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentidx.evaluation.reading import read_json, reading


@dataclass(frozen=True, slots=True)
class Descriptions:
    """V videos with N sentences, in the order of the file."""

    names: list[str]
    """(V,)"""
    durations: NDArray[np.float64]
    """(V,) seconds"""
    sentences: list[str]
    """(N,)"""
    videos: NDArray[np.int64]
    """(N,) place of the sentence's video in `names`"""
    spans: NDArray[np.float64]
    """(N, 2) seconds from the start of the video"""

    def only(self, names: Collection[str]) -> Descriptions:
        """The videos that are named, in the order of this file."""
        kept = np.array([name in names for name in self.names], bool)
        place = np.cumsum(kept) - 1
        rows = np.flatnonzero(kept[self.videos])
        return Descriptions(
            [name for name in self.names if name in names],
            self.durations[kept],
            [self.sentences[row] for row in rows],
            place[self.videos[rows]],
            self.spans[rows],
        )


def read_descriptions(path: Path) -> Descriptions:
    """Raises WrongUse when the file is missing or of another format."""
    with reading(path, '{"video": {"duration": 10.0, "timestamps": [[0, 4.5]], "sentences": ["..."]}}'):
        content: dict[str, dict[str, Any]] = read_json(path)
        sizes = [len(video["sentences"]) for video in content.values()]
        if sizes != [len(video["timestamps"]) for video in content.values()]:
            raise ValueError("as many timestamps as sentences")
        spans = [span for video in content.values() for span in video["timestamps"]]
        return Descriptions(
            list(content),
            np.array([video["duration"] for video in content.values()], np.float64),
            [str(sentence).strip() for video in content.values() for sentence in video["sentences"]],
            np.repeat(np.arange(len(content)), sizes),
            np.array(spans, np.float64).reshape(-1, 2),
        )
