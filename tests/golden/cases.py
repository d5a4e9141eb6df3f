"""Cases of numbers that the seeds' published code gave, found in a folder; nothing of them is in the repository."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

FOLDER = Path(os.environ.get("MOMENTIDX_GOLDEN", Path(__file__).parents[3] / "shared" / "golden"))


@dataclass(frozen=True)
class Case:
    """One file: what went in, what came out, and how near is near enough."""

    path: Path
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.facts["case"])

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        return load_file(self.path.parent / self.facts["tensor_file"])

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names start so, under the rest of their names, in single precision."""
        return {name.removeprefix(prefix): x.float() for name, x in self.tensors.items() if name.startswith(prefix)}

    def near(self, actual: Tensor, expected: Tensor, atol: str = "atol", rtol: str = "rtol") -> None:
        """Within the tolerances of those names; an absent relative one is 0."""
        tolerance = self.facts["tolerance"]
        actual, expected = actual.detach().double(), expected.double()
        WORST[self.name] = max(WORST.get(self.name, 0.0), (actual - expected).abs().max().item())
        torch.testing.assert_close(actual, expected, atol=tolerance[atol], rtol=tolerance.get(rtol, 0.0))


def found() -> list[Case]:
    """All cases in the folder, whatever their names."""
    cases = []
    for path in sorted(FOLDER.rglob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(facts, dict) and "case" in facts:
            cases.append(Case(path, facts))
    return cases


WORST: dict[str, float] = {}
"""The largest difference that was met in each case."""
Check = Callable[[Case], None]
KINDS: dict[str, Check] = {}
"""What a case's name starts with, to how it is checked; the longest that fits counts."""


def checks(kind: str) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        KINDS[kind] = check
        return check

    return keep


def run(case: Case, scratch: Path) -> None:
    """Raises AssertionError when the case does not come out."""
    check = check_of(case)
    assert check is not None, f"{case.path}: nothing here knows how to check {case.name}"
    if "scratch" in inspect.signature(check).parameters:
        check(case, scratch)  # type: ignore[call-arg]
    else:
        check(case)


def check_of(case: Case) -> Check | None:
    fitting = [kind for kind in KINDS if case.name.startswith(kind)]
    return KINDS[max(fitting, key=len)] if fitting else None
