"""A process that has loaded everything and gives birth to commands: python -m tests.faults.nursery

A fault test runs hundreds of short processes, and four fifths of the time of each would go into loading
modules. Each line on stdin is an order (JSON): the arguments, the environment, and files for what it
says, its number and its exit code. The command runs in a process of its own, as from a shell, except
that its daemon looks ten times a second instead of once, and that it dies when anybody but SQLite opens
the database.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

ALONE = "FAULTS_ALONE"
"""A variable; if it is set, a daemon has no process beside it that answers searches."""


def main() -> None:
    import alembic.command  # noqa: F401

    import typer_app
    from momentidx import failpoints
    from momentidx.commands import export, find, index, status, watch  # noqa: F401 (loaded for all)
    from momentidx.pipeline import daemon, logs, tools, watcher, worker  # noqa: F401
    from momentidx.search import searcher, vectors  # noqa: F401

    daemon.BREATH = watcher.BREATH = 0.1
    sys.addaudithook(_refuse_the_database)
    for line in sys.stdin:
        order = json.loads(line)
        if os.fork() == 0 and _born(order):
            if ALONE in os.environ:
                daemon.Answering = lambda *_: nullcontext()  # type: ignore[assignment,misc]
            failpoints._armed = failpoints.armed(os.environ.get(failpoints.VARIABLE, ""))
            typer_app.main()
        while _reaped():
            pass


def _refuse_the_database(event: str, arguments: tuple[Any, ...]) -> None:
    """SQLite's own opening is C and not seen here; any other descriptor, closed, would drop its locks."""
    if event == "open" and isinstance(arguments[0], str | bytes):
        name = os.path.basename(os.fsdecode(arguments[0]))  # noqa: PTH119 (called for every file that is opened)
        if name.startswith("library.sqlite"):
            os.write(2, f"Traceback: {name} was opened outside of SQLite\n".encode())
            os._exit(99)


def _born(order: dict[str, Any]) -> bool:
    """Become the command; its parent stays behind to tell how it ends."""
    number = os.fork()
    if number:
        _tell(order["pid"], number)
        _, status = os.waitpid(number, 0)
        _tell(order["ended"], os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.setsid()
    os.environ.clear()
    os.environ.update(order["env"])
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    os.close(said)
    os.close(nothing)
    sys.argv = ["momentidx", *order["arguments"]]
    return True


def _tell(file: str, number: int) -> None:
    part = Path(file).with_suffix(".part")
    part.write_text(str(number))
    part.replace(file)


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


if __name__ == "__main__":
    main()
