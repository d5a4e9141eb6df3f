"""Our numbers are those of the seeds' published code, wherever the two are meant to be the same."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.golden import grounded, momentor, vtimellm  # noqa: F401  they say how their kinds are checked
from tests.golden.cases import FOLDER, Case, check_of, found

CASES = found()


@pytest.mark.skipif(not CASES, reason=f"no cases in {FOLDER} (set MOMENTIDX_GOLDEN)")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_as_in_the_published_code(case: Case, tmp_path: Path) -> None:
    check = check_of(case)
    assert check is not None, f"{case.path}: nothing here knows how to check {case.name}"
    if "scratch" in inspect.signature(check).parameters:
        check(case, tmp_path)  # type: ignore[call-arg]
    else:
        check(case)
