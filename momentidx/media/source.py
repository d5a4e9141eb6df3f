"""One footage's pictures, as captioners and commands read them: the front of the decoding child."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from momentidx.footage import Footage
from momentidx.media.frames import Frames, Signals, Sound
from momentidx.media.requests import Batch, Found, Limits, Wanted
from momentidx.media.stills import Sprite, Still, inside, poster
from momentidx.times import Span

if TYPE_CHECKING:  # the child imports this module too, and has no use for these
    from momentidx.config import Settings
    from momentidx.media.child import Decoder

T = TypeVar("T")

_SPRITE_COLUMNS, _SPRITE_TILES, _SPRITE_TILE_WIDTH = 10, 100, 160


class Source:
    """The pictures of one footage (see `FrameSource`), and stills of it.

    What a pass found is kept, so that one pass serves everybody who asks afterwards.
    """

    def __init__(self, path: Path, footage: Footage, decoder: Decoder, settings: Settings) -> None:
        self._path, self._footage, self._decoder = path.absolute(), footage, decoder
        self._limits = Limits.of(settings)
        self._seconds = settings.decode_base_seconds + settings.decode_seconds_per_second * float(footage.duration)
        self._seen: tuple[Signals, Found] | None = None
        self._borders: tuple[int, ...] | None = None

    def watch(self, *, per_second: Fraction | int, width: int) -> Iterator[Frames]:
        """The footage from start to end; see `FrameSource.watch`."""
        with closing(self._pass(Wanted(Fraction(per_second), width))) as batches:
            for batch in batches:
                if len(batch.frames):
                    yield batch.frames

    def at(self, pts: Sequence[int], *, width: int) -> Frames:
        """The pictures shown at these times, in the order asked, with their true timestamps."""
        asked = [int(time) for time in pts]
        return self._run(_exact, self._path, self._footage, asked, width, self._limits)

    def sound(self, *, rate: int) -> Iterator[Sound]:
        """The first sound track; see `FrameSource.sound`."""
        stream = self._decoder.stream(_sound, self._path, self._footage, rate, file=self._path, seconds=self._seconds)
        with closing(stream):
            yield from stream

    def png(self, pts: int) -> bytes:
        """The picture shown at this time as PNG, in its own size (square pixels, 8 bits)."""
        return self._run(_png, self._path, self._footage, pts, self._limits)

    @property
    def shots(self) -> Sequence[Span]:
        """The shots: they touch, and together cover the footage's span.

        Before a pass they are looked for by themselves, in fewer pictures; for what may differ then,
        see `momentidx.media.passes.borders`.
        """
        if self._borders is None:
            self._borders = self._run(_borders, self._path, self._footage, self._limits)
        return spans(self._footage.span, self._borders)

    @property
    def signals(self) -> Signals:
        return self._everything[0]

    def still(self, span: Span) -> bytes:
        """A JPEG of a picture inside the span, near its middle."""
        return self.stills([span])[0]

    def stills(self, spans: Sequence[Span]) -> list[bytes]:
        """A JPEG for each span. Decodes pictures only for spans in which the pass kept none."""
        kept = [inside(self._found.stills, span) for span in spans]
        decoded = iter(self.middles([span for span, still in zip(spans, kept, strict=True) if still is None]))
        return [still.jpeg if still else next(decoded) for still in kept]

    def middles(self, spans: Sequence[Span]) -> list[bytes]:
        """A JPEG of the very middle of each span. Needs no pass, and decodes nothing else."""
        times = [(span.start + span.end) // 2 for span in spans]
        found = self._run(_exact_stills, self._path, self._footage, times, self._limits) if times else []
        return [still.jpeg for still in found]

    def poster(self) -> bytes:
        """A JPEG that stands for the whole footage."""
        return poster(self._found.stills, self._footage.span).jpeg

    def sprite(self) -> Sprite:
        """A strip of at most a hundred small pictures for hover scrubbing."""
        stills = self._found.stills
        some = [stills[int(i)] for i in np.linspace(0, len(stills) - 1, min(len(stills), _SPRITE_TILES))]
        return self._run(_sprite, some)

    @property
    def _found(self) -> Found:
        return self._everything[1]

    @property
    def _everything(self) -> tuple[Signals, Found]:
        if self._seen is None:
            for _ in self._pass(None):
                pass
        assert self._seen is not None
        return self._seen

    def _pass(self, wanted: Wanted | None) -> Generator[Batch, None, None]:
        parts: list[Signals] = []
        stream = self._decoder.stream(
            _watch, self._path, self._footage, wanted, self._limits, file=self._path, seconds=self._seconds
        )
        with closing(stream):
            for item in stream:
                if isinstance(item, Found):
                    self._seen, self._borders = (_joined(parts), item), item.borders
                else:
                    parts.append(item.signals)
                    yield item

    def _run(self, task: Callable[..., T], *args: object) -> T:
        return self._decoder.run(task, *args, file=self._path, seconds=self._seconds)


def spans(footage: Span, borders: Iterable[int]) -> tuple[Span, ...]:
    """The shots between borders; they touch, and together cover the footage."""
    edges = [footage.start, *(border for border in borders if footage.start < border < footage.end), footage.end]
    return tuple(Span(start, end, footage.base) for start, end in pairwise(edges))


def _joined(parts: Sequence[Signals]) -> Signals:
    return Signals(*(np.concatenate([getattr(part, name) for part in parts]) for name in Signals.__slots__))


# The tasks of the child. Their modules load FFmpeg and OpenCV, which belongs there and not here.


def _watch(path: Path, footage: Footage, wanted: Wanted | None, limits: Limits) -> Iterator[Batch | Found]:
    from momentidx.media.passes import watch

    return watch(path, footage, wanted, limits)


def _borders(path: Path, footage: Footage, limits: Limits) -> tuple[int, ...]:
    from momentidx.media.passes import borders

    return borders(path, footage, limits)


def _exact(path: Path, footage: Footage, times: Sequence[int], width: int, limits: Limits) -> Frames:
    from momentidx.media.exact import exact

    return exact(path, footage, times, width, limits)


def _exact_stills(path: Path, footage: Footage, times: Sequence[int], limits: Limits) -> list[Still]:
    from momentidx.media.exact import exact
    from momentidx.media.jpeg import encoded

    frames = exact(path, footage, times, limits.still_width, limits)
    return [Still(int(pts), encoded(image)) for pts, image in zip(frames.pts, frames.images, strict=True)]


def _sound(path: Path, footage: Footage, rate: int) -> Iterator[Sound]:
    from momentidx.media.sound import sound

    return sound(path, footage, rate)


def _png(path: Path, footage: Footage, time: int, limits: Limits) -> bytes:
    from momentidx.media.exact import exact
    from momentidx.media.jpeg import lossless

    video = footage.video
    full = max(video.height, math.ceil(video.width * video.sample_aspect))
    return lossless(exact(path, footage, [time], full, limits).images[0])


def _sprite(stills: Sequence[Still]) -> Sprite:
    from momentidx.media.jpeg import sprite

    return sprite(stills, _SPRITE_COLUMNS, _SPRITE_TILE_WIDTH)
