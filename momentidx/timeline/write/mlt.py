"""MLT XML (`.mlt`), for Shotcut and `melt`.

Our own writer, because the community adapter writes timecode as positions, which makes `melt` show
wrong frames or end. Positions are whole frames of the profile, which has the rate of the sequence.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import mlt
from momentidx.timeline.cuts import CutList, Media, cut_list
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.xml import add, xml_bytes
from momentidx.times import round_half_up


class MltWriter:
    """Writes a tractor of a black track and the cuts; the captions are Shotcut's markers."""

    name = "mlt"
    suffix = ".mlt"
    mixed_rates = True
    most_clips: int | None = None

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, xml_bytes(_document(cut_list(mlt(timeline)))))


def _document(cuts: CutList) -> Element:
    root = Element("mlt", LC_NUMERIC="C", version="7.0.0", title=cuts.name, producer="main")
    add_profile(root, cuts)
    ids = add_producers(root, cuts)
    black(root, "black", cuts.length)
    background = add(root, "playlist", id="background")
    entry(background, "black", 0, cuts.length)
    track = add(root, "playlist", id="V1")
    properties(track, {"shotcut:video": 1, "shotcut:name": "V1"})
    end = 0
    for cut in cuts.cuts:
        if cut.record > end:
            add(track, "blank", length=cut.record - end)
        entry(track, ids[cut.media.url, cut.sound], cut.start, cut.length)
        end = cut.record_end
    main = add(root, "tractor", id="main", **between(0, cuts.length))
    properties(main, {"shotcut": 1})
    _add_markers(main, cuts)
    add(main, "track", producer="background")
    add(main, "track", producer="V1")
    if cuts.sound:
        mix(main, 0, 1)
    return root


def _add_markers(main: Element, cuts: CutList) -> None:
    """Shotcut's markers; it shows them as labels in the sequence."""
    holder = add(main, "properties", name="shotcut:markers")
    for number, (start, end, _, mark) in enumerate(cuts.marks()):
        marker = add(holder, "properties", name=number)
        properties(
            marker,
            {"text": mark.name, "start": clock(start, cuts.rate), "end": clock(end, cuts.rate), "color": "#008000"},
        )


def add_profile(root: Element, cuts: CutList) -> None:
    """The sequence: rate and picture size. Pixels are square; footage with other pixels is scaled by MLT."""
    add(
        root,
        "profile",
        description=f"{cuts.width}x{cuts.height} {float(cuts.rate):.3f}",
        width=cuts.width,
        height=cuts.height,
        progressive=1,
        sample_aspect_num=1,
        sample_aspect_den=1,
        display_aspect_num=cuts.width,
        display_aspect_den=cuts.height,
        frame_rate_num=cuts.rate.numerator,
        frame_rate_den=cuts.rate.denominator,
        colorspace=709,
    )


def add_producers(root: Element, cuts: CutList) -> dict[tuple[str, bool], str]:
    """One producer for each file, and another where its sound stays away; their ids."""
    ids: dict[tuple[str, bool], str] = {}
    for cut in cuts.cuts:
        key = cut.media.url, cut.sound
        if key not in ids:
            ids[key] = f"producer{len(ids)}"
            producer(root, ids[key], cut.media, cuts.rate, {} if cut.sound else {"audio_index": -1})
    return ids


def producer(root: Element, name: str, media: Media, rate: Fraction, facts: dict[str, object]) -> Element:
    """A whole file."""
    length = file_length(media, rate)
    element = add(root, "producer", id=name, **between(0, length))
    properties(
        element,
        {
            "length": length,
            "eof": "pause",
            "resource": media.url,
            "mlt_service": "avformat-novalidate",
            "seekable": 1,
            **facts,
        },
    )
    return element


def file_length(media: Media, rate: Fraction) -> int:
    """Length of a whole file in frames of the sequence."""
    return max(round_half_up(media.length * rate / media.rate), 1)


def black(root: Element, name: str, length: int) -> Element:
    """Without a black track under it, a gap would show white."""
    element = add(root, "producer", id=name, **between(0, length))
    properties(
        element,
        {"length": length, "eof": "pause", "resource": "black", "mlt_service": "color", "mlt_image_format": "rgb24a"},
    )
    return element


def mix(tractor: Element, below: int, above: int) -> Element:
    """Sound of a track, added to what lies below."""
    transition = add(tractor, "transition", id=f"mix{above}")
    properties(transition, {"a_track": below, "b_track": above, "mlt_service": "mix", "always_active": 1, "sum": 1})
    return transition


def entry(playlist: Element, producer: str, start: int, length: int) -> Element:
    return add(playlist, "entry", producer=producer, **between(start, length))


def between(start: int, length: int) -> dict[str, object]:
    """MLT's `out` is the last frame that is shown."""
    return {"in": start, "out": start + length - 1}


def properties(element: Element, values: dict[str, object]) -> None:
    for name, value in values.items():
        add(element, "property", value, name=name)


def clock(frame: int, rate: Fraction) -> str:
    """MLT's clock time, `00:00:01.480`."""
    milliseconds = round_half_up(frame / rate * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
