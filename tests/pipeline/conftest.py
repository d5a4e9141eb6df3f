from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from momentidx.config import Settings
from momentidx.library import WritableLibrary
from momentidx.media.child import Decoder
from momentidx.pipeline.tools import Tools
from tests.clips import render
from tests.pipeline.scripted import Hashed, Scripted


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(Settings()) as child:
        yield child


@pytest.fixture
def captioner() -> Scripted:
    return Scripted()


@pytest.fixture
def tools(captioner: Scripted, decoder: Decoder) -> Tools:
    return Tools(Settings(settle_seconds=5, captioners=("scripted",)), (captioner,), Hashed(), decoder)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[WritableLibrary]:
    with WritableLibrary.open(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """50 frames at 25 a second from 01:00:00:00."""
    return render(tmp_path / "A001.mov", timecode="01:00:00:00")
