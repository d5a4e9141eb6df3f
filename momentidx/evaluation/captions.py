"""Captions against several references each: BLEU, METEOR, ROUGE-L and CIDEr as COCO captions are scored
(Chen et al., Microsoft COCO Captions, arXiv 1504.00325, section 3), between 0 and 1, CIDEr up to 10.

BLEU and METEOR are those of the whole corpus, ROUGE-L and CIDEr means over captions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from momentidx.errors import WrongUse
from momentidx.evaluation.reading import Record, items, name, read_object, record, text, texts
from momentidx.evaluation.text import Pair, bleu, cider, meteor, rouge, tokenised


def read_captions(path: Path) -> dict[str, list[str]]:
    """Captions by picture: `{"id": "caption" or [captions]}`, COCO results `[{"image_id": ..., "caption": ...}]`, or
    COCO annotations `{"annotations": [...]}`. Raises WrongUse."""
    content = read_object(path)
    if isinstance(content, dict) and "annotations" in content:
        content = record(path, "the document", content).take("annotations", items)
    found: dict[str, list[str]] = {}
    if isinstance(content, list):
        for place, each in enumerate(content, start=1):
            row = record(path, f"entry {place}", each)
            found.setdefault(row.take("image_id", name), []).append(row.take("caption", text))
        return found
    row = record(path, "the document", content)
    return {picture: row.take(picture, _one_or_more) for picture in row.content}


def read_cases(path: Path, field: str) -> dict[str, list[str]]:
    """As `read_captions`; a file with both sides has them below 'predictions' and 'references'."""
    content = read_object(path)
    if isinstance(content, dict) and field in content:
        row = Record(path, field, record(path, field, content[field]).content)
        return {picture: row.take(picture, _one_or_more) for picture in row.content}
    return read_captions(path)


def _one_or_more(value: Any) -> list[str]:
    """a caption or a list of captions"""
    found = [value] if isinstance(value, str) else texts(value)
    if not found:
        raise ValueError
    return found


def figures(references: Mapping[str, Sequence[str]], captions: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """All pictures with references need one caption. Raises WrongUse, TextMetricsMissing."""
    for picture in references:
        if len(captions.get(picture, ())) != 1:
            raise WrongUse(f"The prediction has {len(captions.get(picture, ()))} captions for '{picture}', not one.")
    words = tokenised(
        sentence for side in (references, captions) for picture in references for sentence in side[picture]
    )
    pairs = [
        Pair(words[captions[picture][0]], tuple(words[each] for each in told)) for picture, told in references.items()
    ]
    with meteor() as program:
        of_all, _ = program.score(pairs)
    return {
        **{f"Bleu_{order}": value for order, value in enumerate(bleu(pairs)[0], start=1)},
        "METEOR": of_all,
        "ROUGE_L": fmean(rouge(pairs)),
        "CIDEr": fmean(cider(pairs)),
    }
