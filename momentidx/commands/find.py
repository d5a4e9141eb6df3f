"""`momentidx find` and `momentidx events`: moments that answer words, and everything about one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, Setup, set_up
from momentidx.commands.showing import show_moments

if TYPE_CHECKING:
    from momentidx.events import Moment
    from momentidx.library import Library

LimitOption = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, help="How many moments at most (setting find_limit).")
]


def find(
    words: Annotated[str, typer.Argument(help="What happens in the moment you look for.")],
    limit: LimitOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Find moments by describing them, best first.

    On a terminal a table with source timecode; piped, or with --json, one JSON object a line.
    """
    setup = set_up(library, find_limit=limit)
    with setup.read() as opened:
        moments = answers(opened, setup, words)
    show_moments(moments, as_json=as_json)


def answers(library: Library, setup: Setup, words: str) -> list[Moment]:
    """The moments that answer the words best, as many as the setting `find_limit` says."""
    from momentidx.hooks import choose
    from momentidx.search.find import find as search

    embedder = choose("embedders", setup.settings.embedder).make(setup.settings)
    return search(library, embedder, words, limit=setup.settings.find_limit)


def events(
    file: Annotated[Path, typer.Argument(help="A media file, where it lies or lay.")],
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Print everything the library knows to happen in one file, in order of time."""
    setup = set_up(library)
    with setup.read() as opened:
        footage = opened.footage_of(file.absolute())
        moments = opened.moments(footage.fingerprint)
    show_moments(moments, as_json=as_json)
