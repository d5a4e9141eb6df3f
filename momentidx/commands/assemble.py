"""`momentidx assemble`: a shot list becomes a string-out, with the evidence for every slot."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.find import embedder_for
from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import COLUMNS, columns_of, counted, plain, print_rows
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.events import Moment
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder
    from momentidx.timeline.assemble import Cast
    from momentidx.timeline.protocol import TimelineWriter
    from momentidx.timeline.shotlist import Slot


def assemble(
    shot_list: Annotated[
        Path, typer.Argument(metavar="SHOTLIST", help="Text (a line a slot), Markdown (.md) or CSV (.csv).")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The timeline to write.")],
    to: Annotated[
        str | None, typer.Option(metavar="PROGRAM|FORMAT", help="The format, when the ending does not say it.")
    ] = None,
    alternates: Annotated[
        int, typer.Option(metavar="N", min=0, max=9, help="How many other takes of each slot to put on muted tracks.")
    ] = 0,
    handles: Annotated[
        str, typer.Option(metavar="LENGTH", help="Extra material on both sides of a take: 12f, 0.5s.")
    ] = "0f",
    floor: Annotated[
        float | None, typer.Option(metavar="SCORE", help="The least score of a take that is good enough; 0.25.")
    ] = None,
    repeat: Annotated[bool, typer.Option("--repeat", help="Let several slots show the same pictures.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Cut a shot list together: the best take for each slot, and a marked gap where nothing is good enough.

    Tells for each slot what was taken, how well it fits, and what came next.
    """
    from momentidx.timeline.assemble import FLOOR, answers_wanted, cast
    from momentidx.timeline.export import targets, writers
    from momentidx.timeline.shotlist import read_shot_list

    setup = set_up(library)
    slots = read_shot_list(shot_list)
    ((writer, file),) = targets([to] if to else [], output, writers(setup.settings))
    least = FLOOR if floor is None else floor
    with setup.read() as opened:
        embedder = embedder_for(opened, setup)
        count = answers_wanted(len(slots), alternates)
        answers = [_answers(opened, embedder, slot, count) for slot in slots]
    found = cast(slots, answers, floor=least, alternates=alternates, repeat=repeat)
    _show(found, least, as_json=as_json or not sys.stdout.isatty())
    _write(found, writer, file, name=shot_list.stem, handles=handles, force=force)
    if alternates and not writer.alternates:
        typer.echo(f"The alternates are not in it: {writer.name} files have no place for them.", err=True)


def _answers(library: Library, embedder: Embedder, slot: Slot, count: int) -> list[Moment]:
    from momentidx.search.find import find

    try:
        return find(library, slot.words, limit=count, embedder=embedder)
    except WrongUse as error:
        raise WrongUse(f"Slot {slot.number} ('{slot.words}'): {error}") from error


def _write(found: Sequence[Cast], writer: TimelineWriter, file: Path, *, name: str, handles: str, force: bool) -> None:
    from momentidx.timeline.assemble import write_string_out

    problems = write_string_out(found, writer, file, name=name, handles=handles, force=force)
    gaps = sum(not one.takes for one in found)
    text = f"Wrote {counted(len(found) - gaps, 'take')} for {counted(len(found), 'slot')} to {plain(file)}."
    typer.echo(text + (f" {counted(gaps, 'gap')}." if gaps else ""), err=True)
    for problem in problems:
        typer.echo(f"check: {plain(problem)}", err=True)


def _show(found: Sequence[Cast], least: float, *, as_json: bool) -> None:
    if as_json:
        for one in found:
            typer.echo(json.dumps(one.to_json(least)))
        return
    rows, below = [], []
    for one in found:
        rows.append((str(one.slot.number), *([""] * (1 + len(COLUMNS)))))
        below.append([one.slot.words, *([] if one.takes else [f"GAP: {one.why(least)}"])])
        ranked = [("take", take) for take in one.takes] + ([("next", one.runner_up)] if one.runner_up else [])
        for rank, moment in ranked:
            rows.append((rank, f"{moment.score:.2f}", *columns_of(moment)))
            below.append([moment.event.caption])
    print_rows(("Slot", "Score", *COLUMNS), rows, below)
