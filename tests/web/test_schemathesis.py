"""Every operation with all that its description allows, and with what it does not: never an error of the server, and
never an answer that the description does not know.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e.command import PATIENCE
from tests.web.conftest import Server, desk_for, serving
from tests.web.test_api import described

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
LEFT_OUT = ("/api/v1/stream", "/api/v1/doctor")
"""One has no end, the other starts a process that takes seconds; neither takes anything."""

SCHEMA = schemathesis.openapi.from_dict(described())
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if found.ok().path not in LEFT_OUT}


@pytest.fixture(scope="module")
def changing(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose library these tests change together."""
    folder = Path(shutil.copytree(made / "library", tmp_path_factory.mktemp("changing") / "library"))
    with serving(desk_for(folder)) as running:
        running.desk.bins().add("Day 1", running.desk.library().moments()[:3])
        running.desk.saved().save("night", "light:dark")
        yield running


def ask(server: Server, label: str, examples: int, *, derandomize: bool) -> None:
    clip = server.desk.library().footage()[0]
    moments = server.desk.library().moments(clip.footage.fingerprint)
    fingerprint, event = clip.footage.fingerprint, moments[0].id
    real = {"fingerprint": fingerprint, "event": event, "bin": "Day 1", "position": 1, "name": "night"}
    operation = OPERATIONS[label]
    headers = {"Authorization": f"Bearer {server.token}"}
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=examples, derandomize=derandomize, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases, known=st.booleans())
    def run(case: Any, known: bool) -> None:
        if known and case.path_parameters:
            case.path_parameters = {name: real.get(name, value) for name, value in case.path_parameters.items()}
        case.call_and_validate(base_url=server.url, headers=headers, checks=CHECKS, timeout=PATIENCE)

    run()


@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_of_those_described(changing: Server, label: str) -> None:
    ask(changing, label, 3, derandomize=True)


@pytest.mark.slow
@pytest.mark.parametrize("label", OPERATIONS)
def test_it_is_so_for_a_long_time(changing: Server, label: str) -> None:
    ask(changing, label, 250, derandomize=False)
