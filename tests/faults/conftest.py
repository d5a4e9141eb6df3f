"""Very small clips, rendered once, and the program with the scripted plug-in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.clips import render
from tests.faults.running import Nursery, Program, install_plugin

CLIPS = 4
_figures: list[str] = []


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`figure("slowest exit 1.2 s")`: a figure that is shown when all tests are done, for benchmarks/LOG.md."""
    return lambda text: _figures.append(f"{request.node.name}: {text}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _figures:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(_figures))


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_plugin(tmp_path_factory.mktemp("plugins"))


@pytest.fixture(scope="session")
def nursery(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery(tmp_path_factory.mktemp("commands"), plugins) as nursery:
        yield nursery


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Clips of 10 small pictures, each with other ones; not to be changed."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        render(
            folder / f"clip{number}.mov", frames=10, size=(64, 48),
            picture=lambda frame, number=number: np.full((48, 64, 3), 20 * number + frame, np.uint8),
        )
        for number in range(CLIPS)
    ]  # fmt: skip


@pytest.fixture
def footage(clips: list[Path], tmp_path: Path) -> Path:
    """A folder with copies of the clips, to be changed at will."""
    folder = tmp_path / "footage"
    folder.mkdir()
    for clip in clips:
        shutil.copy2(clip, folder)
    return folder


@pytest.fixture
def program(nursery: Nursery, tmp_path: Path) -> Program:
    return Program(nursery, tmp_path / "library")


@pytest.fixture
def other(nursery: Nursery, tmp_path: Path) -> Program:
    """The program with another library."""
    return Program(nursery, tmp_path / "other")
