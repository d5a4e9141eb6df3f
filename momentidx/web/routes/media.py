"""The footage itself, for a player: the file as it is, or a copy that every browser plays."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from momentidx.footage import Footage
from momentidx.web.desk import DeskHere
from momentidx.web.problems import NotFound
from momentidx.web.proxies import VERSION, Proxy
from momentidx.web.routes.finding import FingerprintInPath, FootageHere, original
from momentidx.web.sending import sent
from momentidx.web.values import Value

router = APIRouter(prefix="/footage/{fingerprint}", tags=["media"])

MP4 = "video/mp4"
_FREE_CODECS = ("vp8", "vp9", "av1")
_FILM: dict[int | str, dict[str, Any]] = {
    200: {"content": {MP4: {}}, "description": "The file."},
    206: {"description": "A part of it."},
}


class ProxyState(Value):
    """How the copy of a clip that every browser plays stands."""

    state: Literal["none", "making", "ready", "failed"]
    progress: float
    bytes: int
    reason: str | None

    @classmethod
    def of(cls, proxy: Proxy) -> ProxyState:
        return cls(state=proxy.state, progress=round(proxy.progress, 3), bytes=proxy.bytes, reason=proxy.reason)


def browsers_play(footage: Footage) -> bool:
    """Whether a browser will most likely play the file as it is.

    Measured with Debian's Chromium: H.264 of 8 bits 4:2:0, VP8, VP9 and AV1, in MP4, QuickTime, Matroska or WebM.
    """
    video = footage.video
    plain = video.codec == "h264" and video.pixel_format in ("yuv420p", "yuvj420p") and not video.interlaced
    return (plain or video.codec in _FREE_CODECS) and footage.container.split(",")[0] in ("mov", "matroska")


def kind_of(footage: Footage) -> str:
    """Media type by what the file is, not by what it is called."""
    container = footage.container.split(",")[0]
    if container == "matroska":
        return "video/webm" if footage.video.codec in _FREE_CODECS else "video/x-matroska"
    return MP4 if container == "mov" else "application/octet-stream"


@router.head("/media", include_in_schema=False)
@router.get("/media", response_class=Response, responses=_FILM)
def media(request: Request, desk: DeskHere, summary: FootageHere) -> Response:
    """The file as it is; one part of it if the header Range asks for that."""
    footage = summary.footage
    return sent(request, original(desk, summary), kind_of(footage), footage.fingerprint)


@router.get("/proxy")
def proxy(desk: DeskHere, summary: FootageHere) -> ProxyState:
    """How far the copy is. While it is made, ask at least every 20 seconds, or the work is given up."""
    return ProxyState.of(desk.proxies.look(summary.footage.fingerprint))


@router.post("/proxy", status_code=202)
def make_proxy(desk: DeskHere, summary: FootageHere) -> ProxyState:
    """Make a copy that every browser plays, with every picture at its exact time; or say that there is one."""
    footage = summary.footage
    state = desk.proxies.look(footage.fingerprint)
    return ProxyState.of(state if state.state == "ready" else desk.proxies.make(footage, original(desk, summary)))


@router.delete("/proxy", status_code=204)
def delete_proxy(desk: DeskHere, fingerprint: FingerprintInPath) -> None:
    """Stop making the copy, and delete it."""
    desk.proxies.drop(fingerprint)


@router.head("/proxy/media", include_in_schema=False)
@router.get("/proxy/media", response_class=Response, responses=_FILM)
def proxy_media(request: Request, desk: DeskHere, summary: FootageHere) -> Response:
    """The copy, in parts like the file itself."""
    footage = summary.footage
    file = desk.proxies.file(footage.fingerprint)
    if file is None:
        raise NotFound("There is no copy of this footage yet. POST to 'proxy' makes one.")
    return sent(request, file, MP4, f"{footage.fingerprint}-{VERSION}")
