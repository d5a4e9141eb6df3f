"""Footage for whole runs: the demo's clips, drawn once for all tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from momentidx.demo.footage import CLIPS, render


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's clips; not to be changed."""
    folder = tmp_path_factory.mktemp("drawn")
    for clip in CLIPS:
        render(clip, folder / clip.name)
    return folder


@pytest.fixture
def footage(drawn: Path, tmp_path: Path) -> Path:
    """A copy of the demo's clips that a test may change."""
    return Path(shutil.copytree(drawn, tmp_path / "footage"))
