"""What the API tells of a clip."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from momentidx.footage import Footage
from momentidx.library import FootageSummary
from momentidx.web.values import API, Value, shown


class Layer(Value):
    """What one captioner, or people, said of a clip."""

    captioner: str
    version: str
    events: int
    made_at: str


class Place(Value):
    """Where the clip's file lies or lay."""

    path: str
    online: bool
    bytes: int
    proxy: bool = Field(description="Whether it is a lighter copy of its camera's, and not the original.")


class Sound(Value):
    """One sound track."""

    codec: str
    sample_rate: int
    channels: int
    layout: str
    language: str | None


class Clip(Value):
    """A clip in a list."""

    fingerprint: str = Field(description="Of the content, wherever the file lies.")
    clip: str = Field(description="Name of the file.")
    path: str
    online: bool
    bytes: int
    added_at: str
    duration_frames: int
    duration_seconds: float
    rate: str = Field(description="Frames a second, as a fraction.")
    variable_rate: bool
    start_timecode: str | None
    codec: str
    width: int = Field(description="As it is shown, with square pixels or not.")
    height: int
    layers: list[Layer]
    poster: str | None = Field(description="URL of a picture that stands for the whole.")

    @classmethod
    def of(cls, summary: FootageSummary) -> Clip:
        return cls(**_line(summary))


class Strip(Value):
    """Many small pictures in one, row by row."""

    url: str
    columns: int
    rows: int
    frames: list[int] = Field(description="The frame that each picture shows; the last row may be shorter.")


class Sheet(Clip):
    """All facts of a clip."""

    start_frame: int = Field(description="Frames since midnight that the timecode of the first picture stands for.")
    drop_frame: bool
    timecode_source: str = Field(description="`track`, `container`, or `none`.")
    end_timecode: str | None
    pixel_format: str
    bit_depth: int
    rotation: int = Field(description="Degrees clockwise that a player turns the coded picture.")
    sample_aspect: str
    interlaced: bool
    transfer: str | None
    container: str
    sound: list[Sound]
    reel: str | None
    camera: str | None
    created: str | None
    warnings: list[str]
    locations: list[Place]
    strip: Strip | None
    plays: bool = Field(description="Whether browsers most likely play the file as it is; else there is a copy.")
    media: str = Field(description="URL of the file.")
    copy_media: str = Field(description="URL of the copy that every browser plays; `proxy` tells when it is there.")
    captions: dict[str, str] = Field(description="URLs of what was said, by format: csv, srt, vtt.")

    @classmethod
    def whole(cls, summary: FootageSummary, strip: dict[str, Any] | None, *, plays: bool) -> Sheet:
        footage, video, start = summary.footage, summary.footage.video, summary.footage.start
        return cls(
            **_line(summary),
            start_frame=start.frame,
            drop_frame=start.drop_frame,
            timecode_source=start.source,
            end_timecode=footage.timecode(footage.length_frames),
            pixel_format=video.pixel_format,
            bit_depth=video.bit_depth,
            rotation=video.rotation,
            sample_aspect=f"{video.sample_aspect.numerator}/{video.sample_aspect.denominator}",
            interlaced=video.interlaced,
            transfer=video.transfer,
            container=footage.container,
            sound=[
                Sound(codec=track.codec, sample_rate=track.sample_rate, channels=track.channels, layout=track.layout,
                      language=track.language)
                for track in footage.audio
            ],
            reel=footage.reel,
            camera=footage.camera,
            created=footage.created,
            warnings=list(footage.warnings),
            locations=[
                Place(path=shown(place.path), online=place.online, bytes=place.size, proxy=place.proxy)
                for place in summary.locations
            ],
            strip=_strip(footage, strip) if strip else None,
            plays=plays,
            media=f"{_url(footage)}/media",
            copy_media=f"{_url(footage)}/proxy/media",
            captions={form: f"{_url(footage)}/captions.{form}" for form in ("csv", "srt", "vtt")},
        )  # fmt: skip


class PictureTimes(Value):
    """When each picture of a clip is shown."""

    base: str = Field(description="Seconds per tick, as a fraction.")
    times: list[int] | None = Field(
        description="Ticks from the first picture on; null for constant rate, where frame N is shown at N / rate."
    )


def _line(summary: FootageSummary) -> dict[str, Any]:
    footage, best = summary.footage, summary.locations[0]
    return {
        "fingerprint": footage.fingerprint,
        "clip": shown(best.path.name),
        "path": shown(best.path),
        "online": best.online,
        "bytes": best.size,
        "added_at": summary.added_at.isoformat(),
        "duration_frames": footage.length_frames,
        "duration_seconds": round(float(footage.duration), 6),
        "rate": f"{footage.rate.numerator}/{footage.rate.denominator}",
        "variable_rate": footage.variable_rate,
        "start_timecode": footage.timecode(0),
        "codec": footage.video.codec,
        "width": footage.video.width,
        "height": footage.video.height,
        "layers": [
            Layer(captioner=made.layer.captioner, version=made.layer.version, events=made.events,
                  made_at=made.made_at.isoformat())
            for made in summary.layers
        ],
        "poster": f"{_url(footage)}/poster" if summary.poster else None,
    }  # fmt: skip


def _strip(footage: Footage, layout: dict[str, Any]) -> Strip:
    return Strip(
        url=f"{_url(footage)}/strip",
        columns=layout["columns"],
        rows=layout["rows"],
        frames=[footage.grid.frame(pts) for pts in layout["pts"]],
    )


def _url(footage: Footage) -> str:
    return f"{API}/footage/{footage.fingerprint}"
