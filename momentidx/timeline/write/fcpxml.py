"""Final Cut Pro XML 1.10 (`.fcpxml`), written as Apple's document type for that version asks.

1.10 as one flat file is what Final Cut Pro and DaVinci Resolve 18 and later all read; later versions add
nothing that a cut list needs. Our own writer, because the community adapter fails at 23.976 and 29.97.

All times are fractions of a second: an `offset` or `duration` is a multiple of the sequence's frame, a
`start` a multiple of the media's. Footage of another rate says so in `conform-rate`, with speed left as
it is (`scaleEnabled="0"`).
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.timeline.cuts import Cut, CutList, Hole, Mark, Media, cut_list, keywords
from momentidx.timeline.names import one_line
from momentidx.timeline.write.files import write_whole
from momentidx.timeline.write.xml import document, element, leaf

# The rates that `conform-rate srcFrameRate` knows, as it spells them.
CONFORM_RATES = {
    Fraction(24000, 1001): "23.98", Fraction(24): "24", Fraction(25): "25", Fraction(30000, 1001): "29.97",
    Fraction(30): "30", Fraction(48000, 1001): "47.95", Fraction(48): "48", Fraction(50): "50",
    Fraction(60000, 1001): "59.94", Fraction(60): "60",
}  # fmt: skip

FAVORITE = 4
"""From this rating on a moment is a favourite."""


class FcpxmlWriter:
    """Writes one project in one event, with the footage as assets.

    Alternates are connected above their take and switched off.
    """

    name = "fcpxml"
    suffix = ".fcpxml"
    mixed_rates = True
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        write_whole(file, document(_root(cut_list(timeline)), "fcpxml"))


def _root(cuts: CutList) -> str:
    resources = _Resources()
    sequence_format = resources.format(cuts.rate, cuts.width, cuts.height, "1/1")
    spine = [
        _clip(item, cuts, resources) if isinstance(item, Cut) else _gap(item, cuts)
        for item in cuts.items
    ]  # fmt: skip
    query = [leaf("note", f"momentidx: {cuts.query}")] if cuts.query else []
    sequence = element(
        "sequence",
        [*query, element("spine", spine)],
        format=sequence_format,
        duration=seconds(cuts.length, cuts.rate),
        tcStart=seconds(cuts.start, cuts.rate),
        tcFormat="DF" if cuts.drop_frame else "NDF",
        audioLayout="stereo",
        audioRate="48k",
    )
    event = element("event", [element("project", [sequence], name=cuts.name)], name=cuts.name)
    return element("fcpxml", [element("resources", resources.found), element("library", [event])], version="1.10")


def _gap(hole: Hole, cuts: CutList) -> str:
    """Counted from where the sequence starts, as Final Cut writes gaps itself."""
    marks = [_marker(mark, cuts.start + mark.start, cuts.rate) for mark in hole.marks]
    return element(
        "gap",
        marks,
        name=hole.name or "Gap",
        offset=seconds(cuts.start + hole.record, cuts.rate),
        start=seconds(cuts.start, cuts.rate),
        duration=seconds(hole.length, cuts.rate),
    )


def _clip(cut: Cut, cuts: CutList, resources: _Resources) -> str:
    offset = seconds(cuts.start + cut.record, cuts.rate)
    above = []
    for lane, other in enumerate(cut.alternates, start=1):
        # A connected clip counts its offset as its parent counts its own source.
        start = seconds(cut.start, cut.media.rate)
        above.append(_asset_clip(other, cuts, resources, [], offset=start, lane=lane, enabled=0))
    return _asset_clip(cut, cuts, resources, above, offset=offset)


def _asset_clip(
    cut: Cut, cuts: CutList, resources: _Resources, above: list[str], *, offset: str, **place: object
) -> str:
    """In the order that the document type asks for: note, rate, connected clips, keywords and markers."""
    media = cut.media
    asset, media_format = resources.asset(media)
    plays = {"start": seconds(cut.start, media.rate), "duration": seconds(cut.length, cuts.rate)}
    parts = [leaf("note", cut.marks[0].comment)] if cut.marks else []
    if media.rate != cuts.rate:
        parts.append(element("conform-rate", scaleEnabled=0, srcFrameRate=CONFORM_RATES.get(media.rate)))
    words = [cuts.query or "", *(word for mark in cut.marks for word in keywords(mark))]
    keyword = ", ".join(filter(None, dict.fromkeys(words)))
    marks = [_marker(mark, mark.start, media.rate) for mark in cut.marks]
    marks += [_favorite(mark, media.rate) for mark in cut.marks if (mark.facts.get("rating") or 0) >= FAVORITE]
    return element(
        "asset-clip",
        [*parts, *above, *([element("keyword", **plays, value=keyword)] if keyword else []), *marks],
        ref=asset,
        **place,
        offset=offset,
        name=cut.name,
        **plays,
        format=media_format,
        tcFormat="DF" if media.drop_frame else "NDF",
        srcEnable="video" if media.channels and not cut.sound else None,
        audioRole="dialogue" if cut.sound else None,
    )


def _marker(mark: Mark, start: int, rate: Fraction) -> str:
    """No `completed`: that would make it a to-do item."""
    score = mark.facts.get("score")
    note = mark.comment if score is None else f"{mark.comment} (score {score:.2f})"
    return element("marker", start=seconds(start, rate), duration=seconds(1, rate), value=mark.name, note=note)


def _favorite(mark: Mark, rate: Fraction) -> str:
    """Final Cut knows favourites and rejects; how many stars it was stands among the keywords."""
    span = {"start": seconds(mark.start, rate), "duration": seconds(mark.end - mark.start, rate)}
    note = mark.facts.get("note")
    return element("rating", name="Favorite", **span, value="favorite", note=note or None)


def seconds(frames: int, rate: Fraction) -> str:
    """A number of frames as a rational number of seconds: `1001/24000s`, `5s`."""
    # frames / rate, in whole numbers: asked for a dozen times for every clip
    numerator, denominator = frames * rate.denominator, rate.numerator
    common = gcd(numerator, denominator)
    return f"{numerator // common}s" if common == denominator else f"{numerator // common}/{denominator // common}s"


class _Resources:
    """Formats and assets, each listed once, numbered in the order in which they are first needed."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._formats: dict[tuple[Fraction, int, int, str], str] = {}
        self._assets: dict[str, tuple[str, str]] = {}

    def format(self, rate: Fraction, width: int, height: int, aspect: str) -> str:
        key = rate, width, height, aspect
        if key not in self._formats:
            self._formats[key] = self._next()
            across, down = aspect.split("/") if aspect != "1/1" else (None, None)
            size: dict[str, object] = {"width": width, "height": height, "paspH": across, "paspV": down}
            self.found.append(element("format", [], id=self._formats[key], frameDuration=seconds(1, rate), **size))
        return self._formats[key]

    def asset(self, media: Media) -> tuple[str, str]:
        """The ids of the file's asset and of its format."""
        if media.url not in self._assets:
            facts = media.facts
            media_format = self.format(
                media.rate, facts.get("width") or 1920, facts.get("height") or 1080, facts.get("sample_aspect") or "1/1"
            )
            self._assets[media.url] = self._next(), media_format
            self.found.append(_asset(media, *self._assets[media.url]))
        return self._assets[media.url]

    def _next(self) -> str:
        return f"r{len(self._formats) + len(self._assets) + 1}"


def _asset(media: Media, name: str, media_format: str) -> str:
    parts = [element("media-rep", kind="original-media", src=media.url)]
    if reel := media.facts.get("reel"):
        parts.append(element("metadata", [element("md", key="com.apple.proapps.studio.reel", value=reel)]))
    sound: dict[str, object] = {
        "hasAudio": 1,
        "audioSources": 1,
        "audioChannels": media.channels,
        "audioRate": media.facts.get("audio_rate"),
    }
    return element(
        "asset",
        parts,
        id=name,
        name=one_line(_stem(media.name)),
        start=seconds(media.start, media.rate),
        duration=seconds(media.length, media.rate),
        hasVideo=1,
        format=media_format,
        **(sound if media.channels else {}),
    )


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]
