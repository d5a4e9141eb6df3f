"""What every test gets: no error may pass in the log unnoticed, no signal stay blocked; and the shared footage."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from momentidx.config import Settings
from momentidx.media.child import Decoder
from tests.clips import render

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _no_error_in_the_log(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """An ERROR record fails the test, unless the test is about it and clears the log: `caplog.clear()`."""
    yield
    phases = ("setup", "call")
    errors = [record for phase in phases for record in caplog.get_records(phase) if record.levelno >= logging.ERROR]
    assert not errors, f"{request.node.name} logged: " + "; ".join(record.getMessage() for record in errors)


@pytest.fixture(autouse=True)
def _signals_are_heard_as_before() -> Iterator[None]:
    """Processes that later tests start inherit what is blocked here, and could not be stopped."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    """One decoding process for all tests that only read sound or broken files."""
    with Decoder(Settings()) as running:
        yield running


@pytest.fixture(scope="session")
def shared_video() -> Path:
    """The folder of real, odd, derived and long footage; tests that need it are skipped without it."""
    folder = SHARED / "video"
    if not folder.is_dir():
        pytest.skip("the shared footage is not here")
    return folder


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`clip("tape.mov", timecode="01:00:00:00", ...)`: a rendered clip (see `tests/clips.py`), made once."""
    made: dict[str, Path] = {}

    def make(name: str, **options: Any) -> Path:
        key = f"{name} {sorted(options.items())}"
        if key not in made:
            made[key] = render(tmp_path_factory.mktemp("clip") / name, **options)
        return made[key]

    return make
