"""Final Cut Pro 7 XML (`.xml`, xmeml 5): what Premiere and Resolve import most reliably.

Our own writer: of the community adapter's output every clip, marker and timecode would have to be
written again (drop-frame lost, markers outside their clips, reels lost, fractional frames, child order).

`in` and `out` count from the file's first picture in frames of the sequence, which is how Premiere and
Resolve are reported to read them when rates differ. `rate` is the nominal rate with the `ntsc` flag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from opentimelineio.schema import Timeline

from momentidx.errors import WrongUse
from momentidx.timeline.conform.targets import fcp7xml
from momentidx.timeline.cuts import Cut, CutList, Mark, Media, file_length
from momentidx.timeline.names import one_line, plain_path
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.xml import document, element, leaf
from momentidx.times import rate_text, timecode

GOOD = 4
"""From this rating on a take is marked as good."""


class Fcp7XmlWriter:
    """Writes one sequence: a picture track, a sound track for each channel of a stereo pair, markers.

    Alternates lie on picture tracks above that are switched off.
    """

    name = "fcp7xml"
    suffix = ".xml"
    mixed_rates = True
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, document(_Sequence(fcp7xml(timeline)).text(), "xmeml"))


class _Sequence:
    """The sequence while it is written: a file is described once and referred to by its id from then on."""

    def __init__(self, cuts: CutList) -> None:
        self.cuts = cuts
        self.rate = _rate(cuts.rate)
        self.links = _links(cuts)
        self.files = {media.url: number for number, media in enumerate(cuts.media, start=1)}
        self.lengths = {media.url: file_length(media, cuts.rate) for media in cuts.media}
        self.described: set[str] = set()

    def text(self) -> str:
        cuts = self.cuts
        media = [self._picture(), *([self._sound()] if cuts.sound else [])]  # pictures first: they describe the files
        sequence = [
            leaf("name", cuts.name),
            leaf("duration", cuts.length),
            self.rate,
            _timecode(cuts.rate, cuts.start, cuts.drop_frame),
            element("media", media),
            *(_marker(mark, start, end) for start, end, _, mark in cuts.marks()),
        ]
        return element("xmeml", [element("sequence", sequence, id="sequence-1")], version="5")

    def _picture(self) -> str:
        cuts = self.cuts
        tracks = [element("format", [_picture_format(cuts.rate, cuts.width, cuts.height, None)])]
        tracks.append(
            element(
                "track",
                [self._clip(f"clip-{n}-v", cut, self.links[n], _log(cut), _markers(cut)) for n, cut in _numbered(cuts)],
            )
        )
        for rank, lane in enumerate(cuts.lanes(), start=2):
            clips = [
                self._clip(f"clip-{number}-v{rank}", cut, _markers(cut), enabled="FALSE")
                for number, cut in enumerate(lane, start=1)
            ]
            tracks.append(element("track", [*clips, leaf("enabled", "FALSE")]))
        return element("video", tracks)

    def _sound(self) -> str:
        tracks = []
        for channel in range(1, max(_tracks(cut) for cut in self.cuts.cuts) + 1):
            source = element("sourcetrack", [leaf("mediatype", "audio"), leaf("trackindex", channel)])
            clips = [
                self._clip(f"clip-{number}-a{channel}", cut, source, self.links[number])
                for number, cut in _numbered(self.cuts)
                if channel <= _tracks(cut)
            ]
            tracks.append(element("track", [*clips, leaf("outputchannelindex", channel)]))
        return element("audio", [leaf("numOutputChannels", 2), *tracks])

    def _clip(self, name: str, cut: Cut, *more: str, enabled: str = "TRUE") -> str:
        number = self.files[cut.media.url]
        return element(
            "clipitem",
            [
                leaf("masterclipid", f"master-{number}"),
                leaf("name", cut.name),
                leaf("enabled", enabled),
                leaf("duration", self.lengths[cut.media.url]),
                self.rate,
                leaf("start", cut.record),
                leaf("end", cut.record_end),
                leaf("in", cut.start),
                leaf("out", cut.end),
                self._file(cut.media, number),
                *more,
            ],
            id=name,
        )

    def _file(self, media: Media, number: int) -> str:
        if media.url in self.described:
            return element("file", id=f"file-{number}")
        self.described.add(media.url)
        facts = media.facts
        size = facts.get("width"), facts.get("height"), facts.get("sample_aspect")
        parts = [element("video", [_picture_format(media.rate, *size)])]
        if media.channels:
            sound = [leaf("depth", 16), leaf("samplerate", facts.get("audio_rate") or 48000)]
            parts.append(
                element("audio", [element("samplecharacteristics", sound), leaf("channelcount", media.channels)])
            )
        return element(
            "file",
            [
                leaf("name", one_line(media.name)),
                leaf("pathurl", _path_url(media.url)),
                _rate(media.rate),
                leaf("duration", media.length),
                _timecode(media.rate, facts.get("start_frame", 0), media.drop_frame, reel=facts.get("reel")),
                element("media", parts),
            ],
            id=f"file-{number}",
        )


def _numbered(cuts: CutList) -> Iterator[tuple[int, Cut]]:
    return enumerate(cuts.cuts, start=1)


def _links(cuts: CutList) -> dict[int, str]:
    """For each cut, picture and sound of it, so that they stay together when moved."""
    counts: Counter[int] = Counter()
    found: dict[int, str] = {}
    for number, cut in _numbered(cuts):
        places = [(f"clip-{number}-v", "video", 1, number)] if cut.sound else []
        for channel in range(1, _tracks(cut) + 1):
            counts[channel] += 1
            places.append((f"clip-{number}-a{channel}", "audio", channel, counts[channel]))
        found[number] = "".join(
            element(
                "link",
                [
                    leaf("linkclipref", name),
                    leaf("mediatype", kind),
                    leaf("trackindex", track),
                    leaf("clipindex", index),
                ],
            )
            for name, kind, track, index in places
        )
    return found


def _tracks(cut: Cut) -> int:
    """One clip for each channel, at most a stereo pair: the program finds the other channels in the file."""
    return min(cut.media.channels, 2) if cut.sound else 0


@cache
def _rate(rate: Fraction) -> str:
    """The whole number above an NTSC rate, and whether it is one."""
    ntsc = rate.denominator == 1001
    if not ntsc and rate.denominator != 1:
        raise WrongUse(
            f"Final Cut Pro 7 XML has no rate of {rate_text(rate)} frames a second. Export as .otio, .fcpxml or .mlt."
        )
    nominal = rate.numerator // 1000 if ntsc else rate.numerator
    return element("rate", [leaf("timebase", nominal), leaf("ntsc", "TRUE" if ntsc else "FALSE")])


def _timecode(rate: Fraction, frame: int, drop_frame: bool, reel: Any = None) -> str:
    """Nothing where the rate has no timecode."""
    label = timecode(frame, rate, drop_frame=drop_frame)
    if label is None:
        return ""
    counting = leaf("displayformat", "DF" if drop_frame else "NDF")
    named = element("reel", [leaf("name", reel)]) if reel else ""
    return element("timecode", [_rate(rate), leaf("string", label), leaf("frame", frame), counting, named])


def _picture_format(rate: Fraction, width: Any, height: Any, aspect: str | None) -> str:
    # Other shapes of pixels have names of their own; a program reads those from the file.
    square = leaf("pixelaspectratio", "square") if aspect in (None, "1/1") else ""
    return element(
        "samplecharacteristics",
        [
            _rate(rate),
            leaf("width", width or 1920),
            leaf("height", height or 1080),
            leaf("anamorphic", "FALSE"),
            square,
            leaf("fielddominance", "none"),
        ],
    )


def _markers(cut: Cut) -> str:
    return "".join(_marker(mark, mark.start, mark.end) for mark in cut.marks)


def _marker(mark: Mark, start: int, end: int) -> str:
    return element(
        "marker", [leaf("name", mark.name), leaf("comment", mark.comment), leaf("in", start), leaf("out", end)]
    )


def _log(cut: Cut) -> str:
    """What a person made of the moment, as a shot log of the program: only where there is something."""
    said = [mark for mark in cut.marks if mark.remark]
    if not said:
        return ""
    good = any((mark.facts.get("rating") or 0) >= GOOD for mark in said)
    log = [
        leaf("description", said[0].caption),
        leaf("lognote", "; ".join(mark.remark for mark in said)),
    ]
    return element("logginginfo", [*log, *([leaf("good", "TRUE")] if good else [])])


def _path_url(url: str) -> str:
    """The classical form, `file://localhost/...`; a Windows share names its own host."""
    if plain_path(url).startswith("//"):
        return url
    return url.replace("file:///", "file://localhost/", 1)
