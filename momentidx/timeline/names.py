"""What a timeline calls things: the URL of a media file, and text that survives being written.

File names and captions come from cards, people and models, so they can hold anything. OpenTimelineIO
0.18.1 cuts a string at NUL and refuses a lone surrogate (which is how Python spells a file name that
is not UTF-8), and the XML formats have no way to write control characters at all.
"""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache
from pathlib import Path, PurePath
from urllib.parse import unquote_to_bytes, urlsplit

from opentimelineio.schema import Clip, ExternalReference

# Outside `Char` of XML 1.0 §2.2, and DEL, which no reader shows.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


# `file:///C:/...` as Windows paths are written; a folder that is called `C:` elsewhere has its colon encoded.
_WINDOWS_DRIVE = re.compile("/[A-Za-z]:(/|$)")


def media_url(path: PurePath) -> str:
    """The `file://` URL of a file (also one on a Windows drive or share), every byte of its name kept.

    Whatever is not plain ASCII is percent-encoded byte by byte, so that names which are not UTF-8
    come through as well. Never `otio.url_utils`: it does not encode, and it is gone from OTIO's main.
    """
    return (path.absolute() if isinstance(path, Path) else path).as_uri()


@lru_cache(maxsize=4096)
def plain_path(url: str) -> str:
    """The path that a `target_url` means: a `file:` URL is decoded, anything else is a bare path.

    A bare path is taken as it stands, because `#` and `%20` are ordinary characters in it. Drives and
    shares of Windows come back as `C:/folder` and `//server/share`, which Windows understands.
    """
    if not url.startswith("file:"):
        return url
    parts = urlsplit(url)
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if parts.netloc not in ("", "localhost"):
        return f"//{parts.netloc}{path}"
    return path[1:] if _WINDOWS_DRIVE.match(parts.path) else path


@lru_cache(maxsize=4096)
def media_path(url: str) -> Path:
    """The same as a path of this machine."""
    return Path(plain_path(url))


def clip_file(clip: Clip) -> Path | None:
    """The file that a clip plays, or None when it names none."""
    reference = clip.media_reference
    url = reference.target_url if isinstance(reference, ExternalReference) else None
    return media_path(url) if url else None


def safe_text(text: str) -> str:
    """Text with every character that a timeline file cannot carry shown as U+FFFD."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str, longest: int | None = None) -> str:
    """Safe text for a name: on one line, and cut with an ellipsis when longer than asked."""
    line = " ".join(safe_text(text).split())
    return line if longest is None or len(line) <= longest else line[: longest - 1].rstrip() + "…"


def ascii_text(text: str) -> str:
    """One line of plain ASCII for formats that know nothing else: accents fall off, the rest becomes `_`."""
    plain = unicodedata.normalize("NFKD", one_line(text)).replace("\N{HORIZONTAL ELLIPSIS}", "...")
    bare = (character for character in plain if not unicodedata.combining(character))
    return "".join(character if character.isascii() else "_" for character in bare)
