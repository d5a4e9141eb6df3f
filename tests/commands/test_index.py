"""What `momentidx index` says besides what it did."""

from __future__ import annotations

from pathlib import Path

from momentidx.caption.shotlog import ShotLog
from momentidx.caption.shotlog.models import WITHOUT_MODELS
from tests.clips import render
from tests.e2e.command import run


def test_what_is_missing_is_said_once_and_not_again(tmp_path: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        render(tmp_path / name, frames=10 if name == "one.mp4" else 12)
    said = [
        run("index", tmp_path / name, "--library", tmp_path / "library", MOMENTIDX_MODELS_FOLDER=str(tmp_path / "none"))
        for name in ("one.mp4", "two.mp4")
    ]
    assert said[0].stderr.startswith(WITHOUT_MODELS)
    assert said[1].stderr == ""
    assert [each.stdout[:15] for each in said] == ["Indexed 1 clip,"] * 2


def test_what_is_missing_is_named_with_what_it_would_add_and_how_to_get_it() -> None:
    models, reader = ShotLog().advice
    assert "sounds" in models
    assert "momentidx models pull shotlog" in models
    assert "slates" in reader
    assert "pip install 'momentidx[ocr]'" in reader
