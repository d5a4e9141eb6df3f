"""Measurements beside a sentence, as JSON values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from momentidx.caption.shotlog.written import Written

TIMES = ("span", "edge", "before", "after")
"""Fields that an event has itself."""


def of(found: Any) -> dict[str, Any]:
    """The fields of a dataclass, and of those in it, without times; figures to four places."""
    values: dict[str, Any] = _plain(asdict(found))
    return values


def of_text(found: Written) -> dict[str, Any]:
    """The same for something written, with what it can be found by."""
    phrases = [] if found.role == "timecode" else found.phrases
    name = f"{found.slate['scene']}/{found.slate['take']}" if found.slate else None
    return {**of(found), "phrases": phrases, "name": name}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in TIMES}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
