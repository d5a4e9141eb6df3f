"""`momentidx status`: what is indexed, pending and failed, and why."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, length_text, plain


def status(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show what is indexed, what is pending, and what failed and why."""
    setup = set_up(library)
    with setup.read() as opened:
        now = opened.status()
        writer = opened.writer()
    if as_json:
        facts = asdict(now) | {"library": str(setup.folder), "writer": writer}
        typer.echo(json.dumps(facts, default=str))
        return
    typer.echo(f"Library   {plain(setup.folder)}")
    typer.echo(
        f"Indexed   {counted(now.footage, 'clip')}, {length_text(now.footage_seconds)}, {counted(now.events, 'event')}"
    )
    pending = now.jobs["queued"] + now.jobs["running"]
    typer.echo(f"Pending   {counted(pending, 'file')}" + (f", {now.pending_bytes / 1e6:,.0f} MB" if pending else ""))
    if now.offline:
        typer.echo(f"Offline   {counted(now.offline, 'file')}; searched all the same")
    typer.echo(f"Writing   {plain(writer) if writer else 'nothing: no daemon is running'}")
    typer.echo(f"Failed    {counted(len(now.failures), 'file')}")
    for failure in now.failures:
        typer.echo(f"  {failure.code}: {plain(failure.reason)}")
