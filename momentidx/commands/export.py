"""`momentidx export`: the moments that answer a query, as files for editing programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.find import LimitOption, answers
from momentidx.commands.setting_up import LibraryOption, set_up
from momentidx.commands.showing import counted, length_text, plain
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from momentidx.events import Moment
    from momentidx.timeline.export import Delivery
    from momentidx.timeline.protocol import TimelineWriter


class Order(StrEnum):
    """What comes first (`timeline/picking.py` sorts; that module is not loaded for `--help`)."""

    SCORE = "score"
    SOURCE = "source"
    DATE = "date"


class OnePer(StrEnum):
    CLIP = "clip"


WHAT, HOW, SEQUENCE = "What to export", "Where and how", "The timeline"


def export(
    query: Annotated[str | None, typer.Argument(metavar="QUERY", help="What happens in the moments you want.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file to write.", rich_help_panel=HOW)
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROGRAM|FORMAT",
            help="premiere, resolve, finalcut, avid, kdenlive, shotcut, blender, or a format of 'momentidx plugins'. "
            "May be given several times. Without it the ending of FILE picks the format.",
            rich_help_panel=HOW,
        ),
    ] = None,
    asked: Annotated[
        str | None, typer.Option("--query", "-q", metavar="QUERY", help="The same as QUERY.", rich_help_panel=WHAT)
    ] = None,
    selects: Annotated[
        str | None,
        typer.Option(
            metavar="BIN", help="The moments of a bin, in its order, instead of a query.", rich_help_panel=WHAT
        ),
    ] = None,
    saved: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The answers of a saved search instead of a query.", rich_help_panel=WHAT),
    ] = None,
    limit: LimitOption = None,
    order: Annotated[
        Order, typer.Option(help="Best first, in source order, or oldest footage first.", rich_help_panel=WHAT)
    ] = Order.SCORE,
    one_per: Annotated[
        OnePer | None, typer.Option(help="Only the best moment of each clip.", rich_help_panel=WHAT)
    ] = None,
    max_duration: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="The best moments that fit: 90s, 2m, 1:30.", rich_help_panel=WHAT),
    ] = None,
    handles: Annotated[
        str,
        typer.Option(
            metavar="LENGTH", help="Extra material on both sides of a moment: 12f, 0.5s.", rich_help_panel=SEQUENCE
        ),
    ] = "0f",
    gap: Annotated[
        str, typer.Option(metavar="LENGTH", help="Black between clips: 10f, 1s.", rich_help_panel=SEQUENCE)
    ] = "0f",
    start_tc: Annotated[
        str | None,
        typer.Option(
            metavar="TIMECODE",
            help="Timecode of the first frame; 01:00:00:00 when not given.",
            rich_help_panel=SEQUENCE,
        ),
    ] = None,
    drop_frame: Annotated[
        bool | None,
        typer.Option(
            "--df/--ndf",
            help="Count in drop-frame or not; as the footage does when not given.",
            rich_help_panel=SEQUENCE,
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="Frames a second of the sequence: 25, 23.976.", rich_help_panel=SEQUENCE),
    ] = None,
    audio: Annotated[bool, typer.Option(help="Bring the sound along.", rich_help_panel=SEQUENCE)] = True,
    markers_only: Annotated[
        bool,
        typer.Option(
            "--markers-only", help="Each clip once and uncut, with a marker a moment.", rich_help_panel=SEQUENCE
        ),
    ] = False,
    reel_length: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=8,
            max=32,
            help="Letters of a reel name in an EDL (setting edl_reel_length).",
            rich_help_panel=HOW,
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write nothing: check a file that was exported.", rich_help_panel=HOW),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.", rich_help_panel=HOW)] = False,
    library: LibraryOption = None,
) -> None:
    """Write the moments that answer a query, or those of a bin, as a timeline for your editing program.

    Every file is checked after it was written; what is wrong is told with the clip and what to do. Ends with 3 when
    no moment answers the query.
    """
    if check is not None:
        _check(check)
        return
    words = query or asked
    if sum(map(bool, (query, asked, selects, saved))) != 1 or output is None:
        raise WrongUse('Say what to export and where to: momentidx export "words" -o selects.otio')

    from momentidx.timeline import picking
    from momentidx.timeline.build import Layout
    from momentidx.timeline.export import deliveries, parse_rate, targets, writers

    setup = set_up(library, find_limit=limit, edl_reel_length=reel_length)
    layout = Layout(
        handles, gap, start_tc, drop_frame, parse_rate(rate) if rate else None, audio, whole_files=markers_only
    )
    longest = picking.parse_length(max_duration) if max_duration else None
    chosen = targets(to or [], output, writers(setup.settings))
    with setup.read() as opened:
        if saved:
            words = opened.saved_search(saved).query
        if selects:
            found = [entry.remarked for entry in opened.selects(selects)][:limit]
        else:
            found = answers(opened, setup, words or "")
    moments = picking.pick(
        found, order=picking.Order(order.value), one_per_clip=one_per is OnePer.CLIP, longest=longest
    )
    planned = [one for writer, file in chosen for one in deliveries(moments, writer, file, layout)]
    _write(planned, query=words, force=force)


def write_timeline(
    moments: Sequence[Moment], output: Path, writer: TimelineWriter, *, query: str, handles: str, force: bool
) -> None:
    """Build, write, check, and say what was written and what is wrong with it."""
    from momentidx.timeline.build import Layout
    from momentidx.timeline.export import deliveries

    _write(deliveries(moments, writer, output, Layout(handles)), query=query, force=force)


def _write(planned: Sequence[Delivery], *, query: str | None, force: bool) -> None:
    from momentidx.timeline.export import deliver, mixture, splitting

    for one, problems in deliver(planned, query=query, force=force):
        seconds = sum(moment.event.span.duration for moment in one.moments)
        typer.echo(f"Wrote {counted(len(one.moments), 'clip')}, {length_text(seconds)}, to {plain(one.file)}.")
        if mixed := mixture(one):
            typer.echo(mixed, err=True)
        for problem in problems:
            typer.echo(f"check: {plain(problem)}", err=True)
    if split := splitting(planned):
        typer.echo(split, err=True)


def _check(file: Path) -> None:
    from momentidx.timeline.check import can_check, check_file

    if can_check(file) and not file.exists():
        raise WrongUse(f"{plain(file)}: there is no such file.")
    problems = check_file(file)
    for problem in problems:
        typer.echo(plain(problem))
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{plain(file)}: no problem found.")
