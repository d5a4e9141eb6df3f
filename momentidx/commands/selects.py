"""`momentidx selects`: bins of moments that a person chose."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.find import LimitOption, answers
from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import COLUMNS, columns_of, counted, length_text, plain, print_rows
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.library import Bins, Select

selects_app = typer.Typer(no_args_is_help=True, help="Keep moments in bins, with notes and ratings.")

BinArgument = Annotated[str, typer.Argument(metavar="BIN", help="Name of the bin.")]
PositionArgument = Annotated[
    int, typer.Argument(metavar="POSITION", min=1, help="Position in the bin, as 'selects list BIN' shows it.")
]


@selects_app.command()
def add(
    name: BinArgument,
    moments: Annotated[
        list[int] | None, typer.Argument(metavar="MOMENT_ID", help="Numbers of moments, as 'find' shows them.")
    ] = None,
    query: Annotated[
        str | None, typer.Option("--query", "-q", metavar="QUERY", help="Add what answers these words, best first.")
    ] = None,
    limit: LimitOption = None,
    library: LibraryOption = None,
) -> None:
    """Put moments at the end of a bin, by their numbers or by a query. A new bin is made.

    Works while 'momentidx watch' runs. A stretch that is in the bin already is not added again.
    """
    from momentidx.library import Bins

    if bool(moments) == bool(query):
        raise WrongUse("Say what to add: numbers of moments, or --query 'words'.")
    setup = set_up(library, find_limit=limit)
    with setup.read() as opened:
        chosen = answers(opened, setup, query) if query else opened.chosen(moments or [])
    added = Bins(setup.folder).add(name, chosen, query=query)
    there = len(chosen) - added
    typer.echo(f"Added {counted(added, 'moment')} to '{plain(name)}'." + (f" {there} in it already." if there else ""))


@selects_app.command("list")
def list_bins(
    name: Annotated[str | None, typer.Argument(metavar="BIN", help="A bin; without it: all bins.")] = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """List all bins, or what is in one.

    On a terminal a table; piped, or with --json, one JSON object a line.
    """
    as_json = as_json or not sys.stdout.isatty()
    with set_up(library).read() as opened:
        bins = opened.bins() if name is None else []
        entries = opened.selects(name) if name is not None else []
    if name is not None:
        _show(entries, as_json=as_json)
        return
    for found in bins:
        if as_json:
            row = {"bin": found.name, "selects": found.selects, "seconds": round(float(found.seconds), 6)}
            typer.echo(json.dumps(row))
        else:
            typer.echo(f"{plain(found.name)}: {counted(found.selects, 'select')}, {length_text(found.seconds)}")


@selects_app.command()
def remove(
    name: BinArgument,
    positions: Annotated[
        list[int] | None, typer.Argument(metavar="POSITION", min=1, help="Positions in the bin.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove the whole bin.")] = False,
    library: LibraryOption = None,
) -> None:
    """Take entries out of a bin; the footage and its moments stay. An empty bin is gone."""
    if bool(positions) == everything:
        raise WrongUse("Say what to remove: positions in the bin, or --all.")
    removed = _bins(library).remove(name, positions)
    typer.echo(f"Removed {counted(removed, 'select')} from '{plain(name)}'.")


@selects_app.command()
def move(
    name: BinArgument,
    position: PositionArgument,
    to: Annotated[int, typer.Argument(metavar="TO", min=1, help="The position it is to have.")],
    library: LibraryOption = None,
) -> None:
    """Put an entry at another position of its bin."""
    _bins(library).move(name, position, to)


@selects_app.command()
def note(
    name: BinArgument,
    position: PositionArgument,
    text: Annotated[str, typer.Argument(metavar="NOTE", help="The note; '' takes it away.")],
    library: LibraryOption = None,
) -> None:
    """Write a note on an entry."""
    _bins(library).note(name, position, text)


@selects_app.command()
def rate(
    name: BinArgument,
    position: PositionArgument,
    rating: Annotated[int, typer.Argument(metavar="RATING", min=0, max=5, help="1 to 5; 0 takes it away.")],
    library: LibraryOption = None,
) -> None:
    """Rate an entry from 1 to 5."""
    _bins(library).rate(name, position, rating)


def _bins(library: Path | None) -> Bins:
    """The bins of a library that exists and is up to date."""
    from momentidx.library import Bins

    with set_up(library).read() as opened:
        return Bins(opened.folder)


def _show(entries: Sequence[Select], *, as_json: bool) -> None:
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(entry.to_json()))
        return
    rows = [(str(entry.position), "*" * entry.rating, *columns_of(entry.moment)) for entry in entries]
    below = [[entry.moment.event.caption, *([f"Note: {entry.note}"] if entry.note else [])] for entry in entries]
    print_rows(("#", "Rating", *COLUMNS), rows, below)
