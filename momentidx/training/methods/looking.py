"""What all encoders share: the pictures of a sample at a sampler's places, and vectors that others computed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from momentidx.errors import MomentidxError
from momentidx.models.clip import ClipFrames, Look
from momentidx.models.sampling import Sample as Places
from momentidx.training.samples import Pictures, Sample, Vectors

Sampler = Callable[[int, float], Places]
AT_ONCE = 32
"""Pictures that an encoder takes together."""


def looked_at(sample: Sample, sampler: Sampler) -> tuple[list[np.ndarray], list[int]]:
    """The pictures, each once, and for each place of the sampler which of them it is."""
    pictures = sample.pictures
    assert isinstance(pictures, Pictures)
    rate = pictures.rate
    indices = sampler(max(round(sample.duration * rate), 1), rate).indices if sample.duration else (0,)
    each = sorted(set(indices))
    # In the middle of a picture's time, where no rounding turns it into its neighbour.
    seen = pictures.at([(index + 0.5) / rate if sample.duration else 0.0 for index in each])
    return list(seen), [each.index(index) for index in indices]


@torch.inference_mode()
def in_parts(network: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """A frozen encoder over many pictures, some at a time."""
    return torch.cat([network(part) for part in pictures.split(AT_ONCE)])


def vectors(source: Vectors, counts: Sequence[int], width: int) -> Tensor:
    """(F, width) from a file, F one of `counts`. Raises MomentidxError for anything else; no program is run."""
    try:
        if source.path.suffix == ".npy":
            found = torch.from_numpy(np.load(source.path, allow_pickle=False).astype(np.float32))
        else:
            (found,) = load_file(source.path).values()
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise MomentidxError(f"{source.path} cannot be read as vectors: {error}.") from error
    found = found[None] if found.ndim == 1 else found
    if found.ndim != 2 or len(found) not in counts or found.shape[1] != width:
        raise MomentidxError(
            f"{source.path} holds {'x'.join(map(str, found.shape))} numbers; "
            f"{' or '.join(map(str, counts))} vectors of {width} were expected."
        )
    if not found.isfinite().all():
        raise MomentidxError(f"{source.path} holds numbers that are none (NaN or infinite).")
    return found


def eyes_of(encoder: Path, look: Look, device: torch.device) -> ClipFrames:
    return ClipFrames.load(look, encoder).to(device)


def key_of(*told: object, files: Sequence[Path]) -> str:
    """For encoders: their files and how they are used."""
    digest = hashlib.sha256(repr(told).encode())
    for path in files:
        with path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())
