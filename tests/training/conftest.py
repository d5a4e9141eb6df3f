from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from momentidx.library import WritableLibrary
from tests.training import toys


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stock parts of toy size."""
    return toys.base(tmp_path_factory.mktemp("toys") / "base")


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the toys' encoders keep what they see; shared, as it is meant to be."""
    return tmp_path_factory.mktemp("features")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[WritableLibrary]:
    with WritableLibrary.open(folder) as library:
        yield library


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
