"""What can be asked for by name is what the shot log can say."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from momentidx.caption.shotlog import asked, camera, changes, colours, fades, form, looks, people, vocabulary, written


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (asked.CAMERA, camera.LABELS),
        (asked.SIZES, people.SIZES),
        (asked.LIGHT, looks.LIGHTS),
        (asked.TONES, looks.TONES),
        (asked.FOCUS, changes.FOCUS),
        (asked.FORMS, form.FORMS),
        (asked.CHANGES, changes.KINDS),
        (asked.COLOURS, colours.NAMES),
        (asked.FADES, fades.KINDS),
        (asked.DOES, vocabulary.DOES),
        (asked.WRITTEN, written.ROLES),
    ],
    ids=["camera", "size", "light", "tone", "focus", "form", "change", "colour", "fade", "movement", "written"],
)
def test_every_word_that_is_said_can_be_asked_for(words: Iterable[str], said: Iterable[str]) -> None:
    assert set(words) == set(said)


def test_no_two_words_have_the_same_synonym() -> None:
    others = [other.casefold() for synonyms in asked.SYNONYMS.values() for other in synonyms]
    assert len(others) == len(set(others))
