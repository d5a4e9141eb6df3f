"""`momentidx serve`, `open` and what `watch` starts beside itself, as processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import HTTPErrorProcessor, Request, build_opener, urlopen

import psutil
import pytest

from momentidx.commands import watch as watch_command
from momentidx.commands.setting_up import set_up
from momentidx.errors import LibraryError, MomentidxError, WrongUse
from momentidx.search.asking import Wish
from momentidx.search.service import ask
from momentidx.web import listening
from momentidx.web.client import Client
from momentidx.web.runfile import Address, running
from tests.e2e.command import PATIENCE, environment, wait_until
from tests.web.conftest import Server

ROOT = Path(__file__).parents[2]


class Stay(HTTPErrorProcessor):
    """Goes where it was told to and no farther, whatever the answer."""

    def http_response(self, _request: Request, response: Any) -> Any:
        return response


@contextmanager
def momentidx(*arguments: str | Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until the block ends; it must end well then."""
    command = [sys.executable, str(ROOT / "typer_app.py"), *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment(**{"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", "MOMENTIDX_WEB_PORT": "0"} | env),
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                output, _ = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)  # it says where its threads are
                output, _ = process.communicate()
    assert process.returncode == 0, output
    assert "Stopped." in output


def done(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "typer_app.py"), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=environment(**env), check=False
    )  # fmt: skip


def client_of(library: Path) -> Client:
    """Of a server that is about to start."""

    def is_well() -> bool:
        client = Client.of(library)
        try:
            return client is not None and bool(client.health().version)
        except LibraryError:
            return False

    wait_until(is_well, "the server answers")
    client = Client.of(library)
    assert client is not None
    return client


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "library", tmp_path / "library"))


def test_serve_answers_until_it_is_stopped_and_tells_nobody_its_token(library: Path) -> None:
    without = done("open", "--print", "--library", library)
    assert (without.returncode, "Nobody serves the library" in without.stderr) == (1, True)
    with momentidx("serve", "--library", library) as process:
        client = client_of(library)
        assert process.stdout is not None
        assert process.stdout.readline() == (
            f"The page is at {client.url}; 'momentidx open --library {library}' logs you in. Stop with Ctrl-C.\n"
        )
        address = running(library)
        assert address is not None
        assert address.pid == process.pid
        assert address.token not in " ".join(psutil.Process(process.pid).cmdline())
        for name in ("web.json", "web.token"):
            assert stat.S_IMODE((library / name).stat().st_mode) == 0o600
        night = client.search("night, a light moves", limit=1)
        assert [moment.clip for moment in night.moments] == ["A003_night.mov"]
        found = ask(library, "night, a light moves", Wish(1), "minilm")  # `find` is answered as well
        assert found is not None
        assert [moment.id for moment in found.moments] == [moment.id for moment in night.moments]
        second = done("serve", "--library", library)
        assert (second.returncode, "another process serves this library already" in second.stderr) == (75, True)
        logs_in_once(done("open", "--print", "--library", library).stdout.strip())
    assert running(library) is None
    log = (library / "logs" / "web.log").read_text()
    assert address.token not in log
    assert "night" not in log


def logs_in_once(link: str) -> None:
    opener = build_opener(Stay)
    with opener.open(link) as answer:
        assert (answer.status, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].partition(";")[0]
    with urlopen(Request(link.partition("/login")[0] + "/api/v1/health", headers={"Cookie": cookie})) as answer:
        assert answer.status == 200
    with opener.open(link) as answer:
        assert answer.status == 401


def test_open_serves_a_library_that_nobody_serves_and_logs_the_browser_in(library: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" > "$0.link.new" && mv "$0.link.new" "$0.link"\n')
    browser.chmod(0o755)
    link = tmp_path / "browser.link"
    with momentidx("open", "--library", library, BROWSER=f"{browser} %s") as process:
        wait_until(link.exists, "the browser is opened")
        address = running(library)
        assert address is not None
        assert process.stdout is not None
        assert process.stdout.readline() == (
            f"No process served this library; this one does, at {address.url}. Stop with Ctrl-C.\n"
        )
        logs_in_once(link.read_text())
    assert running(library) is None


def test_watch_serves_from_a_process_of_its_own_that_comes_back(library: Path, tmp_path: Path) -> None:
    footage = tmp_path / "footage"
    footage.mkdir()
    with momentidx("watch", footage, "--library", library, MOMENTIDX_WEB="true") as process:
        client = client_of(library)
        first = running(library)
        assert first is not None
        assert first.pid != process.pid
        assert client.health().indexing
        os.kill(first.pid, signal.SIGKILL)
        wait_until(lambda: running(library) not in (None, first), "the server comes back")
        again = client_of(library)
        assert (again.url, process.poll()) == (client.url, None)
    assert running(library) is None


@pytest.mark.slow
def test_watch_without_the_page_starts_none(library: Path, tmp_path: Path) -> None:
    footage = tmp_path / "footage"
    footage.mkdir()
    with momentidx("watch", footage, "--library", library, "--no-web", MOMENTIDX_WEB="true") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Watching")
        wait_until(lambda: ask(library, "night", Wish(1), "minilm") is not None, "searches are answered all the same")
        assert running(library) is None


def test_where_its_packages_are_missing_watching_says_so_and_goes_on(
    library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(listening, "NEEDED", ("fastapi", "no_such_package"))
    with ExitStack() as held:
        assert watch_command._page(set_up(library), library, held) is None
    assert capsys.readouterr().out == (
        "The page and the API need more packages: pip install 'momentidx[web]'. Watching goes on without them.\n"
    )


def test_beyond_this_machine_it_listens_only_under_names_that_somebody_gave(library: Path) -> None:
    refused = done("serve", "--listen", "0.0.0.0", "--library", library)
    assert (refused.returncode, "web_hosts" in refused.stderr) == (2, True)
    assert running(library) is None


def test_a_client_hears_errors_as_errors(server: Server) -> None:
    client = Client(Address(server.url, server.token, 0))
    with pytest.raises(WrongUse, match=r"none of the words there are for it.*column 1"):
        client.search("light:drak")
    with pytest.raises(MomentidxError, match="Log in first"):
        Client(Address(server.url, "x", 0)).health()
    with pytest.raises(LibraryError, match="does not answer"):
        Client(Address("http://127.0.0.1:1", "x", 0)).health()
    assert [moment["clip"] for moment in client.get("/search", q="night", limit=1)["moments"]] == ["A003_night.mov"]
