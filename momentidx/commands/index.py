"""`momentidx index`: index files and folders now, then return."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from momentidx.commands.setting_up import LibraryOption, Setup, set_up
from momentidx.commands.showing import counted, length_text, plain
from momentidx.errors import LibraryBusy, WrongUse

if TYPE_CHECKING:
    from tqdm import tqdm

    from momentidx.files import SeenFile
    from momentidx.pipeline.tools import Tools
    from momentidx.pipeline.worker import Outcome


def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Media files, or folders to look through.")],
    library: LibraryOption = None,
    now: Annotated[
        bool, typer.Option("--now", help="While 'momentidx watch' runs: let it do these next, and return at once.")
    ] = False,
) -> None:
    """Index files and folders now, then return. What is indexed already is not done again."""
    setup = set_up(library)
    try:
        summary = index_now(setup, paths)
    except LibraryBusy:
        if not now:
            raise
        typer.echo(_put_first(setup, paths))
        return
    typer.echo(summary.sentence())
    if summary.failed or summary.failed_before:
        raise typer.Exit(1)


def _put_first(setup: Setup, paths: Sequence[Path]) -> str:
    """Let the process that has the library do these next."""
    from momentidx.library import Queue

    waiting = Queue(setup.folder).put_first(list(_files(setup, paths)))
    if not waiting:
        return "Nothing to do: what is not indexed is in work, or failed ('momentidx jobs list' says why)."
    return f"{counted(len(waiting), 'file')} put first; 'momentidx status' shows how it goes."


class Summary:
    """What one run of `index` did."""

    def __init__(self, found: int) -> None:
        self.found = found
        self.indexed = 0
        self.seconds = Fraction(0)
        self.failed = 0
        self.failed_before = 0

    def add(self, outcome: Outcome) -> None:
        if outcome.footage is None:
            self.failed += 1
        else:
            self.indexed += 1
            self.seconds += outcome.footage.duration

    def sentence(self) -> str:
        if self.found == 0:
            return "No media files were found there; 'momentidx config show' says which endings are looked for."
        if self.indexed == 0 and self.failed == 0:
            text = f"Nothing to do: {self._known()} already indexed."
        else:
            text = f"Indexed {counted(self.indexed, 'clip')}, {length_text(self.seconds)} of footage."
            known = self.found - self.indexed - self.failed - self.failed_before
            text += f" {known} already indexed." if known else ""
            text += f" {self.failed} failed." if self.failed else ""
        if self.failed_before:
            text += f" {self.failed_before} failed earlier ('momentidx status' says why)."
        return text

    def _known(self) -> str:
        known = self.found - self.failed_before
        return f"all {known} clips are" if known > 1 else f"{counted(known, 'clip')} is"


def index_now(setup: Setup, paths: Sequence[Path]) -> Summary:
    """Index what lies at the paths, with a progress bar on stderr and a line for each file that failed."""
    from momentidx.pipeline.tools import open_tools
    from momentidx.pipeline.worker import work
    from momentidx.search.vectors import keep_index

    _check(paths)
    with setup.write() as library, open_tools(setup.settings) as tools:
        files = list(_files(setup, paths))
        library.notice_missing()
        library.plan(tools.wanted)
        due = library.enqueue_all(files)
        if due and not library.newest_event():
            _advise(tools)
        summary = Summary(len(files))
        sizes = {file.path: file.size for file in due}
        summary.failed_before = library.failed_among([file.path for file in files if file.path not in sizes])
        with _bar(sum(sizes.values())) as bar:
            parts = dict.fromkeys(sizes, 0)

            def tell(path: Path, part: Fraction | int) -> None:
                bar.set_postfix_str(plain(path.name), refresh=False)
                done = int(sizes[path] * part)
                bar.update(done - parts[path])
                parts[path] = done

            for outcome in work(library, tools, among=list(sizes), tell=tell):
                tell(outcome.path, 1)
                summary.add(outcome)
                if outcome.reason:
                    bar.clear()
                    typer.echo(f"failed: {plain(outcome.reason)}", err=True)
        keep_index(library, tools.embedder)
    return summary


def _advise(tools: Tools) -> None:
    """Once, in a library without any event: what is not installed, and what it would add."""
    for captioner in tools.captioners:
        for sentence in getattr(captioner, "advice", ()):
            typer.echo(sentence, err=True)


def _check(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise WrongUse(f"{plain(path)}: there is no such file or folder.")


def _bar(size: int) -> tqdm[NoReturn]:
    """Progress in bytes, which are known before a file is opened; shown on a terminal only."""
    from tqdm import tqdm

    return tqdm(
        total=size,
        desc="Indexing",
        file=sys.stderr,
        leave=False,
        disable=None if size else True,
        bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed} elapsed, {remaining} left{postfix}",
    )


def _files(setup: Setup, paths: Sequence[Path]) -> Iterator[SeenFile]:
    """Files named outright are always tried; folders are walked for wanted names. Each file once."""
    from momentidx.files import SeenFile
    from momentidx.watch.walk import Walk, Wanted

    seen = set()
    for path in (path.absolute() for path in paths):
        if path.is_dir():
            walk = Walk(path, Wanted.of(setup.settings), passed_over=frozenset({setup.folder}))
            found = list(walk)
            for sentence in walk.unreadable.values():
                typer.echo(plain(sentence), err=True)
        else:
            found = [SeenFile.of(path)]
        for file in found:
            if file.path not in seen:
                seen.add(file.path)
                yield file
