"""The captioner `tiny`: any converted seed of toy size, shown square pictures and asked as it was trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from momentidx.caption import plugin
from momentidx.caption.tiny import SEEDS, captioner
from momentidx.config import Settings
from momentidx.errors import MomentidxError
from momentidx.models.checkpoints.layout import MANIFEST, Converted
from momentidx.training.world import exam
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


def test_the_weights_that_come_with_momentidx_are_whole_small_and_find_moments() -> None:
    """A few questions of the examination; what all of them gave stands on the card."""
    recipe = json.loads((plugin.TINY / MANIFEST).read_text())["recipe"]
    Converted.open(plugin.TINY, recipe).check()
    assert sum(path.stat().st_size for path in plugin.TINY.rglob("*")) <= 15_000_000
    assert "knows the drawn world only" in (plugin.TINY / "CARD.md").read_text()
    network: Any = SEEDS[recipe](plugin.TINY)
    asked = list(exam.questions(32))
    spans, unread = exam.located(network, asked, lambda told: network.look(exam.shown(network, told)))
    assert unread == 0
    best = max(exam.marks(asked, blind)["mIoU"] for blind in exam.blind(asked).values())
    assert exam.marks(asked, spans)["mIoU"] > best + 20


def test_tiny_is_offered_where_its_weights_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "TINY", tmp_path / "none")
    assert "tiny" not in [offer.name for offer in plugin.captioners()]
    monkeypatch.setattr(plugin, "TINY", toy(tmp_path, "momentor"))
    (tiny,) = [offer for offer in plugin.captioners() if offer.name == "tiny"]
    assert tiny.make(Settings()).name == "tiny"
