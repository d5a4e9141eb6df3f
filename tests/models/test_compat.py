"""Every known deviation has a switch, and stands in the documentation."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

from momentidx.models.compat import DEVIATIONS, Deviation

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.where)
def test_a_deviation_is_documented_and_its_switch_exists(deviation: Deviation) -> None:
    row = f"| {deviation.seed} | `{deviation.where}` | {deviation.official} | {deviation.fixed} |"
    assert row in PAGE.read_text(encoding="utf-8")
    assert callable(pkgutil.resolve_name(f"momentidx.models.{deviation.where}"))
