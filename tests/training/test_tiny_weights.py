"""benchmarks/tiny.py: only what has learned becomes the captioner `tiny`, with a card of what was measured."""

import json
import sys
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from momentidx.caption.tiny import captioner
from momentidx.config import Settings
from momentidx.errors import WrongUse
from momentidx.training.comparison import Comparison, contender_named
from momentidx.training.world import exam
from tests.caption.toy_seeds import toy

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "tiny.py"


def examined(folder: Path, spans: np.ndarray) -> Path:
    """A comparison's folder in which VTimeLLM answered so."""
    asked = list(exam.questions(len(spans)))
    network = toy(folder, "vtimellm")
    (folder / "converted").mkdir()
    network.rename(folder / "converted" / "run")
    place = Comparison.place(folder, contender_named("VTimeLLM"), 0)
    place.parent.mkdir()
    found = {
        "seed": 0, "run": "run", "unread": 0, "spans": spans.tolist(), "grounding": exam.marks(asked, spans),
        "described": {"0": []}, "dense": {"SODA_c": 12.5},
    }  # fmt: skip
    place.write_text(json.dumps(found))
    (folder / "budget.json").write_text(json.dumps({"steps": 10, "batch": 4, "clips": 20}))
    return folder


def made(monkeypatch: pytest.MonkeyPatch, folder: Path, output: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["tiny.py", str(folder), "--contender", "VTimeLLM", "-o", str(output)])
    run_path(str(SCRIPT), run_name="__main__")


def test_a_network_that_finds_moments_becomes_tiny_with_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = np.array([question.truth.seconds for question in exam.questions(10)])
    made(monkeypatch, examined(tmp_path, truth), tmp_path / "tiny")
    card = (tmp_path / "tiny" / "CARD.md").read_text()
    assert "| this network | 100.0 | 100.0 | 100.0 | 100.0 |" in card
    assert "It knows the drawn world only" in card
    assert "SODA_c 12.5" in card
    assert captioner(tmp_path / "tiny", Settings()).name == "tiny"
    assert json.loads((tmp_path / "tiny" / "manifest.json").read_text())["licence"].startswith("Apache-2.0")


def test_a_network_that_has_not_learned_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = examined(tmp_path, np.array([(0.0, question.story.duration) for question in exam.questions(10)]))
    with pytest.raises(WrongUse, match="can be had without looking"):
        made(monkeypatch, folder, tmp_path / "tiny")
    assert not (tmp_path / "tiny").exists()
