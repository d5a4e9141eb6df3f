"""`momentidx config`: every setting, its value and where it came from."""

from __future__ import annotations

import json

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up

config_app = typer.Typer(no_args_is_help=True, help="Look at the settings.")


@config_app.callback()
def config() -> None:
    """Look at the settings."""


@config_app.command()
def show(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Print every setting, its value and where it came from."""
    from momentidx.config import SETTINGS_FILE

    setup = set_up(library)
    rows = [
        {"setting": name, "value": value, "from": setup.sources.origin[name]}
        for name, value in setup.settings.model_dump(mode="json", exclude_none=True).items()
    ]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    typer.echo(f"Settings for {setup.folder}")
    typer.echo(f"Change them in {setup.folder / SETTINGS_FILE} or as MOMENTIDX_<SETTING>.\n")
    fields = type(setup.settings).model_fields
    for row in rows:
        typer.echo(f"{row['setting']} = {json.dumps(row['value'])}   ({row['from']})")
        typer.echo(f"    {fields[str(row['setting'])].description}")
