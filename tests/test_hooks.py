"""Choosing what plug-ins provide."""

from __future__ import annotations

import pytest

from momentidx.config import Settings
from momentidx.errors import WrongUse
from momentidx.hooks import choose


def test_a_captioner_can_be_named_with_a_model_of_its_own() -> None:
    pytest.importorskip("httpx2")
    one, other = Settings(endpoint_model="one"), Settings(endpoint_model="other")
    made = choose("captioners", "endpoint:other").make(one)
    assert (made.name, made.version) == ("endpoint:other", choose("captioners", "endpoint").make(other).version)
    assert made.version != choose("captioners", "endpoint").make(one).version


@pytest.mark.parametrize("name", ["shotlog:large", "endpoint:"])
def test_what_names_no_model_is_refused(name: str) -> None:
    with pytest.raises(WrongUse, match=f"'{name}' names no model. With a model can be written: endpoint, transformers"):
        choose("captioners", name)
