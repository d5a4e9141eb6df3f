"""Ranking on a handful of captions: what decides, what stays whole without the learned weights."""

import numpy as np
import pytest

from momentidx.search.adapter import CELLS, FILE, Adapter, unit
from momentidx.search.bm25 import BM25
from momentidx.search.corpus import Corpus
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.ranking import confidence, shares
from momentidx.search.words import stems

EMBEDDER = MiniLMEmbedder(installed_weights())
CAPTIONS = [
    "A gymnast runs towards the vault.", "He lands on both feet.", "The crowd in the arena cheers.",
    "A boy stands on a skateboard.", "He lands on both feet.", "He rolls away down the street.",
]  # fmt: skip


class Foreign:
    name, version, dimension = "foreign", "1", 384

    def embed(self, sentences: list[str]) -> np.ndarray:
        raise NotImplementedError


@pytest.fixture(scope="module", params=["learned", "plain"])
def corpus(request: pytest.FixtureRequest) -> Corpus:
    return Corpus(
        footages=np.array([0, 0, 0, 1, 1, 1]),
        spans=np.array([[0.0, 10.0], [10.0, 12.0], [12.0, 30.0]] * 2),
        durations=np.array([30.0, 30.0]),
        captions=CAPTIONS,
        vectors=EMBEDDER.embed(CAPTIONS),
        adapter=Adapter.of(EMBEDDER if request.param == "learned" else Foreign()),
    )


def asked(corpus: Corpus, *sentences: str):  # type: ignore[no-untyped-def]
    return corpus.match(sentences, EMBEDDER.embed(sentences))


def test_the_same_caption_is_told_apart_by_the_footage_around_it(corpus: Corpus) -> None:
    match = asked(corpus, "the gymnast lands on his feet", "the skateboarder lands on his feet")
    assert corpus.footage_scores(match).argmax(1).tolist() == [0, 1]


def test_moments_come_best_first_with_a_span_and_end_with_nothing(corpus: Corpus) -> None:
    match = asked(corpus, "spectators cheer")
    footages, spans = corpus.moments(match, corpus.footage_scores(match), 10)
    assert footages[0, 0] == 0
    assert spans[0, 0, 1] == 30
    assert set(footages[0]) <= {-1, 0, 1}
    assert (np.diff(footages[0] == -1) >= 0).all()


def test_a_pair_needs_its_parts_in_order_and_answers_both_spans(corpus: Corpus) -> None:
    runs, cheers = asked(corpus, "a gymnast is running"), asked(corpus, "people cheer")
    ordered, reversed_ = corpus.pair_scores(runs, cheers)[0, 0], corpus.pair_scores(cheers, runs)[0, 0]
    assert ordered > reversed_
    ((first, then),) = corpus.inside_pair(runs, cheers, np.array([0])).tolist()
    assert first[0] == 0
    assert then[1] == 30
    assert first[0] < then[0]


def test_weights_of_another_embedder_change_nothing() -> None:
    vectors = EMBEDDER.embed(CAPTIONS)
    adapter = Adapter.of(Foreign())
    assert (adapter.direct(vectors) == vectors).all()
    assert (adapter.context(vectors) == vectors).all()
    assert adapter.position(vectors) is None


def test_learned_weights_keep_length_one_and_a_sentence_nearest_to_itself() -> None:
    adapter = Adapter.of(EMBEDDER)
    vectors = EMBEDDER.embed(CAPTIONS[:4])
    for turned in (adapter.direct(vectors), adapter.context(vectors)):
        np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-5)
        assert (turned @ turned.T).argmax(1).tolist() == [0, 1, 2, 3]
    assert FILE.stat().st_size < 400_000


def test_position_is_a_distribution_that_knows_the_beginning_from_the_end() -> None:
    position = Adapter.of(EMBEDDER).position(
        EMBEDDER.embed(["The video begins with a title.", "The video ends with credits."])
    )
    assert position is not None
    chances = np.exp(position)
    np.testing.assert_allclose(chances.sum(1), 1, atol=1e-5)
    begins, ends = (chances @ CELLS[:, 0]).tolist()
    assert begins < 4 < 10 < ends


def test_bm25_is_the_published_formula() -> None:
    index = BM25([["a", "b", "b"], ["a"], ["c"]])
    idf_b, idf_a = np.log(1 + 2.5 / 1.5), np.log(1 + 1.5 / 2.5)
    length = 1.2 * (1 - 0.75 + 0.75 * 3 / (5 / 3))
    expected = idf_b * 2 * 2.2 / (2 + length) + idf_a * 2.2 / (1 + length)
    found = index.scores([["b", "a", "b"], ["unknown"], []])
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-6)
    assert found[1:].tolist() == [[0, 0, 0], [0, 0, 0]]
    assert found[0, 2] == 0


def test_bm25_of_nothing_scores_nothing() -> None:
    assert BM25([]).scores([["a"]]).shape == (1, 0)
    assert BM25([[]]).scores([["a"]]).tolist() == [[0]]


def test_shares_of_belief_add_up_to_one_and_follow_the_scores() -> None:
    found = shares(np.array([[0.1, 0.5, 0.4]], np.float32))
    assert found.argsort().tolist() == [[0, 2, 1]]
    assert found.sum() == pytest.approx(1)


def test_unit_leaves_a_vector_of_zeros_alone() -> None:
    assert unit(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]


def test_stems_keep_the_order_and_repeat() -> None:
    assert stems("Panning, pans; moves") == ["pan", "pan", "mov"]


def test_confidence_grows_with_the_lead_over_the_field() -> None:
    field = [0.4] * 50
    level, some, clear = (confidence([best, *field]) for best in (0.4, 0.55, 0.8))
    assert 0.05 < level < some < 0.5 < clear < 1
    assert confidence([0.4]) == level
