"""`train bases`: a folder to begin with, and a refusal to write over one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentidx.training import bases
from tests.training.test_bases import SMALL
from typer_app import app


def test_bases_are_made_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "Sizes", lambda: SMALL)
    folder = tmp_path / "bases"
    done = CliRunner().invoke(app, ["train", "bases", "-o", str(folder), "--minutes", "0.01"])
    assert done.exit_code == 0, done.output
    assert done.stdout.replace("\n", " ").strip() == f"Wrote encoder/, video.safetensors and language/ to {folder}."
    assert "Writing model shards" not in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "bases.json", "encoder", "language", "video.safetensors",
    ]  # fmt: skip
