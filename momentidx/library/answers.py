"""What captioners and embedders answered, made fit to be kept or refused.

A captioner can be anyone's plug-in or a network that writes what it likes. Its mistakes fail the
file, with a sentence, and never become rows.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from momentidx.errors import UnusableFootage
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.library.values import Described

if TYPE_CHECKING:  # only where it is used: `momentidx status` can do without numpy's tenth of a second
    import numpy as np
    from numpy.typing import NDArray

MAX_CAPTION = 2000
"""Characters; the rest is cut off."""


def plain(text: str) -> str:
    """Text without control characters and lone surrogates, composed (NFC), runs of white space as one blank."""
    visible = "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)
    return " ".join(unicodedata.normalize("NFC", visible).split())


def checked(described: Described, footage: Footage, path: Path) -> Described:
    """The same with plain captions; raises UnusableFootage for an answer that makes no sense."""
    captioner = f"{path}: the captioner '{described.layer.captioner}'"
    events = [_event(event, footage, captioner) for event in described.events]
    if described.stills and len(described.stills) != len(events):
        raise _bad_caption(f"{captioner} came with {len(described.stills)} stills for {len(events)} events")
    return replace(described, events=events)


def check_vectors(vectors: NDArray[np.float32], count: int, embedder: str, path: Path) -> None:
    """Raise UnusableFootage for vectors that make no sense as those of so many captions."""
    import numpy as np

    who = f"{path}: the embedder '{embedder}'"
    if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != count or (count and not vectors.shape[1]):
        raise bad_vectors(f"{who} gave {vectors.dtype} vectors of shape {vectors.shape} for {count} captions")
    if not np.isfinite(vectors).all():
        raise bad_vectors(f"{who} gave a vector with infinite or undefined numbers")
    if not vectors.any(axis=1).all():
        raise bad_vectors(f"{who} gave a vector of zeros")


def blobs(vectors: NDArray[np.float32]) -> list[bytes]:
    """(N, D) vectors as they are stored."""
    return [row.tobytes() for row in vectors.astype("<f4", copy=False)]


def matrix(stored: Sequence[bytes]) -> NDArray[np.float32]:
    """The inverse of `blobs`; of at least one vector."""
    import numpy as np

    return np.frombuffer(b"".join(stored), dtype="<f4").reshape(len(stored), -1).astype(np.float32, copy=False)


def _event(event: Event, footage: Footage, captioner: str) -> Event:
    span = event.span
    if type(span.start) is not int or type(span.end) is not int or span.base != footage.span.base:
        raise _bad_caption(f"{captioner} did not answer in ticks of {footage.span.base} s: {span}")
    if not footage.span.covers(span):
        raise _bad_caption(
            f"{captioner} reports an event at [{span.start}, {span.end}), "
            f"outside the footage [{footage.span.start}, {footage.span.end})"
        )
    caption = plain(event.caption)[:MAX_CAPTION].rstrip()
    if not caption:
        raise _bad_caption(f"{captioner} reports an event at [{span.start}, {span.end}) without a word")
    try:
        json.dumps(dict(event.measures), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad_caption(f"{captioner} reports measures that are no JSON ({error})") from error
    return replace(event, caption=caption, kind=plain(event.kind))


def bad_vectors(what: str) -> UnusableFootage:
    return UnusableFootage("embedder-answer", f"{what}. This is a mistake in the embedder; please report it.")


def _bad_caption(what: str) -> UnusableFootage:
    return UnusableFootage("captioner-answer", f"{what}. This is a mistake in the captioner; please report it.")
