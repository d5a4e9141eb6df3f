"""News as they come: over a real connection, for they have no end."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest

from momentidx.library import Captions, SavedSearches
from momentidx.web import news
from momentidx.web.values import Changed
from tests.e2e.command import PATIENCE
from tests.web.conftest import Server

Piece = tuple[str, dict[str, Any]]


@contextmanager
def listening(server: Server) -> Iterator[Iterator[Piece]]:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    connection.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {server.token}"})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("content-type")) == (200, "text/event-stream; charset=utf-8")
    yield pieces(answer)
    connection.close()


def pieces(answer: HTTPResponse) -> Iterator[Piece]:
    """Fails after a while without any: that the connection still stands is told all the time."""
    name, told = "", time.monotonic()
    for line in answer:
        assert time.monotonic() < told + PATIENCE, "no news"
        if line.startswith(b"event: "):
            name = line.decode().removeprefix("event: ").strip()
        elif line.startswith(b"data: "):
            yield name, json.loads(line.decode().removeprefix("data: "))
            told = time.monotonic()


def test_it_begins_with_how_everything_stands(server: Server) -> None:
    with listening(server) as told:
        assert next(told) == (
            "progress",
            {
                "indexing": False, "in_work": None, "waits": None, "speed": None, "settling": 0, "files_done": 0,
                "files_failed": 0,
            },
        )  # fmt: skip
        assert next(told)[0] == "changed"


def test_a_change_by_another_process_is_told_to_everybody(own_server: Server) -> None:
    with listening(own_server) as one, listening(own_server) as other:
        before = [next(one), next(one)][1]
        assert [next(other), next(other)][1] == before
        SavedSearches(own_server.desk.folder).save("night", "light:dark")
        for told in (one, other):
            name, after = next(told)
            assert (name, after["generation"]) == ("changed", before[1]["generation"])
            assert after["writes"] > before[1]["writes"]


def test_what_changes_while_somebody_begins_to_listen_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count(1)

    def changed_since_the_first_look(self: news.News) -> news.Seen | None:
        look = next(looks)
        seen = seen_by(self)
        return seen and replace(seen, changed=Changed(generation=1, writes=min(look, 2)))

    seen_by = news.News._seen
    monkeypatch.setattr(news.News, "_seen", changed_since_the_first_look)
    with listening(server) as told:
        assert [next(told)[1].get("writes") for _ in range(3)] == [None, 1, 2]


def test_new_answers_to_a_saved_search_are_told(own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "FOUND_SECONDS", 0.0)
    monkeypatch.setattr(news, "EVERY_SECONDS", 0.05)
    desk = own_server.desk
    desk.saved().save("fox", "captioner:human")
    with listening(own_server) as told:
        next(told), next(told)
        footage = desk.library().footage()[0].footage
        Captions(desk.folder, "minilm").add(footage, footage.span, "A fox runs through the picture.")
        found = next(piece for name, piece in told if name == "found")
    assert found == {"name": "fox", "query": "captioner:human", "count": 1}


def test_when_the_server_ends_so_does_the_stream(own_server: Server) -> None:
    with listening(own_server) as told:
        next(told), next(told)
        own_server.stop()
        assert list(told) == []
