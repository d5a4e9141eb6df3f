"""`demo --captioner`: what a Video-LLM says of drawn clips, beside the truth."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentidx import hooks
from momentidx.caption import plugin
from momentidx.commands import demo_model
from tests.caption.toy_seeds import toy
from typer_app import app


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(plugin, "TINY", toy(tmp_path, "momentor"))
    monkeypatch.setattr(demo_model, "STORIES", {"W001.mov": 11})
    monkeypatch.setattr(demo_model, "SECONDS", 10.0)
    hooks.plugins.cache_clear()
    yield
    hooks.plugins.cache_clear()


@pytest.mark.usefixtures("tiny")
def test_the_demo_of_a_model_shows_what_it_says_beside_what_is_true(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--captioner", "tiny", "--folder", str(tmp_path / "demo")])
    assert done.exit_code == 0, done.output
    assert "1. Drew 1 clip, 10.0 s of footage" in done.output
    assert "Indexed 1 clip" in done.output
    said = [line.strip() for line in done.output.splitlines()]
    assert "A ball rolls in." in said
    assert any(line.startswith("true  0:00:0") for line in said)
    assert sum("(true: 0:00:0" in line for line in said) == 3
    talked = said[said.index("5. Dialogue") + 1 :]
    assert len(talked) == 3
    assert all(re.search(r"\(true: [A-Z][^<>]*\.\)$", line) for line in talked)
    assert (tmp_path / "demo" / "world" / "W001.mov").stat().st_size > 1000


def test_a_captioner_that_is_not_there_is_said_before_anything_is_drawn(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--captioner", "nobody", "--folder", str(tmp_path / "demo")])
    assert done.exit_code != 0
    assert not (tmp_path / "demo").exists()
