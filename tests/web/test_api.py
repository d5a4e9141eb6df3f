"""The API is stable: what clients rely on is written down in `stable.txt`, and nothing of it goes away.

When the API grows: python -m tests.web.test_api adds what is new to the list; a line that is gone it never takes out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from momentidx.web.app import create_app
from momentidx.web.described import lines
from tests.web.conftest import desk_for

STABLE = Path(__file__).with_name("stable.txt")


def described() -> dict[str, Any]:
    """What the app says of itself; no library is opened for that."""
    return create_app(desk_for(Path("nowhere"))).openapi()


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return described()


def test_nothing_that_clients_rely_on_is_gone(description: dict[str, Any]) -> None:
    gone = set(STABLE.read_text().splitlines()) - set(lines(description))
    assert gone == set(), "take these back into the API, or make another version of it"


def test_nothing_new_is_asked_of_old_clients_and_what_is_new_is_written_down(description: dict[str, Any]) -> None:
    stable = set(STABLE.read_text().splitlines())
    new = set(lines(description)) - stable
    asked = {line for line in new if line.endswith("(required)") and line.split(" < ")[0].split(" ? ")[0] in stable}
    assert asked == set(), "clients that are there already do not send these"
    assert new == set(), "python -m tests.web.test_api writes them down"


def test_every_operation_and_value_has_a_name_of_its_own_and_says_what_it_is(description: dict[str, Any]) -> None:
    operations = [each for methods in description["paths"].values() for each in methods.values()]
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    assert [each["operationId"] for each in operations if not each.get("description")] == []
    assert [name for name in description["components"]["schemas"] if "__" in name] == []
    assert [name for name, each in description["components"]["schemas"].items() if not each.get("description")] == []


if __name__ == "__main__":
    known = set(STABLE.read_text().splitlines()) if STABLE.exists() else set()
    STABLE.write_text("\n".join(sorted(known | set(lines(described())))) + "\n")
