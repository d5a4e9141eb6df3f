"""Makes the weights of the captioner `tiny` out of a comparison's folder (benchmarks/comparison.py).

    PYTHONPATH=. python benchmarks/tiny.py FOLDER --contender "VTimeLLM" [--seed 0] [-o momentidx/caption/tiny_weights]

Takes the converted network of a contender that was examined, and writes a card with what the examination found.
Refuses one that is larger than 15 MB, or that has not learned: it must find moments far better than the best answer
without eyes.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from momentidx.errors import WrongUse
from momentidx.models.checkpoints.layout import MANIFEST
from momentidx.training.comparison import Comparison, contender_named
from momentidx.training.world import exam
from momentidx.training.world.story import ACTS, CROSSINGS, LIGHTS, MOVES, PLACE

LARGEST = 15_000_000
"""Bytes."""
LEAST = 20.0
"""Points of mIoU above the best answer without eyes."""
KINDS = {
    "a place": (PLACE,), "a change of light": LIGHTS, "a thing that crosses": CROSSINGS,
    "a thing that acts": (*ACTS, "appears"), "a move of the camera": MOVES,
}  # fmt: skip
CARD = "CARD.md"
LICENCE = "Apache-2.0, as momentidx: no picture, word or weight of anyone else's is in it."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contender", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("momentidx/caption/tiny_weights"))
    given = parser.parse_args()
    if given.output.exists():
        raise WrongUse(f"{given.output} exists already. Remove it first.")
    found = json.loads(Comparison.place(given.folder, contender_named(given.contender), given.seed).read_text())
    asked = list(exam.questions(len(found["spans"])))
    blind = {name: exam.marks(asked, spans) for name, spans in exam.blind(asked).items()}
    best = max(marks["mIoU"] for marks in blind.values())
    if found["grounding"]["mIoU"] < best + LEAST:
        raise WrongUse(f"It has mIoU {found['grounding']['mIoU']}; {best} can be had without looking. Train it longer.")
    source = given.folder / "converted" / found["run"]
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    if size > LARGEST:
        raise WrongUse(f"{source} has {size / 1e6:.1f} MB, and {LARGEST / 1e6:.0f} are the most that can be carried.")
    shutil.copytree(source, given.output)
    manifest = json.loads((source / MANIFEST).read_text())
    (given.output / MANIFEST).write_text(json.dumps(manifest | {"licence": LICENCE}, indent=2), encoding="utf-8")
    budget = json.loads((given.folder / "budget.json").read_text())
    told = card(given.contender, found, blind, by_kind(asked, np.array(found["spans"])), budget, size)
    (given.output / CARD).write_text(told, encoding="utf-8")
    print(f"Wrote {given.output}, {size / 1e6:.1f} MB.")


def by_kind(asked: Sequence[exam.Question], spans: exam.Spans) -> str:
    """mIoU of each kind of what is looked for, and how many questions were of that kind."""
    told = []
    for kind, actions in KINDS.items():
        rows = [row for row, each in enumerate(asked) if each.truth.action in actions]
        if rows:
            told.append(f"{kind} {exam.marks([asked[row] for row in rows], spans[rows])['mIoU']:.1f} ({len(rows)})")
    return ", ".join(told)


def card(
    name: str, found: dict[str, Any], blind: dict[str, dict[str, float]], kinds: str, budget: dict[str, Any], size: int
) -> str:
    """What it is, how it was made, what it can do and what it cannot."""
    rows = {"this network": found["grounding"], **blind}
    columns = ("R@1 0.3", "R@1 0.5", "R@1 0.7", "mIoU")
    table = "\n".join(f"| {who} | {' | '.join(f'{marks[c]:.1f}' for c in columns)} |" for who, marks in rows.items())
    marks = found["grounding"]
    dense = ", ".join(f"{metric} {value:.1f}" for metric, value in found["dense"].items()) or "not measured"
    return f"""# The captioner `tiny`

{name}, at toy size ({size / 1e6:.1f} MB), trained from nothing on footage that a program drew
(`momentidx/training/world/`). It describes a clip event by event, finds when something happens and answers simple
questions, on a CPU in seconds.

**It knows the drawn world only**: coloured shapes that move, ten painted places, camera moves and changes of light.
On real footage its answers mean nothing. It is there to show the whole path of such a model, and to test it.

## How it was made

Bases: `momentidx train bases`. Then {budget["steps"]:,} steps of {budget["batch"]} conversations about
{budget["clips"]:,} drawn clips (`benchmarks/comparison.py`, contender "{name}", seed {found["seed"]}).
Licence: {LICENCE}

## What it can do

Found moments in {int(marks["sentences"])} clips that training never showed, half of what things do in them in new
combinations, one question each; per cent:

| | {" | ".join(columns)} |
|---|---|---|---|---|
{table}

mIoU by what is looked for (and how often): {kinds}.

Combinations of thing and colour or action that training never showed:
{marks["mIoU of new combinations"]:.1f}; the others: {marks["mIoU of known ones"]:.1f}.
Answers without a readable time: {found["unread"]}.

Descriptions of {len(found["described"])} of the clips, event by event: {dense}. A description can
have wrong and repeated events in it.
"""


if __name__ == "__main__":
    main()
