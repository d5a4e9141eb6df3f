"""How moments and files look: a table for a person, JSON lines for a program."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from momentidx.times import clock

if TYPE_CHECKING:
    from fractions import Fraction

    from momentidx.events import Moment


def show_moments(moments: Sequence[Moment], *, as_json: bool) -> None:
    """JSON lines when asked for or when the output is piped, else a table."""
    if as_json or not sys.stdout.isatty():
        for moment in moments:
            typer.echo(json.dumps(moment.to_json()))
        return
    print_table(moments)


def print_table(moments: Sequence[Moment]) -> None:
    """A table of moments: score, clip, source timecode in and out, length, caption."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    if any(moment.score is not None for moment in moments):
        table.add_column("Score", justify="right")
    table.add_column("Clip", overflow="fold", max_width=28)
    table.add_column("In", no_wrap=True)
    table.add_column("Out", no_wrap=True)
    table.add_column("Length", justify="right", no_wrap=True)
    table.add_column("Caption", overflow="fold")
    for moment in moments:
        score = [] if moment.score is None else [f"{moment.score:.2f}"]
        start, end = times_of(moment)
        clip = plain(moment.path.name) + ("" if moment.online else " (offline)")
        length = f"{float(moment.event.span.duration):.1f} s"
        table.add_row(*score, clip, start, end, length, plain(moment.event.caption))
    Console(highlight=False, markup=False).print(table)


def times_of(moment: Moment) -> tuple[str, str]:
    """In and out for people: source timecode, or the clock where the rate has no timecode."""
    start, end = moment.timecodes
    span, footage = moment.event.span, moment.footage
    return start or clock(footage.seconds(span.start)), end or clock(footage.seconds(span.end))


def plain(text: str | Path) -> str:
    """Text that cannot disturb a terminal: control characters and undecodable bytes are shown as escapes."""
    return "".join(_shown(character) for character in str(text))


def _shown(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def counted(number: int, noun: str) -> str:
    """`1 clip`, `36 clips`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def length_text(seconds: Fraction | float) -> str:
    """A length of footage: `12.5 s`, `9:26`, `1:02:03`."""
    if seconds < 60:
        return f"{float(seconds):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
