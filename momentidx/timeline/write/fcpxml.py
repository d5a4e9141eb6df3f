"""Final Cut Pro XML 1.10 (`.fcpxml`), written as Apple's document type for that version asks.

1.10 as one flat file is what Final Cut Pro and DaVinci Resolve 18 and later all read; later versions add
nothing that a cut list needs. Our own writer, because the community adapter fails at 23.976 and 29.97.

All times are fractions of a second: an `offset` or `duration` is a multiple of the sequence's frame, a
`start` a multiple of the media's. Footage of another rate says so in `conform-rate`, with speed left as
it is (`scaleEnabled="0"`).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import listing
from momentidx.timeline.cuts import Cut, CutList, Media, cut_list
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.xml import add, xml_bytes

# The rates that `conform-rate srcFrameRate` knows, as it spells them.
CONFORM_RATES = {
    Fraction(24000, 1001): "23.98", Fraction(24): "24", Fraction(25): "25", Fraction(30000, 1001): "29.97",
    Fraction(30): "30", Fraction(48000, 1001): "47.95", Fraction(48): "48", Fraction(50): "50",
    Fraction(60000, 1001): "59.94", Fraction(60): "60",
}  # fmt: skip
SOUND_RATES = {
    32000: "32k",
    44100: "44.1k",
    48000: "48k",
    88200: "88.2k",
    96000: "96k",
    176400: "176.4k",
    192000: "192k",
}


class FcpxmlWriter:
    """Writes one project in one event, with the footage as assets."""

    name = "fcpxml"
    suffix = ".fcpxml"
    mixed_rates = True
    most_clips: int | None = None

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, xml_bytes(_document(cut_list(listing(timeline))), "fcpxml"))


def _document(cuts: CutList) -> Element:
    root = Element("fcpxml", version="1.10")
    resources = _Resources(add(root, "resources"))
    sequence_format = resources.format(cuts.rate, cuts.width, cuts.height, "1/1")
    event = add(add(root, "library"), "event", name=cuts.name)
    sequence = add(
        add(event, "project", name=cuts.name),
        "sequence",
        format=sequence_format,
        duration=seconds(cuts.length, cuts.rate),
        tcStart=seconds(cuts.start, cuts.rate),
        tcFormat="DF" if cuts.drop_frame else "NDF",
        audioLayout="stereo",
        audioRate="48k",
    )
    if cuts.query:
        add(sequence, "note", f"momentidx: {cuts.query}")
    spine = add(sequence, "spine")
    end = 0
    for cut in cuts.cuts:
        if cut.record > end:
            add(
                spine,
                "gap",
                name="Gap",
                offset=seconds(cuts.start + end, cuts.rate),
                start=seconds(cuts.start, cuts.rate),
                duration=seconds(cut.record - end, cuts.rate),
            )
        _clip(spine, cut, cuts, resources)
        end = cut.record_end
    return root


def _clip(spine: Element, cut: Cut, cuts: CutList, resources: _Resources) -> None:
    media = cut.media
    asset, media_format = resources.asset(media)
    clip = add(
        spine,
        "asset-clip",
        ref=asset,
        offset=seconds(cuts.start + cut.record, cuts.rate),
        name=cut.name,
        start=seconds(cut.start, media.rate),
        duration=seconds(cut.length, cuts.rate),
        format=media_format,
        tcFormat="DF" if media.drop_frame else "NDF",
        srcEnable="video" if media.channels and not cut.sound else None,
        audioRole="dialogue" if cut.sound else None,
    )
    if cut.marks:
        add(clip, "note", cut.marks[0].comment)
    if media.rate != cuts.rate:
        add(clip, "conform-rate", scaleEnabled=0, srcFrameRate=CONFORM_RATES.get(media.rate))
    if cuts.query:
        add(
            clip,
            "keyword",
            start=seconds(cut.start, media.rate),
            duration=seconds(cut.length, cuts.rate),
            value=cuts.query,
        )
    for mark in cut.marks:
        # No `completed`: that would make it a to-do item.
        add(
            clip,
            "marker",
            start=seconds(mark.start, media.rate),
            duration=seconds(1, media.rate),
            value=mark.name,
            note=_note(mark.comment, mark.facts.get("score")),
        )


def _note(comment: str, score: float | None) -> str:
    return comment if score is None else f"{comment} (score {score:.2f})"


def seconds(frames: int, rate: Fraction) -> str:
    """A number of frames as a rational number of seconds: `1001/24000s`, `5s`."""
    time = frames / rate
    return f"{time.numerator}s" if time.denominator == 1 else f"{time.numerator}/{time.denominator}s"


class _Resources:
    """Formats and assets, each listed once, numbered in the order in which they are first needed."""

    def __init__(self, element: Element) -> None:
        self._element = element
        self._formats: dict[tuple[Fraction, int, int, str], str] = {}
        self._assets: dict[str, tuple[str, str]] = {}

    def format(self, rate: Fraction, width: int, height: int, aspect: str) -> str:
        key = rate, width, height, aspect
        if key not in self._formats:
            self._formats[key] = self._next()
            across, down = aspect.split("/") if aspect != "1/1" else (None, None)
            add(
                self._element,
                "format",
                id=self._formats[key],
                frameDuration=seconds(1, rate),
                width=width,
                height=height,
                paspH=across,
                paspV=down,
            )
        return self._formats[key]

    def asset(self, media: Media) -> tuple[str, str]:
        """The ids of the file's asset and of its format."""
        if media.url not in self._assets:
            facts = media.facts
            media_format = self.format(
                media.rate, facts.get("width") or 1920, facts.get("height") or 1080, facts.get("sample_aspect") or "1/1"
            )
            self._assets[media.url] = self._next(), media_format
            sound = {
                "hasAudio": 1,
                "audioSources": 1,
                "audioChannels": media.channels,
                "audioRate": facts.get("audio_rate"),
            }
            asset = add(
                self._element,
                "asset",
                id=self._assets[media.url][0],
                name=_stem(media.name),
                start=seconds(media.start, media.rate),
                duration=seconds(media.length, media.rate),
                hasVideo=1,
                format=media_format,
                **(sound if media.channels else {}),
            )
            add(asset, "media-rep", kind="original-media", src=media.url)
            if facts.get("reel"):
                add(add(asset, "metadata"), "md", key="com.apple.proapps.studio.reel", value=facts["reel"])
        return self._assets[media.url]

    def _next(self) -> str:
        return f"r{len(self._formats) + len(self._assets) + 1}"


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]
