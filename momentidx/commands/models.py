"""`momentidx models`: what can be installed, what is, and how it gets there."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, plain

if TYPE_CHECKING:
    from momentidx.models.store import Model, Store

models_app = typer.Typer(no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A name from 'momentidx models list'.")]


class Recipe(StrEnum):
    """Kinds of weights that can be converted."""

    VTIMELLM = "vtimellm"
    MOMENTOR = "momentor"
    GROUNDED_VIDEOLLM = "grounded_videollm"


@models_app.callback()
def models() -> None:
    """Install models that momentidx can use. Nothing is fetched unless you ask for it here, by name."""


@models_app.command("list")
def list_all(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the models that momentidx knows, and which are installed."""
    from momentidx.models.store import MODELS

    store = _store(library)
    for model in MODELS.values():
        is_installed = not store.missing(model)
        if as_json:
            row = {"name": model.name, "what": model.what, "bytes": model.size, "licence": model.licence}
            typer.echo(json.dumps(row | {"installed": is_installed}))
        else:
            state = "installed" if is_installed else f"{model.size / 1e6:.0f} MB"
            typer.echo(f"{model.name:<12} {state:<10} {model.what} ({model.licence})")


@models_app.command()
def info(name: NameArgument, library: LibraryOption = None) -> None:
    """Show a model's files: where they come from, their SHA-256, and where they lie."""
    store = _store(library)
    model = store.find(name)
    missing = store.missing(model)
    typer.echo(f"{model.name}: {model.what}. {model.licence}, from {model.source}.")
    if model.needs:
        typer.echo(f"Runs with: pip install 'momentidx[{model.needs}]'")
    for file in model.files:
        typer.echo(f"{file.name} ({file.size:,} bytes)")
        typer.echo(f"  {file.url}")
        typer.echo(f"  sha256 {file.sha256}")
        typer.echo(f"  {'not installed' if file in missing else plain(store.place(model, file))}")
    typer.echo(model.use)


@models_app.command()
def pull(name: NameArgument, library: LibraryOption = None) -> None:
    """Fetch a model's files from the addresses that 'info' shows, and check them. What broke off goes on."""
    from tqdm import tqdm

    store = _store(library)
    model = store.find(name)
    missing = sum(file.size for file in store.missing(model))
    with tqdm(total=missing, desc=f"Fetching {name}", unit="B", unit_scale=True, file=sys.stderr, disable=None) as bar:
        count = store.pull(model, bar.update)
    typer.echo(f"Fetched {counted(count, 'file')}." if count else f"{name} is installed already.")
    _say_what_is_next(store, model)


@models_app.command()
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Model files, or folders that hold some.")],
    library: LibraryOption = None,
) -> None:
    """Install files that you fetched on another machine; they are recognised by their content, whatever their names."""
    store = _store(library)
    added = [each for file in files for each in (store.add_from(file) if file.is_dir() else [store.add(file)])]
    for model, known in added:
        typer.echo(f"Added {known.name} to {model.name}.")
    _say_what_is_next(store, added[-1][0])


@models_app.command()
def remove(name: NameArgument, library: LibraryOption = None) -> None:
    """Delete a model's files. What was described with it stays."""
    store = _store(library)
    model = store.find(name)
    store.remove(model)
    typer.echo(f"Removed {name}.")


@models_app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="The folder as it was published or trained.")],
    recipe: Annotated[Recipe, typer.Option("--as", help="Whose weights they are.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="The folder to write; else where its captioner looks."),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The language model (Grounded-VideoLLM: the tokenizer) beside it."),
    ] = None,
    clip: Annotated[Path | None, typer.Option(metavar="DIR", help="A CLIP folder, to be carried along.")] = None,
    library: LibraryOption = None,
) -> None:
    """Read a Video-LLM's weights and write them as safetensors, with where they came from.

    Files are read as tensors only; one that holds program code, or a tensor that does not belong, is refused.
    """
    from momentidx.models.checkpoints.convert import convert as converted

    made = converted(source, recipe.value, out or _store(library).folder / recipe.value, base, clip)
    typer.echo(f"Wrote {plain(made.folder)}: {made.recipe}, version {made.version}.")
    typer.echo(f"Licence: {made.licence}")


@models_app.command()
def promote(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What 'train merge' or 'models convert' wrote.")],
    report: Annotated[
        Path, typer.Option("--report", metavar="FILE", help="report.json of 'momentidx eval run' on this model.")
    ],
    library: LibraryOption = None,
) -> None:
    """Let its captioner ask this model from now on. It must have been measured; the former one stays ready."""
    from momentidx.caption.promoting import promote as promoted

    made = promoted(folder, report, set_up(library).settings)
    typer.echo(f"'{made.recipe}' asks version {made.version} now, also 'watch' from its next start on.")
    typer.echo(f"To go back: momentidx models rollback {made.recipe}")


@models_app.command()
def rollback(
    recipe: Annotated[Recipe, typer.Argument(metavar="NAME", help="vtimellm, momentor or grounded_videollm.")],
    library: LibraryOption = None,
) -> None:
    """Ask the model before the last 'promote' again."""
    from momentidx.caption.promoting import roll_back

    made = roll_back(recipe.value, set_up(library).settings)
    typer.echo(f"'{made.recipe}' asks version {made.version} again.")


def _store(library: Path | None) -> Store:
    from momentidx.models.store import Store

    return Store.of(set_up(library).settings)


def _say_what_is_next(store: Store, model: Model) -> None:
    from importlib.util import find_spec

    missing = store.missing(model)
    if missing:
        typer.echo(f"Still missing: {', '.join(file.name for file in missing)}.")
        return
    typer.echo(f"{model.name} is complete. {model.use}")
    if model.needs == "shotlog" and find_spec("ai_edge_litert") is None:
        typer.echo("What runs it is missing: pip install 'momentidx[shotlog]'.")
