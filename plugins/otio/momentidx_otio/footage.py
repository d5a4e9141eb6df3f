"""The list of indexed footage: what `momentidx footage list --json` prints, one file a line.

A module of its own because OpenTimelineIO runs the files of its manifest outside `sys.modules`, where a
dataclass cannot be made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

from opentimelineio.exceptions import OTIOError
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import ExternalReference

from momentidx_otio.media import file_name, otio_rate, url_of


class NoFootageList(OTIOError):  # type: ignore[misc]
    """The list of footage is missing or is not one."""


@dataclass(frozen=True)
class Footage:
    """One line of `momentidx footage list --json`."""

    fingerprint: str
    paths: tuple[str, ...]
    """Where it lies, or lay: what is there first."""
    names: frozenset[str]
    """File names, without their endings too, and the reel; folded."""
    rate: float
    start: int
    """Timecode of the first picture as a frame number."""
    length: int
    drop_frame: bool
    facts: Mapping[str, Any]

    @property
    def available(self) -> TimeRange:
        return TimeRange(RationalTime(self.start, self.rate), RationalTime(self.length, self.rate))

    def reference(self) -> ExternalReference:
        return ExternalReference(url_of(self.paths[0]), self.available, metadata={"momentidx": dict(self.facts)})


def footage_list(file: Path) -> tuple[Footage, ...]:
    """The list, read once for all clips of a timeline and again when the file changes."""
    try:
        return _read(file, file.stat().st_mtime_ns)
    except OSError as error:
        raise NoFootageList(f"{file} cannot be read: {error.strerror}.") from error


@lru_cache(maxsize=1)
def _read(file: Path, _changed: int) -> tuple[Footage, ...]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(_footage(line, f"{file}, line {number}") for number, line in enumerate(lines, start=1))


def _footage(line: str, where: str) -> Footage:
    try:
        facts = json.loads(line)
        rate = Fraction(facts["rate"])
        locations = sorted(facts["locations"], key=lambda place: not place["online"])
        paths = tuple(place["path"] for place in locations)
        names = {file_name(path) for path in paths}
        names |= {name.rsplit(".", 1)[0] for name in names} | {facts["reel"] or ""}
        start = facts["start"]
        return Footage(
            facts["fingerprint"],
            paths,
            frozenset(map(folded, names)) - {""},
            otio_rate(rate),
            start["frame"],
            round(Fraction(facts["span"]["end"] - facts["span"]["start"]) * Fraction(facts["span"]["base"]) * rate),
            start["drop_frame"],
            {
                "footage": facts["fingerprint"],
                "start_frame": start["frame"],
                "start_timecode": facts["start_timecode"],
                "drop_frame": start["drop_frame"],
                "timecode_source": start["source"],
                "variable_rate": facts["variable_rate"],
                "reel": facts["reel"],
                "width": facts["video"]["width"],
                "height": facts["video"]["height"],
            },
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise NoFootageList(f"{where} is not as 'momentidx footage list --json' prints it: {error!r}.") from error


def folded(name: str) -> str:
    """Plain letters and digits alone: lists without room for more write `A001_DAY` for `a001 däy`."""
    plain = "".join(letter for letter in normalize("NFKD", name) if not combining(letter))
    return re.sub(r"[\W_]+", "_", plain.casefold()).strip("_")
