"""How much a sentence says the same as others: BLEU, METEOR, ROUGE-L, CIDEr, as COCO captions are scored.

The programs are those that the field compares with, from the package `pycocoevalcap` (the extra `eval`): the Penn
Treebank tokeniser and METEOR 1.5 (Denkowski and Lavie, WMT 2014) are Java programs in it, BLEU-1 to 4 (Papineni et
al., ACL 2002), ROUGE-L (Lin, 2004) and CIDEr-D (Vedantam et al., arXiv 1411.5726) are Python. The Java programs are
started here, not by the package: it writes into its own folder and leaves processes behind.

A pair is a predicted sentence and its references, tokenised.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from momentidx.errors import MomentidxError

PUNCTUATION = frozenset("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split())
"""Tokens that COCO's evaluation takes out."""
JAVA = ("java", "-Dfile.encoding=UTF-8", "-Duser.language=en", "-Duser.country=US")
TOKENISER = ("tokenizer", "stanford-corenlp-3.4.1.jar")
METEOR = ("meteor", "meteor-1.5.jar")
BLEU_ORDERS = 4


class TextMetricsMissing(MomentidxError):
    """The package `pycocoevalcap` or Java is not installed."""


@dataclass(frozen=True, slots=True)
class Pair:
    said: str
    references: tuple[str, ...]


def missing() -> str | None:
    """What keeps the text metrics from running here, as a sentence; None when nothing does."""
    if importlib.util.find_spec("pycocoevalcap") is None:
        return "Text metrics need the package pycocoevalcap: pip install 'momentidx[eval]'."
    if shutil.which(JAVA[0]) is None:
        return "Text metrics need Java (the tokeniser and METEOR are Java programs): apt install default-jre-headless."
    return None


def tokenised(sentences: Iterable[str]) -> dict[str, str]:
    """By sentence: lower case, Penn Treebank tokens with a space between, without punctuation.

    Raises TextMetricsMissing, or MomentidxError when the tokeniser fails.
    """
    distinct = list(dict.fromkeys(sentences))
    jar = _jar(TOKENISER)
    command = [*JAVA, "-cp", str(jar), "edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase"]
    lines = "".join(" ".join(sentence.split()) + "\n" for sentence in distinct)
    done = subprocess.run(
        [*command, "-encoding", "utf8"], input=lines, capture_output=True, encoding="utf-8", check=False
    )
    told = done.stdout.split("\n")[:-1]
    if done.returncode or len(told) != len(distinct):
        raise MomentidxError(f"The tokeniser gave {len(told)} lines for {len(distinct)}: {done.stderr.strip()[-300:]}")
    kept = [" ".join(word for word in line.split() if word not in PUNCTUATION) for line in told]
    return dict(zip(distinct, kept, strict=True))


class Meteor:
    """The running METEOR 1.5 program. Its score depends on which of two sentences is the reference."""

    def __init__(self, tell: IO[str], hear: IO[str]) -> None:
        self._tell, self._hear = tell, hear

    def score(self, pairs: Sequence[Pair]) -> tuple[float, list[float]]:
        """Of all pairs together (of their summed counts, no mean), and of each."""
        counts = [self._ask("SCORE", *pair.references, pair.said) for pair in pairs]
        each = [float(self._ask("EVAL", *counts)), *(float(self._line()) for _ in counts)]
        return each[-1], each[:-1]

    def _ask(self, *fields: str) -> str:
        self._tell.write(" ||| ".join(field.replace("|||", " ") for field in fields) + "\n")
        self._tell.flush()
        return self._line()

    def _line(self) -> str:
        line = self._hear.readline().strip()
        if not line:
            raise MomentidxError("METEOR stopped without an answer; it needs 2 GB of memory.")
        return line


@contextmanager
def meteor() -> Iterator[Meteor]:
    """Starts it (about two seconds) and ends it. Raises TextMetricsMissing."""
    jar = _jar(METEOR)
    command = [*JAVA, "-Xmx2G", "-jar", str(jar), "-", "-", "-stdio", "-l", "en", "-norm"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Meteor(process.stdin, process.stdout)
        finally:
            process.kill()


def bleu(pairs: Sequence[Pair]) -> tuple[list[float], list[list[float]]]:
    """BLEU-1 to 4 of the whole corpus, and of each pair ([order][pair]); brevity against the closest reference."""
    from pycocoevalcap.bleu.bleu import Bleu

    corpus, each = Bleu(BLEU_ORDERS).compute_score(*_coco(pairs), verbose=0)
    return [float(value) for value in corpus], [[float(value) for value in order] for order in each]


def rouge(pairs: Sequence[Pair]) -> list[float]:
    """ROUGE-L of each pair, beta 1.2."""
    from pycocoevalcap.rouge.rouge import Rouge

    return [float(value) for value in Rouge().compute_score(*_coco(pairs))[1]]


def cider(pairs: Sequence[Pair]) -> list[float]:
    """CIDEr-D of each pair, 0 to 10; how rare a word is, is counted in the references of these pairs."""
    from pycocoevalcap.cider.cider import Cider

    return [float(value) for value in Cider().compute_score(*_coco(pairs))[1]]


def _coco(pairs: Sequence[Pair]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """References and predictions by number, as the package takes them."""
    return {n: list(pair.references) for n, pair in enumerate(pairs)}, {n: [pair.said] for n, pair in enumerate(pairs)}


def _jar(place: tuple[str, ...]) -> Path:
    why = missing()
    if why is not None:
        raise TextMetricsMissing(why)
    spec = importlib.util.find_spec("pycocoevalcap")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*place)
