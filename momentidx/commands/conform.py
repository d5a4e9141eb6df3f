"""`momentidx conform`: somebody else's timeline, relinked to the indexed footage."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, plain, print_rows
from momentidx.errors import MomentidxError, UnusableFootage, WrongUse
from momentidx.times import allows_drop_frame, rate_text

if TYPE_CHECKING:
    from momentidx.config import Settings
    from momentidx.timeline.foreign import ForeignTimeline
    from momentidx.timeline.protocol import TimelineWriter
    from momentidx.timeline.relink import Link, Medium

SECONDS = 300.0
"""How long reading a timeline may take; a Final Cut Pro 7 XML of 10,000 clips takes a minute and a half."""
MEMORY_MB = 1024


def conform(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A CMX 3600 EDL, a Final Cut Pro 7 XML, an OpenTimelineIO file or an AAF."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the relinked timeline; the ending picks the format."
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="PROGRAM|FORMAT", help="The format, when the ending does not say it.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="RATE", help="Frames a second of an EDL, which does not say it: 25, 29.97.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Relink somebody else's timeline to the indexed footage, by fingerprint, path, reel, name and timecode.

    Tells for every clip which footage it is, and why. Where two could be meant, both are told and
    none is taken. Exit code 1 when a clip was not relinked.
    """
    from momentidx.timeline.export import targets, writers
    from momentidx.timeline.relink import Medium, relink

    setup = set_up(library)
    if not file.is_file():
        raise WrongUse(f"{plain(file)}: there is no such file.")
    wanted = targets([to] if to else [], output, writers(setup.settings)) if output else []
    with setup.read() as opened:
        media = [Medium(found.footage, tuple(place.path for place in found.locations)) for found in opened.footage()]
    foreign = _read(file, edl_rate(file, rate, media), setup.settings)
    links = relink(foreign, media)
    _show(links, as_json=as_json or not sys.stdout.isatty())
    _summary(links, foreign)
    for writer, target in wanted:
        _write(foreign, links, writer, target, force=force)
    if any(link.medium is None for link in links):
        raise typer.Exit(1)


def edl_rate(file: Path, rate: str | None, media: Sequence[Medium]) -> Fraction | None:
    """The frame rate of an EDL: as asked for, or the one that all indexed footage has; None for other files."""
    from momentidx.timeline.export import parse_rate
    from momentidx.timeline.reading import says_drop_frame

    if file.suffix.lower() != ".edl":
        return None
    if rate is not None:
        return parse_rate(rate)
    found = {parse_rate(str(medium.footage.rate)) for medium in media}
    with file.open(encoding="utf-8", errors="replace") as start:
        if says_drop_frame(start.read(4096)):
            found = {one for one in found if allows_drop_frame(one)}
    if not found:
        raise WrongUse(f"{plain(file)}: no indexed footage has a rate that it could have. Say its rate: --rate 29.97")
    if len(found) > 1:
        rates = ", ".join(rate_text(one) for one in sorted(found))
        raise WrongUse(f"{plain(file)} does not say its frame rate, and the footage has {rates}. Say it: --rate 25")
    return found.pop()


def _read(file: Path, edl_rate: Fraction | None, settings: Settings) -> ForeignTimeline:
    from momentidx.media.child import Decoder
    from momentidx.timeline.reading import ENDINGS, read

    if file.suffix.lower() not in ENDINGS:
        raise WrongUse(f"{plain(file)}: timelines are read from {', '.join(ENDINGS)} files.")
    limits = settings.model_copy(update={"decode_memory_mb": min(settings.decode_memory_mb, MEMORY_MB)})
    try:
        with Decoder(limits) as child:
            return child.run(read, file, edl_rate, file=file, seconds=SECONDS)
    except UnusableFootage as error:
        if error.code == "not-a-timeline":
            raise
        # The child speaks of pictures; this file has none.
        raise MomentidxError(
            f"{file}: reading the timeline was stopped ({error.code}). It may be damaged or made to do harm; "
            "export it again from the program it comes from."
        ) from error


def _show(links: Sequence[Link], *, as_json: bool) -> None:
    if as_json:
        for link in links:
            typer.echo(json.dumps(_row(link)))
        return
    rows = [
        (f"{plain(link.track)} {link.number}", link.state, plain(link.name), ", ".join(link.by) if link.medium else "")
        for link in links
    ]
    below = [
        [str(link.medium.paths[0])] if link.medium else [link.reason, *map(str, link.candidates)] for link in links
    ]
    print_rows(("Clip", "State", "Name", "By"), rows, below)


def _row(link: Link) -> dict[str, Any]:
    row: dict[str, Any] = {"track": link.track, "clip": link.number, "name": link.name, "state": link.state}
    if link.medium is not None and link.frames is not None:
        footage, (start, end) = link.medium.footage, link.frames
        row |= {"path": str(link.medium.paths[0]), "footage": footage.fingerprint, "by": list(link.by)}
        row |= {"start_frame": start, "end_frame": end}
        row |= {"start_timecode": footage.timecode(start), "end_timecode": footage.timecode(end)}
    else:
        row |= {"reason": link.reason, "candidates": [str(path) for path in link.candidates]}
    return row


def _summary(links: Sequence[Link], foreign: ForeignTimeline) -> None:
    states = [link.state for link in links]
    text = f"Relinked {states.count('relinked')} of {counted(len(links), 'clip')}."
    for state in ("ambiguous", "missing"):
        text += f" {states.count(state)} {state}." if state in states else ""
    typer.echo(text, err=True)
    if foreign.lost:
        typer.echo(f"Not carried over: {', '.join(foreign.lost)}.", err=True)


def _write(
    foreign: ForeignTimeline, links: Sequence[Link], writer: TimelineWriter, output: Path, *, force: bool
) -> None:
    from momentidx.timeline.check import check
    from momentidx.timeline.rebuild import picture_track, rebuild
    from momentidx.timeline.write.files import refuse_to_replace

    whole = rebuild(foreign, links)
    timeline = whole if writer.name == "otio" else picture_track(whole)
    refuse_to_replace(output, timeline, force=force)
    writer.write(timeline, output)
    left_out = (
        "" if timeline is whole or len(whole.tracks) <= len(timeline.tracks) else ", the first picture track only"
    )
    typer.echo(f"Wrote {plain(output)}{left_out}.", err=True)
    for problem in check(timeline):
        if "it points to no file" not in problem:  # told above, with the reason
            typer.echo(f"check: {plain(problem)}", err=True)
