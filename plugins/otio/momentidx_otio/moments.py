"""OpenTimelineIO adapter `momentidx_moments`: the JSON lines of `momentidx find --json` as a timeline, and back.

Reading gives one clip for each moment, in the order of the lines, with the caption as a marker and the
whole line under `metadata["momentidx"]`. Source positions are in the footage's own timecode. A line does
not say how long its file is, so `available_range` stays open until the media linker fills it.

Writing gives one line for each clip of the picture tracks: what the clip plays. A clip that came from a
moment and still plays it gives back the line that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from opentimelineio.exceptions import OTIOError
from opentimelineio.opentime import RationalTime, TimeRange, from_timecode, to_timecode
from opentimelineio.schema import Clip, ExternalReference, Marker, MarkerColor, Timeline, Track, TrackKind

from momentidx_otio.media import day_frames, exact_rate, file_name, otio_rate, path_of, url_of

REQUIRED = ("path", "rate", "start_frame", "end_frame", "caption")
KEYS = (
    "id", "path", "online", "footage", "start_seconds", "end_seconds", "start_frame", "end_frame", "start_timecode",
    "end_timecode", "rate", "caption", "kind", "captioner", "captioner_version", "score", "parts",
)  # fmt: skip
MARKER_NAME_LENGTH = 60


class NotMoments(OTIOError):  # type: ignore[misc]
    """The text is not a list of moments, or the timeline cannot be told as one."""


# OpenTimelineIO calls these two with their arguments by name.
def read_from_string(input_str: str, name: str = "momentidx") -> Timeline:
    """A timeline of the moments, one after the other. Raises NotMoments."""
    track = Track("Video 1", kind=TrackKind.Video)
    for number, line in enumerate(input_str.splitlines(), start=1):
        if line.strip():
            track.append(_clip(_moment(line, number)))
    timeline = Timeline(name)
    timeline.tracks.append(track)
    return timeline


def write_to_string(input_otio: Any) -> str:
    """JSON lines of what the clips of the picture tracks play. Raises NotMoments."""
    tracks = input_otio.video_tracks() if isinstance(input_otio, Timeline) else [input_otio]
    return "".join(json.dumps(_line(clip)) + "\n" for track in tracks for clip in track.find_clips())


def _moment(line: str, number: int) -> dict[str, Any]:
    try:
        moment: dict[str, Any] = json.loads(line)
        missing = [key for key in REQUIRED if moment[key] is None]
        Fraction(moment["rate"]), url_of(moment["path"])
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise NotMoments(f"Line {number} is not a moment as 'momentidx find --json' prints it: {error!r}.") from error
    if missing:
        raise NotMoments(f"Line {number} has no {', '.join(missing)}.")
    return moment


def _clip(moment: dict[str, Any]) -> Clip:
    rate = otio_rate(Fraction(moment["rate"]))
    start, length = moment["start_frame"], moment["end_frame"] - moment["start_frame"]
    played = TimeRange(RationalTime(_media_start(moment, rate) + start, rate), RationalTime(length, rate))
    clip = Clip(
        name=_writable(file_name(moment["path"])),
        media_reference=ExternalReference(url_of(moment["path"])),
        source_range=played,
        metadata={"momentidx": {key: _writable(value) for key, value in moment.items()}},
    )
    caption = _writable(moment["caption"])
    name = " ".join(caption.split())[:MARKER_NAME_LENGTH]
    clip.markers.append(Marker(name, played, MarkerColor.GREEN, comment=caption))
    return clip


def _media_start(moment: dict[str, Any], rate: float) -> int:
    """Timecode of the file's first picture as a frame number; 0 where the rate has no timecode.

    Labels begin again after 24 hours and frames do not, so a moment after midnight still counts on.
    """
    label = moment.get("start_timecode")
    if label is None:
        return 0
    labelled = round(from_timecode(label, rate).value)
    return int((labelled - moment["start_frame"]) % day_frames(rate, drop_frame=";" in label))


def _line(clip: Clip) -> dict[str, Any]:
    reference = clip.media_reference
    if not isinstance(reference, ExternalReference):
        raise NotMoments(f"The clip '{clip.name}' names no file. Relink the timeline first: -m momentidx.")
    moment: dict[str, Any] = _plain(clip.metadata.get("momentidx", {}))
    facts = reference.metadata.get("momentidx", {})
    path = path_of(reference.target_url)
    marked = next((mark.comment or mark.name for mark in clip.markers), clip.name)
    line = {key: moment.get(key) for key in KEYS} | {
        "path": moment["path"] if _writable(moment.get("path")) == _writable(path) else path,
        "online": moment.get("online", Path(path).exists()),
        "footage": moment.get("footage") or facts.get("footage"),
        "caption": moment.get("caption") or marked,
        "parts": moment.get("parts") or [],
    }
    times = _times(clip, moment, facts)
    same = all(moment.get(key) == times[key] for key in ("start_frame", "end_frame"))
    return line if same else line | times


def _times(clip: Clip, moment: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """What the clip plays, in every unit of a line."""
    played, available = clip.trimmed_range(), clip.media_reference.available_range
    rate = played.start_time.rate
    if available is not None:
        first = available.start_time
    elif moment.get("start_frame") is not None:
        first = RationalTime(_media_start(moment, rate), rate)
    else:
        raise NotMoments(
            f"The clip '{clip.name}' does not say where its media begins. Relink the timeline first: -m momentidx."
        )
    exact = exact_rate(rate)
    start = round((played.start_time - first).rescaled_to(rate).value)
    end = start + round(played.duration.rescaled_to(rate).value)
    drop_frame = bool(facts.get("drop_frame")) or ";" in (moment.get("start_timecode") or "")
    return {
        "start_seconds": round(float(start / exact), 6),
        "end_seconds": round(float(end / exact), 6),
        "start_frame": start,
        "end_frame": end,
        "start_timecode": _label(played.start_time, drop_frame=drop_frame),
        "end_timecode": _label(played.end_time_exclusive(), drop_frame=drop_frame),
        "rate": f"{exact.numerator}/{exact.denominator}",
    }


def _label(time: RationalTime, *, drop_frame: bool) -> str | None:
    if not RationalTime.is_smpte_timecode_rate(time.rate):
        return None
    if drop_frame:
        return str(to_timecode(time, time.rate, drop_frame=True))
    # Not `to_timecode`: 0.18.1 wraps 29.97 and 59.94 without drop-frame 86 seconds before midnight.
    seconds, frame = divmod(round(time.value) % day_frames(time.rate, drop_frame=False), round(time.rate))
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{frame:02}"


def _writable(value: Any) -> Any:
    """What a timeline can hold: half characters (bytes of a path that are not UTF-8) become `?`."""
    if isinstance(value, list):
        return [_writable(each) for each in value]
    if isinstance(value, dict):
        return {key: _writable(each) for key, each in value.items()}
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """OpenTimelineIO's lists and dictionaries as Python's own."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
