"""What a request must read from the footage itself: in the decoding child, one request after the other, and kept."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from momentidx.config import Settings
from momentidx.errors import UnusableFootage
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.files import unreadable
from momentidx.media.identity import fingerprint
from momentidx.media.source import Source
from momentidx.times import Span

T = TypeVar("T")

MOST_KEPT = 32


class Looker:
    """Looks at footage for requests. Its methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._contents, self._looks = _Kept(), _Kept()

    def is_still(self, footage: Footage, path: Path) -> SeenFile:
        """The file at a path, which still holds the footage. Raises UnusableFootage when it does not."""
        try:
            seen = SeenFile.of(path)
        except OSError as error:
            raise unreadable(path, error) from error
        if self._contents.once(seen, lambda: fingerprint(path)) != footage.fingerprint:
            raise UnusableFootage("changed", f"{path}: the file was changed since it was indexed. Index it again.")
        return seen

    def times(self, footage: Footage, path: Path) -> Sequence[int]:
        """When each picture is shown, ascending, in the footage's time base."""
        return self._looked("times", footage, path, lambda source: array("q", source.times()))

    def middle(self, footage: Footage, path: Path, span: Span) -> bytes:
        """A JPEG of the very middle of a stretch."""
        return self._looked(span, footage, path, lambda source: source.middles([span])[0])

    def _looked(self, at: Hashable, footage: Footage, path: Path, look: Callable[[Source], T]) -> T:
        self.is_still(footage, path)

        def looked() -> T:
            with Decoder(self._settings) as decoder:
                return look(Source(path, footage, decoder, self._settings))

        return self._looks.once((footage.fingerprint, at), looked)


class _Kept:
    """The latest answers; one at a time is looked for."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._found: OrderedDict[Hashable, Any] = OrderedDict()

    def once(self, key: Hashable, find: Callable[[], T]) -> T:
        with self._turn:
            if key not in self._found:
                self._found[key] = find()
            self._found.move_to_end(key)
            if len(self._found) > MOST_KEPT:
                self._found.popitem(last=False)
            found: T = self._found[key]
            return found
