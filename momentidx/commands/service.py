"""`momentidx service`: watching as a service of the user, by systemd or launchd."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.service_managers import Manager, manager
from momentidx.commands.setting_up import LibraryOption, set_up
from momentidx.commands.showing import plain
from momentidx.errors import WrongUse

service_app = typer.Typer(no_args_is_help=True, help="Watch folders in the background, from login on.")


@service_app.callback()
def service() -> None:
    """Watch folders in the background, from login on."""


@service_app.command()
def install(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR", help="Folders to watch, with everything below.")],
    library: LibraryOption = None,
) -> None:
    """Install the service for these folders and start it. An installed one is replaced."""
    setup = set_up(library)
    for folder in folders:
        if not folder.is_dir():
            raise WrongUse(f"{plain(folder)}: there is no such folder.")
    chosen = manager()
    chosen.write(command(folders, setup.folder))
    typer.echo(f"Installed {plain(chosen.file)}.")


@service_app.command()
def uninstall() -> None:
    """Stop the service and remove it. The library stays."""
    installed = _installed()
    installed.remove()
    typer.echo(f"Removed {plain(installed.file)}.")


@service_app.command()
def start() -> None:
    """Start the installed service."""
    _installed().start()


@service_app.command()
def stop() -> None:
    """Stop the service until it is started again, or until the next login."""
    _installed().stop()


@service_app.command("status")
def service_status() -> None:
    """Show what the service manager says of the service."""
    typer.echo(_installed().status(), nl=False)


def command(folders: list[Path], library: Path) -> list[str]:
    """The very command that the service runs: this installation's, with whole paths."""
    program = Path(sys.executable).with_name("momentidx")
    starts = [str(program)] if program.exists() else [sys.executable, "-m", "typer_app"]
    return [*starts, "watch", *(os.path.realpath(folder) for folder in folders), "--library", str(library)]


def _installed() -> Manager:
    found = manager()
    if not found.file.exists():
        raise WrongUse("The service is not installed. Run momentidx service install DIR.")
    return found
