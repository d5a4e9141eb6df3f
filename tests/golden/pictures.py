"""Pictures as the cases store them: every third row and column, and each channel's mean and spread."""

from __future__ import annotations

from torch import Tensor

from tests.golden.cases import Case


def like_stored(case: Case, name: str, seen: Tensor) -> None:
    case.near(seen[:, ::3, ::3], case.tensors[f"{name}.grid"])
    case.near(seen.double().mean(dim=(1, 2)), case.tensors[f"{name}.mean"])
    case.near(seen.double().std(dim=(1, 2)), case.tensors[f"{name}.std"])
    assert list(seen.shape) == case[f"{name}_full_shape"]
