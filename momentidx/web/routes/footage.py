"""Clips: what there is, the facts of one, its pictures, and what was said of it as subtitles or a table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response

from momentidx.hooks import choose
from momentidx.timeline.build import Layout, build
from momentidx.web.clips import Clip, PictureTimes, Sheet
from momentidx.web.desk import DeskHere
from momentidx.web.problems import NotFound
from momentidx.web.routes.finding import FootageHere, original
from momentidx.web.routes.media import browsers_play
from momentidx.web.values import Value, shown

router = APIRouter(prefix="/footage", tags=["footage"])

JPEG = "image/jpeg"
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {JPEG: {}}, "description": "The picture."}}
PICTURE_CACHE = {"cache-control": "private, max-age=600"}
_KINDS = {"csv": "text/csv", "srt": "application/x-subrip", "vtt": "text/vtt"}
_TEXTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in _KINDS.values()}, "description": "The file."}
}


class Clips(Value):
    """Some of the clips of a library, in the order in which they were added."""

    footage: list[Clip]
    total: int


@router.get("")
def footage(
    desk: DeskHere,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    q: Annotated[
        str, Query(max_length=200, description="Letters of a file's name or path, of the reel or camera.")
    ] = "",
) -> Clips:
    """The clips, or those that have all the words in their names."""
    found, total = desk.library().footage_named(q.split(), offset=offset, limit=limit)
    return Clips(footage=[Clip.of(summary) for summary in found], total=total)


@router.get("/{fingerprint}")
def clip(desk: DeskHere, summary: FootageHere) -> Sheet:
    """All facts of a clip."""
    strip = desk.library().strip(summary.footage.fingerprint)
    return Sheet.whole(summary, strip[1] if strip else None, plays=browsers_play(summary.footage))


@router.get("/{fingerprint}/times")
def picture_times(desk: DeskHere, summary: FootageHere) -> PictureTimes:
    """When each picture is shown, for footage of variable rate as its file says; that is read in full."""
    footage = summary.footage
    base = f"{footage.span.base.numerator}/{footage.span.base.denominator}"
    if not footage.variable_rate:
        return PictureTimes(base=base, times=None)
    times = desk.looker.times(footage, original(desk, summary))
    return PictureTimes(base=base, times=[time - footage.span.start for time in times])


@router.get("/{fingerprint}/poster", response_class=Response, responses=PICTURE)
def poster(summary: FootageHere) -> Response:
    """The picture that stands for the whole clip."""
    return kept_picture(summary.poster)


@router.get("/{fingerprint}/strip", response_class=Response, responses=PICTURE)
def strip(desk: DeskHere, summary: FootageHere) -> Response:
    """Many small pictures in one; how they lie in it is told with the clip's facts."""
    found = desk.library().strip(summary.footage.fingerprint)
    return kept_picture(found[0] if found else None)


@router.get("/{fingerprint}/captions.{form}", response_class=Response, responses=_TEXTS)
def captions(
    desk: DeskHere,
    summary: FootageHere,
    form: Literal["srt", "vtt", "csv"],
    layer: Annotated[str, Query(max_length=100, description="Only what this captioner said.")] = "",
) -> Response:
    """What was said of the clip, as subtitles that begin with its first picture, or as a table."""
    moments = desk.library().moments(summary.footage.fingerprint)
    moments = [moment for moment in moments if layer in ("", moment.layer.captioner)]
    if not moments:
        raise NotFound("Nothing was said of this clip.")
    writer = choose("timeline_writers", form).make(desk.settings)
    timeline = build(moments, name=shown(summary.locations[0].path.stem), layout=Layout(whole_files=True))
    with tempfile.TemporaryDirectory(prefix="momentidx-") as folder:
        file = Path(folder) / f"captions.{form}"
        writer.write(timeline, file)
        content = file.read_bytes()
    headers = {"content-disposition": f'attachment; filename="captions.{form}"'}
    return Response(content, media_type=_KINDS[form], headers=headers)


def kept_picture(file: Path | None) -> Response:
    """A picture of the library's. Raises NotFound when it is not there."""
    if file is None or not file.is_file():
        raise NotFound("There is no picture of it (yet).")
    return FileResponse(file, media_type=JPEG, headers=PICTURE_CACHE)
