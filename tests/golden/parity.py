"""Prints the parity table of docs/models.md: python -m tests.golden.parity"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.golden.cases import WORST, Case, check_of, found, run

DOCS = Path(__file__).parents[2] / "docs" / "models.md"


def row(case: Case, measured: str) -> str:
    """What was compared, the largest difference met, and the one that is allowed."""
    tolerance = case["tolerance"]
    allowed = max((value for value in tolerance.values() if isinstance(value, float)), default=None)
    check = check_of(case)
    assert check is not None
    what = (check.__doc__ or "").strip(". ")
    return f"| {case.name} | {what} | {measured} | {'exact' if allowed is None else f'{allowed:g}'} |"


def measured(case: Case) -> str:
    """Runs the case."""
    with tempfile.TemporaryDirectory() as scratch:
        run(case, Path(scratch))
    return f"{WORST[case.name]:.1e}" if case.name in WORST else "none"


if __name__ == "__main__":
    from _pytest.outcomes import Skipped

    from tests.golden import grounded, momentor, vtimellm  # noqa: F401  they say how their kinds are checked

    for each in found():
        try:
            print(row(each, measured(each)))
        except Skipped:
            print(row(each, "not compared"))
