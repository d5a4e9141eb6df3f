"""The folder that `data build` fills: one file for each footage, and data sets and a report made of them.

A footage whose file is there, of the same content and built the same way, is not built again; that is all there is to
going on after a stop. What the data sets hold depends on those files alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentidx.errors import MomentidxError, UnusableFootage, WrongUse
from momentidx.footage import Footage
from momentidx.media.frames import FrameSource
from momentidx.training.checkpoints import write_whole
from momentidx.training.data.archive import WINDOW, Known, clips
from momentidx.training.engine.build import Engine, build
from momentidx.training.engine.instructions import TASKS

PARTS = "footage"
MOMENT10M, GESM, OURS, REPORT = "moment10m.json", "gesm.json", "library.jsonl", "report.json"
Open = Callable[[Path], tuple[Footage, FrameSource]]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file."""

    path: Path
    state: str
    """`built`, `kept` from before, or `unusable`."""
    reason: str = ""


def build_all(paths: Sequence[Path], folder: Path, engine: Engine, opened: Open) -> Iterator[Done]:
    """Build what is not built yet, one file after the other, then write the data sets. Raises WrongUse for two
    files of one name: data sets know files by it."""
    doubled = [name for name, count in Counter(path.name for path in paths).items() if count > 1]
    if doubled:
        raise WrongUse(f"Two files are called '{doubled[0]}', and data sets know files by their names. Rename one.")
    try:
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUse(f"{folder}: the folder cannot be made ({error.strerror}).") from error
    parts: list[tuple[Path, dict[str, Any]]] = []
    failed: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: path.name):
        try:
            footage, frames = opened(path)
            part = _before(folder, path.name, footage, engine)
            state = "kept" if part else "built"
            part = part or _built(folder, path.name, footage, frames, engine)
        except UnusableFootage as error:
            failed[path.name] = str(error)
            yield Done(path, "unusable", str(error))
            continue
        parts.append((path, part))
        yield Done(path, state)
    _write(folder, parts, failed, engine)


def _before(folder: Path, name: str, footage: Footage, engine: Engine) -> dict[str, Any] | None:
    file = folder / PARTS / f"{name}.json"
    try:
        part: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise MomentidxError(f"{file} is damaged ({error}). Delete it; it will be built again.") from error
    return part if (part.get("fingerprint"), part.get("key")) == (footage.fingerprint, engine.key) else None


def _built(folder: Path, name: str, footage: Footage, frames: FrameSource, engine: Engine) -> dict[str, Any]:
    part = build(name, footage, frames, engine)
    write_whole(folder / PARTS / f"{name}.json", _json(part))
    return part


def _write(folder: Path, parts: Sequence[tuple[Path, dict[str, Any]]], failed: dict[str, str], engine: Engine) -> None:
    told = {path.name: part for path, part in parts}
    write_whole(folder / MOMENT10M, _json({name: part["records"] for name, part in told.items() if part["records"]}))
    write_whole(folder / GESM, _json({name: _sequence(part) for name, part in told.items() if _captioned(part)}))
    write_whole(folder / OURS, "".join(line for path, part in parts for line in _lines(path, part)))
    write_whole(folder / REPORT, _json(report(told.values(), failed, engine)))


def report(parts: Iterable[dict[str, Any]], failed: dict[str, str], engine: Engine) -> dict[str, Any]:
    """Counts and lengths over all footage, and what was rejected and why."""
    parts = list(parts)
    lengths = sorted(event["end"] - event["start"] for part in parts for event in part["events"])
    rejected: dict[str, Counter[str]] = {task: Counter() for task in TASKS}
    for part in parts:
        for task, reason, count in part["rejected"]:
            rejected[task][reason] += count
    return {
        "key": engine.key,
        "writer": engine.writer.name,
        "footage": len(parts),
        "seconds": round(sum(part["duration"] for part in parts), 3),
        "events": len(lengths),
        "event_seconds": {
            "shortest": round(lengths[0], 3),
            "median": round(lengths[len(lengths) // 2], 3),
            "longest": round(lengths[-1], 3),
        }
        if lengths
        else None,
        "splits_joined": sum(part["splits_joined"] for part in parts),
        "instances": sum(len(part["instances"]) for part in parts),
        "kept": {task: sum(len(part["records"].get(task, [])) for part in parts) for task in TASKS},
        "rejected": {task: dict(sorted(counts.items())) for task, counts in rejected.items() if counts},
        "unusable": failed,
    }


def _captioned(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in part["events"] if event["caption"]]


def _sequence(part: dict[str, Any]) -> dict[str, Any]:
    """As GESM has it."""
    told = _captioned(part)
    return {
        "timestamps": [[event["start"], event["end"]] for event in told],
        "captions": [event["caption"] for event in told],
    }


def _lines(path: Path, part: dict[str, Any]) -> Iterator[str]:
    """As `train export` writes them: clips with their events."""
    known = [Known(event["start"], event["end"], event["caption"], "engine") for event in _captioned(part)]
    for start, end, inside in clips(known, part["duration"], WINDOW):
        events = [
            {
                "start": round(one.start - start, 3),
                "end": round(one.end - start, 3),
                "caption": one.caption,
                "by": one.by,
            }
            for one in inside
        ]
        told = {"footage": part["fingerprint"], "path": str(path), "start": start, "end": end, "events": events}
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _json(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
