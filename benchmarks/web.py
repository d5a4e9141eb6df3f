"""How quick the page and the API are, and what they cost: every figure beside its goal.

    python benchmarks/web.py ANNOTATIONS.json FOLDER [--events 100000] [--queries 100]

ANNOTATIONS is in the densevid format (`train.json`). The library in FOLDER is made if it is not there. The server is a
process of its own, as beside `watch`; the page is looked at in Debian's Chromium, if that is installed. For the
clients while indexing, `watch` indexes copies of the demo's clips meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
from remix import Captions, make
from search import MIXED, captions, percentiles, plain, say, timed

from momentidx.demo.footage import CLIPS, render
from momentidx.library import Library
from momentidx.pipeline.answering import Answering
from momentidx.search.asking import Wish
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.service import ask
from momentidx.web.client import Client
from momentidx.web.connections import HEAD_SECONDS
from momentidx.web.runfile import running

CLIENTS = 8
SLOW = 300
PATIENCE = 120.0
TYPICAL = 60
"""Moments that the page asks for."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    told = parser.parse_args()
    texts = captions(told.annotations)
    if not Library.exists(told.folder):
        embedder = MiniLMEmbedder(installed_weights())
        make(told.folder, Captions(texts[:MIXED], embedder.embed(texts[:MIXED])), told.events)
    queries = [plain(each) for each in texts[MIXED : MIXED + told.queries]]
    with Library.open(told.folder) as library:
        print(f"{library.status().events:,} events, {len(queries)} queries, load {os.getloadavg()[0]:.1f}", flush=True)
    without = answering_alone(told.folder, queries)
    with momentidx("serve", "--library", told.folder, "--port", "0"):
        client = client_of(told.folder)
        one(client, queries)
        address = running(told.folder)
        assert address is not None
        memory(megabytes(address.pid), without)
        paint(client, queries)
        slow(client, address.pid, queries)
    while_indexing(told.folder, queries)


@contextmanager
def momentidx(*arguments: object, **env: str) -> Iterator[None]:
    command = [str(Path(sys.executable).with_name("momentidx")), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **env}) as process:
        try:
            yield
        finally:
            process.terminate()


def client_of(folder: Path) -> Client:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if client := Client.of(folder):
                client.health()
                return client
        except Exception:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def megabytes(process: int) -> float:
    """What the process has for itself, and its share of what several have."""
    return float(psutil.Process(process).memory_full_info().pss) / 2**20


def answering_alone(folder: Path, queries: Sequence[str]) -> float:
    """Memory of the process that answers searches where there is no page."""
    with Answering(folder, "minilm") as beside:
        for query in queries[:20]:
            while ask(folder, query, Wish(TYPICAL), "minilm") is None:
                time.sleep(0.1)
        return megabytes(beside._process.pid)


def one(client: Client, queries: Sequence[str]) -> None:
    for query in queries[:5]:
        client.search(query)
    spent = [timed(lambda q=query: client.search(q, limit=TYPICAL)) for query in queries]  # type: ignore[misc]
    say(f"search over HTTP, {TYPICAL} moments, one client", "200 ms", percentiles(spent))
    for path in ("/health", "/status", "/complete?q=a%20man%20pl", "/footage?limit=100", "/selects"):
        spent = [timed(lambda p=path: client.get(p)) for _ in range(20)]  # type: ignore[misc]
        say(f"GET {path}", "", percentiles(spent))


def memory(served: float, without: float) -> None:
    say(
        "memory of the page and API, above what answers searches anyway", "150 MB",
        f"{served - without:.0f} MB ({served:.0f} against {without:.0f})",
    )  # fmt: skip


def paint(client: Client, queries: Sequence[str]) -> None:
    """The page in Chromium: until there is something to read, and from Enter to the first answer."""
    program = shutil.which("chromium")
    if program is None:
        print("skipped: the page, because chromium is not installed")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        options = ["--no-sandbox"] if os.getuid() == 0 else []
        page = driver.chromium.launch(executable_path=program, args=options).new_page()
        page.goto(client.login_link())
        first = []
        for _ in range(10):
            page.reload(wait_until="load")
            page.locator(".query").wait_for()
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            first.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1e3)
        say("page, first contentful paint", "300 ms", percentiles(first))
        spent = []
        for query in queries[:20]:
            page.locator(".query").fill(query)
            spent.append(
                page.evaluate(
                    """async () => {
                        const there = document.querySelector(".results .caption")?.textContent;
                        const begun = performance.now();
                        document.querySelector("form[role=search]").requestSubmit();
                        for (;;) {
                            await new Promise(requestAnimationFrame);
                            const now = document.querySelector(".results .caption")?.textContent;
                            if (now && now !== there) return (performance.now() - begun) / 1000;
                            if (performance.now() - begun > 10000) return 10;
                        }
                    }"""
                )
            )
        say("page, from Enter to the first answer", "200 ms", percentiles(spent))


def slow(client: Client, server: int, queries: Sequence[str]) -> None:
    """Hundreds who never end their head, while one searches; and whether they are still there afterwards."""
    place = urlsplit(client.url)
    before = megabytes(server)
    spent: list[float] = []
    asked = cycle(queries)
    with ExitStack() as held:
        half = []
        for number in range(SLOW):
            one_of_them = held.enter_context(socket.create_connection((place.hostname, place.port)))
            half.append(one_of_them)
            one_of_them.sendall(f"GET / HTTP/1.1\r\nX-{number}: ".encode())
        until = time.monotonic() + HEAD_SECONDS + 2
        while time.monotonic() < until:
            spent.append(timed(lambda: client.search(next(asked), limit=10)))
        alive = sum(is_open(each) for each in half)
    say(f"search while {SLOW} clients never end their head", "p95 250 ms", percentiles(spent))
    say("of these clients still connected afterwards", "0", str(alive))
    say("memory they cost", "50 MB", f"{megabytes(server) - before:.0f} MB")


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def while_indexing(folder: Path, queries: Sequence[str]) -> None:
    """Eight who search and look a moment at what they found, while `watch` indexes."""
    spent: list[float] = []
    failed = 0

    def search(client: Client, asked: Sequence[str]) -> None:
        nonlocal failed
        for query in asked:
            start = time.perf_counter()
            try:
                client.search(query, limit=TYPICAL)
            except Exception:
                failed += 1
            spent.append(time.perf_counter() - start)
            time.sleep(0.5)

    with tempfile.TemporaryDirectory() as scratch:
        copied, footage = Path(scratch, "library"), Path(scratch, "footage")
        shutil.copytree(folder, copied, ignore=shutil.ignore_patterns("*.socket"))
        footage.mkdir()
        render(CLIPS[0], footage / "0.mov")
        for number in range(1, 40):  # other bytes: other footage
            (footage / f"{number}.mov").write_bytes((footage / "0.mov").read_bytes() + os.urandom(16))
        with momentidx("watch", footage, "--library", copied, "--port", "0", MOMENTIDX_SETTLE_SECONDS="1"):
            client = client_of(copied)
            client.search(queries[0])
            while not json.loads((copied / "run.json").read_text())["in_work"]:
                time.sleep(0.1)
            threads = [
                threading.Thread(target=search, args=(client, queries[number::CLIENTS])) for number in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            busy = json.loads((copied / "run.json").read_text())["in_work"] is not None
    say(
        f"{CLIENTS} clients searching while indexing{'' if busy else ' (which ended before them)'}", "p95 250 ms",
        f"{percentiles(spent)}, {failed} failed; mean {np.mean(spent) * 1e3:.0f} ms",
    )  # fmt: skip


if __name__ == "__main__":
    main()
