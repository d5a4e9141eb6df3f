"""`momentidx probe`, `shots` and `frames`: one media file, looked at without a library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.footage import sheet
from momentidx.commands.setting_up import JsonOption, LibraryOption, made, set_up
from momentidx.commands.showing import plain
from momentidx.errors import WrongUse
from momentidx.times import clock, parse_frame

if TYPE_CHECKING:
    from momentidx.footage import Footage
    from momentidx.media.source import Source

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A media file; it need not be in a library.")]


def probe(file: FileArgument, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Print the facts of a media file: rate, length, timecode, streams, and what is odd about it."""
    with _opened(file, library) as (footage, _):
        if as_json:
            typer.echo(json.dumps(footage.to_json() | {"start_timecode": footage.timecode(0)}))
            return
        for name, text in sheet(footage):
            typer.echo(f"{name:<12} {plain(text)}")


def shots(file: FileArgument, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Print one line a shot: frames (the end is exclusive) and timecode; with --json seconds as well."""
    with _opened(file, library) as (footage, source):
        for span in source.shots:
            start, end = (_edge(footage, pts) for pts in (span.start, span.end))
            if as_json:
                row = {f"start_{name}": value for name, value in start.items()}
                row |= {f"end_{name}": value for name, value in end.items()}
                typer.echo(json.dumps(row))
            else:
                times = "  ".join(edge["timecode"] or clock(edge["seconds"]) for edge in (start, end))
                typer.echo(f"{start['frame']:>8} {end['frame']:>8}  {times}")


def _edge(footage: Footage, pts: int) -> dict[str, Any]:
    frame = footage.grid.frame(pts)
    return {"frame": frame, "seconds": round(float(footage.seconds(pts)), 6), "timecode": footage.timecode(frame)}


def frames(
    file: FileArgument,
    at: Annotated[
        str, typer.Option("--at", metavar="TIMES", help="Times, separated by commas: 12.5s,300f,01:00:10:00.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the pictures.")],
    library: LibraryOption = None,
) -> None:
    """Write exact pictures as PNG: the ones that are shown at the given times."""
    with _opened(file, library) as (footage, source):
        wanted = [_frame(text, footage) for text in at.split(",")]
        made(output)
        for frame in wanted:
            target = output / f"{file.stem}_{frame:06}.png"
            target.write_bytes(source.png(footage.grid.pts(frame)))
            typer.echo(plain(target))


@contextmanager
def _opened(file: Path, library: Path | None) -> Iterator[tuple[Footage, Source]]:
    from momentidx.media.child import Decoder
    from momentidx.media.probe import probe
    from momentidx.media.source import Source

    settings = set_up(library).settings
    if not file.exists():
        raise WrongUse(f"{plain(file)}: there is no such file.")
    with Decoder(settings) as decoder:
        footage = probe(file, decoder)
        yield footage, Source(file, footage, decoder, settings)


def _frame(text: str, footage: Footage) -> int:
    frame = parse_frame(text, footage.rate, footage.start)
    if frame >= footage.length_frames:
        raise WrongUse(f"{text.strip()} lies after the last picture, which is frame {footage.length_frames - 1}.")
    return frame
