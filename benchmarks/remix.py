"""A library of a million events, made by re-mixing real captions, to measure search with.

Each event is half of one real caption and half of another, and its vector lies between theirs, a little aside. So words
and vectors are as common, as near to each other and as far apart as in real libraries; nobody would read the sentences.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentidx.footage import Footage, VideoStream
from momentidx.library import WritableLibrary
from momentidx.library.sqlite import DATABASE
from momentidx.search.minilm import MiniLMEmbedder
from momentidx.times import Span

EVENTS_PER_CLIP = 10
ASIDE = 0.5
"""Length of the random part of a vector, the mix of the two captions being about as long as 0.8."""
SIZES = ("extreme-close-up", "close-up", "medium", "wide")
FOLDERS = 200
CAMERAS = ("ARRI ALEXA Mini", "Sony ILME-FX6", "Canon EOS C70", "DJI Air 2S", "Apple iPhone 14")
NOW = "2026-11-21 00:00:00.000000"


@dataclass(frozen=True, slots=True)
class Captions:
    """Real captions and their vectors."""

    texts: Sequence[str]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mixed:
    """Some events: their captions and vectors (N, D)."""

    texts: list[str]
    vectors: NDArray[np.float32]


def mixed(captions: Captions, count: int, seed: int, batch: int = 10_000) -> Iterator[Mixed]:
    """So many events, always the same for a seed, in batches."""
    random = np.random.default_rng(seed)
    words = [text.split() for text in captions.texts]
    for first in range(0, count, batch):
        size = min(batch, count - first)
        pairs = random.integers(len(words), size=(size, 2))
        part = random.uniform(0.3, 0.7, (size, 1)).astype(np.float32)
        aside = random.standard_normal((size, captions.vectors.shape[1]), np.float32)
        aside *= ASIDE / np.linalg.norm(aside, axis=1, keepdims=True)
        vectors = captions.vectors[pairs[:, 0]] * part + captions.vectors[pairs[:, 1]] * (1 - part) + aside
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        texts = [
            " ".join((*words[a][: 1 + len(words[a]) // 2], *words[b][len(words[b]) // 2 :])) for a, b in pairs.tolist()
        ]
        yield Mixed(texts, vectors)


def make(folder: Path, captions: Captions, count: int, seed: int = 1) -> None:
    """A library with so many events. Rows are written as the library would write them, only in bulk."""
    WritableLibrary.open(folder).close()
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO embedder VALUES (1, ?, ?, ?)",
        (MiniLMEmbedder.name, MiniLMEmbedder.version, MiniLMEmbedder.dimension),
    )
    clips = (count + EVENTS_PER_CLIP - 1) // EVENTS_PER_CLIP
    _add_clips(connection, clips)
    first = 1
    for batch in mixed(captions, count, seed):
        _add_events(connection, first, batch)
        first += len(batch.texts)
    connection.execute("UPDATE meta SET generation = generation + 1")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _add_clips(connection: sqlite3.Connection, count: int) -> None:
    video = VideoStream(0, "h264", 1920, 1080, "yuv420p", 8)
    random = np.random.default_rng(0)
    for clip in range(1, count + 1):
        footage = Footage(
            f"{clip:032x}", "mov,mp4", Span.seconds(0, 60 + int(random.integers(600))), 25, video,  # type: ignore[arg-type]
            camera=CAMERAS[clip % len(CAMERAS)], reel=f"A{clip // 100:03}",
            created=f"20{20 + clip % 7}-{1 + clip % 12:02}-{1 + clip % 28:02}T10:00:00Z",
        )  # fmt: skip
        connection.execute(
            "INSERT INTO footage (id, fingerprint, facts, seconds, added_at) VALUES (?, ?, ?, ?, ?)",
            (clip, footage.fingerprint, json.dumps(footage.to_json()), float(footage.duration), NOW),
        )
        path = f"/footage/day{clip % FOLDERS:03}/clip{clip:06}.mov".encode()
        connection.execute(
            "INSERT INTO location (id, footage_id, recognised, path, size, mtime_ns, ctime_ns, inode, online, seen_at)"
            " VALUES (?, ?, 1, ?, 1, 1, 1, ?, 1, ?)",
            (clip, clip, path, clip, NOW),
        )
        connection.execute(
            "INSERT INTO layer (id, footage_id, captioner, version, current, made_at)"
            " VALUES (?, ?, 'shotlog', '1', 1, ?)",
            (clip, clip, NOW),
        )


def _add_events(connection: sqlite3.Connection, first: int, batch: Mixed) -> None:
    numbers = range(first, first + len(batch.texts))
    connection.executemany(
        "INSERT INTO event (id, layer_id, start_pts, end_pts, caption, kind, edge, measures)"
        " VALUES (?, ?, ?, ?, ?, 'shot', '0/1', '{}')",
        (
            (
                number, 1 + (number - 1) // EVENTS_PER_CLIP, 5000 * (number % EVENTS_PER_CLIP),
                5000 * (number % EVENTS_PER_CLIP) + 5000, text,
            )
            for number, text in zip(numbers, batch.texts, strict=True)
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO vector (event_id, embedder_id, vector) VALUES (?, 1, ?)",
        ((number, row.tobytes()) for number, row in zip(numbers, batch.vectors, strict=True)),
    )
    connection.executemany(
        "INSERT INTO event_value (event_id, name, text, number) VALUES (?, ?, ?, ?)",
        (
            value
            for number in numbers
            for value in (
                (number, "people", str(number % 7), number % 7),
                (number, "shot", SIZES[number % len(SIZES)], None),
            )
        ),
    )


def first_of(batches: Iterator[Mixed], count: int) -> Mixed:
    """So many events of several batches as one."""
    some = list(islice(batches, 1 + count // 10_000))
    return Mixed(
        [text for each in some for text in each.texts][:count], np.concatenate([each.vectors for each in some])[:count]
    )
