"""`momentidx watch`: the daemon, in the foreground."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.setting_up import LibraryOption, set_up
from momentidx.commands.showing import length_text, plain
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.pipeline.worker import Outcome


def watch(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders to watch, with everything below.")],
    library: LibraryOption = None,
) -> None:
    """Watch folders and index what arrives, until stopped with Ctrl-C or SIGTERM.

    Files that are still being copied are waited for. What a stop or a crash left undone goes on at
    the next start.
    """
    setup = set_up(library)
    roots = _roots(folders, setup.folder)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())

    from momentidx.pipeline.daemon import watch as run
    from momentidx.pipeline.tools import open_tools

    with setup.write() as opened, open_tools(setup.settings) as tools:
        opened.requeue_outdated(tools.layers, tools.embedder)
        run(roots, opened, tools, stop, _Printer())
    typer.echo("Stopped.")


class _Printer:
    """One line for everything that happens."""

    def watching(self, roots: Sequence[Path], without_events: dict[Path, str]) -> None:
        typer.echo(f"Watching {', '.join(plain(root) for root in roots)}. Stop with Ctrl-C.")
        for root, reason in without_events.items():
            typer.echo(f"{plain(root)} gives no events ({reason}); it is looked through every few minutes instead.")

    def unreadable(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            typer.echo(plain(sentence), err=True)

    def indexed(self, outcome: Outcome) -> None:
        if outcome.footage is not None:
            typer.echo(f"indexed {plain(outcome.path)} ({length_text(outcome.footage.duration)})")
        else:
            typer.echo(f"failed: {plain(outcome.reason or '')}", err=True)


def _roots(folders: Sequence[Path], library: Path) -> list[Path]:
    """Absolute, each watched once. Raises WrongUse for what cannot be watched."""
    roots: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise WrongUse(f"{plain(folder)}: there is no such folder.")
        root = folder.resolve()
        if root.is_relative_to(library):
            raise WrongUse(f"{plain(folder)} lies in the library itself ({library}). Watch another folder.")
        roots.append(root)
    return [root for root in dict.fromkeys(roots) if not any(root != o and root.is_relative_to(o) for o in roots)]
