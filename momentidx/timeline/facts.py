"""Our metadata on OpenTimelineIO objects: put there and read in bulk.

OpenTimelineIO converts dictionaries value by value in Python, both ways, which for 10,000 moments took
longer than everything else that an export does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from opentimelineio.core import Item, SerializableObjectWithMetadata, deserialize_json_from_string
from opentimelineio.schema import Marker

T = TypeVar("T", bound=SerializableObjectWithMetadata)

KEY = "momentidx"
"""Everything of ours stands under this key."""


def copies_with(form: T, facts: Sequence[Mapping[str, Any]]) -> list[T]:
    """A copy of an object without metadata for each of these; they go through its JSON reader, which is quick."""
    plain = json.loads(form.to_json_string())
    text = json.dumps([plain | {"metadata": {KEY: one}} for one in facts])
    copies: list[T] = list(deserialize_json_from_string(text))
    return copies


class Facts(Mapping[str, Any]):
    """Our metadata of an object, each value looked up when it is asked for: few writers want all of them."""

    __slots__ = ("_holder",)

    def __init__(self, holder: SerializableObjectWithMetadata) -> None:
        self._holder = holder

    def __getitem__(self, key: str) -> Any:
        return _plain(self._holder.metadata[KEY][key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._holder.metadata.get(KEY, {}))

    def __len__(self) -> int:
        return len(self._holder.metadata.get(KEY, {}))


def each_marker(item: Item) -> Iterator[Marker]:
    """The markers of an item, by number: going through them otherwise ends in an exception, which is slow."""
    markers = item.markers
    return (markers[number] for number in range(len(markers)))


def facts_of(marker: Marker, item: Item) -> Facts:
    """What is known of the moment that a marker is for: its own metadata, or else that of its item."""
    own = marker.metadata
    return Facts(marker if own and KEY in own else item)  # looking for a key that is not there is slow


def _plain(value: Any) -> Any:
    """Lists and dictionaries as Python's own."""
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value]


def remarks(facts: Mapping[str, Any]) -> list[str]:
    """What a person made of a moment, a line each: rating, note, labels."""
    rating, note, labels = facts.get("rating"), facts.get("note"), facts.get("labels")
    found = [f"Rating: {rating} of 5"] if rating else []
    found += [f"Note: {note}"] if note else []
    return found + ([f"Labels: {', '.join(labels)}"] if labels else [])
