"""`momentidx dump`: everything in the library as JSON lines, to compare or to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.setting_up import LibraryOption, set_up


def dump(
    canonical: Annotated[
        bool, typer.Option("--canonical", help="Leave out numbers, dates and order, which depend on the history.")
    ] = False,
    relative_to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Paths in this folder are told from it on.")
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Print everything the library holds as sorted JSON lines; equal libraries give equal lines."""
    with set_up(library).read() as opened:
        for line in opened.dump(relative_to.absolute() if relative_to else None, canonical=canonical):
            typer.echo(line)
