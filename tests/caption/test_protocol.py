"""What every captioner owes the rest of the program, whoever made it."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from momentidx.caption.plugin import captioners
from momentidx.caption.protocol import Answerer, Captioner, Locator, Together
from momentidx.demo.footage import CLIPS, pictures
from momentidx.events import Event
from momentidx.times import Span
from tests.caption.every import CAPTIONERS
from tests.caption.painted import Painted, Picture

DAY, STUDIO, NIGHT = CLIPS
PARTS = [number for shot in STUDIO.shots for number in range(shot.frames[0], shot.frames[0] + 30)]
"""The first pictures of each shot."""
FOOTAGE: dict[str, Callable[[], Iterable[Picture]]] = {
    "three shots": lambda: [picture for number, picture in enumerate(pictures(STUDIO)) if number in PARTS],
    "a fade": lambda: list(pictures(NIGHT))[160:],
    "one picture": lambda: [np.full((90, 160, 3), 90, np.uint8)],
    "nothing to see": lambda: [np.zeros((90, 160, 3), np.uint8)] * 30,
    "portrait, a second long": lambda: [np.ascontiguousarray(np.rot90(p)) for p in list(pictures(DAY))[:25]],
}


@pytest.fixture(params=CAPTIONERS)
def captioner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Captioner]:
    with CAPTIONERS[request.param](tmp_path) as made:
        yield made


@pytest.fixture(params=FOOTAGE, scope="module")
def source(request: pytest.FixtureRequest) -> Painted:
    cuts = (30, 60) if request.param == "three shots" else ()
    return Painted(FOOTAGE[request.param](), cuts=cuts)


def described(captioner: Captioner, source: Painted) -> list[Event]:
    return list(captioner.describe(source.footage, source))


def test_events_keep_the_promises_of_the_protocol(captioner: Captioner, source: Painted) -> None:
    events = described(captioner, source)
    assert events
    assert [event.span.start for event in events] == sorted(event.span.start for event in events)
    for event in events:
        assert event.span.base == source.footage.span.base
        assert source.footage.span.covers(event.span), event
        assert event.edge >= 0
        assert event.caption == event.caption.strip()
        assert event.caption.endswith("."), event
        assert json.loads(json.dumps(event.measures, allow_nan=False)) == event.measures


def test_the_same_footage_gives_the_same_events(captioner: Captioner, source: Painted) -> None:
    first = described(captioner, source)
    described(captioner, Painted(FOOTAGE["nothing to see"]()))
    assert described(captioner, source) == first


def test_what_is_told_of_several_together_is_told_of_each_alone(captioner: Captioner) -> None:
    if not isinstance(captioner, Together):
        pytest.skip(f"{captioner.name} describes one after the other")
    sources = [Painted(FOOTAGE[name]()) for name in ("one picture", "nothing to see")]
    together = captioner.describe_all((each.footage, each) for each in sources)
    assert list(together) == [described(captioner, each) for each in sources]


def test_a_captioner_has_a_name_and_a_version(captioner: Captioner) -> None:
    assert isinstance(captioner, Captioner)
    assert captioner.name
    assert captioner.version


def test_every_captioner_that_comes_with_momentidx_is_tested_here() -> None:
    assert {offer.name for offer in captioners()} == set(CAPTIONERS)


def test_what_is_located_lies_inside_the_footage_and_says_the_words(captioner: Captioner, source: Painted) -> None:
    if not isinstance(captioner, Locator):
        pytest.skip(f"{captioner.name} does not locate")
    footage = source.footage
    first_half = Span(
        footage.span.start, footage.span.start + (footage.span.end - footage.span.start + 1) // 2, footage.span.base
    )
    for within in (None, first_half):
        found = captioner.locate(footage, source, "a red ball rolls in", within)
        assert [event.span.start for event in found] == sorted(event.span.start for event in found)
        for event in found:
            assert footage.span.covers(event.span)
            assert (event.kind, event.caption) == ("located", "A red ball rolls in.")
        assert captioner.locate(footage, source, "a red ball rolls in", within) == found


def test_questions_are_answered_in_plain_words(captioner: Captioner, source: Painted) -> None:
    if not isinstance(captioner, Answerer):
        pytest.skip(f"{captioner.name} answers no questions")
    answer = captioner.answer(source.footage, source, "What is it?")
    assert answer.text
    assert answer.text.isprintable()
    assert answer.looked_at == source.footage.span
    assert 0 < answer.spacing <= source.footage.duration
