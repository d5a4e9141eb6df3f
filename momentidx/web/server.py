"""The process that serves a library's page and API: beside the daemon, or alone.

It answers `find` over the socket in the library folder as well (`search/service.py`), so that the embedder and the
vectors are loaded once. Foreign heads and bodies are parsed here and nowhere near the indexing; if this process dies,
nothing else does.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn

from momentidx.config import Sources, load_settings
from momentidx.pipeline.logs import LogFile
from momentidx.search.service import IDLE_SECONDS, answering, is_answered, settle
from momentidx.web.app import create_app
from momentidx.web.connections import Connection
from momentidx.web.desk import Desk
from momentidx.web.keys import Ended, Keys, load_token
from momentidx.web.listening import url_of
from momentidx.web.news import News
from momentidx.web.runfile import Address, published

LOG_FILE = "web.log"
KEEP_SECONDS = 15
"""How long a connection is kept for a next request."""
LEAVE_SECONDS = 1
"""How long a stop waits for requests in work."""
LONGEST_HEAD = 32 * 1024
"""Bytes of a request line and its headers."""


class Server(uvicorn.Server):
    """uvicorn, which ends quietly: who listens to news is sent home, and a signal is not raised again after it was
    obeyed.
    """

    news: News | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.news is not None:
            self.news.end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self.handle_exit) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


def make_server(desk: Desk) -> Server:
    """A server for one library; `run(sockets=[...])` runs it."""
    app = create_app(desk, desk.settings.web_hosts)
    server = server_for(app)
    server.news = app.state.news
    return server


def server_for(app: Any) -> Server:
    """A server for an app, which bounds what clients may send and how long they may take."""
    return Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            log_config=None,  # no line for each request: addresses hold what people look for
            access_log=False,
            log_level="critical",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_SECONDS,
            timeout_graceful_shutdown=LEAVE_SECONDS,
            h11_max_incomplete_event_size=LONGEST_HEAD,
        )
    )


def serve(folder: Path, sources: Sources, listening: socket.socket, until: threading.Event | None = None) -> None:
    """Serve a library until a signal, or until the event. Raises LibraryBusy when another process serves it."""
    token = load_token(folder)
    desk = Desk(folder, sources, Keys(token, ended=Ended(folder)))
    server = make_server(desk)
    if until is not None:
        threading.Thread(target=_stop_after, args=(until, server), daemon=True).start()
    threading.Thread(target=_warm_up, args=(desk, server), daemon=True).start()
    with ExitStack() as held:
        held.enter_context(published(folder, Address(url_of(listening), token, os.getpid())))
        held.enter_context(LogFile(folder, LOG_FILE).written())
        if not is_answered(folder):
            with suppress(OSError):  # a file system without sockets
                held.enter_context(answering(desk.service))
        server.run(sockets=[listening])


def beside(folder: str, descriptor: str) -> None:
    """The process beside the daemon: serves on a socket that it was given, until its standard input ends."""
    ended = threading.Event()
    threading.Thread(target=_read_to_end, args=(ended,), daemon=True).start()
    sources = load_settings(Path(folder), os.environ)
    with socket.socket(fileno=int(descriptor)) as listening:
        serve(Path(folder), sources, listening, ended)


def _read_to_end(ended: threading.Event) -> None:
    with suppress(OSError):
        sys.stdin.buffer.read()
    ended.set()


def _stop_after(ended: threading.Event, server: Server) -> None:
    ended.wait()
    server.should_exit = True


def _warm_up(desk: Desk, server: Server) -> None:
    """Load what the first search would have to wait for, unless there are other things to do."""
    time.sleep(IDLE_SECONDS)
    if not server.should_exit:
        desk.service.warm_up()
        settle()
        desk.service.read_ahead()
