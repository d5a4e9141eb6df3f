"""`momentidx train`: teach a seed, on what was published or on your own archive."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, plain
from momentidx.errors import WrongUse

if TYPE_CHECKING:
    from momentidx.training.assignment import Assignment
    from momentidx.training.data.gathering import Gathered
    from momentidx.training.loop import Watching

train_app = typer.Typer(no_args_is_help=True)


class Precision(StrEnum):
    """What is computed in."""

    no = "no"
    bf16 = "bf16"


RecipeArgument = Annotated[str, typer.Argument(metavar="RECIPE", help="A name from 'momentidx train list'.")]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
DataOption = Annotated[
    list[str],
    typer.Option(
        "--data",
        metavar="KIND:FILE",
        help="Annotations; may be said several times. Kinds: pairs, vtimellm, moment10m, gesm, grounded, activitynet, "
        "hirest, didemo, library.",
    ),
]
MediaOption = Annotated[
    Path, typer.Option("--media", metavar="DIR", help="Folder of the videos, pictures or vectors they are about.")
]
BaseOption = Annotated[
    Path,
    typer.Option(
        "--base", metavar="DIR", help="What to begin with: a run, a converted model, or language/ beside encoder/."
    ),
]
OutputOption = Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The run's folder.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change the recipe: batch=16, steps=500, adds.rank=8."),
]
HoldOption = Annotated[
    float, typer.Option("--hold", metavar="SHARE", help="Share of the files that is held back to evaluate on.")
]
SkipOption = Annotated[bool, typer.Option("--skip-unreadable", help="Leave out up to one item in a hundred.")]
PresentOption = Annotated[
    bool, typer.Option("--present-only", help="Leave out what is about files that are not in --media.")
]
FeaturesOption = Annotated[
    Path | None,
    typer.Option("--features", metavar="DIR", help="Where what encoders see is kept; else beside the run."),
]
MicroOption = Annotated[
    int, typer.Option("--micro", metavar="N", min=1, help="Samples that go through the network together.")
]
PrecisionOption = Annotated[Precision, typer.Option("--precision", help="What is computed in.")]
RecomputeOption = Annotated[
    bool, typer.Option("--recompute", help="Compute again what lies between layers: less memory, more time.")
]
WorkersOption = Annotated[int, typer.Option("--workers", metavar="N", min=0, help="Processes that read ahead.")]
EveryOption = Annotated[int, typer.Option("--every", metavar="N", min=1, help="Steps between two checkpoints.")]
BoardOption = Annotated[bool, typer.Option("--tensorboard", help="Write figures for TensorBoard too.")]
CpuOption = Annotated[bool, typer.Option("--cpu", help="Not on a GPU, even if there is one.")]


@train_app.callback()
def train() -> None:
    """Teach a video language model when things happen: on published data, or on your own archive."""


@train_app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """List the recipes: three seeds, three stages each, in their order."""
    from momentidx.training.recipes import RECIPES

    for recipe in RECIPES.values():
        if as_json:
            typer.echo(json.dumps(recipe.to_json()))
        else:
            typer.echo(f"{recipe.name:<21} {recipe.what}")


@train_app.command()
def run(
    recipe: RecipeArgument,
    data: DataOption,
    media: MediaOption,
    base: BaseOption,
    output: OutputOption,
    changes: SetOption = None,
    hold: HoldOption = 0.0,
    skip_unreadable: SkipOption = False,
    present_only: PresentOption = False,
    features: FeaturesOption = None,
    micro: MicroOption = 1,
    precision: PrecisionOption = Precision.no,
    recompute: RecomputeOption = False,
    workers: WorkersOption = 0,
    every: EveryOption = 100,
    tensorboard: BoardOption = False,
    cpu: CpuOption = False,
    library: LibraryOption = None,
) -> None:
    """Train one stage. Said again with the same output, it goes on where it stopped.

    On several GPUs: 'accelerate launch' before the path of momentidx.
    """
    asked = _assignment(recipe, data, media, base, changes, hold, skip_unreadable, present_only, features)
    told = {
        "micro": micro, "precision": precision.value, "recompute": recompute, "workers": workers, "every": every,
        "tensorboard": tensorboard, "cpu": cpu,
    }  # fmt: skip
    _go(asked, told, output, library)


@train_app.command()
def resume(run: RunArgument, library: LibraryOption = None) -> None:
    """Go on with a run after its newest checkpoint: the next step is the one that would have been next."""
    from momentidx.training.assignment import Assignment
    from momentidx.training.base import read_run

    _go(Assignment.of_run(run), dict(read_run(run)["about"]["machine"]), run, library)


@train_app.command()
def merge(
    run: RunArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
) -> None:
    """Put what a run learned in its place, and write a model that the captioners can be asked with."""
    from momentidx.training.merging import merge as merged

    made = merged(run, output)
    typer.echo(f"Wrote {plain(made.folder)}: {made.recipe}, version {made.version}.")
    typer.echo(f"Licence: {made.licence}")


@train_app.command()
def check(
    recipe: RecipeArgument,
    data: DataOption,
    media: MediaOption,
    base: BaseOption,
    changes: SetOption = None,
    skip_unreadable: SkipOption = False,
    present_only: PresentOption = False,
    features: FeaturesOption = None,
    micro: MicroOption = 1,
    precision: PrecisionOption = Precision.no,
    recompute: RecomputeOption = False,
    cpu: CpuOption = False,
    library: LibraryOption = None,
) -> None:
    """Show what would be trained, on what, and how much memory it takes; nothing is trained."""
    import tempfile

    from momentidx.training.checking import check as checked
    from momentidx.training.machine import Machine

    asked = _assignment(recipe, data, media, base, changes, 0.0, skip_unreadable, present_only, features)
    machine = Machine(micro=micro, precision=precision.value, recompute=recompute, cpu=cpu)
    with _decoder(library) as (decoder, settings), tempfile.TemporaryDirectory() as scratch:
        samples, _ = asked.gathered(decoder, settings, _tell_gathered)
        place = Path(asked.features) if asked.features else Path(scratch)
        found = checked(asked.resolved(), Path(asked.base), samples, place, machine)
    typer.echo(f"{counted(found.samples, 'sample')}, {counted(found.steps, 'step')} of {asked.resolved().batch}")
    typer.echo(f"tokens of text     {found.tokens[0]} to {found.tokens[1]}")
    typer.echo(f"learned from       {found.taught[0]} to {found.taught[1]}")
    for name, shape in found.seen.items():
        typer.echo(f"seen: {name:<12} {' x '.join(map(str, shape))}")
    typer.echo(f"parameters         {found.parameters:,}")
    for each in found.learning:
        more = f" and {len(each.names) - 1} more" if len(each.names) > 1 else ""
        typer.echo(f"learn at {each.lr:<9g} {each.parameters:,} ({each.names[0]}{more})")
    parts = {
        "weights": found.weights, "gradients": found.gradients, "AdamW": found.moments, "way back": found.kept,
        "together": found.memory,
    }  # fmt: skip
    for name, size in parts.items():
        typer.echo(f"memory: {name:<10} {size / 1e6:,.1f} MB")


@train_app.command()
def features(
    recipe: RecipeArgument,
    data: DataOption,
    media: MediaOption,
    base: BaseOption,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where they are kept.")],
    changes: SetOption = None,
    skip_unreadable: SkipOption = False,
    present_only: PresentOption = False,
    cpu: CpuOption = False,
    library: LibraryOption = None,
) -> None:
    """Compute what the encoders see of every sample, once; what is there is not computed again."""
    from momentidx.training.base import begin
    from momentidx.training.features import Features
    from momentidx.training.machine import Machine

    asked = _assignment(recipe, data, media, base, changes, 0.0, skip_unreadable, present_only, output)
    with _decoder(library) as (decoder, settings), Machine(cpu=cpu).open() as accelerator:
        samples, _ = asked.gathered(decoder, settings, _tell_gathered)
        method = asked.resolved().method
        eyes = method.eyes(begin(base, method).folder)
        eyes.device = accelerator.device
        with _bar("Looking", len(samples)) as bar:
            unreadable = Features(output, eyes).look(samples, lambda _: bar.update())
    typer.echo(f"Kept what is seen of {counted(len(samples) - len(unreadable), 'sample')} in {plain(output)}.")
    for one in unreadable:
        typer.echo(f"unreadable: {plain(one.name)}: {plain(one.reason)}", err=True)
    if unreadable and not skip_unreadable:
        raise WrongUse(f"{counted(len(unreadable), 'sample')} could not be read.")


@train_app.command()
def export(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write.")],
    window: Annotated[
        float, typer.Option("--window", metavar="SECONDS", min=1.0, help="Seconds of the longest clip.")
    ] = 120.0,
    library: LibraryOption = None,
) -> None:
    """Write what people said in your library as samples: captions written or accepted, and moments in bins."""
    from momentidx.training.data.archive import lines

    with set_up(library).read() as opened:
        told = list(lines(opened, window))
    if not told:
        raise WrongUse(
            "Nobody wrote a caption or put a moment into a bin yet, so there is nothing to learn from. "
            "Begin with 'momentidx caption' or 'momentidx selects'."
        )
    try:
        output.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{output} cannot be written: {error.strerror}.") from error
    events = sum(len(json.loads(line)["events"]) for line in told)
    typer.echo(f"Wrote {counted(events, 'event')} in {counted(len(told), 'clip')} to {plain(output)}.")


def _assignment(
    recipe: str, data: list[str], media: Path, base: Path, changes: list[str] | None, hold: float, skip: bool,
    present: bool, features: Path | None,
) -> Assignment:  # fmt: skip
    from momentidx.training.assignment import Assignment

    placed = [
        f"{kind}:{Path(file).absolute()}" if file else kind for kind, _, file in (one.partition(":") for one in data)
    ]
    return Assignment(
        recipe, tuple(placed), str(media.absolute()), str(base.absolute()), tuple(changes or ()), hold, skip, present,
        str(features.absolute()) if features else None,
    )  # fmt: skip


def _go(asked: Assignment, machine: dict[str, Any], output: Path, library: Path | None) -> None:
    from momentidx.training.loop import train as trained
    from momentidx.training.machine import Machine
    from momentidx.training.runs import read_log

    recipe = asked.resolved()
    with _decoder(library) as (decoder, settings):
        samples, held = asked.gathered(decoder, settings, _tell_gathered)
        with _watching() as watching:
            trained(
                recipe, Path(asked.base), samples, output, held=held, machine=Machine(**machine),
                features=Path(asked.features) if asked.features else None, skip_unreadable=asked.skip_unreadable,
                about={"assignment": asked.to_json(), "machine": machine}, watching=watching,
            )  # fmt: skip
    if _speaks():
        rows = read_log(output)
        typer.echo(
            f"{plain(output)}: {counted(len(rows), 'step')}, loss {rows[0]['loss']:.3f} to {rows[-1]['loss']:.3f}."
        )


@contextmanager
def _watching() -> Iterator[Watching]:
    """Bars for people; asked to end (Ctrl-C, a scheduler's SIGTERM), the run keeps a checkpoint first."""
    from momentidx.training.loop import Watching

    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: asked.append(got)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    bar = _bar("Training", None)
    looked = _bar("Looking", None)

    def stepped(row: dict[str, Any]) -> None:
        bar.total = row["steps"]
        bar.set_postfix(loss=f"{row['loss']:.3f}", refresh=False)
        bar.update(row["step"] - bar.n)

    try:
        yield Watching(looked=lambda _: looked.update(), stepped=stepped, stop=lambda: bool(asked))  # type: ignore[arg-type]
    finally:
        looked.close()
        bar.close()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _decoder(library: Path | None) -> Iterator[tuple[Any, Any]]:
    from momentidx.media.child import Decoder

    settings = set_up(library).settings
    with Decoder(settings) as decoder:
        yield decoder, settings


def _tell_gathered(told: str, found: Gathered) -> None:
    if not _speaks():
        return
    absent = f", {found.absent} about files that are not there" if found.absent else ""
    left_out = f", {len(found.left_out)} left out" if found.left_out else ""
    typer.echo(f"{plain(told)}: {counted(len(found.samples), 'sample')}{absent}{left_out}", err=True)
    for line in found.left_out[:3]:
        typer.echo(f"  {plain(line)}", err=True)


def _speaks() -> bool:
    """Of several processes the first."""
    return os.environ.get("RANK", "0") == "0"


def _bar(what: str, total: int | None) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc=what, file=sys.stderr, disable=None if _speaks() else True)
