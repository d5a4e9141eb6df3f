"""What words state that a sentence vector hardly tells apart."""

import numpy as np
import pytest

from momentidx.search.facts import both, read, shared
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.ranking import compared


def stated(text: str) -> tuple[str, ...]:
    (found,) = both(text, [text])
    return found


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("The camera pans left.", ("camera left",)),
        ("whip-pan to the right", ("camera right",)),
        ("a pan from left to right", ("camera right",)),
        ("Hand-held camera tilts up", ("camera up",)),
        ("the camera slowly moves down", ("camera down",)),
        ("it zooms in on a face", ("camera in",)),
        ("slow push in", ("camera in",)),
        ("The camera pulls back from the house.", ("camera out",)),
        ("She pulls out a gun.", ()),
        ("Something crosses the frame from bottom to top.", ("going up",)),
        ("a car drives from the left side to the right", ("going right",)),
        ("Something enters from the right.", ("going left", "comes in")),
        ("A person in grey, leaves on the right.", ("going right", "comes out")),
        ("The dog runs out of the picture to the right", ("going right", "comes out")),
        ("He turns left.", ("going left",)),
        ("several people walk down the stairs", ("going down", "people many")),
        ("Movement on the left of the picture.", ("side left",)),
        ("in the middle of the frame", ("side middle",)),
        ("in the middle of a game", ()),
        ("the right bottle", ("side right",)),
        ("his left hand, the left foot, the right way, right now, what is left", ()),
        ("She walks into the room.", ("comes in",)),
        ("He leaves.", ("comes out",)),
        ("a pile of leaves, and the leaves on the lawn", ()),
        ("Fade in from black.", ("fades in",)),
        ("The picture fades to black.", ("fades out",)),
        ("a couple of old men", ("people two",)),
        ("One shoe, two dogs and people", ()),
        ("PAN\u2028LEFT_pan", ("camera left",)),
        ("Die Kamera schwenkt nach links.", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_a_text_states_what_it_says_and_no_more(text: str, facts: tuple[str, ...]) -> None:
    assert stated(text) == facts


def test_what_both_state_is_named_once_for_a_kind() -> None:
    captions = ["The camera tilts up.", "It pans left, then right.", "The camera pans right.", "A door."]
    assert both("pan left, pan right, two people", captions) == [(), ("camera left",), ("camera right",), ()]
    assert both("a door", captions) == [()] * 4


def test_each_kind_that_both_state_counts_one_and_another_or_none_nothing() -> None:
    asked = read(["Two people walk in from the left.", "a red door"])
    told = read(["A car drives from left to right.", "Two men enter from the left.", "Three men.", "A red door."])
    assert shared(asked, told).tolist() == [[1, 3, 0, 0], [0, 0, 0, 0]]
    assert shared(read([]), told).shape == (0, 4)
    assert shared(asked, read([])).shape == (2, 0)
    assert shared(asked, told).dtype == np.float32


def test_which_way_is_told_apart_where_the_vectors_say_the_opposite() -> None:
    embedder = MiniLMEmbedder(installed_weights())
    asked = ["panned from the right to the left"]
    captions = ["The camera pans left.", "The camera pans right."]
    assert (embedder.embed(asked) @ embedder.embed(captions).T).argmax() == 1
    assert compared(asked, captions, embedder).argmax() == 0
