"""`momentidx search`: questions that a person keeps, and what is new since they last asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.find import NOTHING_FOUND, LimitOption, embedder_for, nothing, say_doubts, show_answers
from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import plain, print_rows

if TYPE_CHECKING:
    from momentidx.library import SavedSearches

search_app = typer.Typer(no_args_is_help=True, help="Keep searches by name, and see what is new.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the search.")]


@search_app.command()
def save(
    name: NameArgument,
    words: Annotated[str, typer.Argument(metavar="QUERY", help="What 'find' would be given.")],
    library: LibraryOption = None,
) -> None:
    """Keep a search, in the place of one of the same name. Works while 'momentidx watch' runs."""
    from momentidx.search.find import known_fields
    from momentidx.search.parse import parse

    parse(words, known_fields())  # what cannot be read is not kept
    replaced = _searches(library).save(name, words)
    typer.echo(f"{'Replaced' if replaced else 'Saved'} '{plain(name)}'.")


@search_app.command("list")
def list_searches(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the searches that are kept.

    On a terminal a table; piped, or with --json, one JSON object a line.
    """
    with set_up(library).read() as opened:
        searches = opened.saved_searches()
    if as_json or not sys.stdout.isatty():
        for each in searches:
            typer.echo(json.dumps(each.to_json()))
        return
    rows = [
        (plain(each.name), each.ran_at.astimezone().strftime("%Y-%m-%d %H:%M") if each.ran_at else "never")
        for each in searches
    ]
    print_rows(("Name", "Last run"), rows, [[each.query] for each in searches])


@search_app.command()
def run(
    name: NameArgument,
    new: Annotated[
        bool, typer.Option("--new", help="Only what came in since it was last run. Ends with 3 when that is nothing.")
    ] = False,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Answer a search that is kept, and note that you saw the answers."""
    from momentidx.library import SavedSearches
    from momentidx.search.asking import Wish
    from momentidx.search.find import search

    setup = set_up(library, find_limit=limit)
    with setup.read() as opened:
        kept = opened.saved_search(name)
        newest = opened.newest_event()
        wish = Wish(setup.settings.find_limit, newer_than=kept.newest_event if new else 0)
        found = search(opened, kept.query, wish, embedder=embedder_for(opened, setup))
        SavedSearches(setup.folder).seen(name, newest)
        if new and not found.moments:
            typer.echo("Nothing new has come in that answers it.", err=True)
            raise typer.Exit(NOTHING_FOUND)
        if not found.moments:
            nothing(opened, found, wish)
    show_answers(found, as_json=as_json)
    say_doubts(found)


@search_app.command()
def remove(name: NameArgument, library: LibraryOption = None) -> None:
    """Forget a search; footage and moments stay."""
    _searches(library).remove(name)
    typer.echo(f"Removed '{plain(name)}'.")


def _searches(library: Path | None) -> SavedSearches:
    """Those of a library that exists and is up to date."""
    from momentidx.library import SavedSearches

    with set_up(library).read() as opened:
        return SavedSearches(opened.folder)
