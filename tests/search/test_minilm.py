"""The built-in embedder: the original's vectors, the original's files only."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from momentidx.errors import MomentidxError
from momentidx.hooks import choose
from momentidx.search import minilm
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.protocol import Embedder

SENTENCES = [
    "",
    "   ",
    "a",
    "A static shot of a bright room.",
    "The camera pans slowly to the left, then the picture fades to black.",
    "a woman opens a letter " * 20,
    "then " * 253 + "the red door",  # "the" is the last of 256 tokens that are read
    "a word " * 2000,
    "Überblendung: Straße bei Nacht, Kran fährt hoch",
    "Ein Café in Malmö; 東京の夜景; дождь за окном; غروب الشمس",
    "🎬🎥",
    "tab\tnewline\nnul\0bell\a",
    "e\u0301 and \u00e9 are the same letter",
    "x" * 300,
    "STATIC SHOT, A BRIGHT ROOM!",
    "[CLS] [SEP] [MASK] [PAD] [UNK]",
    "A static shot of a bright room.",
]


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder(installed_weights())


@pytest.fixture
def copied_weights(tmp_path: Path) -> Path:
    for name in minilm.SHA256:
        shutil.copy(installed_weights() / name, tmp_path)
    return tmp_path


def test_the_vectors_are_those_of_sentence_transformers(embedder: MiniLMEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    original = SentenceTransformer(str(installed_weights()), device="cpu", local_files_only=True)
    expected = original.encode(SENTENCES, batch_size=5)
    found = embedder.embed(SENTENCES)
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs((found * expected).sum(axis=1) - 1).max() < 1e-5


def test_a_few_sentences_are_embedded_without_torch_to_the_same_vectors(embedder: MiniLMEmbedder) -> None:
    many = embedder.embed(SENTENCES)
    few = np.concatenate([embedder._few(embedder._read([sentence])) for sentence in SENTENCES])
    assert np.abs(few - many).max() < 1e-5
    assert np.abs((few * many).sum(axis=1) - 1).max() < 1e-6


def test_a_query_loads_no_torch() -> None:
    program = (
        "import sys\nfrom momentidx.search.minilm import *\n"
        "MiniLMEmbedder(installed_weights()).embed(['a red door', 'a dog'])\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_what_follows_256_tokens_is_not_read(embedder: MiniLMEmbedder) -> None:
    full = "then " * 254  # with the two marks around it, 256 tokens
    same, longer, shorter = embedder.embed([full, full + "the red door", full[5:]])
    assert np.array_equal(same, longer)
    assert not np.array_equal(same, shorter)


def test_vectors_have_length_one_and_the_declared_form(embedder: MiniLMEmbedder) -> None:
    vectors = embedder.embed(SENTENCES)
    assert vectors.shape == (len(SENTENCES), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6


def test_no_sentences_give_no_vectors(embedder: MiniLMEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_equal_sentences_give_equal_vectors_in_the_order_asked(embedder: MiniLMEmbedder) -> None:
    first, other, again = embedder.embed(["a red door", "a blue boat", "a red door"])
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_company_of_a_sentence_hardly_changes_its_vector(embedder: MiniLMEmbedder) -> None:
    alone = np.concatenate([embedder.embed([sentence]) for sentence in SENTENCES])
    assert np.abs(embedder.embed(SENTENCES) - alone).max() < 1e-5


def test_the_same_call_gives_the_same_bits(embedder: MiniLMEmbedder) -> None:
    assert np.array_equal(embedder.embed(SENTENCES), MiniLMEmbedder(installed_weights()).embed(SENTENCES))


def test_half_surrogate_pairs_are_read_as_question_marks(embedder: MiniLMEmbedder) -> None:
    odd, plain = embedder.embed(["clip \udce4.mov", "clip ?.mov"])
    assert np.array_equal(odd, plain)


def test_the_settings_name_finds_it() -> None:
    from momentidx.config import Settings

    embedder = choose("embedders", "minilm").make(Settings())
    assert isinstance(embedder, Embedder)
    assert (embedder.name, embedder.version, embedder.dimension) == ("minilm", "1-53aa51172d14", 384)


@pytest.mark.parametrize("name", minilm.SHA256)
def test_a_changed_file_is_refused(copied_weights: Path, name: str) -> None:
    file = copied_weights / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(MomentidxError, match=rf"{name}: this is not the original file .*force-reinstall"):
        MiniLMEmbedder(copied_weights).embed(["a red door"])


@pytest.mark.parametrize("name", minilm.SHA256)
def test_a_missing_file_is_named(copied_weights: Path, name: str) -> None:
    (copied_weights / name).unlink()
    with pytest.raises(MomentidxError, match=rf"{name}: the sentence model cannot be read: No such file"):
        MiniLMEmbedder(copied_weights).embed(["a red door"])


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "gt-no-such-weights")
    with pytest.raises(MomentidxError, match="gt-no-such-weights is not installed"):
        installed_weights()
