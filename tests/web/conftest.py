"""A small real library, and clients of a server that answers for it.

The library is indexed once for all processes of a test run (the demo's clips by the shot log), and copied for who
changes it. `client` and `server` share one copy that nobody changes; `own` is a copy and a client for one test.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from filelock import FileLock

from momentidx.commands.index import index_now
from momentidx.commands.setting_up import set_up
from momentidx.config import load_settings
from momentidx.demo.footage import CLIPS, render
from momentidx.web.app import create_app
from momentidx.web.desk import Desk
from momentidx.web.keys import Ended, Keys
from momentidx.web.server import make_server
from tests.e2e.command import PATIENCE, wait_until
from tests.web import numbered

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOKEN = "a-token-for-tests-of-thirty-two-letters"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `footage` (the demo's clips) and their `library`; made once, not to be changed."""
    several = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if several else base) / "web"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            (folder / "footage").mkdir(parents=True)
            for clip in CLIPS:
                render(clip, folder / "footage" / clip.name)
            index_now(set_up(folder / "library"), [folder / "footage"])
            (folder / "done").touch()
    return folder


@pytest.fixture(scope="session")
def numbered_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `footage` whose pictures tell their numbers, and its `library`; not to be changed."""
    folder = tmp_path_factory.mktemp("numbered")
    numbered.make(folder)
    return folder


@pytest.fixture
def numbers(numbered_made: Path, tmp_path: Path) -> Iterator[Own]:
    """Like `own`, of numbered footage."""
    folder = Path(shutil.copytree(numbered_made / "library", tmp_path / "library"))
    with client_for(desk_for(folder)) as client:
        yield Own(folder, numbered_made / "footage", client)


@pytest.fixture(scope="session")
def library_folder(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's folder that `client` and `server` answer for; not to be changed."""
    return Path(shutil.copytree(made / "library", tmp_path_factory.mktemp("web") / "library"))


def desk_for(folder: Path) -> Desk:
    return Desk(folder, load_settings(folder, {}), Keys(TOKEN, ended=Ended(folder)))


@contextmanager
def client_for(desk: Desk) -> Iterator[TestClient]:
    """A client that has the token."""
    app = create_app(desk)
    with TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture(scope="session")
def client(library_folder: Path) -> Iterator[TestClient]:
    """Logged in; for questions only."""
    with client_for(desk_for(library_folder)) as client:
        yield client


@dataclass(frozen=True)
class Own:
    """A library, its footage and a client of its own."""

    folder: Path
    footage: Path
    client: TestClient


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Iterator[Own]:
    """A copy of the library that a test may change. The footage is where it always was, and stays as it is."""
    folder = Path(shutil.copytree(made / "library", tmp_path / "library"))
    with client_for(desk_for(folder)) as client:
        yield Own(folder, made / "footage", client)


@dataclass(frozen=True)
class Server:
    """A real server on a port of this machine."""

    url: str
    token: str
    desk: Desk
    stop: Callable[[], None]


@contextmanager
def serving(desk: Desk, port: int = 0) -> Iterator[Server]:
    """uvicorn in a thread of this process; on any free port, or on this one."""
    server = make_server(desk)
    with socket.create_server(("127.0.0.1", port)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started, "the server starts")

        def stop() -> None:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()

        try:
            yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}", TOKEN, desk, stop)
        finally:
            stop()


@pytest.fixture(scope="session")
def server(library_folder: Path) -> Iterator[Server]:
    """For questions only."""
    with serving(desk_for(library_folder)) as running:
        yield running


@pytest.fixture
def own_server(made: Path, tmp_path: Path) -> Iterator[Server]:
    """With a library that a test may change."""
    folder = Path(shutil.copytree(made / "library", tmp_path / "library"))
    with serving(desk_for(folder)) as running:
        yield running


@pytest.fixture(scope="module")  # its driver keeps an event loop running in this thread, where other files run theirs
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        options = ["--no-sandbox"] if os.getuid() == 0 else []
        chromium = driver.chromium.launch(executable_path=program, args=options)
        yield chromium
        chromium.close()


REFUSED = re.compile("server responded with a status of 4(00|09)")


@contextmanager
def opened(browser: Browser, server: Server, refused: re.Pattern[str] = REFUSED) -> Iterator[Page]:
    """A page that is logged in; what scripts complain of fails the test, but not a request that was refused."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type == "error" and not refused.search(said.text) else None,
    )
    page.goto(f"{server.url}/login?code={server.desk.keys.code()}")
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page of `server`, logged in, 1280 by 800."""
    with opened(browser, server) as page:
        yield page


@pytest.fixture
def own_page(browser: Browser, own_server: Server) -> Iterator[Page]:
    """The page of `own_server`."""
    with opened(browser, own_server) as page:
        yield page
