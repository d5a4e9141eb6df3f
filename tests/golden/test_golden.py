"""Our numbers are those of the seeds' published code, wherever the two are meant to be the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import grounded, momentor, vtimellm  # noqa: F401  they say how their kinds are checked
from tests.golden.cases import FOLDER, Case, found, run
from tests.golden.parity import DOCS, row

CASES = found()
needs_cases = pytest.mark.skipif(not CASES, reason=f"no cases in {FOLDER} (set MOMENTIDX_GOLDEN)")


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_as_in_the_published_code(case: Case, tmp_path: Path) -> None:
    run(case, tmp_path)


@needs_cases
def test_the_documented_table_is_about_these_cases() -> None:
    lines = [
        line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith(("| vt_", "| mo_", "| gv_"))
    ]
    documented = {line.split(" | ")[0].removeprefix("| "): line for line in lines}
    if set(documented) != {case.name for case in CASES}:
        pytest.skip(f"{FOLDER} has other cases than those that the table was made with")
    for case in CASES:
        measured = documented[case.name].split(" | ")[-2]
        assert documented[case.name] == row(case, measured)
