"""`momentidx jobs`: the queue, job by job, and what a person wants of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, Setup, set_up
from momentidx.commands.showing import counted, plain
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.library import JobSummary, Queue

jobs_app = typer.Typer(
    no_args_is_help=True,
    help="Look at the queue and change it, also while 'momentidx watch' works on it.",
)

STATES = ("queued", "running", "done", "failed", "cancelled")
UNDONE = ("queued", "running", "failed", "cancelled")

WhichArgument = Annotated[
    list[str], typer.Argument(metavar="JOB", help="Numbers of jobs, or files and folders with all jobs about them.")
]
FolderArgument = Annotated[Path | None, typer.Argument(metavar="DIR", help="A folder; without it, everything.")]


@jobs_app.command("list")
def list_jobs(
    states: Annotated[
        list[str] | None,
        typer.Option("--state", metavar="STATE", help=f"Only these: {', '.join(STATES)}. Without it: all but done."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="How many at most.")] = 50,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """List jobs: what is in work, what is next, what failed and why, and when it is tried again."""
    for state in states or ():
        if state not in STATES:
            raise WrongUse(f"There is no state '{state}'. There are: {', '.join(STATES)}.")
    with set_up(library).read() as opened:
        found = opened.jobs(states or UNDONE, limit=limit + 1)
    for job in found[:limit]:
        typer.echo(json.dumps(job.to_json()) if as_json else _line(job))
    if len(found) > limit and not as_json:
        typer.echo(f"... and more; --limit {10 * limit} shows up to {10 * limit:,}.")


@jobs_app.command()
def retry(
    which: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="JOB", help="Numbers, files or folders, as for 'jobs cancel'; without any, all that failed."
        ),
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Let these, also those that only wait, go before all others.")
    ] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Queue jobs that failed or were cancelled again."""
    if now and not which:
        raise WrongUse("Say what is to go first: momentidx jobs retry --now FILE")
    setup = set_up(library)
    numbers, paths = _which(which or (), setup)
    queue = _queue(setup)
    changed = queue.retry(numbers, paths, now=now) if which else queue.retry_failed()
    _tell(changed, "queued", as_json=as_json)


@jobs_app.command()
def cancel(which: WhichArgument, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Leave jobs undone until you retry them, or the file changes."""
    setup = set_up(library)
    numbers, paths = _which(which, setup)
    _tell(_queue(setup).cancel(numbers, paths), "cancelled", as_json=as_json)


@jobs_app.command()
def pause(folder: FolderArgument = None, library: LibraryOption = None) -> None:
    """Work on nothing in a folder, or on nothing at all, until 'jobs resume'. What is in work is finished."""
    queue, where = _queue(set_up(library)), _folder(folder)
    was_so = not queue.pause(where)
    typer.echo(f"{_name(where)} {'was paused already' if was_so else 'is paused'}.")


@jobs_app.command()
def resume(folder: FolderArgument = None, library: LibraryOption = None) -> None:
    """Take a pause back."""
    setup, where = set_up(library), _folder(folder)
    if not _queue(setup).resume(where):
        with setup.read() as opened:
            paused = ", ".join(_name(path) for path in opened.paused()) or "nothing"
        raise WrongUse(f"{_name(where)} is not paused. Paused: {paused}.")
    typer.echo(f"{_name(where)} is worked on again.")


def _queue(setup: Setup) -> Queue:
    """The queue of a library that is there and up to date."""
    from momentidx.library import Queue

    setup.read().close()
    return Queue(setup.folder)


def _which(words: Sequence[str], setup: Setup) -> tuple[list[int], list[Path]]:
    """Numbers and places; raises WrongUse for those that stand for no job."""
    numbers = [int(word) for word in words if word.isdecimal()]
    paths = [Path(word).absolute() for word in words if not word.isdecimal()]
    with setup.read() as opened:
        unknown = opened.without_jobs(numbers, paths)
    if unknown:
        which = f"about {plain(unknown[0])}" if isinstance(unknown[0], Path) else unknown[0]
        raise WrongUse(f"There is no job {which}. 'momentidx jobs list' shows those that there are.")
    return numbers, paths


def _folder(folder: Path | None) -> Path:
    from momentidx.library.queue import EVERYTHING

    return EVERYTHING if folder is None else folder.absolute()


def _name(folder: Path) -> str:
    return "Everything" if folder == Path() else plain(folder)


def _tell(changed: int, how: str, *, as_json: bool) -> None:
    none = "" if changed else " 'momentidx jobs list' shows those that there are."
    typer.echo(json.dumps({how: changed}) if as_json else f"{counted(changed, 'job')} {how}.{none}")


def _line(job: JobSummary) -> str:
    what = f"{job.stage} {job.tool}".strip()
    where = plain(job.path) if job.path else "(lies nowhere)"
    line = f"{job.id:>6}  {job.state:<9}  {what:<18}  {where}{'' if job.online else ' (offline)'}"
    if job.reason:
        line += f"\n{'':8}{job.code}: {plain(job.reason)}"
    if job.next_try:
        line += f"\n{'':8}tried again after {job.next_try.astimezone():%Y-%m-%d %H:%M:%S}"
    return line
