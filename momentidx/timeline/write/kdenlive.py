"""Kdenlive projects (`.kdenlive`): MLT with the project bin, two playlists to a track, and guides.

Written as a document of version 0.98, which the versions since 2019 open (newer ones convert it). The
profile's name is needed: without it Kdenlive turns the project into 720x576 at 25 frames a second.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import mlt
from momentidx.timeline.cuts import Cut, CutList, cut_list
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.mlt import add_profile, between, black, entry, file_length, mix, producer, properties
from momentidx.timeline.write.xml import add, xml_bytes

DOCUMENT_VERSION = "0.98"
# Profiles that come with MLT: by picture size, then by rate.
SIZES = {(1280, 720): "atsc_720p", (1920, 1080): "atsc_1080p", (2560, 1440): "qhd_1440p", (3840, 2160): "uhd_2160p"}
RATES = {
    Fraction(24000, 1001): "2398", Fraction(24): "24", Fraction(25): "25", Fraction(30000, 1001): "2997",
    Fraction(30): "30", Fraction(50): "50", Fraction(60000, 1001): "5994", Fraction(60): "60",
}  # fmt: skip


class KdenliveWriter:
    """Writes the bin, one picture track, one sound track where there is sound, and the captions as guides."""

    name = "kdenlive"
    suffix = ".kdenlive"
    mixed_rates = True
    most_clips: int | None = None

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, xml_bytes(_document(cut_list(mlt(timeline)))))


def _document(cuts: CutList) -> Element:
    root = Element("mlt", LC_NUMERIC="C", version="7.0.0", title=cuts.name, producer="main_bin")
    add_profile(root, cuts)
    ids = _bin(root, cuts)
    properties(black(root, "black_track", cuts.length), {"kdenlive:playlistid": "black_track", "set.test_audio": 0})
    tracks = [_track(root, "video", [(cut, ids[cut.media.url]) for cut in cuts.cuts], cuts)]
    if cuts.sound:
        # Kdenlive stacks from below: sound tracks lie under picture tracks.
        tracks.insert(0, _track(root, "audio", [(cut, ids[cut.media.url]) for cut in cuts.cuts if cut.sound], cuts))
    main = add(root, "tractor", id="main", global_feed=1, **between(0, cuts.length))
    add(main, "track", producer="black_track")
    for _, track in tracks:
        add(main, "track", producer=track)
    for number, (kind, _) in enumerate(tracks, start=1):
        transition = mix(main, 0, number) if kind == "audio" else _blend(main, number)
        properties(transition, {"internal_added": 237})
    return root


def _bin(root: Element, cuts: CutList) -> dict[str, str]:
    """The project bin with every file once; the producers' ids by path."""
    ids: dict[str, str] = {}
    for cut in cuts.cuts:
        if cut.media.url not in ids:
            ids[cut.media.url] = f"producer{len(ids)}"
            facts = {"kdenlive:id": len(ids) + 1, "kdenlive:clipname": cut.media.name, "kdenlive:folderid": -1}
            producer(root, ids[cut.media.url], cut.media, cuts.rate, facts)
    bin_ = add(root, "playlist", id="main_bin")
    properties(
        bin_,
        {
            "kdenlive:docproperties.version": DOCUMENT_VERSION,
            "kdenlive:docproperties.profile": _profile(cuts),
            "kdenlive:docproperties.guides": _guides(cuts),
            "xml_retain": 1,
        },
    )
    for media in {cut.media.url: cut.media for cut in cuts.cuts}.values():
        entry(bin_, ids[media.url], 0, file_length(media, cuts.rate))
    return ids


def _track(root: Element, kind: str, placed: list[tuple[Cut, str]], cuts: CutList) -> tuple[str, str]:
    """A track: the playlist with the clips and the empty one that Kdenlive keeps for transitions."""
    hide = "video" if kind == "audio" else "audio"
    first, second = (add(root, "playlist", id=f"{kind}{half}") for half in (0, 1))
    end = 0
    for cut, name in placed:
        if cut.record > end:
            add(first, "blank", length=cut.record - end)
        properties(entry(first, name, cut.start, cut.length), {"kdenlive:id": int(name.removeprefix("producer")) + 2})
        end = cut.record_end
    tractor = add(root, "tractor", id=f"{kind}_track", **between(0, cuts.length))
    properties(tractor, {"kdenlive:track_name": "Audio 1" if kind == "audio" else "Video 1"})
    if kind == "audio":
        for playlist in (first, second, tractor):
            properties(playlist, {"kdenlive:audio_track": 1})
    for playlist in (first, second):
        add(tractor, "track", producer=playlist.get("id"), hide=hide)
    return kind, f"{kind}_track"


def _blend(tractor: Element, track: int) -> Element:
    transition = add(tractor, "transition", id=f"blend{track}")
    properties(
        transition, {"a_track": 0, "b_track": track, "mlt_service": "qtblend", "always_active": 1, "compositing": 0}
    )
    return transition


def _profile(cuts: CutList) -> str | None:
    """MLT's name for the sequence: exact in rate; of a standard size where the footage has another."""
    if cuts.rate not in RATES:
        return None
    return f"{SIZES.get((cuts.width, cuts.height), 'atsc_1080p')}_{RATES[cuts.rate]}"


def _guides(cuts: CutList) -> str:
    return json.dumps([{"comment": mark.name, "pos": start, "type": 0} for start, _, _, mark in cuts.marks()])
