"""The three seeds' networks, each in training: how a sample is seen, written and scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentidx.training.method import Method


def method_of(told: Mapping[str, Any]) -> Method:
    """The method that a run's recipe tells of."""
    from momentidx.training.methods.grounded_videollm import GroundedMethod
    from momentidx.training.methods.momentor import MomentorMethod
    from momentidx.training.methods.vtimellm import VTimeLLMMethod

    kinds = {kind.__name__: kind for kind in (VTimeLLMMethod, MomentorMethod, GroundedMethod)}
    fields = dict(told)
    return kinds[fields.pop("name")](**fields)
