"""The Typer application; the entry point `momentidx`.

Commands live in `momentidx/commands/`, one file per noun, and import what they need when they run,
so that `momentidx --help` answers at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from typer.core import TyperOption

from momentidx import __version__
from momentidx.commands.ask import ask
from momentidx.commands.assemble import assemble
from momentidx.commands.caption import caption_app
from momentidx.commands.config import config_app
from momentidx.commands.conform import conform
from momentidx.commands.data import data_app
from momentidx.commands.demo import demo
from momentidx.commands.describe import describe
from momentidx.commands.doctor import doctor
from momentidx.commands.dump import dump
from momentidx.commands.evaluating import eval_app
from momentidx.commands.export import export
from momentidx.commands.find import events, find
from momentidx.commands.folders import folders_app
from momentidx.commands.footage import footage_app
from momentidx.commands.index import index
from momentidx.commands.jobs import jobs_app
from momentidx.commands.library import library_app
from momentidx.commands.locate import locate
from momentidx.commands.mcp import mcp
from momentidx.commands.media import frames, probe, shots
from momentidx.commands.models import models_app
from momentidx.commands.plugins import plugins_app
from momentidx.commands.search import search_app
from momentidx.commands.selects import selects_app
from momentidx.commands.serve import open_page, serve
from momentidx.commands.service import service_app
from momentidx.commands.showing import plain
from momentidx.commands.status import status
from momentidx.commands.train import train_app
from momentidx.commands.train_bases import bases
from momentidx.commands.watch import watch
from momentidx.errors import MomentidxError

app = typer.Typer(
    name="momentidx",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # joins the lines of a paragraph
    context_settings={"help_option_names": ["-h", "--help"]},
)
FIRST, FINDING, HANDING, FILE = "Getting started", "Find and choose", "Hand over", "One media file"
KEEPING, MACHINERY = "Look after the library", "Settings, models and measuring"

app.command(rich_help_panel=FIRST)(demo)
app.command(rich_help_panel=FIRST)(index)
app.command(rich_help_panel=FIRST)(watch)
app.command(rich_help_panel=FIRST)(status)
app.command("open", rich_help_panel=FIRST)(open_page)
app.command(rich_help_panel=FIRST)(serve)
app.command(rich_help_panel=FINDING)(find)
app.command(rich_help_panel=FINDING)(events)
app.add_typer(search_app, name="search", rich_help_panel=FINDING)
app.add_typer(selects_app, name="selects", rich_help_panel=FINDING)
app.add_typer(caption_app, name="caption", rich_help_panel=FINDING)
app.add_typer(footage_app, name="footage", rich_help_panel=FINDING)
app.command(rich_help_panel=HANDING)(export)
app.command(rich_help_panel=HANDING)(assemble)
app.command(rich_help_panel=HANDING)(conform)
app.command(rich_help_panel=HANDING)(mcp)
app.command(rich_help_panel=FILE)(probe)
app.command(rich_help_panel=FILE)(shots)
app.command(rich_help_panel=FILE)(frames)
app.command(rich_help_panel=FILE)(describe)
app.command(rich_help_panel=FILE)(locate)
app.command(rich_help_panel=FILE)(ask)
app.command(rich_help_panel=KEEPING)(doctor)
app.add_typer(library_app, name="library", rich_help_panel=KEEPING)
app.add_typer(jobs_app, name="jobs", rich_help_panel=KEEPING)
app.add_typer(folders_app, name="folders", rich_help_panel=KEEPING)
app.add_typer(service_app, name="service", rich_help_panel=KEEPING)
app.command(rich_help_panel=KEEPING)(dump)
app.add_typer(config_app, name="config", rich_help_panel=MACHINERY)
app.add_typer(models_app, name="models", rich_help_panel=MACHINERY)
app.add_typer(plugins_app, name="plugins", rich_help_panel=MACHINERY)
app.add_typer(eval_app, name="eval", rich_help_panel=MACHINERY)
train_app.command()(bases)
app.add_typer(train_app, name="train", rich_help_panel=MACHINERY)
app.add_typer(data_app, name="data", rich_help_panel=MACHINERY)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"momentidx {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show log lines and the traceback of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find moments in footage by describing them, and cut them into your editor's timeline."""
    import logging

    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR, format="%(asctime)s %(name)s: %(message)s")


def command() -> Callable[[], object]:
    """The application as it is run. A flag takes no value, so its help names no type as Typer's own would."""
    whole = typer.main.get_command(app)
    _name_no_type(typer.Context(whole, **whole.context_settings))
    return whole


def _name_no_type(context: typer.Context) -> None:
    for parameter in context.command.get_params(context):
        if isinstance(parameter, TyperOption) and parameter.is_flag:
            parameter.metavar = ""
    for each in getattr(context.command, "commands", {}).values():
        _name_no_type(typer.Context(each, parent=context))


def main() -> None:
    """Run one command. Errors become one sentence on stderr and an exit code: 2 for wrong use, else 1."""
    # A command makes a few hundred thousand objects that all stay; looking for garbage among them every 700 new
    # ones is a seventh of the time that `status` takes to answer.
    gc.set_threshold(50_000)
    debug = "--debug" in sys.argv[1:]
    try:
        command()()
    except MomentidxError as error:
        if debug:
            raise
        typer.echo("\n".join([f"momentidx: {plain(str(error))}", *map(plain, error.below)]), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output (`| head`) has what it wanted
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        typer.echo(f"momentidx: an unforeseen error: {plain(repr(error))}.", err=True)
        typer.echo("Run it again as 'momentidx --debug ...' and report what it prints.", err=True)
        sys.exit(1)
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:  # what is left for a reader that went away would be an error at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
