"""MLT XML (`.mlt`), for Shotcut and `melt`.

Our own writer, because the community adapter writes timecode as positions, which makes `melt` show
wrong frames or end. Positions are whole frames of the profile, which has the rate of the sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import mlt
from momentidx.timeline.cuts import Cut, CutList, Media, file_length
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.xml import document, element, leaf
from momentidx.times import round_half_up

# As Shotcut writes colours, by OpenTimelineIO's names.
COLORS = {"GREEN": "#008000", "BLUE": "#0000ff", "CYAN": "#00a0a0", "MAGENTA": "#a000a0", "ORANGE": "#ff8000"}


class MltWriter:
    """Writes a tractor of a black track and the cuts; the captions are Shotcut's markers.

    Alternates lie on tracks above that are hidden and muted.
    """

    name = "mlt"
    suffix = ".mlt"
    mixed_rates = True
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, document(_root(mlt(timeline))))


def _root(cuts: CutList) -> str:
    ids = {key: f"producer{number}" for number, key in enumerate(_played(cuts))}
    files = {media.url: media for media in cuts.media}
    producers = [
        producer(name, files[url], cuts.rate, {} if sound else {"audio_index": -1})
        for (url, sound), name in ids.items()
    ]
    lanes = [cuts.cuts, *cuts.lanes()]
    tracks = [
        element(
            "playlist",
            properties({"shotcut:video": 1, "shotcut:name": f"V{number}"})
            + placed(lane, lambda cut: entry(ids[cut.media.url, cut.sound], cut.start, cut.length)),
            id=f"V{number}",
        )
        for number, lane in enumerate(lanes, start=1)
    ]
    main = [
        *properties({"shotcut": 1}),
        _markers(cuts),
        element("track", producer="background"),
        element("track", producer="V1"),
        *(element("track", producer=f"V{number}", hide="both") for number in range(2, len(lanes) + 1)),
        *([mix(0, 1)] if cuts.sound else []),
    ]
    parts = [
        profile(cuts),
        *producers,
        black("black", cuts.length),
        element("playlist", [entry("black", 0, cuts.length)], id="background"),
        *tracks,
        element("tractor", main, id="main", **between(0, cuts.length)),
    ]
    return element("mlt", parts, LC_NUMERIC="C", version="7.0.0", title=cuts.name, producer="main")


def _played(cuts: CutList) -> dict[tuple[str, bool], None]:
    """One producer for each file, and another where its sound stays away."""
    return {(one.media.url, one.sound): None for cut in cuts.cuts for one in (cut, *cut.alternates)}


def _markers(cuts: CutList) -> str:
    """Shotcut's markers; it shows them as labels in the sequence."""
    found = [
        element(
            "properties",
            properties(
                {
                    "text": mark.title,
                    "start": clock(start, cuts.rate),
                    "end": clock(end, cuts.rate),
                    "color": COLORS.get(mark.color, COLORS["GREEN"]),
                }
            ),
            name=number,
        )
        for number, (start, end, _, mark) in enumerate(cuts.marks())
    ]
    return element("properties", found, name="shotcut:markers")


def profile(cuts: CutList) -> str:
    """The sequence: rate and picture size. Pixels are square; footage with other pixels is scaled by MLT."""
    return element(
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


def producer(name: str, media: Media, rate: Fraction, facts: dict[str, object]) -> str:
    """A whole file."""
    length = file_length(media, rate)
    told = {
        "length": length,
        "eof": "pause",
        "resource": media.url,
        "mlt_service": "avformat-novalidate",
        "seekable": 1,
        **facts,
    }
    return element("producer", properties(told), id=name, **between(0, length))


def black(name: str, length: int, facts: Mapping[str, object] = {}) -> str:
    """Without a black track under it, a gap would show white."""
    told = {"length": length, "eof": "pause", "resource": "black", "mlt_service": "color", "mlt_image_format": "rgb24a"}
    return element("producer", properties(told | dict(facts)), id=name, **between(0, length))


def mix(below: int, above: int, facts: Mapping[str, object] = {}) -> str:
    """Sound of a track, added to what lies below."""
    told = {"a_track": below, "b_track": above, "mlt_service": "mix", "always_active": 1, "sum": 1}
    return element("transition", properties(told | dict(facts)), id=f"mix{above}")


def placed(cuts: Sequence[Cut], spelled: Callable[[Cut], str]) -> list[str]:
    """Entries where they belong, with blanks between them."""
    found, end = [], 0
    for cut in cuts:
        if cut.record > end:
            found.append(element("blank", length=cut.record - end))
        found.append(spelled(cut))
        end = cut.record_end
    return found


def entry(producer: str, start: int, length: int, facts: Mapping[str, object] = {}) -> str:
    return element("entry", properties(facts), producer=producer, **between(start, length))


def between(start: int, length: int) -> dict[str, object]:
    """MLT's `out` is the last frame that is shown."""
    return {"in": start, "out": start + length - 1}


def properties(values: Mapping[str, object]) -> list[str]:
    return [leaf("property", "" if value is None else value, name=name) for name, value in values.items()]


def clock(frame: int, rate: Fraction) -> str:
    """MLT's clock time, `00:00:01.480`."""
    milliseconds = round_half_up(frame / rate * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
