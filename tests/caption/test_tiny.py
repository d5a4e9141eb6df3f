"""The captioner `tiny`: any converted seed of toy size, shown square pictures and asked as it was trained."""

from pathlib import Path

import pytest

from momentidx.caption import plugin
from momentidx.caption.tiny import SEEDS, captioner
from momentidx.config import Settings
from momentidx.errors import MomentidxError
from momentidx.training.world.pictures import pictures
from momentidx.training.world.story import story
from tests.caption.painted import Painted
from tests.caption.toy_seeds import toy

TOLD = story(4, "test", seconds=10)


@pytest.mark.parametrize("name", SEEDS)
def test_any_of_the_three_seeds_can_be_tiny(tmp_path: Path, name: str) -> None:
    made = captioner(toy(tmp_path, name), Settings())
    source = Painted(pictures(TOLD, [number / 5 for number in range(50)]))
    events = made.describe(source.footage, source)
    assert [event.caption for event in events] == ["A ball rolls in.", "It is quiet."]
    assert made.name == "tiny"
    assert made.chat.sight.width == 112
    assert made.locate(source.footage, source, "a ball rolls in")[0].span.start == source.footage.span.start
    assert "a ball rolls in" in made.answer(source.footage, source, "What is there?").text


def test_weights_that_are_not_whole_are_said(tmp_path: Path) -> None:
    with pytest.raises(MomentidxError, match="no weights of the captioner 'tiny'"):
        captioner(tmp_path, Settings())


def test_tiny_is_offered_where_its_weights_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "TINY", tmp_path / "none")
    assert "tiny" not in [offer.name for offer in plugin.captioners()]
    monkeypatch.setattr(plugin, "TINY", toy(tmp_path, "momentor"))
    (tiny,) = [offer for offer in plugin.captioners() if offer.name == "tiny"]
    assert tiny.make(Settings()).name == "tiny"
