"""`momentidx plugins`: who provides what, and scripts for editing programs put into place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.setting_up import JsonOption
from momentidx.commands.showing import plain

plugins_app = typer.Typer(invoke_without_command=True)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="resolve or blender.")]
ToOption = Annotated[
    Path | None,
    typer.Option("--to", metavar="DIR", help="Another folder than the one where the program looks on this system."),
]


@plugins_app.callback()
def plugins(context: typer.Context, as_json: JsonOption = False) -> None:
    """List what is installed (captioners, embedders, timeline writers, detectors); put scripts into editors."""
    if context.invoked_subcommand is None:
        list_all(as_json)


@plugins_app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """List the captioners, embedders, timeline writers and detectors that are installed, and who provides them."""
    from momentidx.hooks import KINDS
    from momentidx.hooks import plugins as installed

    found = installed()
    if as_json:
        for item in found:
            row = {"kind": item.kind, "name": item.offer.name, "summary": item.offer.summary, "package": item.package}
            typer.echo(json.dumps(row))
        return
    width = max(len(item.offer.name) for item in found)
    for kind in KINDS:
        typer.echo(kind.replace("_", " ").capitalize())
        for item in found:
            if item.kind == kind:
                typer.echo(f"  {item.offer.name:<{width}}  {item.offer.summary} [{item.package}]")


@plugins_app.command()
def install(name: NameArgument, to: ToOption = None) -> None:
    """Put the scripts for an editing program where it looks for them."""
    from momentidx.commands import installing

    plugin = installing.plugin_named(name)
    for folder in [to.absolute()] if to else installing.folders(name):
        for file in installing.install(plugin, folder):
            typer.echo(f"Wrote {plain(file)}.")
    typer.echo(plugin.next_step)


@plugins_app.command()
def remove(name: NameArgument, to: ToOption = None) -> None:
    """Remove exactly what was installed; a script that you have changed stays."""
    from momentidx.commands import installing

    installing.plugin_named(name)
    found = 0
    for folder in [to.absolute()] if to else installing.folders(name):
        removed, kept = installing.remove(folder)
        found += len(removed) + len(kept)
        for file in removed:
            typer.echo(f"Removed {plain(file)}.")
        for file in kept:
            typer.echo(f"Kept {plain(file)}: it was changed after it was installed.", err=True)
    if not found:
        typer.echo("Nothing is installed there.")
