"""The files that annotations are about: found by name in one folder, decoded in the child, never outside either."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from momentidx.config import Settings
from momentidx.errors import UnusableFootage, WrongUse
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.identity import fingerprint
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.training.samples import Picture, Pictures, Vectors

STILLS = {".jpg", ".jpeg", ".png", ".webp"}
VECTORS = {".npy", ".safetensors"}


class Film:
    """A stretch of a video file; see `Pictures`."""

    def __init__(self, path: Path, media: Media, start: float = 0.0, end: float | None = None) -> None:
        """Seconds since the first picture; to the end of the file without `end`."""
        self.path, self._media, self.start, self._end = path, media, start, end

    @cached_property
    def footage(self) -> Footage:
        """Raises UnusableFootage."""
        return probe(self.path, self._media.decoder)

    @property
    def duration(self) -> float:
        return (float(self.footage.duration) if self._end is None else self._end) - self.start

    @property
    def key(self) -> str:
        return f"{self.footage.fingerprint} {self.start:.6f} {self.duration:.6f} {self._media.width}"

    @property
    def rate(self) -> float:
        return float(self.footage.rate)

    @cached_property
    def _source(self) -> Source:
        return Source(self.path, self.footage, self._media.decoder, self._media.settings)

    def at(self, seconds: Sequence[float]) -> list[Picture]:
        span = self.footage.span
        pts = [span.start + int((self.start + time) / span.base) for time in seconds]
        return list(self._source.at([min(time, span.end - 1) for time in pts], width=self._media.width).images)


class Still:
    """One picture in a file; see `Pictures`."""

    rate = 1.0

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def key(self) -> str:
        return fingerprint(self.path)

    def at(self, seconds: Sequence[float]) -> list[Picture]:
        try:
            with Image.open(self.path, formats=("JPEG", "PNG", "WEBP")) as image:
                picture = np.asarray(image.convert("RGB"), np.uint8)
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
            raise UnusableFootage("not-media", f"{self.path} cannot be read as a picture: {error}.") from error
        return [picture] * len(seconds)


class Media:
    """A folder of videos, pictures, or vectors that somebody computed from them."""

    def __init__(self, root: Path, decoder: Decoder, settings: Settings, width: int) -> None:
        """`width` is that of the longer side of the pictures that encoders are given."""
        self.root, self.decoder, self.settings, self.width = root, decoder, settings, width

    @cached_property
    def _names(self) -> dict[str, Path]:
        """Files by their path below the folder, by their name, and by that without its ending."""
        if not self.root.is_dir():
            raise WrongUse(f"{self.root} is no folder of videos, pictures or vectors. Say another with --media.")
        found: dict[str, Path] = {}
        root = self.root.resolve()
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.resolve().is_relative_to(root):
                for name in (str(path.relative_to(root)), str(path), path.name, path.stem):
                    found.setdefault(name, path)
        return found

    def find(self, name: str, start: float = 0.0, end: float | None = None) -> Pictures | Vectors:
        """Raises UnusableFootage for a name that no file below the folder has."""
        path = self._names.get(name) or self._names.get(Path(name).stem)
        if path is None:
            raise UnusableFootage("missing", f"There is no file '{name}' in {self.root}.")
        if path.suffix.lower() in VECTORS:
            return Vectors(path)
        return Still(path) if path.suffix.lower() in STILLS else Film(path, self, start, end)

    def duration(self, name: str) -> float:
        """Seconds of a whole file. Raises UnusableFootage when it is no video that can be opened."""
        found = self.find(name)
        if not isinstance(found, Film):
            raise UnusableFootage("no-video", f"{name}: its length is needed, and only a video tells it.")
        return found.duration
