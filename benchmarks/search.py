"""How search scales: a million events of re-mixed real captions, every figure beside its goal.

    python benchmarks/search.py ANNOTATIONS.json FOLDER [--events 1000000] [--queries 100]

ANNOTATIONS is in the densevid format (`train.json`). The library in FOLDER is made if it is not there (some minutes);
a part of the captions is kept out of it and asked for. All ratios are taken in one run, alternately.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import faiss
import numpy as np
from remix import Captions, make
from sqlalchemy import text

from momentidx.library import Library
from momentidx.pipeline.answering import Answering
from momentidx.search.asking import Wish
from momentidx.search.find import known_fields, search
from momentidx.search.index import Kind, build
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.parse import parse
from momentidx.search.query import Words, walk
from momentidx.search.searcher import COMMON, _tokens
from momentidx.search.service import ask
from momentidx.search.vectors import Vectors, keep_index, open_vectors

MIXED = 22_000
"""Captions that the library is made of; as many as asked for after these are the queries."""
CLIENTS = 8
FILTERS = ("shot:close-up", "people:>4", "camera:FX6", "shot:wide people:2", "folder:day007", "date:2024")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=100)
    told = parser.parse_args()
    embedder = MiniLMEmbedder(installed_weights())
    texts = captions(told.annotations)
    if not Library.exists(told.folder):
        make(told.folder, Captions(texts[:MIXED], embedder.embed(texts[:MIXED])), told.events)
    queries = [plain(each) for each in texts[MIXED : MIXED + told.queries]]
    with Library.open(told.folder) as library:
        print(f"{library.vector_count(embedder):,} vectors, {len(queries)} queries, load {os.getloadavg()[0]:.1f}")
        vectors = indexes(library, embedder, queries)
        words(library, queries)
        whole(library, embedder, vectors, queries)
        clients(library, queries)
    cold(told.folder, queries)


def captions(file: Path) -> list[str]:
    """The sentences, each once, in an order that is always the same."""
    videos = json.loads(file.read_bytes())
    found = [each.strip() for video in videos.values() for each in video["sentences"] if 15 < len(each.strip()) < 300]
    random.Random(1).shuffle(found)
    return list(dict.fromkeys(found))


def plain(caption: str) -> str:
    """The words of a caption, in small letters, at most twelve: as a person would ask."""
    return " ".join(re.findall(r"[^\W_]+", caption.lower())[:12])


def say(what: str, goal: str, measured: str) -> None:
    print(f"| {what} | {goal} | {measured} |", flush=True)


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def percentiles(seconds: Sequence[float]) -> str:
    p50, p95 = np.percentile(seconds, (50, 95)) * 1e3
    return f"p50 {p50:.0f}, p95 {p95:.0f} ms"


def indexes(library: Library, embedder: MiniLMEmbedder, queries: Sequence[str]) -> Vectors:
    """Making, opening, memory, and recall against every vector compared as it is."""
    for file in (library.folder / "vectors").glob("*"):
        file.unlink()
    say("rebuild from rows", "60 s", f"{timed(lambda: keep_index(library, embedder)):.1f} s")
    opened: list[Vectors] = []
    say("open", "5 s", f"{timed(lambda: opened.append(open_vectors(library, embedder))):.2f} s")
    (vectors,) = opened
    asked = [embedder.embed([query])[0] for query in queries]
    faiss.omp_set_num_threads(1)
    sketched = [vectors.nearest(vector, 200) for vector in asked]
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    say("memory of a searching process", "1.5 GB", f"{resident:.0f} MB ({vectors.kind})")
    exact = Vectors(library, embedder, build(library, embedder, Kind.WHOLE))
    truth = [[event for event, _ in exact.nearest(vector, 10)] for vector in asked]
    shares = [
        len({event for event, _ in found[:10]} & set(true)) / 10 for found, true in zip(sketched, truth, strict=True)
    ]
    say("recall@10 against all vectors", "0.98", f"{np.mean(shares):.4f}")
    say("nearest 200, exact cosines", "", percentiles([timed(lambda v=v: vectors.nearest(v, 200)) for v in asked]))  # type: ignore[misc]
    return vectors


def words(library: Library, queries: Sequence[str]) -> None:
    spent = [timed(lambda q=q: library.word_hits(tokens(q), limit=200)) for q in queries]  # type: ignore[misc]
    say("words only", "p95 50 ms", percentiles(spent))


def tokens(query: str) -> list[str]:
    return [token for token in dict.fromkeys(_tokens(query)) if token not in COMMON]


def whole(library: Library, embedder: MiniLMEmbedder, vectors: Vectors, queries: Sequence[str]) -> None:
    """A full query against its three parts, each as plain as it can be: embed, FAISS, FTS5."""
    full, parts = [], []
    for query in queries[:30]:
        full.append(timed(lambda q=query: search(library, q, Wish(), embedder=embedder, vectors=vectors)))  # type: ignore[misc]
        read = [each.text for each in walk(parse(query, known_fields())) if isinstance(each, Words)]
        asked = embedder.embed([query])[0]
        parts.append((
            timed(lambda t=read: embedder.embed(t)),  # type: ignore[misc]
            timed(lambda v=asked: vectors._state.index.nearest(v, 200)),  # type: ignore[misc]
            timed(lambda q=query: raw_words(library, q)),  # type: ignore[misc]
        ))  # fmt: skip
    each = np.median(np.array(parts), axis=0) * 1e3
    ratio = np.median(full) / np.median(np.sum(parts, axis=1))
    say(
        "full query / (embed + raw FAISS + raw FTS5)", "1.3",
        f"{ratio:.2f} ({percentiles(full)}; {each[0]:.0f} + {each[1]:.0f} + {each[2]:.0f} ms)",
    )  # fmt: skip


def raw_words(library: Library, query: str) -> None:
    """FTS5 as it is: any of the words, ranked."""
    match = " OR ".join(f'"{token}"' for token in tokens(query))
    question = text("SELECT rowid FROM event_words WHERE event_words MATCH :match ORDER BY rank LIMIT 200")
    with library._reading() as connection:
        connection.execute(question, {"match": match}).all()


def clients(library: Library, queries: Sequence[str]) -> None:
    """Eight at once over the socket, half of them with filters, while a process indexes."""
    folder = library.folder
    spent: list[float] = []
    unanswered = 0

    def client(number: int) -> None:
        nonlocal unanswered
        for at, query in enumerate(queries[number::CLIENTS]):
            asked = f"{query} {FILTERS[at % len(FILTERS)]}"
            start = time.perf_counter()
            unanswered += ask(folder, asked, Wish(), "minilm") is None
            spent.append(time.perf_counter() - start)
            time.sleep(0.25)

    with Answering(folder, "minilm"):
        while ask(folder, "a dog", Wish(), "minilm") is None:
            time.sleep(0.1)
        alone = [timed(lambda q=q: ask(folder, q, Wish(), "minilm")) for q in queries[:20]]  # type: ignore[misc]
        busy = subprocess.Popen([sys.executable, "-c", "while True: sum(i * i for i in range(10000))"])
        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        busy.kill()
        busy.wait()
    say("find over the socket, one client", "150 ms", percentiles(alone))
    say(
        "hybrid with filters, 8 clients, another process busy",
        "p95 250 ms",
        f"{percentiles(spent)}, {unanswered} unanswered",
    )


def cold(folder: Path, queries: Sequence[str]) -> None:
    command = [str(Path(sys.executable).with_name("momentidx")), "find", "--library", str(folder)]
    spent = []
    for query in queries[:5]:
        start = time.perf_counter()
        subprocess.run([*command, query], stdout=subprocess.DEVNULL, check=True)
        spent.append(time.perf_counter() - start)
    say("`momentidx find` from a cold start, this library", "2 s", f"{np.median(spent):.2f} s")


if __name__ == "__main__":
    main()
