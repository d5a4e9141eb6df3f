"""`momentidx ask`: a question about one file, answered in words."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from momentidx.commands.describe import CaptionerOption, FileArgument, chosen, opened
from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import plain
from momentidx.errors import WrongUse


def ask(
    file: FileArgument,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What you want to know of the footage.")],
    captioner: CaptionerOption = "auto",
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Ask a captioner about one file. It looks once, at pictures spread over the whole file."""
    from momentidx.caption.protocol import Answerer

    setup = set_up(library)
    asked = chosen(captioner, setup)
    if not isinstance(asked, Answerer):
        raise WrongUse(f"The captioner '{asked.name}' answers no questions. docs/captioners.md says which do.")
    with opened(file, setup) as (footage, source):
        answer = asked.answer(footage, source, question)
    if as_json:
        row = {
            "answer": answer.text,
            "captioner": asked.name,
            "captioner_version": asked.version,
            "start_seconds": round(float(footage.seconds(answer.looked_at.start)), 6),
            "end_seconds": round(float(footage.seconds(answer.looked_at.end)), 6),
            "picture_every_seconds": round(float(answer.spacing), 3),
            "whole": answer.whole,
        }
        typer.echo(json.dumps(row))
        return
    typer.echo(plain(answer.text) or "It gave no answer.")
    if not answer.whole:
        typer.echo("The answer was cut off.", err=True)
