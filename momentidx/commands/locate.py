"""`momentidx locate`: when one file shows what some words say."""

from __future__ import annotations

from typing import Annotated

import typer

from momentidx.commands.describe import CaptionerOption, FileArgument, RefineOption, chosen, opened, show_events
from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.errors import WrongUse

NOT_SHOWN = 3
"""Exit code, as that of `find`."""


def locate(
    file: FileArgument,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What happens in the moment you look for.")],
    captioner: CaptionerOption = "auto",
    refine_edges: RefineOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Find when one file shows something, by letting a captioner look for it. Ends with 3 when it is not shown."""
    from momentidx.caption.protocol import Locator

    setup = set_up(library, refine_edges=refine_edges)
    asked = chosen(captioner, setup)
    if not isinstance(asked, Locator):
        raise WrongUse(f"The captioner '{asked.name}' cannot locate words; docs/captioners.md says which can.")
    with opened(file, setup) as (footage, source):
        events = asked.locate(footage, source, words)
    if not events:
        typer.echo("It is not shown.", err=True)
        raise typer.Exit(NOT_SHOWN)
    show_events(events, footage, as_json=as_json)
