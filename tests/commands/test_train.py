"""`momentidx train` from annotations to a model, at toy size."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from momentidx.errors import WrongUse
from momentidx.library import WritableLibrary
from momentidx.training.recipes import RECIPES
from momentidx.training.runs import read_log
from tests.library.making import file, indexed
from tests.training import toys
from typer_app import app

STAGE = ("vtimellm-boundaries", "--set", "method.frames=10", "--set", "batch=2", "--set", "adds.rank=4", "--cpu")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base, vectors of four clips, and what is said of them."""
    folder = tmp_path_factory.mktemp("place")
    toys.base(folder / "base")
    (folder / "seen").mkdir()
    told = {}
    for number in range(4):
        np.save(folder / "seen" / f"v{number}.npy", np.random.default_rng(number).normal(size=(10, 12)))
        told[f"v{number}"] = {"duration": 10.0, "timestamps": [[number, 8]], "sentences": ["It is bright."]}
    (folder / "told.json").write_text(json.dumps(told))
    return folder


@pytest.fixture(autouse=True)
def _here(place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(tmp_path / "library"))


def trained(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["train", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


DATA = ("--data", "activitynet:told.json", "--media", "seen", "--base", "base")


def test_recipes_are_listed_in_the_order_of_their_stages() -> None:
    assert [line.split()[0] for line in trained("list").splitlines()] == list(RECIPES)
    assert [json.loads(line)["name"] for line in trained("list", "--json").splitlines()] == list(RECIPES)


def test_a_check_shows_what_would_be_learned() -> None:
    lines = trained("check", *STAGE, *DATA).splitlines()
    assert lines[0] == "4 samples, 4 steps of 2"
    assert "seen: frames       10 x 12" in lines
    assert "learn at 0.0001    3,712 (language.model.layers.0.mlp.down_proj.lora_A.default.weight and 27 more)" in lines
    assert lines[-1].startswith("memory: together")


def test_a_run_is_trained_resumed_and_merged(tmp_path: Path) -> None:
    run = tmp_path / "run"
    told = trained("run", *STAGE, *DATA, "-o", run, "--hold", "0.3", "--set", "steps=3", "--every", "1")
    assert told.startswith(f"{run}: 3 steps, loss 5.")
    assert all("held_loss" in row for row in read_log(run))
    assert trained("resume", run) == told  # it is finished
    made = trained("merge", run, "-o", tmp_path / "made")
    assert made.startswith(f"Wrote {tmp_path / 'made'}: vtimellm, version ")


def test_a_misspelt_change_is_refused_with_the_nearest() -> None:
    with pytest.raises(WrongUse, match=r"A recipe has no 'batches'\. Did you mean 'batch'\?"):
        trained("check", "vtimellm-align", *DATA, "--set", "batches=2")
    with pytest.raises(WrongUse, match=r"'batch' is 128, and cannot become 2\.5"):
        trained("check", "vtimellm-align", *DATA, "--set", "batch=2.5")
    with pytest.raises(WrongUse, match=r"There is no recipe 'vtimellm'\. Known: vtimellm-align"):
        trained("check", "vtimellm", *DATA)


def test_another_recipe_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    trained("run", *STAGE, *DATA, "-o", tmp_path / "run", "--set", "steps=1")
    with pytest.raises(WrongUse, match=r"recipe\.steps: 1, now 2"):
        trained("run", *STAGE, *DATA, "-o", tmp_path / "run", "--set", "steps=2")


def test_features_are_kept_for_runs_to_come(tmp_path: Path) -> None:
    told = trained("features", "vtimellm-align", *DATA, "-o", tmp_path / "kept", "--set", "method.frames=10", "--cpu")
    assert told == f"Kept what is seen of 4 samples in {tmp_path / 'kept'}.\n"


def test_a_library_that_nobody_wrote_in_has_nothing_to_export(tmp_path: Path) -> None:
    with WritableLibrary.open(tmp_path / "library") as opened:
        indexed(opened, file(tmp_path, "a.mp4"))
    with pytest.raises(WrongUse, match="Nobody wrote a caption or put a moment into a bin yet"):
        trained("export", "-o", tmp_path / "mine.jsonl")
    done = CliRunner().invoke(app, ["caption", "edit", "1", "A green door opens."], catch_exceptions=False)
    assert done.exit_code == 0
    told = trained("export", "-o", tmp_path / "mine.jsonl")
    assert told == f"Wrote 1 event in 1 clip to {tmp_path / 'mine.jsonl'}.\n"


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_keeps_a_checkpoint_and_goes_on_later(place: Path, tmp_path: Path, ending: int) -> None:
    run, root = tmp_path / "run", Path(__file__).parents[2]
    command = [sys.executable, str(root / "typer_app.py"), "train"]
    asked = [*command, "run", *STAGE, *DATA, "-o", str(run), "--set", "steps=400"]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(asked, cwd=place, env=environment, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 120
        while len(read_log(run)) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.send_signal(ending)
        _, told = running.communicate(timeout=60)
        assert running.returncode == 75, told
    assert "Go on with 'momentidx train resume" in told
    subprocess.run([*command, "resume", str(run)], cwd=place, env=environment, check=True, timeout=300)
    assert [row["step"] for row in read_log(run)] == list(range(1, 401))
