from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.training import toys


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stock parts of toy size."""
    return toys.base(tmp_path_factory.mktemp("toys") / "base")


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the toys' encoders keep what they see; shared, as it is meant to be."""
    return tmp_path_factory.mktemp("features")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
