"""`momentidx watch`: the daemon, in the foreground."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.serve import MISSING, ListenOption, PortOption, bound, said, web_beside
from momentidx.commands.setting_up import LibraryOption, Setup, set_up
from momentidx.commands.showing import length_text, plain
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.config import Settings
    from momentidx.pipeline.orders import Orders
    from momentidx.pipeline.run import WatchedRoot
    from momentidx.pipeline.worker import Outcome

_log = logging.getLogger("momentidx.watch")


def watch(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR", help="Folders to watch, with everything below.")],
    library: LibraryOption = None,
    web: Annotated[
        bool | None, typer.Option("--web/--no-web", help="Serve the page and the API as well (setting web).")
    ] = None,
    listen: ListenOption = None,
    port: PortOption = None,
) -> None:
    """Watch folders and index what arrives, until stopped with Ctrl-C or SIGTERM.

    Files that are still being copied are waited for. What a stop or a crash left undone goes on at
    the next start. SIGHUP reads the settings again, SIGUSR1 opens the log file anew, SIGQUIT says where
    every thread is.
    """
    from momentidx.pipeline.logs import LogFile
    from momentidx.pipeline.orders import Orders

    setup = set_up(library, web=web, web_listen=listen, web_port=port)
    orders, log = Orders(), LogFile(setup.folder)
    _hear_signals(orders, log.reopen)
    faulthandler.register(signal.SIGQUIT, sys.__stderr__ or sys.stderr)

    from momentidx.pipeline.daemon import watch as run

    with ExitStack() as held:
        opened = held.enter_context(setup.write())
        held.enter_context(log.written())
        roots = _roots(folders, setup.folder, {root.path for root in opened.roots()})
        beside = _page(setup, library, held) if setup.settings.web else None
        run(roots, opened, lambda: set_up(library).settings, orders, _Printer(), beside=beside)
        _say("Stopped.")


def _page(
    setup: Setup, library: Path | None, held: ExitStack
) -> Callable[[Settings], AbstractContextManager[object]] | None:
    """What serves the page beside the daemon; None, and a word, where its packages are not installed."""
    from momentidx.web.listening import is_installed

    if not is_installed():
        _say(f"{MISSING} Watching goes on without them.")
        return None
    listening = held.enter_context(bound(setup))
    _say(said(listening, library))
    return lambda _settings: web_beside(setup, listening)


class _Printer:
    """One line for everything that happens, on the terminal and in the log.

    Nobody may be reading: a closed pipe or a full disk behind it must not end the indexing.
    """

    def __init__(self) -> None:
        self._away: dict[str, str | None] = {}
        self._polled: dict[str, str | None] = {}

    def watching(self, roots: Sequence[WatchedRoot]) -> None:
        if not self._away:
            _say(f"Watching {', '.join(plain(root.path) for root in roots)}. Stop with Ctrl-C.")
        for root in roots:
            if root.away != self._away.get(root.path):
                _say(f"{plain(root.path)} is {'offline: ' + plain(root.away) if root.away else 'online again'}.")
            self._away[root.path] = root.away
            if not root.away and root.why != self._polled.get(root.path):
                _say(f"{plain(root.path)} is watched by {_how(root)}.")
                self._polled[root.path] = root.why

    def told(self, sentence: str) -> None:
        _say(plain(sentence))

    def indexed(self, outcome: Outcome) -> None:
        if outcome.footage is not None:
            _say(f"indexed {plain(outcome.path)} ({length_text(outcome.footage.duration)})")
        else:
            how = "to be tried again" if outcome.passing else "failed"
            _say(f"{how}: {plain(outcome.reason or '')}", level=logging.WARNING)


def _how(root: WatchedRoot) -> str:
    return f"{root.mode} ({plain(root.why)})" if root.why else root.mode


def _say(sentence: str, level: int = logging.INFO) -> None:
    _log.log(level, "%s", sentence)
    with suppress(OSError):
        typer.echo(sentence, err=level > logging.INFO)


def _hear_signals(orders: Orders, reopen: Callable[[], None]) -> None:
    """Hear signals in a thread of their own, so that they are heard whatever the others are busy with.

    They are blocked in all other threads, which inherit that from this one: it must be called before
    any library starts threads.
    """
    heard = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)

    def listen() -> None:
        while True:
            number = signal.sigwait(heard)
            if number == signal.SIGHUP:
                orders.reload.set()
            elif number == signal.SIGUSR1:
                reopen()
            elif orders.stop.is_set():
                orders.hurry.set()
            else:
                orders.stop.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()


def _roots(folders: Sequence[Path], library: Path, known: set[Path]) -> list[Path]:
    """Absolute, each watched once; one that was watched before may be away. Raises WrongUse for what cannot be."""
    roots: list[Path] = []
    for folder in folders:
        root = Path(os.path.realpath(folder))
        if not root.is_dir() and root not in known:
            raise WrongUse(f"{plain(folder)}: there is no such folder.")
        if root.is_relative_to(os.path.realpath(library)):
            raise WrongUse(f"{plain(folder)} lies in the library itself ({library}). Watch another folder.")
        roots.append(root)
    return [root for root in dict.fromkeys(roots) if not any(root != o and root.is_relative_to(o) for o in roots)]
