"""Copies for browsers: made on demand, one at a time, as long as somebody waits and there is room."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from momentidx.config import Settings
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.web import proxies
from momentidx.web.problems import Conflict
from momentidx.web.proxies import PATIENCE_SECONDS, Proxies, Proxy
from tests.clips import read_number, render
from tests.e2e.command import wait_until
from tests.web.conftest import Own
from tests.web.test_media import fingerprint_of


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def kept(folder: Path, settings: Settings | None = None, clock: Clock | None = None) -> Iterator[Proxies]:
    folder.mkdir(exist_ok=True)
    copies = Proxies(folder, settings or Settings(), lambda content: not content.startswith("0"), clock or Clock())
    try:
        yield copies
    finally:
        copies.close()


def settled(copies: Proxies, content: str) -> Proxy:
    wait_until(lambda: copies.look(content).state != "making", "the copy is made")
    return copies.look(content)


def copies_in(folder: Path) -> set[str]:
    return {file.name for file in (folder / "library" / "proxies").iterdir()}


@pytest.fixture
def footage(tmp_path: Path, decoder: Decoder) -> tuple[Footage, Path]:
    path = render(tmp_path / "a.mov", frames=60, codec="mpeg4")
    return probe(path, decoder), path


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The work does not begin before this is set."""
    go = threading.Event()
    begin = proxies.fingerprint

    def waiting(path: Path) -> str:
        go.wait(30)
        return begin(path)

    monkeypatch.setattr(proxies, "fingerprint", waiting)
    yield go
    go.set()


def test_a_copy_is_made_once_and_its_pictures_keep_their_times(
    footage: tuple[Footage, Path], tmp_path: Path, decoder: Decoder
) -> None:
    told, path = footage
    with kept(tmp_path / "library") as copies:
        assert copies.look(told.fingerprint) == Proxy("none")
        assert copies.file(told.fingerprint) is None
        assert copies.make(told, path).state == "making"
        ready = settled(copies, told.fingerprint)
        file = copies.file(told.fingerprint)
        assert file is not None
        assert ready == Proxy("ready", 1.0, file.stat().st_size)
        made = file.stat().st_ino
        assert copies.make(told, path) == ready
        assert file.stat().st_ino == made
    copy = probe(file, decoder)
    source = Source(file, copy, decoder, decoder.settings)
    assert [copy.grid.frame(time) for time in source.times()] == list(range(60))
    assert [read_number(image) for image in source.at(source.times(), width=160).images] == list(range(60))
    assert copies_in(tmp_path) == {file.name}


def test_work_that_nobody_asks_about_is_given_up(
    footage: tuple[Footage, Path], held: threading.Event, tmp_path: Path
) -> None:
    clock = Clock()
    with kept(tmp_path / "library", clock=clock) as copies:
        copies.make(*footage)
        clock.now = PATIENCE_SECONDS + 1
        held.set()
        wait_until(lambda: not copies._state.works, "it is given up")
        assert copies.look(footage[0].fingerprint) == Proxy("none")
        assert copies_in(tmp_path) == set()


def test_one_who_asks_keeps_it_going(footage: tuple[Footage, Path], held: threading.Event, tmp_path: Path) -> None:
    clock = Clock()
    with kept(tmp_path / "library", clock=clock) as copies:
        copies.make(*footage)
        clock.now = PATIENCE_SECONDS + 1
        assert copies.look(footage[0].fingerprint) == Proxy("making")
        held.set()
        assert settled(copies, footage[0].fingerprint).state == "ready"


def test_what_is_dropped_stops_and_goes(footage: tuple[Footage, Path], held: threading.Event, tmp_path: Path) -> None:
    content = footage[0].fingerprint
    with kept(tmp_path / "library") as copies:
        copies.make(*footage)
        copies.drop(content)
        held.set()
        assert settled(copies, content) == Proxy("none")
        copies.make(*footage)
        assert settled(copies, content).state == "ready"
        copies.drop(content)
        assert copies.look(content) == Proxy("none")


def test_why_it_failed_is_kept_until_it_is_tried_again(footage: tuple[Footage, Path], tmp_path: Path) -> None:
    told, path = footage
    content = path.read_bytes()
    with kept(tmp_path / "library") as copies:
        path.write_bytes(b"something else")
        copies.make(told, path)
        failed = settled(copies, told.fingerprint)
        assert failed == Proxy("failed", reason=f"{path}: the file was changed since it was indexed. Index it again.")
        path.unlink()
        copies.make(told, path)
        assert "cannot be read" in str(settled(copies, told.fingerprint).reason)
        path.write_bytes(content)
        copies.make(told, path)
        assert settled(copies, told.fingerprint).state == "ready"


def test_only_so_many_wait(footage: tuple[Footage, Path], held: threading.Event, tmp_path: Path) -> None:
    from dataclasses import replace

    told, path = footage
    with kept(tmp_path / "library") as copies:
        for number in range(11):
            copies.make(replace(told, fingerprint=f"a{number}"), path)
        with pytest.raises(Conflict, match="10 copies wait"):
            copies.make(told, path)
        for number in range(11):
            copies.drop(f"a{number}")
        held.set()


def test_what_was_not_watched_for_longest_makes_room(footage: tuple[Footage, Path], tmp_path: Path) -> None:
    folder = tmp_path / "library" / "proxies"
    folder.mkdir(parents=True)
    files = {name: folder / f"{name}.1.mp4" for name in ("a", "b", "0forgotten")}
    for age, file in enumerate(files.values()):
        file.write_bytes(bytes(600 << 10))
        os.utime(file, (1000 + age, 1000 + age))
    (folder / "a.0.mp4").touch()
    (folder / "left.part").touch()
    with kept(tmp_path / "library", Settings(proxies_max_mb=1)) as copies:
        assert copies.file("a") == files["a"]
        copies.make(*footage)
        assert settled(copies, footage[0].fingerprint).state == "ready"
    names = {files["a"].name, f"{footage[0].fingerprint}.1.mp4"}
    assert copies_in(tmp_path) == names, "watched of late, and made just now; neither forgotten nor left"


def test_a_copy_that_would_fill_the_disk_is_not_made(
    footage: tuple[Footage, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies, "disk_full", lambda *_: "the disk of the library is full")
    with kept(tmp_path / "library") as copies:
        copies.make(*footage)
        failed = settled(copies, footage[0].fingerprint)
    assert failed.reason == "The copy was not made to its end: the disk of the library is full. Free some space."
    assert copies_in(tmp_path) == set()


def test_a_client_asks_for_a_copy_waits_and_reads_it(numbers: Own) -> None:
    client = numbers.client
    url = f"/api/v1/footage/{fingerprint_of(client, 'prores.mov')}/proxy"
    assert client.get(url).json() == {"state": "none", "progress": 0.0, "bytes": 0, "reason": None}
    assert client.get(f"{url}/media").status_code == 404
    begun = client.post(url)
    assert (begun.status_code, begun.json()["state"]) == (202, "making")
    wait_until(lambda: client.get(url).json()["state"] == "ready", "the copy is made")
    part = client.get(f"{url}/media", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    assert client.post(url).json()["state"] == "ready"
    assert client.delete(url).status_code == 204
    assert client.get(url).json()["state"] == "none"
