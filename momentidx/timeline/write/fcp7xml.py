"""Final Cut Pro 7 XML (`.xml`, xmeml 5): what Premiere and Resolve import most reliably.

Our own writer: of the community adapter's output every clip, marker and timecode would have to be
written again (drop-frame lost, markers outside their clips, reels lost, fractional frames, child order).

`in` and `out` count from the file's first picture in frames of the sequence, which is how Premiere and
Resolve are reported to read them when rates differ. `rate` is the nominal rate with the `ntsc` flag.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from opentimelineio.schema import Timeline

from momentidx.errors import WrongUse
from momentidx.timeline.conform.targets import fcp7xml
from momentidx.timeline.cuts import Cut, CutList, Mark, Media, cut_list
from momentidx.timeline.names import one_line, plain_path
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.xml import add, xml_bytes
from momentidx.times import rate_text, round_half_up, timecode


class Fcp7XmlWriter:
    """Writes one sequence: a picture track, a sound track for each channel of a stereo pair, markers."""

    name = "fcp7xml"
    suffix = ".xml"
    mixed_rates = True
    most_clips: int | None = None

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, xml_bytes(_Document(cut_list(fcp7xml(timeline))).root, "xmeml"))


class _Document:
    """The document while it grows: a file is described once and referred to by its id from then on.

    What many clips say alike (the rate, the links between picture and sound) is one element in many
    places: a timeline of 10,000 moments has a million elements.
    """

    def __init__(self, cuts: CutList) -> None:
        self.cuts = cuts
        self.files: dict[str, int] = {}
        self.described: set[int] = set()
        self.clip_rate = _rate(Element("clipitem"), cuts.rate)
        self.links = _links(cuts)
        self.root = Element("xmeml", version="5")
        sequence = add(self.root, "sequence", id="sequence-1")
        add(sequence, "name", cuts.name)
        add(sequence, "duration", cuts.length)
        _rate(sequence, cuts.rate)
        _timecode(sequence, cuts.rate, cuts.start, cuts.drop_frame)
        media = add(sequence, "media")
        self._picture(add(media, "video"))
        if cuts.sound:
            self._sound(add(media, "audio"))
        for start, end, _, mark in cuts.marks():
            _marker(sequence, mark, start, end)

    def _picture(self, video: Element) -> None:
        _picture_format(add(video, "format"), self.cuts.rate, self.cuts.width, self.cuts.height, None)
        track = add(video, "track")
        for number, cut in enumerate(self.cuts.cuts, start=1):
            item = self._clip(track, f"clip-{number}-v", cut)
            item.extend(self.links[number])
            for mark in cut.marks:
                _marker(item, mark, mark.start, mark.end)

    def _sound(self, audio: Element) -> None:
        add(audio, "numOutputChannels", 2)
        for channel in range(1, max(_tracks(cut) for cut in self.cuts.cuts) + 1):
            track = add(audio, "track")
            for number, cut in enumerate(self.cuts.cuts, start=1):
                if channel <= _tracks(cut):
                    item = self._clip(track, f"clip-{number}-a{channel}", cut)
                    source = add(item, "sourcetrack")
                    add(source, "mediatype", "audio")
                    add(source, "trackindex", channel)
                    item.extend(self.links[number])
            add(track, "outputchannelindex", channel)

    def _clip(self, track: Element, name: str, cut: Cut) -> Element:
        item = add(track, "clipitem", id=name)
        number = self.files.setdefault(cut.media.url, len(self.files) + 1)
        add(item, "masterclipid", f"master-{number}")
        add(item, "name", cut.name)
        add(item, "enabled", "TRUE")
        add(item, "duration", max(round_half_up(cut.media.length * self.cuts.rate / cut.media.rate), 1))
        item.append(self.clip_rate)
        add(item, "start", cut.record)
        add(item, "end", cut.record_end)
        add(item, "in", cut.start)
        add(item, "out", cut.end)
        self._file(item, cut.media, number)
        return item

    def _file(self, item: Element, media: Media, number: int) -> None:
        file = add(item, "file", id=f"file-{number}")
        if number in self.described:
            return
        self.described.add(number)
        add(file, "name", one_line(media.name))
        add(file, "pathurl", _path_url(media.url))
        _rate(file, media.rate)
        add(file, "duration", media.length)
        facts = media.facts
        _timecode(file, media.rate, facts.get("start_frame", 0), media.drop_frame, reel=facts.get("reel"))
        parts = add(file, "media")
        _picture_format(
            add(parts, "video"), media.rate, facts.get("width"), facts.get("height"), facts.get("sample_aspect")
        )
        if media.channels:
            audio = add(parts, "audio")
            sound = add(audio, "samplecharacteristics")
            add(sound, "depth", 16)
            add(sound, "samplerate", facts.get("audio_rate") or 48000)
            add(audio, "channelcount", media.channels)


def _links(cuts: CutList) -> dict[int, list[Element]]:
    """For each cut, picture and sound of it, so that they stay together when moved."""
    counts: Counter[int] = Counter()
    found: dict[int, list[Element]] = {}
    for number, cut in enumerate(cuts.cuts, start=1):
        found[number] = []
        if not cut.sound:
            continue
        places = [(f"clip-{number}-v", "video", 1, number)]
        for channel in range(1, _tracks(cut) + 1):
            counts[channel] += 1
            places.append((f"clip-{number}-a{channel}", "audio", channel, counts[channel]))
        for name, kind, track, index in places:
            link = Element("link")
            add(link, "linkclipref", name)
            add(link, "mediatype", kind)
            add(link, "trackindex", track)
            add(link, "clipindex", index)
            found[number].append(link)
    return found


def _tracks(cut: Cut) -> int:
    """One clip for each channel, at most a stereo pair: the program finds the other channels in the file."""
    return min(cut.media.channels, 2) if cut.sound else 0


def _rate(parent: Element, rate: Fraction) -> Element:
    """The whole number above an NTSC rate, and whether it is one."""
    ntsc = rate.denominator == 1001
    if not ntsc and rate.denominator != 1:
        raise WrongUse(
            f"Final Cut Pro 7 XML has no rate of {rate_text(rate)} frames a second. Export as .otio, .fcpxml or .mlt."
        )
    element = add(parent, "rate")
    add(element, "timebase", rate.numerator // 1000 if ntsc else rate.numerator)
    add(element, "ntsc", "TRUE" if ntsc else "FALSE")
    return element


def _timecode(parent: Element, rate: Fraction, frame: int, drop_frame: bool, reel: Any = None) -> None:
    label = timecode(frame, rate, drop_frame=drop_frame)
    if label is None:
        return
    element = add(parent, "timecode")
    _rate(element, rate)
    add(element, "string", label)
    add(element, "frame", frame)
    add(element, "displayformat", "DF" if drop_frame else "NDF")
    if reel:
        add(add(element, "reel"), "name", reel)


def _picture_format(parent: Element, rate: Fraction, width: Any, height: Any, aspect: str | None) -> None:
    picture = add(parent, "samplecharacteristics")
    _rate(picture, rate)
    add(picture, "width", width or 1920)
    add(picture, "height", height or 1080)
    add(picture, "anamorphic", "FALSE")
    # Other shapes have names of their own; a program reads those from the file.
    if aspect in (None, "1/1"):
        add(picture, "pixelaspectratio", "square")
    add(picture, "fielddominance", "none")


def _marker(parent: Element, mark: Mark, start: int, end: int) -> None:
    marker = add(parent, "marker")
    add(marker, "name", mark.name)
    add(marker, "comment", mark.comment)
    add(marker, "in", start)
    add(marker, "out", end)


def _path_url(url: str) -> str:
    """The classical form, `file://localhost/...`; a Windows share names its own host."""
    if plain_path(url).startswith("//"):
        return url
    return url.replace("file:///", "file://localhost/", 1)
