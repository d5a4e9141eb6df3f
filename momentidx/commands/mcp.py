"""`momentidx mcp`: the library as tools for an assistant."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.describe import CaptionerOption, opened
from momentidx.commands.setting_up import LibraryOption, Setup, set_up
from momentidx.errors import MomentidxError

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from momentidx.web.desk import Desk
    from momentidx.web.mcp import Asker

MISSING = "The tools for assistants need more packages: pip install 'momentidx[web]'."


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP on this machine; else over stdio.")] = False,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="With --http: the port; 0: any free one.")
    ] = 8377,
    exports: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where exports are written; MOMENTIDX_EXPORTS or ~/momentidx when not given."),
    ] = None,
    captioner: CaptionerOption = "auto",
    library: LibraryOption = None,
) -> None:
    """Let an assistant search, look, choose and export, by the Model Context Protocol.

    It can delete nothing and overwrites no file. Works beside 'momentidx watch'.
    """
    if find_spec("mcp") is None or find_spec("fastapi") is None:
        raise MomentidxError(MISSING)
    setup = set_up(library)
    setup.read().close()  # whether there is a library at all
    from momentidx.web.desk import Desk
    from momentidx.web.keys import Keys, load_token
    from momentidx.web.mcp import create_mcp

    folder = exports or Path(os.environ.get("MOMENTIDX_EXPORTS") or Path.home() / "momentidx")
    desk = Desk(setup.folder, setup.sources, Keys(load_token(setup.folder)))
    server = create_mcp(desk, folder.expanduser().absolute(), _asker(captioner, setup))
    try:
        if http:
            _serve(server, desk, port)
        else:
            server.run("stdio")
    finally:
        desk.close()


def _serve(server: MCPServer[Any], desk: Desk, port: int) -> None:
    import socket

    from momentidx.web.mcp import over_http
    from momentidx.web.server import server_for

    try:
        listening = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise MomentidxError(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from error
    with listening:
        number = listening.getsockname()[1]
        typer.echo(f"The tools are at http://127.0.0.1:{number}/mcp, for who sends the token in web.token.")
        server_for(over_http(server, desk)).run(sockets=[listening])


def _asker(name: str, setup: Setup) -> Asker | None:
    """Who answers questions about a clip; None where the captioner cannot."""
    from momentidx.caption.auto import AUTO, best
    from momentidx.caption.protocol import Answerer
    from momentidx.hooks import choose

    captioner = choose("captioners", best(setup.settings).name if name == AUTO else name).make(setup.settings)
    if not isinstance(captioner, Answerer):
        return None

    def ask(file: Path, question: str) -> str:
        with opened(file, setup) as (footage, source):
            answer = captioner.answer(footage, source, question)
        return (answer.text or "It gave no answer.") + ("" if answer.whole else " (The answer was cut off.)")

    return ask
