"""`momentidx doctor`: what this machine and this library can do, what is wrong with them, and mending it."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from momentidx import __version__
from momentidx.commands.setting_up import JsonOption, LibraryOption, Setup, set_up
from momentidx.commands.showing import counted, plain
from momentidx.errors import MomentidxError

if TYPE_CHECKING:
    from momentidx.library import Library
    from momentidx.library.invariants import Finding as Invariant

LOW_DISK = 500 * 1024 * 1024
"""Below this many free bytes indexing is likely to stop for want of space."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: Literal["ok", "note", "problem", "repaired"]
    about: str
    text: str


RepairOption = Annotated[
    bool,
    typer.Option("--repair", help="Mend what can be made again. Nothing that a person said or chose is touched."),
]


def doctor(repair: RepairOption = False, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Report what this machine can do and whether the library is sound. Exit code 1 if something is wrong."""
    setup = set_up(library)
    findings = []
    for finding in _examine(setup, repair):
        findings.append(finding)
        if as_json:
            typer.echo(json.dumps(asdict(finding)))
        else:
            typer.echo(f"{finding.state:<8} {finding.about:<12} {plain(finding.text)}")
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def _examine(setup: Setup, repair: bool) -> Iterator[Finding]:
    import platform

    yield Finding("ok", "momentidx", f"{__version__} on Python {platform.python_version()}, {platform.platform()}")
    yield from _sqlite()
    yield _safely("decoding", lambda: _decoding(setup))
    yield _bubblewrap(setup)
    yield _safely("gpu", _gpu)
    yield _safely("faiss", _faiss)
    for kind, name in [("captioners", name) for name in setup.settings.captioners] + [
        ("embedders", setup.settings.embedder)
    ]:
        yield _safely(kind[:-1], lambda kind=kind, name=name: _tool(kind, name, setup))  # type: ignore[misc]
    yield from _models(setup)
    yield _disk(setup.folder)
    if setup.folder.exists() and setup.folder.stat().st_mode & stat.S_IWOTH:
        yield Finding("note", "access", f"everybody may write into {setup.folder}; 'chmod o-w' keeps it yours")
    yield from _library(setup, repair)


def _safely(about: str, examine: Callable[[], Finding]) -> Finding:
    """A library that cannot even be imported is a finding, not the end of the report."""
    try:
        return examine()
    except Exception as error:
        return Finding("problem", about, f"{error} Install momentidx again: pip install --force-reinstall momentidx.")


def _sqlite() -> Iterator[Finding]:
    import sqlite3

    found = sqlite3.sqlite_version
    # 3.51.3 mends a rare loss in write-ahead logs when two processes checkpoint at once; only one of ours does.
    if sqlite3.sqlite_version_info < (3, 51, 3):
        yield Finding("note", "sqlite", f"{found}; 3.51.3 mends a rare WAL fault that momentidx avoids by turns")
    else:
        yield Finding("ok", "sqlite", found)


def _decoding(setup: Setup) -> Finding:
    from importlib.metadata import version

    from momentidx.media.child import Decoder

    with Decoder(setup.settings) as decoder:
        protections = ", ".join(decoder.protections)
    return Finding("ok", "decoding", f"PyAV {version('av')}; in a child: {protections}")


def _bubblewrap(setup: Setup) -> Finding:
    from momentidx.media.process import bubblewrap

    wanted, found = setup.settings.decode_bubblewrap, bubblewrap()
    if wanted and not found:
        return Finding("problem", "bubblewrap", "'decode_bubblewrap' is set, but the program bwrap is not installed")
    if wanted:
        return Finding("ok", "bubblewrap", f"in use for decoding: {found}")
    why = "'decode_bubblewrap' puts decoding into it" if found else "not installed, and not needed"
    return Finding("note", "bubblewrap", f"not in use; {why}")


def _gpu() -> Finding:
    from importlib.metadata import version

    from momentidx.models.devices import gpus

    if found := gpus():
        return Finding("ok", "gpu", f"{', '.join(found)} (PyTorch {version('torch')})")
    return Finding("note", "gpu", f"none that PyTorch {version('torch')} can use; everything runs on the processor")


def _faiss() -> Finding:
    from momentidx.search.index import faiss_build

    return Finding("ok", "faiss", faiss_build())


def _tool(kind: str, name: str, setup: Setup) -> Finding:
    from momentidx.hooks import choose

    try:
        tool = choose(kind, name).make(setup.settings)
        if kind == "embedders":
            tool.embed(["A sentence."])
    except MomentidxError as error:
        return Finding("problem", kind[:-1], str(error))
    return Finding("ok", kind[:-1], f"{name} {tool.version}")


def _models(setup: Setup) -> Iterator[Finding]:
    from momentidx.models.store import MODELS, Store

    store = Store.of(setup.settings)
    for model in MODELS.values():
        if store.missing(model):
            yield Finding("note", "model", f"without {model.what}; 'momentidx models pull {model.name}' adds them")
        else:
            yield Finding("ok", "model", f"{model.name}: {model.what}")


def _disk(folder: Path) -> Finding:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    state: Literal["ok", "problem"] = "ok" if free >= LOW_DISK else "problem"
    return Finding(state, "disk", f"{free / 1e9:,.1f} GB free at {there}")


def _library(setup: Setup, repair: bool) -> Iterator[Finding]:
    from momentidx.library import Library

    try:
        if not Library.exists(setup.folder):
            yield Finding("note", "library", f"none yet in {setup.folder}; 'momentidx index PATH' makes it")
            return
        found = _mended(setup) if repair else []
        with setup.read() as library:
            state, writer = library.status(), library.writer()
            sound = True
            for each in found or library.examine():
                line = _invariant(each, repair)
                sound &= line.state != "problem"
                yield line
            cache = _cache(setup, library)
    except MomentidxError as error:
        yield Finding("problem", "library", str(error))
        return
    yield cache
    yield Finding("ok", "writer", f"written by {writer}" if writer else "nobody indexes right now")
    if sound:
        yield Finding("ok", "library", f"{setup.folder}: sound, {state.footage} clips, {state.events} events")
    if state.failures:
        yield Finding("note", "library", f"{len(state.failures)} files failed; 'momentidx status' says why")


def _mended(setup: Setup) -> list[Invariant]:
    with setup.write() as library:
        return library.repair()


def _invariant(found: Invariant, repaired: bool) -> Finding:
    detail = f" ({found.detail})" if found.detail else ""
    if not found.broken:
        return Finding("ok", found.about, found.holds)
    broken = f"{found.holds} Not so in {counted(found.broken, 'case')}{detail}"
    if found.repair is None:
        way_out = "" if found.about == "log" else "; 'momentidx library restore' and 'rebuild' are the ways out"
        return Finding("problem", found.about, f"{broken}{way_out}.")
    if repaired:
        return Finding("repaired", found.about, f"{broken}; --repair {found.repair}: done.")
    return Finding("problem", found.about, f"{broken}; --repair {found.repair}.")


def _cache(setup: Setup, library: Library) -> Finding:
    """The search index is a cache, so nothing about it is a problem."""
    from momentidx.hooks import choose
    from momentidx.search.vectors import is_cached

    embedder = choose("embedders", setup.settings.embedder).make(setup.settings)
    if is_cached(library, embedder):
        return Finding("ok", "index", "The search index is what the library says.")
    return Finding("ok", "index", "The search index is not up to date; the next search makes it again.")
