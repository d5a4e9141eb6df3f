"""Answers over the socket: the same as those of the library itself, and none to whoever asks wrongly."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx import hooks
from momentidx.events import Event
from momentidx.files import SeenFile
from momentidx.hooks import Offer, Provided
from momentidx.library import Described, Library, WritableLibrary
from momentidx.pipeline.answering import Answering
from momentidx.search import service
from momentidx.search.asking import Sort, Wish
from momentidx.search.find import search
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.service import SOCKET, Service, answering, ask
from momentidx.times import Span
from tests.e2e.command import wait_until
from tests.library.making import BASE, FOOTAGE, SHOTS, indexed

TOLD = ("A woman opens a letter.", "She looks up at the window.", "A dog runs on the beach.")
WORDS = ["a dog", "a woman opens a letter THEN looks up", '"looks up"', "she opens the letter, then looks up"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library in a folder whose path is longer than that of a socket may be."""
    folder = tmp_path_factory.mktemp("answers") / ("long" * 30)
    embedder = MiniLMEmbedder(installed_weights())
    (folder.parent / b"caf\xe9.mov".decode("utf-8", "surrogateescape")).write_text("tape")
    (path,) = folder.parent.iterdir()
    events = [
        Event(Span(1024 + 12800 * at, 1024 + 12800 * (at + 1), BASE), caption, measures={"light": {"mean": 0.1}})
        for at, caption in enumerate(TOLD)
    ]
    with WritableLibrary.open(folder) as library:
        indexed(library, SeenFile.of(path), FOOTAGE, Described(SHOTS, events), embedder=embedder, embed=embedder.embed)
    return folder


@pytest.fixture
def running(folder: Path) -> Iterator[Path]:
    with answering(Service(folder, "minilm")):
        yield folder


def test_the_answers_are_those_of_the_library(running: Path) -> None:
    with Library.open(running) as library:
        for words in WORDS:
            for wish in (Wish(), Wish(limit=1, offset=1, sort=Sort.TIME, one_per_clip=True, everything=True)):
                told = ask(running, words, wish, "minilm")
                assert told == replace(search(library, words, wish), query=None, why={})


def test_what_is_told_around_events_is_read_before_anybody_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(folder, "minilm")
    service.read_ahead()
    monkeypatch.delattr(Library, "told")
    found = service.search("a dog", Wish())
    service.close()
    with Library.open(folder) as library:
        monkeypatch.undo()
        assert found == search(library, "a dog", Wish())


def test_nobody_is_asked_where_nobody_answers(folder: Path) -> None:
    assert ask(folder, "a dog", Wish(), "minilm") is None
    assert ask(folder / "nowhere", "a dog", Wish(), "minilm") is None
    (folder / SOCKET).touch()
    assert ask(folder, "a dog", Wish(), "minilm") is None


def test_what_a_killed_process_left_is_no_hindrance(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over, service._at(folder) as address:
        (folder / SOCKET).unlink(missing_ok=True)
        left_over.bind(address)
    with answering(Service(folder, "minilm")):
        assert ask(folder, "a dog", Wish(), "minilm") is not None
    assert not (folder / SOCKET).exists()


def test_what_the_library_refuses_is_not_answered(running: Path) -> None:
    assert ask(running, "((", Wish(), "minilm") is None
    assert ask(running, "a dog", Wish(limit=0), "minilm") is None
    assert ask(running, "a dog", Wish(), "another") is None
    assert ask(running, "word " * 20_000, Wish(), "minilm") is None


def test_only_the_owner_may_ask(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stat.S_IMODE((running / SOCKET).stat().st_mode) == 0o600
    monkeypatch.setattr(service, "_user_of", lambda _: os.getuid() + 1)
    assert ask(running, "a dog", Wish(), "minilm") is None


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"\xff\xfe\n", b"[]\n", b"{}\n", b"null\n", b"x" * (service.LONGEST + 5) + b"\n",
     json.dumps({"version": service.__version__, "embedder": "minilm", "words": 7, "wish": {"limit": "x"}}).encode()
     + b"\n"],
)  # fmt: skip
def test_nonsense_gets_no_answer_and_does_no_harm(running: Path, line: bytes) -> None:
    with service._at(running) as address, socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(address)
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").read() == b""
    assert ask(running, "a dog", Wish(), "minilm") is not None


def test_who_says_nothing_keeps_nobody_waiting(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service._Handler, "timeout", 0.1)
    with service._at(running) as address, socket.socket(socket.AF_UNIX) as silent:
        silent.settimeout(20)
        silent.connect(address)
        assert ask(running, "a dog", Wish(), "minilm") is not None
        assert silent.recv(1) == b""


def test_new_events_are_found_at_once(running: Path, tmp_path: Path) -> None:
    ask(running, "a red ball", Wish(), "minilm")
    embedder = MiniLMEmbedder(installed_weights())
    (tmp_path / "ball.mov").write_text("ball")
    events = [Event(Span(1024, 12_800, BASE), "A red ball rolls by.")]
    with WritableLibrary.open(running) as library:
        indexed(
            library, SeenFile.of(tmp_path / "ball.mov"), replace(FOOTAGE, fingerprint="ba11" * 8),
            Described(SHOTS, events), embedder=embedder, embed=embedder.embed,
        )  # fmt: skip
    told = ask(running, "a red ball", Wish(), "minilm")
    assert told is not None
    assert told.moments[0].event.caption == "A red ball rolls by."


class Other(MiniLMEmbedder):
    """Stands for another embedder."""

    name = "other"


def test_who_answers_all_day_goes_over_to_the_embedder_that_took_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers = {"minilm": MiniLMEmbedder, "other": Other}
    offers = [
        Provided("embedders", Offer(name, "", lambda _, make=make: make(installed_weights())), "")  # type: ignore[misc]
        for name, make in makers.items()
    ]
    monkeypatch.setattr(hooks, "plugins", lambda: tuple(offers))
    (tmp_path / "tape.mov").write_text("tape")
    told = Described(SHOTS, [Event(Span(1024, 12_800, BASE), caption) for caption in TOLD])

    def embedded_by(name: str) -> None:
        embedder = makers[name](installed_weights())
        seen = SeenFile.of(tmp_path / "tape.mov")
        with WritableLibrary.open(tmp_path) as library:
            indexed(library, seen, FOOTAGE, told, embedder=embedder, embed=embedder.embed)

    embedded_by("minilm")
    before, after = Service(tmp_path, "minilm"), Service(tmp_path, "other")

    def notes() -> list[tuple[str, ...]]:
        return [service.search("a dog", Wish(limit=1)).notes for service in (before, after)]

    assert notes() == [(), ("Searched with 'minilm': 'other' knows only 0 of 3 events so far.",)]
    embedded_by("other")
    assert notes() == [(), ()]
    embedded_by("other")  # clears away what the former one left
    assert notes() == [("Searched with 'other': 'minilm' knows only 0 of 3 events so far.",), ()]
    before.close()
    after.close()


def test_the_process_beside_the_daemon_answers_and_ends_with_it(folder: Path) -> None:
    with Answering(folder, "minilm") as beside:
        wait_until(lambda: ask(folder, "a dog", Wish(), "minilm") is not None, "an answer")
    assert beside._process.returncode == 0
    assert not (folder / SOCKET).exists()
