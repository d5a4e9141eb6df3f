"""Files that we wrote, read back: what each clip says it plays, for `check.py`.

Only as much of each format as our writers use. For our own files only: files of unknown origin are
another matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from momentidx.errors import MomentidxError, WrongUse
from momentidx.timeline.names import plain_path
from momentidx.timeline.reading import read


@dataclass(frozen=True, slots=True)
class Use:
    """What one clip of a file says."""

    label: str
    """How an editor finds it: `clip 3 (A001.mov)`."""
    path: str | None
    """The file it plays; None where the format names none."""
    source: tuple[Fraction, Fraction]
    """What it plays, in the unit of the format."""
    media: tuple[Fraction, Fraction] | None
    """The whole file in the same unit; None where the format does not say."""
    reel: str | None = None


def uses(file: Path) -> list[Use]:
    """The clips of an FCPXML, Final Cut 7 XML, MLT, Kdenlive, EDL, ALE or AAF file.

    Raises WrongUse for other formats, and MomentidxError for a file that cannot be read as its ending says.
    """
    readers: dict[str, Callable[[Path], Iterator[Use]]] = {
        ".fcpxml": lambda file: _fcpxml(ElementTree.parse(file).getroot()),
        ".xml": _fcp7xml,
        ".mlt": lambda file: _mlt(ElementTree.parse(file).getroot()),
        ".kdenlive": lambda file: _mlt(ElementTree.parse(file).getroot()),
        ".edl": lambda file: _edl(file.read_text(encoding="utf-8")),
        ".ale": lambda file: _ale(file.read_text(encoding="utf-8")),
        ".aaf": _aaf,
    }
    reader = readers.get(file.suffix.lower())
    if reader is None:
        known = ", ".join([".otio", *readers])
        raise WrongUse(f"{file}: files of this ending cannot be checked; those that can are {known}.")
    try:
        return list(reader(file))
    except (
        OSError,
        ValueError,
        LookupError,
        ZeroDivisionError,
        ElementTree.ParseError,
        expat.ExpatError,
        WrongUse,
    ) as error:
        raise MomentidxError(f"{file} cannot be read back: {error}. Export it again.") from error


def _fcpxml(root: Element) -> Iterator[Use]:
    assets = {asset.attrib["id"]: asset for asset in root.iter("asset")}
    for number, clip in enumerate(root.iter("asset-clip"), start=1):
        asset = assets[clip.attrib["ref"]]
        media, source = (
            (_seconds(element.attrib["start"]), _seconds(element.attrib["duration"])) for element in (asset, clip)
        )
        url = _child(asset, "media-rep").attrib["src"]
        yield Use(_label(number, clip.get("name")), plain_path(url), _span(source), _span(media))


_CLIPITEM = re.compile("<clipitem .*?</clipitem>", re.DOTALL)


def _fcp7xml(file: Path) -> Iterator[Use]:
    """Clip by clip: a long timeline has a million elements, which as one tree would be half a gigabyte."""
    text = file.read_text(encoding="utf-8")
    expat.ParserCreate().Parse(text, True)
    paths: dict[str, str] = {}
    for number, match in enumerate(_CLIPITEM.finditer(text), start=1):
        clip = ElementTree.fromstring(match[0])
        media = _child(clip, "file")
        if (url := media.findtext("pathurl")) is not None:
            paths[media.attrib["id"]] = plain_path(url)
        start, end, length = (Fraction(int(_child(clip, tag).text or "")) for tag in ("in", "out", "duration"))
        label = _label(number, clip.findtext("name"))
        yield Use(label, paths[media.attrib["id"]], (start, end), (Fraction(0), length))


def _mlt(root: Element) -> Iterator[Use]:
    media = {
        producer.attrib["id"]: (_property(producer, "resource"), Fraction(_property(producer, "length")))
        for producer in root.iter("producer")
        if _property(producer, "mlt_service") != "color"
    }
    number = 0
    for playlist in root.iter("playlist"):
        for entry in playlist.iter("entry"):
            if entry.attrib["producer"] in media and playlist.get("id") != "main_bin":
                number += 1
                path, length = media[entry.attrib["producer"]]
                start, end = Fraction(entry.attrib["in"]), Fraction(entry.attrib["out"]) + 1
                yield Use(_label(number, Path(path).name), path, (start, end), (Fraction(0), length))


DAY = Fraction(24_00_00_00)
"""Of labels as numbers."""
_EVENT = re.compile(r"(?P<number>\d+)  (?P<reel>\S+) +V +C +(\S+) (\S+) (\S+) (\S+)")


def _edl(text: str) -> Iterator[Use]:
    for match in filter(None, map(_EVENT.fullmatch, text.splitlines())):
        source, _ = (_labelled(match.groups()[at : at + 2], f"event {match['number']}") for at in (2, 4))
        yield Use(_label(int(match["number"]), match["reel"]), None, source, None)


def _ale(text: str) -> Iterator[Use]:
    lines = text.splitlines()
    columns = lines[lines.index("Column") + 1].split("\t")
    for number, row in enumerate(lines[lines.index("Data") + 1 :], start=1):
        told = dict(zip(columns, row.split("\t"), strict=True))
        source = _labelled((told["Mark IN"], told["Mark OUT"]), f"row {number}")
        media = _labelled((told["Start"], told["End"]), f"row {number}")
        if source[0] < media[0]:  # after midnight
            source = source[0] + DAY, source[1] + DAY
        yield Use(_label(number, told["Source File"]), told["Source Path"], source, media)


def _labelled(labels: Sequence[str], where: str) -> tuple[Fraction, Fraction]:
    """From one label to another as numbers that grow with them: neither EDL nor check says more than their order."""
    if any(not re.fullmatch(r"\d\d:\d\d:\d\d[:;]\d\d", label) for label in labels):
        raise ValueError(f"{where} has a timecode that is none")
    start, end = (Fraction(re.sub("[:;]", "", label)) for label in labels)
    return start, end if end > start else end + DAY


def _aaf(file: Path) -> Iterator[Use]:
    for track in read(file, None, ours=True).tracks:
        clips = [(item, item.clip) for item in track.items if item.clip is not None]
        for number, (item, clip) in enumerate(clips, start=1):
            media = _span(clip.media) if clip.media and clip.media[1] else None
            path = plain_path(clip.url) if clip.url else None
            yield Use(_label(number, item.name), path, (clip.start, clip.start + item.length), media)


def _label(number: int, name: str | None) -> str:
    return f"clip {number} ({name})"


def _span(start_and_length: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    start, length = start_and_length
    return start, start + length


def _seconds(text: str) -> Fraction:
    return Fraction(text.removesuffix("s"))


def _property(element: Element, name: str) -> str:
    return next((child.text or "" for child in element.iter("property") if child.get("name") == name), "")


def _child(element: Element, tag: str) -> Element:
    child = element.find(tag)
    if child is None:
        raise ValueError(f"a {element.tag} has no {tag}")
    return child
