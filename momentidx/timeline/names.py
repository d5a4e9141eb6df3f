"""What a timeline calls things: the URL of a media file, and text that survives being written.

File names and captions come from cards, people and models, so they can hold anything. OpenTimelineIO
0.18.1 cuts a string at NUL and refuses a lone surrogate (which is how Python spells a file name that
is not UTF-8), and the XML formats have no way to write control characters at all.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from opentimelineio.schema import Clip, ExternalReference

# Outside `Char` of XML 1.0 §2.2, and DEL, which no reader shows.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def media_url(path: Path) -> str:
    """The `file://` URL of a file, every byte of its name kept.

    Whatever is not plain ASCII is percent-encoded byte by byte, so that names which are not UTF-8
    come through as well. Never `otio.url_utils`: it does not encode, and it is gone from OTIO's main.
    """
    return path.absolute().as_uri()


def media_path(url: str) -> Path:
    """The file that a `target_url` means: a `file:` URL is decoded, anything else is a bare path.

    A bare path is taken as it stands, because `#` and `%20` are ordinary characters in it.
    """
    if not url.startswith("file:"):
        return Path(url)
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))


def clip_file(clip: Clip) -> Path | None:
    """The file that a clip plays, or None when it names none."""
    reference = clip.media_reference
    if not isinstance(reference, ExternalReference) or not reference.target_url:
        return None
    return media_path(reference.target_url)


def safe_text(text: str) -> str:
    """Text with every character that a timeline file cannot carry shown as U+FFFD."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str, longest: int | None = None) -> str:
    """Safe text for a name: on one line, and cut with an ellipsis when longer than asked."""
    line = " ".join(safe_text(text).split())
    return line if longest is None or len(line) <= longest else line[: longest - 1].rstrip() + "…"
