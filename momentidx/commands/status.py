"""`momentidx status`: what is indexed, what is going on, what waits for what, and what failed and why."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, length_text, plain

if TYPE_CHECKING:
    from momentidx.library import Coverage, Library, Root, Status
    from momentidx.pipeline.run import Run

EVERY_SECONDS = 1.0


def status(
    library: LibraryOption = None,
    as_json: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on showing it every second, until Ctrl-C.")] = False,
) -> None:
    """Show what is indexed, what is going on, and what failed and why."""
    setup = set_up(library)
    with setup.read() as opened:
        if watch:
            _watch(opened, as_json=as_json)
        elif as_json:
            typer.echo(json.dumps(_Now(opened).to_json(), default=str))
        else:
            typer.echo("\n".join(_Now(opened).lines()))


def _watch(library: Library, *, as_json: bool) -> None:
    """In place on a terminal, else one report after the other."""
    try:
        if sys.stdout.isatty() and not as_json:
            from rich.live import Live
            from rich.text import Text

            with Live(auto_refresh=False) as live:
                while True:
                    live.update(Text("\n".join(_Now(library).lines())), refresh=True)
                    time.sleep(EVERY_SECONDS)
        while True:
            now = _Now(library)
            typer.echo(json.dumps(now.to_json(), default=str) if as_json else "\n".join([*now.lines(), ""]))
            time.sleep(EVERY_SECONDS)
    except KeyboardInterrupt:
        return


class _Now:
    """Everything there is to say at one moment."""

    def __init__(self, library: Library) -> None:
        from momentidx.pipeline.run import read_run

        self.folder = library.folder
        self.status: Status = library.status()
        self.writer: str | None = library.writer()
        self.roots: list[Root] = library.roots()
        self.embedders: list[Coverage] = library.embedders()
        self.run: Run | None = read_run(library.folder, self.writer)

    def to_json(self) -> dict[str, Any]:
        return asdict(self.status) | {
            "library": str(self.folder),
            "writer": self.writer,
            "roots": [asdict(root) | {"path": str(root.path)} for root in self.roots],
            "run": self.run and asdict(self.run),
            "seconds_left": self._seconds_left(),
            "embedders": [asdict(each) for each in self.embedders],
        }

    def lines(self) -> Iterator[str]:
        now = self.status
        yield f"Library   {plain(self.folder)}"
        yield (
            f"Indexed   {counted(now.footage, 'clip')}, {length_text(now.footage_seconds)}, "
            f"{counted(now.events, 'event')}"
        )
        yield from self._vectors()
        yield from self._pending()
        if now.offline:
            yield f"Offline   {counted(now.offline, 'file')}; searched all the same"
        yield f"Writing   {plain(self.writer) if self.writer else 'nothing: no daemon is running'}"
        if self.run:
            yield from self._running(self.run)
        yield from self._folders()
        yield f"Failed    {counted(len(now.failures), 'file')}"
        for failure in now.failures:
            yield f"  {failure.code}: {plain(failure.reason)}"

    def _vectors(self) -> Iterator[str]:
        """Which embedders have come how far, while there are several: one is taking the place of another."""
        if len(self.embedders) > 1:
            known = (f"{each.name} {each.version}: {counted(each.events, 'event')}" for each in self.embedders)
            yield f"Vectors   {'; '.join(known)}"

    def _pending(self) -> Iterator[str]:
        now = self.status
        text = f"Pending   {counted(now.pending_files, 'file')}"
        if now.pending_files:
            text += f", {now.pending_bytes / 1e6:,.0f} MB"
            if now.pending_seconds:  # of what was not probed yet it is guessed by its bytes
                about = "about " if "probe" in now.pending_stages else ""
                text += f", {about}{length_text(now.pending_seconds)} of footage"
            left = self._seconds_left()
            text += f", about {length_text(left)} left" if left else ""
        yield text
        waiting = {stage: states["queued"] + states["running"] for stage, states in now.stages.items()}
        if any(waiting.values()):
            yield f"Stages    {', '.join(f'{stage} {number:,}' for stage, number in waiting.items() if number)}"
        if now.paused:
            yield f"Paused    {', '.join(plain(folder) if folder.parts else 'everything' for folder in now.paused)}"

    def _running(self, run: Run) -> Iterator[str]:
        if run.in_work:
            speed = f", {run.speed:.1f} times real time" if run.speed else ""
            yield f"Working   {plain(run.in_work.path)}, {run.in_work.part:.0%} of it{speed}"
        if run.waits:
            yield f"Waiting   {plain(run.waits)}"
        if run.decoder_deaths:
            yield f"Decoding  its process died {counted(run.decoder_deaths, 'time')}; the files are under Failed"
        if run.settling:
            yield f"Arriving  {counted(run.settling, 'file')} that may still be growing"

    def _folders(self) -> Iterator[str]:
        """How the watched folders stand; how they are watched is known while a daemon runs."""
        ways = {root.path: root for root in self.run.roots} if self.run else {}
        for root in self.roots:
            way = ways.get(str(root.path))
            if way is None and self.run:
                continue  # watched at another time
            text = f"Folder    {plain(root.path)}"
            if way:
                text += f", watched by {way.mode}" + (f" ({plain(way.why)})" if way.why else "")
            yield text + (f", offline: {plain(root.offline)}" if root.offline else "")

    def _seconds_left(self) -> float | None:
        """How long the footage that waits will take, at the speed of the last files."""
        if self.run is None or not self.run.speed or not self.status.pending_seconds:
            return None
        return round(self.status.pending_seconds / self.run.speed, 1)
