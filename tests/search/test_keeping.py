"""What is kept from one question to the next never changes an answer, whatever happened to the library meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from momentidx.library import Captions, Condition, Library, WritableLibrary
from momentidx.search import keeping, surroundings
from momentidx.search.asking import Wish
from momentidx.search.find import search
from momentidx.search.keeping import Kept
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.vectors import open_vectors
from tests.library.making import described, event, file, indexed, other

WORDS = ("a red door", "a dog runs", "a door opens, then a dog runs", "somebody sings")


def test_every_answer_is_that_of_who_asks_for_the_first_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = MiniLMEmbedder(installed_weights())
    folder = tmp_path / "library"
    with WritableLibrary.open(folder) as writing:
        first = file(tmp_path)
        indexed(writing, first, embedder=embedder, embed=embedder.embed)
    with Library.open(folder) as library:
        vectors, kept = open_vectors(library, embedder), Kept(library, embedder)

        def ask() -> None:
            vectors.refresh()
            kept.refresh()
            for words in WORDS:
                told = search(library, words, Wish(), embedder=embedder, vectors=vectors, kept=kept)
                assert told == search(library, words, Wish(), embedder=embedder)
                assert told.moments

        def index(name: str, fingerprint: str, *captions: str) -> None:
            events = [event(1024 + 100 * at, 1124 + 100 * at, caption) for at, caption in enumerate(captions)]
            with WritableLibrary.open(folder) as writing:
                told = described(events)
                indexed(writing, file(tmp_path, name, fingerprint.encode()), other(fingerprint * 8), told,
                        embedder=embedder, embed=embedder.embed)  # fmt: skip

        ask()
        index("b.mp4", "beef", "A door of a car opens.", "A dog barks at the red door.")
        ask()
        moment = next(each for each in library.moments() if "dog runs" in each.event.caption)
        Captions(folder, "minilm").change(moment.id, caption="A cat sleeps on a piano.")  # has no vector yet
        ask()
        index("c.mp4", "cafe", *(f"Somebody sings song {number} at a door." for number in range(40)))
        ask()
        monkeypatch.setattr(surroundings, "REMEMBERED", 2)
        ask()
        ask()


def test_filters_are_asked_again_when_something_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FEW", 3)
    asked = 0
    with WritableLibrary.open(tmp_path / "library") as writing:
        indexed(writing, file(tmp_path))
    with Library.open(tmp_path / "library") as library:
        everything = [[Condition("captioner", ("shots",))]]
        counted = library.matching

        def matching(*told: object, **more: object) -> list[int]:
            nonlocal asked
            asked += 1
            return counted(*told, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(library, "matching", matching)
        kept = Kept(library, MiniLMEmbedder(installed_weights()))
        assert [kept.few(everything, 2), kept.few(everything, 2), asked] == [[1, 2], [1, 2], 1]
        with WritableLibrary.open(tmp_path / "library") as writing:
            indexed(writing, file(tmp_path, "b.mp4", b"other"), other("beef" * 8))
        kept.refresh()
        assert [kept.few(everything, 4), asked] == [None, 2]  # too many
        kept.refresh()
        assert [kept.few(everything, 5), asked] == [None, 2]  # more do not make them fewer
        assert [kept.few(everything, 3), asked] == [None, 3]  # but now some are gone
        assert [kept.few(everything, 3, 10), asked] == [[1, 2, 3, 4], 4]  # fewer than would else be looked at
        assert [kept.few(everything, 3), asked] == [None, 4]  # and who looks at few is not told what others found
