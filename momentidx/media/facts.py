"""Reading the facts of one footage, inside the decoding child.

Of several pictures in one file the first is taken that the file marks as default and that is not
cover art or a strip of thumbnails; where none is marked, the first. That is the picture editing
programs show.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame

from momentidx.errors import UnusableFootage
from momentidx.footage import AudioStream, Footage, VideoStream
from momentidx.media.container import opened
from momentidx.media.survey import Survey
from momentidx.media.timing import Timing, decide
from momentidx.times import round_half_up

# ITU-T H.273 table 3, by FFmpeg's names; 2 is "unspecified"
_TRANSFERS = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
_INTERLACED = {2, 3, 4, 5}  # AVFieldOrder: top or bottom field first; 1 is progressive
_MAKES = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
_MODELS = ("com.apple.quicktime.model", "com.android.model", "model")
_DATES = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "date")
_UNSET_CLOCK = 1970  # QuickTime counts from 1904, Unix from 1970
_TAG_LENGTH = 200
_COVERS = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


def read(path: Path, max_pixels: int) -> tuple[Footage, tuple[str, str] | None]:
    """The footage without fingerprint and start timecode, and the timecode's label and source.

    Raises UnusableFootage: whatever `container.opened` raises, `no-video`, `encrypted`, `no-decoder`,
    `too-large` and `undecodable`.
    """
    with opened(path) as container:
        stream = _choose(container, path)
        _check(stream, max_pixels, path)
        aspect = _display_aspect(stream)
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        survey = Survey(container, stream)
        if survey.picture is None:
            raise _without_picture(stream, survey, path)
        return _footage(container, stream, survey, survey.picture, aspect), _timecode(container, stream)


def _choose(container: InputContainer, path: Path) -> av.VideoStream:
    pictures = [stream for stream in container.streams.video if not stream.disposition & _COVERS]
    if not pictures:
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise UnusableFootage(
            "no-video",
            f"{path}: there is no picture in it (found: {kinds}). Move it away, or add it to 'ignore'.",
        )
    return next((stream for stream in pictures if stream.disposition & Disposition.default), pictures[0])


def _check(stream: av.VideoStream, max_pixels: int, path: Path) -> None:
    """Refuse from the header what must not or cannot be decoded."""
    codec = stream.codec_context
    if codec is None:
        raise UnusableFootage(
            "no-decoder", f"{path}: no decoder for its codec is installed. Convert it to H.264, ProRes or DNxHR."
        )
    if codec.width * codec.height > max_pixels:
        raise UnusableFootage(
            "too-large",
            f"{path}: its pictures have {codec.width}x{codec.height} pixels, and 'max_pixels' allows {max_pixels}. "
            "Raise the setting, or make a smaller copy.",
        )
    codec.options = {
        "max_pixels": str(max_pixels),  # the stream itself may say something else than the header
        "skip_loop_filter": "all",  # for a first look
    }
    codec.thread_count = 1  # threads hold pictures back


def _without_picture(stream: av.VideoStream, survey: Survey, path: Path) -> UnusableFootage:
    if survey.encrypted:
        return UnusableFootage("encrypted", f"{path}: it is encrypted. Decrypt it with the program it came from.")
    return UnusableFootage(
        "undecodable",
        f"{path}: none of its pictures ({stream.codec_context.name}) can be decoded; it is damaged or incomplete. "
        "Copy it again from its source.",
    )


def _footage(
    container: InputContainer, stream: av.VideoStream, survey: Survey, picture: VideoFrame, aspect: Fraction | None
) -> Footage:
    timing = decide(survey.packets(picture))
    tags = _tags(container, stream)
    claimed = _claimed_pictures(stream)
    warnings = []
    if claimed and timing.pictures is not None and timing.pictures < claimed:
        warnings.append(f"the file claims {claimed} pictures but holds {timing.pictures}: it was cut off or is damaged")
    if picture.rotation % 90:
        warnings.append(f"a player turns the picture by {-picture.rotation} degrees; it is shown as it was recorded")
    return Footage(
        fingerprint="",
        container=container.format.name,
        span=timing.span,
        rate=timing.rate,
        video=_video(stream, picture, aspect),
        variable_rate=timing.variable,
        frame_count=timing.pictures if survey.complete else _confirmed(claimed, timing),
        audio=tuple(_audio(container)),
        reel=tags.get("reel_name") or tags.get("com.apple.proapps.reel"),
        camera=_camera(tags),
        created=_created(tags),
        warnings=tuple(warnings),
    )


def _claimed_pictures(stream: av.VideoStream) -> int | None:
    """How many pictures the header promises; some containers count their duration in pictures instead."""
    if stream.frames:
        return stream.frames
    per_tick = (stream.average_rate or 0) * (stream.time_base or 0)
    return stream.duration if per_tick == 1 else None


def _confirmed(claimed: int | None, timing: Timing) -> int | None:
    """A long file's own count, when the last picture was found where the count says."""
    length = timing.span.duration * timing.rate
    return claimed if claimed and (timing.variable or claimed == round_half_up(length)) else None


def _display_aspect(stream: av.VideoStream) -> Fraction | None:
    """Width over height as the header has it; MXF counts lines that are coded and not shown."""
    codec = stream.codec_context
    if stream.sample_aspect_ratio and codec.width and codec.height:
        return stream.sample_aspect_ratio * codec.width / codec.height
    return None


def _video(stream: av.VideoStream, picture: VideoFrame, aspect: Fraction | None) -> VideoStream:
    codec = stream.codec_context
    rotation = -picture.rotation % 360 if picture.rotation % 90 == 0 else 0
    width, height = picture.width, picture.height
    from_header = aspect * height / width if aspect else Fraction(1)
    return VideoStream(
        index=stream.index,
        codec=codec.codec.canonical_name,
        width=width if rotation % 180 == 0 else height,
        height=height if rotation % 180 == 0 else width,
        pixel_format=picture.format.name,
        bit_depth=max(component.bits for component in picture.format.components),
        rotation=rotation,
        sample_aspect=codec.sample_aspect_ratio or from_header,
        interlaced=picture.interlaced_frame or codec.field_order in _INTERLACED,
        transfer=_TRANSFERS.get(codec.color_trc) or _TRANSFERS.get(picture.color_trc),
    )


def _audio(container: InputContainer) -> Iterator[AudioStream]:
    # Of a stream without a decoder nothing is known.
    for stream in (stream for stream in container.streams.audio if stream.codec_context):
        language = stream.language
        yield AudioStream(
            index=stream.index,
            codec=stream.codec_context.codec.canonical_name,
            sample_rate=stream.codec_context.sample_rate,
            channels=stream.codec_context.channels,
            layout=stream.codec_context.layout.name,
            language=language if language != "und" else None,
        )


def _tags(container: InputContainer, stream: av.VideoStream) -> dict[str, str]:
    """All tags by lower-case name: the chosen stream's first, then the container's, then the others'."""
    sources = (stream.metadata, container.metadata, *(other.metadata for other in container.streams))
    tags: dict[str, str] = {}
    for source in sources:
        for name, value in source.items():
            if value.strip():
                tags.setdefault(name.lower(), value.strip()[:_TAG_LENGTH])
    return tags


def _timecode(container: InputContainer, stream: av.VideoStream) -> tuple[str, str] | None:
    """The label of the first picture and where it stands: in a `track` or in the `container`."""
    tracks = ((other.metadata, "track") for other in (stream, *container.streams))
    for source, place in (*tracks, (container.metadata, "container")):
        for name, value in source.items():
            if name.lower() == "timecode" and value.strip():
                return value.strip()[:_TAG_LENGTH], place
    return None


def _camera(tags: dict[str, str]) -> str | None:
    make = next((tags[name] for name in _MAKES if name in tags), "")
    model = next((tags[name] for name in _MODELS if name in tags), "")
    both = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return both.strip() or None


def _created(tags: dict[str, str]) -> str | None:
    """ISO 8601, with the zone where the file states one. Zero dates of unset clocks do not count."""
    for name in _DATES:
        try:
            date = datetime.fromisoformat(tags.get(name, ""))
        except ValueError:
            continue
        if date.year > _UNSET_CLOCK:
            return date.isoformat().replace("+00:00", "Z")
    return None
