"""A running momentidx, as the plug-ins' live mode finds it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from momentidx.events import Moment
from momentidx.web.runfile import Address, published
from tests.web.conftest import Server, desk_for, made, serving

__all__ = ["made"]  # the small library that is indexed once for all


@dataclass(frozen=True)
class Live:
    """A server, and the folder whose `web.json` tells of it."""

    folder: Path
    server: Server
    moments: list[Moment]

    def choose(self, name: str, *moments: Moment) -> None:
        self.server.desk.bins().add(name, moments)


@pytest.fixture
def live(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = Path(shutil.copytree(made / "library", tmp_path_factory.mktemp("live") / "library"))
    with serving(desk_for(folder)) as server, published(folder, Address(server.url, server.token, 0)):
        yield Live(folder, server, server.desk.library().moments())
