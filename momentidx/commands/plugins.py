"""`momentidx plugins`: who provides what."""

from __future__ import annotations

import json

import typer

from momentidx.commands.setting_up import JsonOption


def plugins(as_json: JsonOption = False) -> None:
    """List the captioners, embedders and timeline writers that are installed, and who provides them."""
    from momentidx.hooks import KINDS
    from momentidx.hooks import plugins as installed

    found = installed()
    if as_json:
        for item in found:
            row = {"kind": item.kind, "name": item.offer.name, "summary": item.offer.summary, "package": item.package}
            typer.echo(json.dumps(row))
        return
    for kind in KINDS:
        typer.echo(kind.replace("_", " ").capitalize())
        for item in found:
            if item.kind == kind:
                typer.echo(f"  {item.offer.name:<10} {item.offer.summary} [{item.package}]")
