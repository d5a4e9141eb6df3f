"""`momentidx folders`: the watched folders and how they stand."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, plain

folders_app = typer.Typer(no_args_is_help=True, help="Look at the watched folders.")


@folders_app.callback()
def folders() -> None:
    """Look at the watched folders."""


@folders_app.command("list")
def list_folders(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the folders that are or were watched, and whether their files are there."""
    with set_up(library).read() as opened:
        roots = opened.roots()
    for root in roots:
        if as_json:
            typer.echo(json.dumps(asdict(root), default=str))
        else:
            held = f"offline: {plain(root.offline or '')}; it held {counted(root.files, 'file')}"
            typer.echo(f"{plain(root.path)}  {held if root.offline else 'online'}")
    if not roots and not as_json:
        typer.echo("No folder was watched yet. Run 'momentidx watch DIR'.")


@folders_app.command()
def adopt(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A watched folder that is offline.")],
    library: LibraryOption = None,
) -> None:
    """Take what lies in a watched folder now for what belongs there, whatever lay there before.

    For a new drive at an old place, and after many files were deleted on purpose. What is missing
    stays in the library, as offline. A running daemon goes by it at its next walk.
    """
    setup = set_up(library)
    root = Path(os.path.realpath(folder))
    with setup.read():  # there is a library, and it is up to date
        from momentidx.library.watched import adopt as adopt_root

        adopt_root(setup.folder, root)
    typer.echo(f"Adopted {plain(root)} as it is now.")
