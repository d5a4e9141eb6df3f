"""Two processes under `accelerate launch` learn what one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from momentidx.training.loop import train
from momentidx.training.machine import Machine
from momentidx.training.runs import read_log
from tests.training import toys
from tests.training.recipes import small

PROGRAM = """
import sys
from pathlib import Path
from tests.training import toys
from tests.training.recipes import small
from momentidx.training.loop import Stopped, Watching, train
from momentidx.training.machine import Machine
stop = iter([False, False, sys.argv[4] == "stop"] + [False] * 9)
try:
    train(small(sys.argv[5]), Path(sys.argv[1]), toys.samples(), Path(sys.argv[2]), features=Path(sys.argv[3]),
          machine=Machine(micro=1, every=2, cpu=True), watching=Watching(stop=lambda: next(stop)))
except Stopped:
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vtimellm-align", "momentor-instruct", "grounded-grounding"])
def test_two_processes_learn_what_one_does_and_go_on_after_a_stop(
    base: Path, features: Path, tmp_path: Path, name: str
) -> None:
    recipe = small(name)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    root = Path(__file__).parents[2]
    alone = train(
        recipe, base, toys.samples(), tmp_path / "alone", machine=Machine(micro=2, cpu=True), features=features
    )

    def launch(run: str, how: str) -> None:
        options = "--cpu --num_processes 2 --num_machines 1 --mixed_precision no --dynamo_backend no"
        told = ["--main_process_port", "0", str(program), str(base), str(tmp_path / run), str(features), how, name]
        done = subprocess.run(
            [sys.executable, "-m", "accelerate.commands.launch", *options.split(), *told], cwd=root, timeout=300,
            env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()[-3000:]

    launch("whole", "go")
    launch("parts", "stop")
    assert not (tmp_path / "parts" / "trained.safetensors").exists()
    launch("parts", "go")
    both, parts = ([row["loss"] for row in read_log(tmp_path / run)] for run in ("whole", "parts"))
    assert parts == both
    if recipe.adds is None:  # where there is dropout, each process draws its own
        assert both == pytest.approx([row["loss"] for row in read_log(alone)], rel=1e-4)
    assert json.loads((tmp_path / "whole" / "run.json").read_text())["recipe"]["name"] == name
