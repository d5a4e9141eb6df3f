"""`momentidx describe`: what a captioner says of one file, without a library."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, Setup, set_up
from momentidx.commands.showing import plain, print_rows
from momentidx.errors import WrongUse
from momentidx.times import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from momentidx.caption.protocol import Captioner
    from momentidx.events import Event
    from momentidx.footage import Footage
    from momentidx.media.source import Source

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A media file; it need not be in a library.")]
CaptionerOption = Annotated[
    str,
    typer.Option("--captioner", "-c", metavar="NAME", help="Who is asked; auto: the best that this machine can run."),
]
RefineOption = Annotated[
    bool | None,
    typer.Option("--refine-edges/--no-refine-edges", help="Look again, more closely, at where events begin and end."),
]


def describe(
    file: FileArgument,
    captioner: CaptionerOption = "auto",
    refine_edges: RefineOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Say what happens in one file, with times. Nothing is stored."""
    from momentidx.caption.captioner import ChatCaptioner

    setup = set_up(library, refine_edges=refine_edges)
    asked = chosen(captioner, setup)
    with opened(file, setup) as (footage, source):
        if isinstance(asked, ChatCaptioner):
            telling = asked.tell(footage, source)
            typer.echo(plain(telling.summary()), err=True)
            show_events(telling.events, footage, as_json=as_json)
        else:
            show_events(asked.describe(footage, source), footage, as_json=as_json)


@contextmanager
def opened(file: Path, setup: Setup) -> Iterator[tuple[Footage, Source]]:
    """A media file's facts and pictures; the decoding child ends with the block."""
    from momentidx.media.child import Decoder
    from momentidx.media.probe import probe
    from momentidx.media.source import Source

    if not file.exists():
        raise WrongUse(f"{plain(file)}: there is no such file.")
    with Decoder(setup.settings) as decoder:
        footage = probe(file, decoder)
        yield footage, Source(file, footage, decoder, setup.settings)


def chosen(name: str, setup: Setup) -> Captioner:
    """The captioner of that name. What `auto` takes is said on stderr, with the reason."""
    from momentidx.caption.auto import AUTO, best
    from momentidx.hooks import choose

    if name == AUTO:
        choice = best(setup.settings)
        typer.echo(plain(str(choice)), err=True)
        name = choice.name
    captioner: Captioner = choose("captioners", name).make(setup.settings)
    return captioner


def show_events(events: Sequence[Event], footage: Footage, *, as_json: bool) -> None:
    """In, out, how exact, and the sentence; with --json or in a pipe one object a line."""
    if as_json or not sys.stdout.isatty():
        for event in events:
            typer.echo(json.dumps(facts(event, footage)))
        return
    rows = []
    for event in events:
        told = facts(event, footage)
        edges = [told[f"{edge}_timecode"] or clock(told[f"{edge}_seconds"]) for edge in ("start", "end")]
        rows.append((*edges, f"{float(event.span.duration):.1f} s", f"±{told['edge_seconds']:.1f} s"))
    print_rows(("In", "Out", "Length", "Edges"), rows, [[event.caption] for event in events])


def facts(event: Event, footage: Footage) -> dict[str, Any]:
    """One event as JSON, with the names that moments have in `docs/json.md`."""
    start, end = footage.grid.frames(event.span)
    return {
        "start_seconds": round(float(footage.seconds(event.span.start)), 6),
        "end_seconds": round(float(footage.seconds(event.span.end)), 6),
        "start_frame": start,
        "end_frame": end,
        "start_timecode": footage.timecode(start),
        "end_timecode": footage.timecode(end),
        "edge_seconds": round(float(event.edge), 3),
        "caption": event.caption,
        "kind": event.kind,
        "measures": dict(event.measures),
    }
