"""How moments and files look: a table for a person, JSON lines for a program."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
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


def print_table(moments: Sequence[Moment], why: Mapping[int, str] | None = None) -> None:
    """A line for each moment (score, clip, source timecode in and out, length, number), its caption below.

    Of one that was put together the parts; and, by an event's number, what its score is made of.
    """
    rows = [("" if moment.score is None else f"{moment.score:.2f}", *columns_of(moment)) for moment in moments]
    heading = "" if all(moment.score is None for moment in moments) else "Score"
    print_rows((heading, *COLUMNS), rows, [_told(moment, why or {}) for moment in moments])


def _told(moment: Moment, why: Mapping[int, str]) -> list[str]:
    lines = []
    for part in moment.parts or (moment,):
        lines.append(f"{' '.join(times_of(part))}  {part.event.caption}" if moment.parts else part.event.caption)
        lines += [why[part.id]] if part.id in why else []
    return lines


COLUMNS = ("Clip", "In", "Out", "Length", "Id")


def columns_of(moment: Moment) -> tuple[str, str, str, str, str]:
    """Where a moment is, in the order of `COLUMNS`."""
    clip = plain(moment.path.name) + ("" if moment.online else " (offline)")
    return clip, *times_of(moment), f"{float(moment.event.span.duration):.1f} s", str(moment.id)


def print_rows(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]], below: Sequence[Sequence[str]]) -> None:
    """Rows in columns, and below each row its texts, as wide as the terminal and indented by the first column."""
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    indent = " " * (widths[0] + 2)
    width = max(shutil.get_terminal_size().columns, 40)
    for row, texts in zip([heading, *rows], [(), *below], strict=True):
        typer.echo("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip())
        for text in texts:
            for line in textwrap.wrap(plain(text), width, initial_indent=indent, subsequent_indent=indent):
                typer.echo(line)


def times_of(moment: Moment) -> tuple[str, str]:
    """In and out for people: source timecode, or the clock where the rate has no timecode."""
    start, end = moment.timecodes
    span, footage = moment.event.span, moment.footage
    return start or clock(footage.seconds(span.start)), end or clock(footage.seconds(span.end))


def plain(text: str | Path) -> str:
    """Text that cannot disturb a terminal: control characters and undecodable bytes are shown as escapes."""
    return "".join(_shown(character) for character in str(text))


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":  # Zs: spaces of all widths
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


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
