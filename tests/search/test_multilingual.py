"""The embedder for other languages: the vectors of sentence-transformers on a model in the hub's form, made here.

The published weights are too large for a test; they have the same form with other sizes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from momentidx.config import Settings
from momentidx.errors import MomentidxError
from momentidx.hooks import choose
from momentidx.models import store as stores
from momentidx.models.store import Store
from momentidx.search.multilingual import MultilingualEmbedder
from momentidx.search.protocol import Embedder
from tests.search import toy

SENTENCES = [
    "", "   ", "a", "Ein Hund rennt.", "A dog runs.", "犬 走る", "Женщина открывает письмо!", "غروب الشمس", "東京の 🎬",
    "eine Frau öffnet die Tür " * 12, "a red door " * 200, "e\u0301 é", "<s> </s> <mask> <pad>", "A dog runs.",
]  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy.make(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def store(hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with the toy installed."""
    toy.pin(hub, monkeypatch)
    store = Store(tmp_path)
    store.add_from(hub)
    return store


@pytest.mark.slow
def test_the_vectors_are_those_of_sentence_transformers(store: Store, hub: Path) -> None:
    from sentence_transformers import SentenceTransformer

    original = SentenceTransformer(str(hub), device="cpu", local_files_only=True)
    expected = original.encode(SENTENCES, batch_size=5, normalize_embeddings=True)
    assert np.abs(MultilingualEmbedder(store).embed(SENTENCES) - expected).max() < 1e-5


def test_a_question_has_the_vector_that_it_has_among_many(store: Store) -> None:
    embedder = MultilingualEmbedder(store)
    many = embedder.embed(SENTENCES)
    few = np.concatenate([embedder._few(embedder._read([sentence])) for sentence in SENTENCES])
    assert many.shape == (len(SENTENCES), embedder.dimension)
    assert np.abs(few - many).max() < 1e-5


def test_a_sentence_and_its_translations_have_one_vector(store: Store) -> None:
    english, german, other = MultilingualEmbedder(store).embed(["a dog runs", "Ein Hund rennt", "a red door"])
    assert english @ german == pytest.approx(1, abs=1e-6)
    assert english @ other < 0.7


def test_the_settings_name_finds_it_with_a_version_of_its_weights(store: Store) -> None:
    embedder = choose("embedders", "multilingual").make(Settings(models_folder=store.folder))
    assert isinstance(embedder, Embedder)
    weights = stores.MODELS["multilingual"].files[0].sha256
    assert (embedder.name, embedder.version, embedder.dimension) == ("multilingual", f"1-{weights[:12]}", 384)


def test_without_its_files_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(MomentidxError, match=r"'multilingual' is not installed\. Run 'momentidx models pull multiling"):
        choose("embedders", "multilingual").make(Settings(models_folder=tmp_path))


def test_a_file_that_changed_is_refused_by_name(store: Store) -> None:
    place = store.folder / "multilingual" / "model.safetensors"
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)
    with pytest.raises(MomentidxError, match=r"model\.safetensors is not the file that it should be"):
        MultilingualEmbedder(store).embed(["ein Hund"])
