"""Identity: a footage is recognised by its bytes, not by its name or place.

The fingerprint covers the size and samples of the content, so that it costs the same for a phone
clip and for an hour of camera original. Two different recordings of one size differ nearly
everywhere, so samples tell them apart; a hand-made change between the samples goes unnoticed, which
is why this is an identity and not a proof of integrity.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from momentidx.media.files import open_media, unreadable

_WHOLE = 4 << 20
"""Files up to this size are read from end to end."""
_BLOCK = 64 << 10
_BLOCKS = 24
"""Larger ones: this many blocks at even distances, the first at the head and the last at the tail."""


def fingerprint(path: Path) -> str:
    """32 hexadecimal digits that stand for the content. Raises UnusableFootage when it cannot be read."""
    with open_media(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            digest = blake2b(size.to_bytes(8, "little"), digest_size=16, person=b"momentidx-1")
            for start, length in _samples(size):
                block = os.pread(file.fileno(), length, start)
                if len(block) != length:
                    raise OSError("it was cut while it was read")
                digest.update(block)
        except OSError as error:
            raise unreadable(path, error) from error
    return digest.hexdigest()


def _samples(size: int) -> list[tuple[int, int]]:
    """(start, length) of the pieces that are read."""
    if size <= _WHOLE:
        return [(start, min(_BLOCK, size - start)) for start in range(0, size, _BLOCK)]
    return [((size - _BLOCK) * number // (_BLOCKS - 1), _BLOCK) for number in range(_BLOCKS)]
