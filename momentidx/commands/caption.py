"""`momentidx caption`: what people say of footage, also while the daemon runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, Setup, set_up
from momentidx.commands.showing import counted, plain
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.library import Captions, CaptionVersion
    from momentidx.library.human import Said

caption_app = typer.Typer(
    no_args_is_help=True,
    help="Say it yourself: captions, ratings and labels of people. They outrank a captioner's and outlive it.",
)

EventArgument = Annotated[int, typer.Argument(metavar="MOMENT_ID", help="Number of a moment, as 'find' shows it.")]
TextArgument = Annotated[str, typer.Argument(metavar="CAPTION", help="What happens there, in a sentence.")]
RatingArgument = Annotated[int, typer.Argument(metavar="RATING", min=0, max=5, help="1 to 5; 0 takes it away.")]


@caption_app.command()
def edit(event: EventArgument, caption: TextArgument, library: LibraryOption = None) -> None:
    """Say what happens in a moment in your own words.

    They take the place of a captioner's, also after it described the footage anew. Former words are kept: 'history'.
    """
    _tell(event, _captions(set_up(library)).edit(event, caption))


@caption_app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A media file, where it lies or lay.")],
    start: Annotated[str, typer.Argument(metavar="IN", help="Where it begins: source timecode, 12.5s or 300f.")],
    end: Annotated[str, typer.Argument(metavar="OUT", help="Where it ends; the first frame that is not part of it.")],
    caption: TextArgument,
    rating: Annotated[int, typer.Option(metavar="RATING", min=0, max=5, help="1 to 5.")] = 0,
    labels: Annotated[
        list[str] | None, typer.Option("--label", metavar="LABEL", help="A label; may be given again.")
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Add a moment of your own."""
    from momentidx.commands.captions_csv import span_of

    setup = set_up(library)
    with setup.read() as opened:
        footage = opened.footage_of(file.absolute())
    span = span_of(footage, start, end)
    said = _captions(setup).add(footage, span, caption, rating=rating, labels=labels or ())
    typer.echo(f"Moment {said.event}.")


@caption_app.command()
def rate(event: EventArgument, rating: RatingArgument, library: LibraryOption = None) -> None:
    """Rate a moment from 1 to 5; 'find "rating:>=4"' finds it."""
    _tell(event, _captions(set_up(library)).rate(event, rating))


@caption_app.command()
def label(
    event: EventArgument,
    labels: Annotated[list[str] | None, typer.Argument(metavar="LABEL", help="Labels to add.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", metavar="LABEL", help="A label to take away.")] = None,
    library: LibraryOption = None,
) -> None:
    """Add labels to a moment and take others away; 'find label:hero' finds it."""
    if not labels and not remove:
        raise WrongUse("Say which label: momentidx caption label 41 hero")
    _tell(event, _captions(set_up(library)).label(event, labels or (), remove or ()))


@caption_app.command()
def remove(event: EventArgument, library: LibraryOption = None) -> None:
    """Take back what you said of a moment, with its history; a captioner's words come to light again."""
    _captions(set_up(library)).remove(event)


@caption_app.command()
def history(event: EventArgument, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Show how your words for a moment read from one change to the next."""
    from momentidx.commands.captions_csv import row_of

    with set_up(library).read() as opened:
        versions = opened.history(event)
        footage = opened.footage_with(versions[0].footage) if versions else None
    if footage is None:
        typer.echo(f"Nobody said anything of moment {event}.", err=True)
    for version in versions:
        typer.echo(json.dumps(row_of(version, footage, "")) if as_json and footage else _line(version))


@caption_app.command("export")
def export_csv(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="A CSV file; without it to the terminal.")
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Write everything that people said as CSV, one row for each version; 'import' reads it back exactly."""
    from momentidx.commands.captions_csv import write

    with set_up(library).read() as opened:
        versions = opened.captions()
        if output is None:
            write(sys.stdout, versions, opened)
            return
        try:
            with output.open("w", encoding="utf-8", newline="") as file:
                write(file, versions, opened)
        except OSError as error:
            raise WrongUse(f"{output}: the captions cannot be written: {error.strerror}.") from error
    typer.echo(f"Wrote {counted(len(versions), 'version')} to {plain(output)}.")


@caption_app.command("import")
def import_csv(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file that 'export' wrote, or a log sheet.")],
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Read captions, ratings and labels from CSV; what is there already is not added again.

    Of a log sheet of your own the columns file, in, out and caption are enough. The file is read as a whole before
    anything is changed.
    """
    from momentidx.commands.captions_csv import read

    setup = set_up(library)
    with setup.read() as opened:
        versions = read(file, opened)
    taken = _captions(setup).take(versions)
    if as_json:
        told = {"events": taken.events, "versions": taken.versions, "known": taken.known, "homeless": taken.homeless}
        typer.echo(json.dumps(told))
        return
    typer.echo(
        f"{counted(taken.events, 'new moment')}, {counted(taken.versions, 'new version')}, "
        f"{counted(taken.known, 'version')} known already."
    )
    if taken.homeless:
        typer.echo(f"{counted(taken.homeless, 'row')} left out: the footage is not in the library.", err=True)
        raise typer.Exit(1)


def _captions(setup: Setup) -> Captions:
    """Of a library that is there and up to date."""
    from momentidx.library import Captions

    setup.read().close()
    return Captions(setup.folder, setup.settings.embedder)


def _tell(event: int, said: Said) -> None:
    place = f" stands in the place of {event};" if said.event != event else ","
    typer.echo(f"Moment {said.event}{place} version {said.version}.")


def _line(version: CaptionVersion) -> str:
    rating = f"  {'*' * version.rating}" if version.rating else ""
    labels = f"  [{', '.join(version.labels)}]" if version.labels else ""
    when = f"{version.edited_at.astimezone():%Y-%m-%d %H:%M:%S}"
    return f"{version.number:>3}  {when}  {plain(version.caption)}{rating}{plain(labels)}"
