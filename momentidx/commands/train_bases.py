"""`momentidx train bases`: small networks to try the recipes on, made from drawn footage in minutes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.showing import plain


def bases(
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="A folder that does not exist yet.")],
    minutes: Annotated[
        float, typer.Option("--minutes", metavar="MINUTES", min=0.01, help="How long to train, all three together.")
    ] = 30,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="What everything drawn by lot begins with.")] = 0,
) -> None:
    """Train a small CLIP, a video tower and a small Llama on drawn footage, for trying the recipes on a laptop."""
    from tqdm import tqdm

    from momentidx.training.bases import SHARES, make

    with tqdm(total=100, unit="%", file=sys.stderr, leave=False, disable=None) as bar:
        order = list(SHARES)

        def tell(what: str, part: float, loss: float) -> None:
            before = sum(SHARES[each] for each in order[: order.index(what)])
            bar.set_description_str(f"Training {what}, loss {loss:.2f}", refresh=False)
            bar.update(100 * (before + SHARES[what] * part) - bar.n)

        made = make(folder, minutes, seed=seed, tell=tell)
    typer.echo(f"Wrote encoder/, video.safetensors and language/ to {plain(made)}.")
