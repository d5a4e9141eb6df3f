from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from momentidx.library import WritableLibrary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the library is going to be."""
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[WritableLibrary]:
    with WritableLibrary.open(folder) as library:
        yield library
