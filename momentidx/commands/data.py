"""`momentidx data build`: something to learn from, made of footage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.describe import CaptionerOption, chosen
from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import plain
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.footage import Footage
    from momentidx.media.frames import FrameSource

data_app = typer.Typer(no_args_is_help=True)


@data_app.callback()
def data() -> None:
    """Make training data of footage: events, questions and answers, with or without a language model."""


@data_app.command()
def build(
    footage: Annotated[list[Path], typer.Argument(metavar="FILE", help="Media files.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to fill or to go on with.")],
    captioner: CaptionerOption = "shotlog",
    detector: Annotated[
        str, typer.Option("--detector", metavar="NAME", help="What finds things in pictures: see 'momentidx plugins'.")
    ] = "shotlog",
    things: Annotated[
        str, typer.Option("--things", metavar="WORDS", help="What it looks for: 'dog, red car'; else what it knows.")
    ] = "",
    writer: Annotated[
        str,
        typer.Option(
            "--writer",
            metavar="NAME",
            help="Who words questions and answers: templates; endpoint (the server of the settings); or a language "
            "model, as a folder or an ORG/NAME in the hub's cache.",
        ),
    ] = "templates",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="What the wording of questions is drawn by.")] = 0,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Split footage into events, follow what is in it, and write questions and answers about it.

    Said again with the same folder, only new or changed footage is built, and a model is asked nothing twice.
    """
    from momentidx.hooks import choose
    from momentidx.media.child import Decoder
    from momentidx.media.probe import probe
    from momentidx.media.source import Source
    from momentidx.training.engine import writers
    from momentidx.training.engine.build import Engine
    from momentidx.training.engine.writing import REPORT, build_all

    absent = [path for path in footage if not path.is_file()]
    if absent:
        raise WrongUse(f"{plain(absent[0])}: there is no such file.")
    setup = set_up(library)
    written = writers.chosen(writer, setup.settings, output / "asked")
    found = choose("detectors", detector).make(setup.settings)
    words = tuple(word.strip().lower() for word in things.split(",") if word.strip())
    engine = Engine(chosen(captioner, setup), found, words, written, seed=seed)
    with Decoder(setup.settings) as decoder:

        def opened(path: Path) -> tuple[Footage, FrameSource]:
            found = probe(path, decoder)
            return found, Source(path, found, decoder, setup.settings)

        for done in build_all([path.absolute() for path in footage], output, engine, opened):
            typer.echo(plain(f"{done.path.name}: {done.state}{f' ({done.reason})' if done.reason else ''}"), err=True)
    report = json.loads((output / REPORT).read_text(encoding="utf-8"))
    if as_json:
        typer.echo(json.dumps(report))
        return
    typer.echo(
        f"{report['footage']} footage, {report['seconds']:g} s: {report['events']} events, "
        f"{report['instances']} instances, {sum(report['kept'].values())} questions in {plain(output)}"
    )
    for task, kept in report["kept"].items():
        reasons = ", ".join(f"{count} {reason}" for reason, count in report["rejected"].get(task, {}).items())
        typer.echo(f"  {task:<22} {kept:>5}{f'   rejected: {reasons}' if reasons else ''}")
