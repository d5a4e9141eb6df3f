"""`momentidx demo`: the whole path in a minute, on footage that is drawn on the spot."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.demo_model import show_model
from momentidx.commands.export import write_timeline
from momentidx.commands.index import index_now
from momentidx.commands.setting_up import made, set_up
from momentidx.commands.showing import counted, length_text, plain, print_table

QUESTIONS = (
    "the camera pans left over green hills",
    "a red ball crosses the frame",
    "night, a light moves from right to left",
)


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where to put the footage, its library and the timeline.")
    ] = Path("momentidx-demo"),
    captioner: Annotated[
        str | None,
        typer.Option(
            "--captioner",
            "-c",
            metavar="NAME",
            help="Show instead what a captioner says of drawn clips, beside what is true.",
        ),
    ] = None,
) -> None:
    """Try everything in a minute: draw footage, index it, ask three questions, write a timeline."""
    if captioner is not None:
        show_model(folder, captioner)
        return
    from momentidx.demo.footage import CLIPS
    from momentidx.hooks import choose
    from momentidx.search.find import find

    footage, library, selects = folder / "footage", folder / "library", folder / "selects.otio"
    _draw(footage)
    length = sum(clip.frame_count / clip.rate for clip in CLIPS)
    typer.echo(f"1. Drew {counted(len(CLIPS), 'clip')}, {length_text(length)} of footage, in {plain(footage)}.\n")

    setup = set_up(library)
    typer.echo(f"2. $ momentidx index {footage} --library {library}")
    typer.echo(f"{index_now(setup, [footage]).sentence()}\n")

    typer.echo("3. Three questions")
    with setup.read() as opened:
        embedder = choose("embedders", setup.settings.embedder).make(setup.settings)
        best = []
        for question in QUESTIONS:
            typer.echo(f'\n$ momentidx find "{question}" --limit 2 --library {library}')
            moments = find(opened, question, limit=2, embedder=embedder)
            print_table(moments)
            best += moments[:1]

    typer.echo("\n4. The best answer to each as a timeline, with 12 frames of handles")
    writer = choose("timeline_writers", "otio").make(setup.settings)
    write_timeline(best, selects, writer, query=" / ".join(QUESTIONS), handles="12f", force=True)
    _what_next(footage / CLIPS[0].name, library, selects)


def _draw(folder: Path) -> None:
    """Draw the clips that are not there yet."""
    from tqdm import tqdm

    from momentidx.demo.footage import CLIPS, render

    made(folder)
    due = [clip for clip in CLIPS if not (folder / clip.name).exists()]
    frames = sum(clip.frame_count for clip in due)
    with tqdm(total=frames, desc="Drawing footage", unit="frame", file=sys.stderr, leave=False, disable=None) as bar:
        for clip in due:
            render(clip, folder / clip.name, on_frame=bar.update)


def _what_next(clip: Path, library: Path, selects: Path) -> None:
    clip_text, where, timeline = (shlex.quote(str(path)) for path in (clip, library, selects))
    typer.echo(
        f"""
Try next
  momentidx find "the camera tilts up" --library {where}
  momentidx events {clip_text} --library {where}
  momentidx serve --library {where}    # the page in your browser: search, look, choose, export
  momentidx index /path/to/your/footage    # into your own library, in your user data folder
  momentidx watch /path/to/your/footage    # whatever arrives from now on
Open {timeline} in an editing program that reads OpenTimelineIO; 'momentidx export --help' lists the others."""
    )
