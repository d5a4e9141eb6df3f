"""What the frozen encoders see, computed once and kept: one safetensors file for each clip, under its encoder's key."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from momentidx.errors import MomentidxError, UnusableFootage
from momentidx.training.method import Eyes, Seen
from momentidx.training.samples import Sample, Vectors


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A sample that nothing can be seen of."""

    name: str
    reason: str


class Features:
    """A folder of what one method's eyes saw."""

    def __init__(self, folder: Path, eyes: Eyes) -> None:
        self.folder, self._eyes = folder, eyes

    def place(self, sample: Sample) -> Path:
        """Where it is kept. Raises UnusableFootage for a file that cannot even be opened."""
        told = hashlib.sha256(f"{sample.pictures.key} {sample.duration!r}".encode()).hexdigest()
        return self.folder / self._eyes.key / told[:2] / f"{told}.safetensors"

    def look(
        self, samples: Sequence[Sample], tell: Callable[[Sample], None] = lambda _: None
    ) -> list[Unreadable]:  # fmt: skip
        """See to it that each is kept; what is there is not computed again. Those that cannot be read are returned."""
        unreadable = []
        for sample in samples:
            try:
                if not isinstance(sample.pictures, Vectors) and not (place := self.place(sample)).exists():
                    _keep(self._eyes.look(sample), place)
            except UnusableFootage as error:
                unreadable.append(Unreadable(sample.name, str(error)))
            tell(sample)
        return unreadable

    def of(self, sample: Sample) -> Seen:
        """What was seen. Raises MomentidxError when it is missing or damaged."""
        if isinstance(sample.pictures, Vectors):
            return self._eyes.look(sample)
        place = self.place(sample)
        try:
            return load_file(place)
        except (OSError, SafetensorError) as error:
            raise MomentidxError(f"{place} cannot be read ({error}). Remove it; it will be computed again.") from error


def _keep(seen: Seen, place: Path) -> None:
    small = {name: tensor.to(torch.float16).contiguous() for name, tensor in seen.items()}
    endless = [name for name, tensor in small.items() if not tensor.isfinite().all()]
    if endless:
        raise MomentidxError(f"{place}: the encoder saw numbers that are none in {', '.join(endless)}.")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".part", delete=False) as part:
            pass
        try:
            save_file(small, part.name)
            Path(part.name).replace(place)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    except (OSError, SafetensorError) as error:
        raise MomentidxError(f"{place} cannot be written: {error}.") from error
