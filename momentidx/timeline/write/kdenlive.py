"""Kdenlive projects (`.kdenlive`): MLT with the project bin, two playlists to a track, and guides.

Written as a document of version 0.98, which the versions since 2019 open (newer ones convert it). The
profile's name is needed: without it Kdenlive turns the project into 720x576 at 25 frames a second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import mlt
from momentidx.timeline.cuts import Cut, CutList, Media, file_length
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.mlt import between, black, entry, mix, placed, producer, profile, properties
from momentidx.timeline.write.xml import document, element

DOCUMENT_VERSION = "0.98"
# Profiles that come with MLT: by picture size, then by rate.
SIZES = {(1280, 720): "atsc_720p", (1920, 1080): "atsc_1080p", (2560, 1440): "qhd_1440p", (3840, 2160): "uhd_2160p"}
RATES = {
    Fraction(24000, 1001): "2398", Fraction(24): "24", Fraction(25): "25", Fraction(30000, 1001): "2997",
    Fraction(30): "30", Fraction(50): "50", Fraction(60000, 1001): "5994", Fraction(60): "60",
}  # fmt: skip


ADDED = {"internal_added": 237}
"""Kdenlive's mark for what it adds by itself."""


class KdenliveWriter:
    """Writes the bin, one picture track, one sound track where there is sound, and the captions as guides.

    Alternates lie on tracks above that are hidden and muted.
    """

    name = "kdenlive"
    suffix = ".kdenlive"
    mixed_rates = True
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, document(_root(mlt(timeline))))


def _root(cuts: CutList) -> str:
    numbers = {media.url: number for number, media in enumerate(cuts.media)}
    tracks = [("audio", [cut for cut in cuts.cuts if cut.sound])] if cuts.sound else []
    # Kdenlive stacks from below: sound tracks lie under picture tracks.
    tracks += [("video", cuts.cuts), *((f"alternates{n}", lane) for n, lane in enumerate(cuts.lanes(), start=1))]
    main = [
        element("track", producer="black_track"),
        *(
            element("track", producer=f"{name}_track", hide="both" if name.startswith("alternates") else None)
            for name, _ in tracks
        ),
        *(_joined(number, name) for number, (name, _) in enumerate(tracks, start=1)),
    ]
    parts = [
        profile(cuts),
        *(_producer(media, number, cuts.rate) for number, media in enumerate(cuts.media)),
        _bin(cuts, numbers),
        black("black_track", cuts.length, {"kdenlive:playlistid": "black_track", "set.test_audio": 0}),
        *(part for name, placed_here in tracks for part in _track(name, placed_here, numbers, cuts.length)),
        element("tractor", main, id="main", global_feed=1, **between(0, cuts.length)),
    ]
    return element("mlt", parts, LC_NUMERIC="C", version="7.0.0", title=cuts.name, producer="main_bin")


def _producer(media: Media, number: int, rate: Fraction) -> str:
    facts = {"kdenlive:id": number + 1, "kdenlive:clipname": media.name, "kdenlive:folderid": -1}
    return producer(f"producer{number}", media, rate, facts)


def _bin(cuts: CutList, numbers: Mapping[str, int]) -> str:
    """The project bin, with every file once."""
    told = {
        "kdenlive:docproperties.version": DOCUMENT_VERSION,
        "kdenlive:docproperties.profile": _profile(cuts),
        "kdenlive:docproperties.guides": _guides(cuts),
        "xml_retain": 1,
    }
    files = [entry(f"producer{numbers[media.url]}", 0, file_length(media, cuts.rate)) for media in cuts.media]
    return element("playlist", [*properties(told), *files], id="main_bin")


def _track(name: str, cuts: Sequence[Cut], numbers: Mapping[str, int], length: int) -> list[str]:
    """A track: the playlist with the clips and the empty one that Kdenlive keeps for transitions."""

    def clip(cut: Cut) -> str:
        number = numbers[cut.media.url]
        return entry(f"producer{number}", cut.start, cut.length, {"kdenlive:id": number + 2})

    marks = properties({"kdenlive:audio_track": 1}) if name == "audio" else []
    hide = "video" if name == "audio" else "audio"
    halves = [element("track", producer=f"{name}{half}", hide=hide) for half in (0, 1)]
    return [
        element("playlist", [*marks, *placed(cuts, clip)], id=f"{name}0"),
        element("playlist", marks, id=f"{name}1"),
        element(
            "tractor",
            [*properties({"kdenlive:track_name": _title(name)}), *marks, *halves],
            id=f"{name}_track",
            **between(0, length),
        ),
    ]


def _title(track: str) -> str:
    return {"audio": "Audio 1", "video": "Video 1"}.get(track, track.replace("alternates", "Alternates "))


def _joined(number: int, track: str) -> str:
    """What Kdenlive itself puts between a track and those below."""
    if track == "audio":
        return mix(0, number, ADDED)
    told = {"a_track": 0, "b_track": number, "mlt_service": "qtblend", "always_active": 1, "compositing": 0}
    return element("transition", properties(told | ADDED), id=f"blend{number}")


def _profile(cuts: CutList) -> str | None:
    """MLT's name for the sequence: exact in rate; of a standard size where the footage has another."""
    if cuts.rate not in RATES:
        return None
    return f"{SIZES.get((cuts.width, cuts.height), 'atsc_1080p')}_{RATES[cuts.rate]}"


def _guides(cuts: CutList) -> str:
    return json.dumps([{"comment": mark.title, "pos": start, "type": 0} for start, _, _, mark in cuts.marks()])
