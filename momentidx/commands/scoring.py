"""VTimeLLM's log as dense captions: its answers in words become events with times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from momentidx.evaluation.conventions import Conventions
from momentidx.evaluation.dense import Told
from momentidx.evaluation.reading import name, read_lines, text


def read_log(path: Path, durations: Mapping[str, float], how: Conventions) -> dict[str, list[Told]]:
    """Lines `{"video_id": ..., "task": "captioning", "answer": "[{"event": ..., "timestamps": "from 05 to 17"}]"}`;
    other tasks and videos without a duration are passed over. With `end_plus_one`, an event lasts until the end of
    its last hundredth. Raises WrongUse."""
    from momentidx.models.codecs.percent_text import read_dense, seconds_of

    found: dict[str, list[Told]] = {}
    for row in read_lines(path):
        video = row.take("video_id", name)
        if row.content.get("task") != "captioning" or video not in durations:
            continue
        said, _ = read_dense(row.take("answer", text), "official" if how.reads == "digits" else "fixed")
        duration = durations[video]
        found[video] = [
            Told((seconds_of(each.start, duration), seconds_of(each.end + how.end_plus_one, duration)), each.sentence)
            for each in said
        ]
    return found
