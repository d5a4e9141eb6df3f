"""`momentidx serve` and `momentidx open`: the page and the API."""

from __future__ import annotations

import os
import shlex
import threading
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.setting_up import LibraryOption, Setup, set_up
from momentidx.commands.showing import plain
from momentidx.errors import MomentidxError

if TYPE_CHECKING:
    import socket

    from momentidx.web.client import Client

ListenOption = Annotated[
    str | None,
    typer.Option("--listen", metavar="ADDRESS", help="Where page and API listen (setting web_listen)."),
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", metavar="PORT", min=0, max=65535, help="Their port (setting web_port); 0: any free one."),
]
_PROGRAM = "import sys; from momentidx.web.server import beside; beside(*sys.argv[1:])"
MISSING = "The page and the API need more packages: pip install 'momentidx[web]'."


def serve(library: LibraryOption = None, listen: ListenOption = None, port: PortOption = None) -> None:
    """Serve the page and the API without watching folders, until Ctrl-C.

    'momentidx watch' serves them as well.
    """
    setup = _prepared(library, web_listen=listen, web_port=port)
    _serve(setup, lambda listening: typer.echo(f"{said(listening, library)} Stop with Ctrl-C."))


def open_page(
    library: LibraryOption = None,
    only_print: Annotated[bool, typer.Option("--print", help="Print the login link and open no browser.")] = False,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Log all browsers out first; programs with the token stay.")
    ] = False,
) -> None:
    """Open the page in your browser, logged in.

    The link works once and for a minute. Where no process serves the library, this one does, until Ctrl-C.
    """
    setup = _prepared(library)
    from momentidx.web.client import Client

    client = Client.of(setup.folder)
    if client is not None:
        _log_in(client, only_print, revoke)
        return
    if only_print:
        raise MomentidxError(
            f"Nobody serves the library {plain(setup.folder)}. Run '{_with('momentidx serve', library)}', or "
            f"'{_with('momentidx watch DIR', library)}', and keep it running."
        )

    def begin(listening: socket.socket) -> None:
        from momentidx.web.keys import load_token
        from momentidx.web.listening import url_of
        from momentidx.web.runfile import Address

        url = url_of(listening)
        typer.echo(f"No process served this library; this one does, at {url}. Stop with Ctrl-C.")
        client = Client(Address(url, load_token(setup.folder), os.getpid()))
        threading.Thread(target=_log_in_soon, args=(client, revoke), daemon=True).start()

    _serve(setup, begin)


def _prepared(library: Path | None, **options: Any) -> Setup:
    from momentidx.web.listening import is_installed

    setup = set_up(library, **options)
    if not is_installed():
        raise MomentidxError(MISSING)
    return setup


def _serve(setup: Setup, begin: Callable[[socket.socket], None]) -> None:
    """Serve until a signal; `begin` is called when requests can come, which are answered a little later."""
    setup.read().close()  # whether there is a library at all
    with bound(setup) as listening:
        from momentidx.web.server import serve as run

        begin(listening)
        run(setup.folder, setup.sources, listening)
    typer.echo("Stopped.")


def _log_in(client: Client, only_print: bool, revoke: bool) -> None:
    if revoke:
        client.send("POST", "/logout?everywhere=true")
        typer.echo("All browsers were logged out.", err=True)
    link = client.login_link()
    if only_print or not webbrowser.open(link):
        typer.echo(link)


def _log_in_soon(client: Client, revoke: bool) -> None:
    try:
        _log_in(client, only_print=False, revoke=revoke)
    except MomentidxError as error:
        typer.echo(str(error), err=True)


def bound(setup: Setup) -> socket.socket:
    """The socket that the page is served on, as the settings say; and a word when others can reach it."""
    from momentidx.web.listening import bind, is_loopback

    listening = bind(setup.sources)
    if not is_loopback(setup.settings.web_listen):
        typer.echo(
            "Others on the network can reach this address. What is sent is not encrypted: put a server with HTTPS "
            "before it (docs/web.md).", err=True
        )  # fmt: skip
    return listening


def web_beside(setup: Setup, listening: socket.socket) -> AbstractContextManager[object]:
    """The process that serves beside the daemon."""
    from momentidx.pipeline.answering import Beside

    descriptor = listening.fileno()
    return Beside(_PROGRAM, str(setup.folder), str(descriptor), inherits=[descriptor])


def said(listening: socket.socket, library: Path | None) -> str:
    """Where the page is, and what opens it, as a sentence."""
    from momentidx.web.listening import url_of

    return f"The page is at {url_of(listening)}; '{_with('momentidx open', library)}' logs you in."


def _with(command: str, library: Path | None) -> str:
    """The command, with the library that the user named: to be typed as it stands."""
    return command if library is None else f"{command} --library {plain(shlex.quote(str(library)))}"
