"""The timeline formats that come with momentidx, offered through the same hook as anyone's."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from momentidx.hooks import Offer, hookimpl

if TYPE_CHECKING:
    from momentidx.config import Settings
    from momentidx.timeline.protocol import TimelineWriter

# Name, where it is written, and what `momentidx plugins` says.
FORMATS = (
    ("otio", "otio.OtioWriter", "OpenTimelineIO (.otio) for Premiere and others: everything the timeline holds."),
    ("otio-resolve", "otio.ResolveWriter", "OpenTimelineIO (.otio) in the shape that DaVinci Resolve imports."),
    ("otioz", "otioz.OtiozWriter", "OpenTimelineIO with a copy of its media in one archive (.otioz)."),
    ("fcp7xml", "fcp7xml.Fcp7XmlWriter", "Final Cut Pro 7 XML (.xml) for Premiere and Resolve."),
    ("fcpxml", "fcpxml.FcpxmlWriter", "Final Cut Pro XML 1.10 (.fcpxml)."),
    ("aaf", "aaf.AafWriter", "Advanced Authoring Format (.aaf) for Avid: experimental."),
    ("ale", "ale.AleWriter", "Avid Log Exchange (.ale): a row for each moment."),
    ("kdenlive", "kdenlive.KdenliveWriter", "Kdenlive project (.kdenlive)."),
    ("mlt", "mlt.MltWriter", "MLT XML (.mlt) for Shotcut and melt."),
    ("blender", "tables.BlenderWriter", "Strips for Blender's sequencer (.json)."),
    ("csv", "tables.CsvWriter", "A table of the moments (.csv)."),
    ("jsonl", "tables.JsonLinesWriter", "The moments as JSON lines (.jsonl)."),
    ("srt", "captions.SrtWriter", "The captions as subtitles (.srt)."),
    ("vtt", "captions.VttWriter", "The captions as web subtitles (.vtt)."),
    ("markers", "markers.ResolveMarkersWriter", "The captions as markers for Resolve (.edl)."),
    ("locators", "markers.AvidLocatorsWriter", "The captions as locators for Avid (.txt)."),
)


@hookimpl
def timeline_writers() -> list[Offer[TimelineWriter]]:
    return [Offer("edl", "CMX 3600 edit decision list (.edl).", _edl), *(_offer(*row) for row in FORMATS)]


def _offer(name: str, where: str, summary: str) -> Offer[TimelineWriter]:
    """An offer whose module is imported when it is made."""

    def make(_settings: Settings) -> TimelineWriter:
        module, kind = where.split(".")
        writer: TimelineWriter = getattr(import_module(f"momentidx.timeline.write.{module}"), kind)()
        return writer

    return Offer(name, summary, make)


def _edl(settings: Settings) -> TimelineWriter:
    from momentidx.timeline.write.edl import EdlWriter

    return EdlWriter(settings.edl_reel_length)
