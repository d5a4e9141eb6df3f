"""`momentidx find` and `momentidx events`: moments that answer words, and everything about one file."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, Setup, set_up
from momentidx.commands.showing import counted, plain, print_table, show_moments
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.events import Moment
    from momentidx.footage import Footage
    from momentidx.library import Library
    from momentidx.search.asking import Answers, Wish
    from momentidx.search.protocol import Embedder

NOTHING_FOUND = 3
"""Exit code."""
LIKE = "Find moments like this one: its number, or FILE@TIME (clip.mov@01:00:12:05, clip.mov@12.5s)."

LimitOption = Annotated[
    int | None, typer.Option("--limit", "-n", metavar="N", min=1, help="How many moments at most (setting find_limit).")
]


class Sort(StrEnum):
    """As in `search/asking.py`, which is not loaded for `--help`."""

    SCORE = "score"
    CLIP = "clip"
    TIME = "time"
    DATE = "date"


class Group(StrEnum):
    CLIP = "clip"
    NONE = "none"


def find(
    words: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="What happens in the moment you look for; docs/query.md says what else."),
    ] = None,
    limit: LimitOption = None,
    offset: Annotated[int, typer.Option(metavar="N", min=0, help="Pass over so many of the first.")] = 0,
    sort: Annotated[Sort, typer.Option(help="Best first, by clip, in source order, or oldest first.")] = Sort.SCORE,
    group: Annotated[Group, typer.Option(help="Only the best moment of each clip, or all.")] = Group.NONE,
    min_score: Annotated[float | None, typer.Option(metavar="SCORE", help="Only moments that score this much.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also captions that tell the same stretch again.")] = False,
    like: Annotated[str | None, typer.Option(metavar="EVENT|FILE@TIME", help=LIKE)] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Let the captioner look again where exactly it is, if it can.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each score is made of.")] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="Say what was searched and what could not be.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Find moments by describing them, best first.

    On a terminal a table with source timecode; piped, or with --json, one JSON object a line. Ends with 3 when nothing
    is found, and says what comes nearest.
    """
    from momentidx.search.asking import Sort as Order
    from momentidx.search.asking import Wish
    from momentidx.search.service import ask

    if words is None and like is None:
        raise WrongUse('Say what to look for: momentidx find "a slow pan to the left"')
    setup = set_up(library, find_limit=limit)
    wish = Wish(setup.settings.find_limit, offset, Order(sort.value), group is Group.CLIP, min_score, everything)
    if words is not None and not (like or explain or coverage):
        told = ask(setup.folder, words, wish, setup.settings.embedder)
        if told is not None and told.moments:
            _show(told, setup, as_json=as_json, refine=refine)
            return

    from momentidx.search.explain import coverage as scope
    from momentidx.search.find import search
    from momentidx.search.vectors import open_vectors

    with setup.read() as opened:
        wish = replace(wish, like=example(opened, like) if like else None)
        embedder = embedder_for(opened, setup)
        vectors = open_vectors(opened, embedder, gpu=setup.settings.search_gpu)
        found = search(opened, words, wish, embedder=embedder, vectors=vectors)
        if not found.moments:
            nothing(opened, found, wish)
        if coverage:
            typer.echo(scope(opened), err=True)
    _show(found, setup, as_json=as_json, explain=explain, refine=refine)


def _show(found: Answers, setup: Setup, *, as_json: bool, explain: bool = False, refine: bool = False) -> None:
    for note in found.notes:
        typer.echo(note, err=True)
    if refine:
        from momentidx.commands.refining import refined

        found = replace(found, moments=refined(found.moments, found.query, setup))
    show_answers(found, as_json=as_json, explain=explain)
    say_doubts(found)


def answers(library: Library, setup: Setup, words: str) -> list[Moment]:
    """The moments that answer the words best, as many as the setting `find_limit` says.

    Doubts are told; without any moment the command ends as `find` does.
    """
    from momentidx.search.asking import Wish
    from momentidx.search.find import search

    wish = Wish(setup.settings.find_limit)
    found = search(library, words, wish, embedder=embedder_for(library, setup))
    if not found.moments:
        nothing(library, found, wish)
    say_doubts(found)
    return found.moments


def embedder_for(library: Library, setup: Setup) -> Embedder:
    """The embedder to search with; says when it is not yet the one of the settings."""
    from momentidx.hooks import choose
    from momentidx.search.embedding import searchable

    make = lambda name: choose("embedders", name).make(setup.settings)  # noqa: E731
    embedder, note = searchable(library, setup.settings.embedder, make)
    if note is not None:
        typer.echo(note, err=True)
    return embedder


def example(library: Library, text: str) -> Moment:
    """The moment that a number or FILE@TIME means: of the events there, the shortest."""
    from momentidx.times import parse_frame

    if text.isascii() and text.isdigit():
        found = library.moments(ids=[int(text)])
        if not found:
            raise WrongUse(f"There is no moment {text}. 'momentidx find' and 'events' show the numbers.")
        return found[0]
    file, at, time = text.rpartition("@")
    if not at:
        raise WrongUse(f"'{text}' is no example. Give a moment's number, or FILE@TIME such as clip.mov@12.5s.")
    footage = known_footage(library, Path(file))
    frame = parse_frame(time, footage.rate, footage.start)
    there = [moment for moment in library.moments(footage.fingerprint) if moment.frames[0] <= frame < moment.frames[1]]
    if not there:
        raise WrongUse(f"{file}: nothing is told of {time}. 'momentidx events {file}' shows what is.")
    return min(there, key=lambda moment: moment.event.span.duration)


def known_footage(library: Library, file: Path) -> Footage:
    """The footage of a file, by its path or, where it is the only one of this name, by its name alone."""
    if file.parent == Path() and not file.exists():
        return library.named(file.name).footage
    return library.footage_of(file.absolute())


def show_answers(found: Answers, *, as_json: bool, explain: bool = False) -> None:
    """The moments; with what their scores are made of."""
    if not explain:
        show_moments(found.moments, as_json=as_json)
        return
    typer.echo(f"Read as: {plain(str(found.query))}" if found.query else "An example alone.", err=True)
    if found.confidence is not None:
        typer.echo(
            f"If what is meant is here, the first answer's clip is it in {found.confidence:.0%} of such cases.",
            err=True,
        )
    elif any(why.words for why in found.why.values()):
        typer.echo("These scores order the answers; how sure they are is known of the default embedder only.", err=True)
    if as_json or not sys.stdout.isatty():
        for moment in found.moments:
            reasons = {part.id: str(found.why[part.id]) for part in moment.parts or (moment,)}
            typer.echo(json.dumps(moment.to_json() | {"why": reasons}))
        return
    print_table(found.moments, {number: str(why) for number, why in found.why.items()})


def say_doubts(found: Answers) -> None:
    """A line for a person when nothing fits well."""
    if found.doubtful:
        typer.echo(f"Nothing convincing was found: the best answer scores {found.best:.2f} of 1.", err=True)


def nothing(library: Library, found: Answers, wish: Wish) -> None:
    """Say why there is no answer and what comes nearest, and end."""
    from momentidx.search.explain import coverage
    from momentidx.search.find import misses

    typer.echo("Nothing was found." if not wish.offset else f"Nothing comes after the first {wish.offset}.", err=True)
    if wish.min_score is not None and found.best is not None and found.best < wish.min_score:
        typer.echo(f"The best answer scores {found.best:.2f}, less than {wish.min_score:g}.", err=True)
    for text, count in misses(library, found, wish):
        typer.echo(f"Without {plain(text)} there would be {counted(count, 'moment')}.", err=True)
    typer.echo(coverage(library), err=True)
    raise typer.Exit(NOTHING_FOUND)


def events(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A media file, where it lies or lay.")],
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Print everything the library knows to happen in one file, in order of time."""
    setup = set_up(library)
    with setup.read() as opened:
        footage = known_footage(opened, file)
        moments = opened.moments(footage.fingerprint)
    show_moments(moments, as_json=as_json)
