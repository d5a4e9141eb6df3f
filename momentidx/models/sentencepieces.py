"""Llama's first tokenizer, as the seeds used it: every piece of text gets a blank before it.

Current transformers read the same file but leave that blank out when the text begins with one, which
moves tokens. Here the vocabulary and the merges are taken from the sentencepiece model, and the blank
is always put: the "legacy" behaviour, in a fast tokenizer that any transformers loads.
"""

from __future__ import annotations

from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, normalizers
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from momentidx.errors import MomentidxError

BLANK = "▁"


def llama_tokenizer(model: Path, legacy: bool = True) -> PreTrainedTokenizerFast:
    """From a tokenizer.model. Without `legacy`, no blank is put: callers put one before the first piece only."""
    try:
        read = sentencepiece.SentencePieceProcessor(model_file=str(model))
    except (OSError, RuntimeError) as error:
        raise MomentidxError(f"{model} is not a sentencepiece model: {error}.") from error
    vocabulary = {read.id_to_piece(number): number for number in range(len(read))}
    scores = {piece: read.get_score(number) for piece, number in vocabulary.items()}
    tokenizer = Tokenizer(
        BPE(vocabulary, _merges(vocabulary, scores), unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    put = [normalizers.Prepend(BLANK)] if legacy else []
    tokenizer.normalizer = normalizers.Sequence([*put, normalizers.Replace(" ", BLANK)])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in ("<unk>", "<s>", "</s>")]
    )
    tokenizer.post_processor = TemplateProcessing("<s> $A", "<s> $A <s> $B", [("<s>", vocabulary["<s>"])])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<unk>",
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


def _merges(vocabulary: dict[str, int], scores: dict[str, float]) -> list[tuple[str, str]]:
    """All ways to put a piece together from two others, the best piece first."""
    found = []
    for piece in vocabulary:
        pairs = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        known = [(left, right) for left, right in pairs if left in vocabulary and right in vocabulary]
        found += [(piece, pair) for pair in sorted(known, key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))]
    return [pair for _, pair in sorted(found, key=lambda each: scores[each[0]], reverse=True)]
