"""Queries answered on a library whose contents are known: times, filters, order, and what scores are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from momentidx.caption.shotlog.asked import FILTERS
from momentidx.errors import WrongUse
from momentidx.events import Event, Layer, Moment
from momentidx.files import SeenFile
from momentidx.footage import Footage, VideoStream
from momentidx.library import Described, Library, WritableLibrary
from momentidx.search.asking import Sort, Wish
from momentidx.search.find import find, misses, search
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.parse import parse
from momentidx.search.scoring import Why
from momentidx.times import Span
from tests.library.making import indexed


def told(start: float, end: float, caption: str, kind: str = "shot", **measures: object) -> Event:
    return Event(Span.seconds(start, end), caption, kind, measures=measures)


LETTER = told(0, 4, "A woman opens a letter at a table.", people={"size": "close-up", "count": 1})
LOOKS_UP = told(4, 8, "A woman looks up at the window.", people={"size": "medium", "count": 1})
MUSIC = told(2, 9, "Music plays on a piano.", "sound", name="piano")
RAIN = told(20, 30, "Rain falls on the window.", "object", name="rain")
MORE_RAIN = told(30, 36, "Rain falls on the window.", "object", name="rain")
UP_FIRST = told(0, 4, "A man looks up at the sky.", people={"size": "wide", "count": 1})
ENVELOPE = told(6, 9, "A man opens a letter in the street.", people={"size": "close-up", "count": 3})
CLIPS = {"home.mov": [LETTER, LOOKS_UP, MUSIC, RAIN, MORE_RAIN], "street.mov": [UP_FIRST, ENVELOPE]}
DATES = {"home.mov": "2026-05-04T10:00:00Z", "street.mov": "2025-01-01T10:00:00Z"}


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder(installed_weights())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLMEmbedder) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("answering")
    video = VideoStream(0, "h264", 64, 36, "yuv420p", 8)
    with WritableLibrary.open(folder / "library") as writable:
        for name, events in CLIPS.items():
            path = folder / name
            path.write_text(name)
            footage = Footage(name, "mov", Span.seconds(0, 40), 25, video, created=DATES[name])  # type: ignore[arg-type]
            layer = Described(Layer("told", "1"), events, filters=FILTERS)
            indexed(writable, SeenFile.of(path), footage, layer, embedder=embedder, embed=embedder.embed)
    with Library.open(folder / "library") as readable:
        yield readable


@pytest.fixture(scope="module")
def ask(library: Library, embedder: MiniLMEmbedder):  # type: ignore[no-untyped-def]
    def asked(words: str | None, **wish: object) -> list[Moment]:
        return search(library, words, Wish(**wish), embedder=embedder).moments  # type: ignore[arg-type]

    return asked


def captions(moments: Sequence[Moment]) -> list[str]:
    return [moment.event.caption for moment in moments]


def spans(moment: Moment) -> list[tuple[int, int]]:
    return [(part.event.span.start, part.event.span.end) for part in (moment, *moment.parts)]


def test_a_sentence_of_two_events_is_answered_with_both(ask) -> None:  # type: ignore[no-untyped-def]
    best = ask("the moment where she opens the letter, then looks up")[0]
    assert spans(best) == [(0, 8000), (0, 4000), (4000, 8000)]
    assert best.event.kind == "then"
    assert captions(best.parts) == [LETTER.caption, LOOKS_UP.caption]
    assert [part["caption"] for part in best.to_json()["parts"]] == captions(best.parts)


def test_the_order_is_kept(ask) -> None:  # type: ignore[no-untyped-def]
    best = ask("looks up THEN opens a letter")[0]
    assert (best.path.name, spans(best)) == ("street.mov", [(0, 9000), (0, 4000), (6000, 9000)])
    assert ask('"looks up" THEN "opens a letter" WITHIN 1s') == []
    assert len(ask('"looks up" THEN "opens a letter" WITHIN 2s')) == 1
    assert len(ask('"opens a letter" NEAR "looks up" WITHIN 2s')) == 2


def test_what_happens_at_the_same_time(ask) -> None:  # type: ignore[no-untyped-def]
    both = ask('"looks up" WHILE sound:piano')
    assert spans(both[0]) == [(4000, 8000), (4000, 8000), (2000, 9000)]
    assert captions(ask('"looks up" WITHOUT sound:piano')) == [UP_FIRST.caption]
    assert captions(ask('"opens a letter" WITHOUT music')) == [ENVELOPE.caption]


def test_filters_and_what_is_left_out(ask) -> None:  # type: ignore[no-untyped-def]
    assert set(captions(ask("shot:CU"))) == {LETTER.caption, ENVELOPE.caption}
    assert captions(ask("a letter people:>1")) == [ENVELOPE.caption]
    assert captions(ask("a letter shot:close-up -people:3")) == [LETTER.caption]
    assert captions(ask("shot:close-up,wide -street -window date:2026")) == [LETTER.caption]
    assert captions(ask('"looks up" -"the sky"')) == [LOOKS_UP.caption]
    assert captions(ask("(shot:wide OR sound:piano) date:<2026")) == [UP_FIRST.caption]
    assert ask("a letter object:unicorn") == []


def test_exact_words_are_exact(ask) -> None:  # type: ignore[no-untyped-def]
    assert len(ask('"opens a letter"')) == 2
    assert ask('"opening a letter"') == []
    assert ask('"letter a opens"') == []


def test_events_that_follow_each_other_and_answer_alike_are_one(ask) -> None:  # type: ignore[no-untyped-def]
    assert spans(ask("rain falls on the window")[0]) == [(20_000, 36_000), (20_000, 30_000), (30_000, 36_000)]
    assert [spans(moment) for moment in ask("object:rain", everything=True)] == [[(20_000, 30_000)], [(30_000, 36_000)]]


def test_order_pages_and_groups(ask) -> None:  # type: ignore[no-untyped-def]
    everything = ask("opens a letter", limit=20)
    assert ask("opens a letter", limit=2, offset=1) == everything[1:3]
    assert ask("opens a letter", limit=20, offset=len(everything)) == []
    assert captions(ask('"opens a letter"', sort=Sort.DATE)) == [ENVELOPE.caption, LETTER.caption]
    assert captions(ask('"opens a letter"', sort=Sort.TIME)) == [LETTER.caption, ENVELOPE.caption]
    assert len(ask("a letter", one_per_clip=True)) == 2
    pages = [ask("opens a letter", limit=2, offset=at, sort=Sort.TIME) for at in range(0, len(everything), 2)]
    assert sorted(each.id for page in pages for each in page) == sorted(each.id for each in everything)
    scores = [moment.score for moment in everything if moment.score is not None]
    assert len(ask("opens a letter", limit=20, min_score=scores[1])) == 2


def test_clips_come_by_their_best_moment_and_a_page_has_whole_ones(ask) -> None:  # type: ignore[no-untyped-def]
    best_first = ask("a woman looks up", limit=20)
    clips = list(dict.fromkeys(each.footage.fingerprint for each in best_first))
    assert len(clips) == 2
    for at, clip in enumerate(clips):
        told = ask("a woman looks up", limit=1, offset=at, sort=Sort.CLIP)
        of_clip = [each for each in best_first if each.footage.fingerprint == clip]
        assert told == sorted(of_clip, key=lambda each: each.event.span.start)
    assert ask("a woman looks up", limit=1, offset=2, sort=Sort.CLIP) == []


def test_an_example_finds_its_like_and_not_itself(library: Library, ask) -> None:  # type: ignore[no-untyped-def]
    example = next(moment for moment in library.moments() if moment.event == LETTER)
    assert captions(ask(None, like=example))[0] == ENVELOPE.caption
    assert captions(ask("looks up", like=example))[0] in (LOOKS_UP.caption, UP_FIRST.caption, ENVELOPE.caption)


def test_only_what_came_in_later(library: Library, ask) -> None:  # type: ignore[no-untyped-def]
    newest = library.newest_event()
    assert ask("a letter", newer_than=newest) == []
    assert len(ask("a letter", newer_than=newest - 1)) == 1


def test_what_came_in_later_makes_a_pair_with_what_was_there(library: Library, ask) -> None:  # type: ignore[no-untyped-def]
    numbers = {moment.event.caption: moment.id for moment in library.moments()}
    (pair,) = ask("woman opens a letter THEN woman looks up", newer_than=numbers[LETTER.caption], limit=1)
    assert [part.event.caption for part in pair.parts] == [LETTER.caption, LOOKS_UP.caption]
    assert library.moments_since(numbers[MORE_RAIN.caption], limit=10) == [
        numbers[UP_FIRST.caption], numbers[ENVELOPE.caption]
    ]  # fmt: skip


def test_a_question_that_nothing_meets_ends_with_the_likeliest_clips_and_says_so(
    library: Library, embedder: MiniLMEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "rain WHILE people:7"
    assert search(library, asked, Wish(limit=1), embedder=embedder).notes == ()
    monkeypatch.setattr("momentidx.search.find.WIDENED", 1)
    found = search(library, asked, Wish(limit=1), embedder=embedder)
    assert (found.moments, found.notes) == (
        [],
        ("Only the likeliest clips were looked into; --limit looks into more.",),
    )


def test_a_score_is_explained(library: Library, embedder: MiniLMEmbedder) -> None:
    found = search(library, "opens a letter", Wish(limit=1), embedder=embedder)
    (moment,) = found.moments
    why = found.why[moment.id]
    assert why.score == moment.score == found.best
    assert (why.words, why.share, why.human) == ("opens a letter", 1.0, False)
    assert set(why.shared) >= {"opens", "letter"}
    assert why.around_share == 1.0
    assert why.score == pytest.approx(0.5 * why.meaning + 0.1 * why.share + 0.25 * why.around + 0.15)
    assert found.query == parse("opens a letter")
    assert str(replace(why, words="")) == "every filter and quote fits"


def test_a_person_is_believed_before_a_machine() -> None:
    machine = Why("x", 0.5, 0.5, 0.5, 0.5)
    assert replace(machine, human=True).score == pytest.approx(machine.score + 0.03)


def test_what_words_and_caption_both_state_counts_on_top() -> None:
    plain = Why("pan left, two men", 0.5, 0.5, 0.5, 0.5)
    stated = replace(plain, facts=("camera left", "people two"))
    assert stated.score == pytest.approx(plain.score + 0.1)
    assert stated.own == pytest.approx(plain.own + 0.1 / 0.6)
    assert " + 0.05 as both say 'camera left' + 0.05 as both say 'people two'; for " in str(stated)
    assert replace(stated, meaning=1.0, share=1.0, around=1.0, around_share=1.0).score == 1.0


def test_what_stands_in_the_way_is_told(library: Library, embedder: MiniLMEmbedder) -> None:
    wish = Wish()
    found = search(library, "a letter date:1999 shot:close-up", wish, embedder=embedder)
    assert found.moments == []
    assert misses(library, found, wish, embedder=embedder) == [("date:1999", 2)]


def test_the_library_brings_its_own_embedder(library: Library, embedder: MiniLMEmbedder) -> None:
    assert find(library, "opens a letter", limit=3) == find(library, "opens a letter", limit=3, embedder=embedder)


@pytest.mark.parametrize("wish", [Wish(limit=0), Wish(limit=10**9), Wish(offset=-1)])
def test_a_number_that_makes_no_sense_is_refused(library: Library, embedder: MiniLMEmbedder, wish: Wish) -> None:
    with pytest.raises(WrongUse):
        search(library, "a letter", wish, embedder=embedder)
