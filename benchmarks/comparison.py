"""Three methods, one budget, one test (momentidx/training/comparison.py), in sittings of minutes.

    momentidx train bases -o BASES --minutes 60
    PYTHONPATH=. python benchmarks/comparison.py FOLDER --bases BASES --minutes 30     # again until it says "done"
    PYTHONPATH=. python benchmarks/comparison.py FOLDER --bases BASES --table          # what is known so far

A sitting begins where the last one ended. `--only NAME` (more than once) takes some contenders only; --list names
them. Steps, clips and so on are written into the folder, and another sitting must have the same.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import torch

from momentidx.errors import WrongUse
from momentidx.training.comparison import Budget, Comparison, contenders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bases", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--list", action="store_true")
    budget = Budget()
    for name in ("clips", "steps", "batch", "test", "described"):
        parser.add_argument(f"--{name}", type=int, default=getattr(budget, name))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(budget.seeds))
    given = parser.parse_args()
    if given.list:
        print("\n".join(contender.name for contender in contenders()))
        return
    torch.set_num_threads(given.threads)
    sizes = {name: getattr(given, name) for name in ("clips", "steps", "batch", "test", "described")}
    budget = _the_same(given.folder, replace(budget, seeds=tuple(given.seeds), **sizes))
    comparison = Comparison(given.folder, given.bases, budget, lambda line: print(line, flush=True))
    if not given.table and comparison.go_on(given.minutes, given.only):
        print("done")
    print(comparison.table())


def _the_same(folder: Path, budget: Budget) -> Budget:
    """The budget, written down; seeds may be added. Raises WrongUse when the folder was begun with another one."""
    place = folder / "budget.json"
    told = {name: value for name, value in asdict(budget).items() if name != "seeds"}
    if place.exists() and json.loads(place.read_text()) != told:
        raise WrongUse(f"{folder} was begun with {place.read_text()}. Take the same, or another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(told))
    return budget


if __name__ == "__main__":
    main()
