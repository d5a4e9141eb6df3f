"""What every command starts with: the library folder, the settings, the open library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.errors import MomentidxError, WrongUse

if TYPE_CHECKING:
    from momentidx.config import Settings, Sources
    from momentidx.library import Library, WritableLibrary

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        metavar="DIR",
        envvar="MOMENTIDX_LIBRARY",
        help="Folder of the library. Without it: your user data folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line, also on a terminal.")]


@dataclass(frozen=True, slots=True)
class Setup:
    """A library folder and the settings that hold for it."""

    folder: Path
    sources: Sources

    @property
    def settings(self) -> Settings:
        return self.sources.settings

    def read(self) -> Library:
        from momentidx.library import Library

        return Library.open(self.folder)

    def write(self) -> WritableLibrary:
        from momentidx.library import WritableLibrary
        from momentidx.watch.mounts import mount_of

        # SQLite's log and locks are one machine's (sqlite.org/wal.html): two that write would damage it.
        mount = mount_of(Path(os.path.realpath(self.folder)))
        if mount is not None and mount.share:
            raise WrongUse(
                f"{self.folder} lies on a network share ({mount.kind}), where a library would be damaged when another "
                "machine opens it. Choose a folder on a local disk with --library; the footage may lie anywhere."
            )
        return WritableLibrary.open(self.folder)


def set_up(library: Path | None, **options: Any) -> Setup:
    """The setup for one command; options that were not given (None) do not count."""
    from momentidx.config import load_settings

    folder = (library or _default_folder()).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise WrongUse(f"{folder} is a file; --library takes a folder.")
    given: Mapping[str, Any] = {name: value for name, value in options.items() if value is not None}
    return Setup(folder, load_settings(folder, os.environ, given))


def made(folder: Path) -> Path:
    """A folder to write into, made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MomentidxError(f"{folder}: the folder cannot be made: {error.strerror}. Choose another.") from error
    return folder


def _default_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("momentidx", appauthor=False)
