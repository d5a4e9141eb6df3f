"""Small readers of exported files, written against the formats and not against our writers.

Each gives what an editing program would do: which file, which seconds of it (counted as the format counts
them), and where on the timeline. All times are exact fractions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree
from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class Shown:
    """One clip as a program would place it, in seconds."""

    path: bytes
    start: Fraction
    length: Fraction
    record: Fraction


def fcpxml(file: Path) -> tuple[list[Shown], Element]:
    """The spine as Final Cut lays it out; `start` in the file's timecode."""
    root = ElementTree.parse(file).getroot()
    sources = {asset.get("id"): asset.find("media-rep").get("src") for asset in root.iter("asset")}
    sequence = next(root.iter("sequence"))
    zero = seconds(sequence.get("tcStart"))
    shown, expected = [], zero
    for item in sequence.find("spine"):
        assert seconds(item.get("offset")) == expected, "the spine has a hole or an overlap"
        expected += seconds(item.get("duration"))
        if item.tag == "asset-clip":
            shown.append(
                Shown(
                    decoded(sources[item.get("ref")]),
                    seconds(item.get("start")),
                    seconds(item.get("duration")),
                    seconds(item.get("offset")) - zero,
                )
            )
    assert expected - zero == seconds(sequence.get("duration"))
    return shown, root


def fcp7xml(file: Path) -> tuple[list[Shown], Element]:
    """The picture track; `start` from the file's first picture."""
    root = ElementTree.parse(file).getroot()
    files = {element.get("id"): element for element in root.iter("file") if element.find("pathurl") is not None}
    shown = []
    for clip in root.findall("sequence/media/video/track/clipitem"):
        rate = ntsc_rate(clip.find("rate"))
        start, end, record, record_end = (int(clip.findtext(tag)) for tag in ("in", "out", "start", "end"))
        assert end - start == record_end - record
        url = files[clip.find("file").get("id")].findtext("pathurl")
        shown.append(Shown(decoded(url), start / rate, (end - start) / rate, record / rate))
    return shown, root


def mlt(file: Path, track: str) -> tuple[list[Shown], Element]:
    """One playlist; `start` from the file's first picture."""
    root = ElementTree.parse(file).getroot()
    profile = root.find("profile")
    rate = Fraction(int(profile.get("frame_rate_num")), int(profile.get("frame_rate_den")))
    resources = {
        producer.get("id"): next(p.text for p in producer if p.get("name") == "resource")
        for producer in root.iter("producer")
    }
    shown, record = [], 0
    for item in next(playlist for playlist in root.iter("playlist") if playlist.get("id") == track):
        if item.tag == "blank":
            record += int(item.get("length"))
        elif item.tag == "entry":
            length = int(item.get("out")) - int(item.get("in")) + 1
            path = resources[item.get("producer")].encode()
            shown.append(Shown(path, int(item.get("in")) / rate, length / rate, record / rate))
            record += length
    return shown, root


def ntsc_rate(rate: Element) -> Fraction:
    nominal = int(rate.findtext("timebase"))
    return Fraction(nominal * 1000, 1001) if rate.findtext("ntsc") == "TRUE" else Fraction(nominal)


def label_frame(label: str, rate: Fraction) -> int:
    """Frames since midnight of a label, by the drop-frame rule of SMPTE ST 12-1 written out."""
    hours, minutes, seconds, frames = (int(part) for part in re.split("[:;]", label))
    nominal = -(-rate.numerator // rate.denominator)
    count = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if ";" in label:
        passed = hours * 60 + minutes
        count -= nominal // 15 * (passed - passed // 10)
    return count


def seconds(text: str) -> Fraction:
    assert text.endswith("s")
    return Fraction(text[:-1])


def decoded(url: str) -> bytes:
    return unquote_to_bytes(re.sub("^file://(localhost)?", "", url))
