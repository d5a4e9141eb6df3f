"""Files as answers: a part of one if that is asked for (RFC 9110 section 14), and never more than one part."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from momentidx.media.files import open_media

CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
_PARTS = re.compile(r"bytes=[\d ,-]*", re.ASCII | re.IGNORECASE)
_ALONE = {"content-security-policy": "default-src 'none'; sandbox", "content-disposition": "inline"}
"""Whatever is in a file, a browser that opens it by itself runs nothing of it."""


def sent(request: Request, file: Path, kind: str, tag: str) -> Response:
    """The file, or the part of it that the request asks for; for HEAD the headers alone.

    `tag` changes whenever the content does. Raises HTTPException 416 for a part behind the end and for several parts.
    """
    size = file.stat().st_size
    headers = {"etag": f'"{tag}"', "content-type": kind, "cache-control": "private, no-cache", **_ALONE}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    unchanged = request.headers.get("if-range") in (None, headers["etag"])
    part = asked_part(request.headers.get("range", "").strip(), size) if unchanged else None
    start, end = part or (0, size)
    headers |= {"accept-ranges": "bytes", "content-length": str(end - start)}
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_chunks(file, start, end), status, headers)


def asked_part(text: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last that a Range header asks of a file of this size; None: all of it.

    A header that makes no sense is passed over, as the standard has it.
    """
    asked = _RANGE.fullmatch(text)
    if asked is not None and asked[1]:
        first, last = int(asked[1]), int(asked[2]) if asked[2] else size - 1
        if asked[2] and last < first:
            return None
        if first < size:
            return first, min(last + 1, size)
    elif asked is not None and asked[2]:
        if int(asked[2]) > 0:
            return max(size - int(asked[2]), 0), size
    elif "," not in text or not _PARTS.fullmatch(text):
        return None
    raise HTTPException(
        416, "Ask for one part, and for one that is there.", headers={"content-range": f"bytes */{size}"}
    )


def _chunks(file: Path, start: int, end: int) -> Iterator[bytes]:
    with open_media(file) as opened:
        while start < end and (chunk := os.pread(opened.fileno(), min(CHUNK, end - start), start)):
            start += len(chunk)
            yield chunk
