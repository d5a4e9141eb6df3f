"""Moments become files on the shelf, by the same steps as `momentidx export`, each with its check report."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

from pydantic import Field

from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Moment
from momentidx.search.asking import Wish
from momentidx.timeline import picking
from momentidx.timeline.build import Layout
from momentidx.timeline.export import deliver, deliveries, mixture, parse_rate, splitting, targets, writers
from momentidx.timeline.protocol import TimelineWriter
from momentidx.web.desk import Desk
from momentidx.web.problems import Conflict
from momentidx.web.shelf import MOST_BYTES
from momentidx.web.stretches import MOST, Stretch, moments_of
from momentidx.web.values import API, Number, Value, shown

LONGEST_STEM = 80
COPIES_MEDIA = ("otioz",)
"""Formats that hold the footage itself."""


class What(Value):
    """What to export: one of the four; with `events` also the `query` that they were found with."""

    query: str | None = Field(
        default=None, min_length=1, max_length=2000, description="The moments that answer it best."
    )
    saved: str | None = Field(
        default=None, min_length=1, max_length=200, description="Those that answer a saved search."
    )
    selects: str | None = Field(default=None, min_length=1, max_length=200, description="Those of a bin, in its order.")
    events: list[Number | Stretch] | None = Field(
        default=None, min_length=1, max_length=MOST, description="These, in this order."
    )


class Options(Value):
    """As those of `momentidx export` (docs/export.md)."""

    limit: int | None = Field(
        default=None, ge=1, le=MOST, description="How many moments at most; the setting find_limit."
    )
    order: picking.Order = Field(
        default=picking.Order.SCORE, description="Best first (a bin: its order), by source, by date."
    )
    one_per_clip: bool = False
    max_duration: str | None = Field(default=None, max_length=20, description="The best that fit: `90s`, `2m`, `1:30`.")
    handles: str = Field(default="0f", max_length=20, description="Extra material on both sides: `12f`, `0.5s`.")
    gap: str = Field(default="0f", max_length=20, description="Black between clips.")
    start_tc: str | None = Field(default=None, max_length=20, description="Timecode of the first frame.")
    drop_frame: bool | None = Field(default=None, description="As the footage does, when it is not said.")
    rate: str | None = Field(
        default=None, max_length=20, description="Frames a second of the sequence: `25`, `23.976`."
    )
    audio: bool = True
    markers_only: bool = Field(default=False, description="Each clip once and uncut, with a marker a moment.")
    reel_length: int | None = Field(default=None, ge=8, le=32, description="Letters of a reel name in an EDL.")


class ExportedFile(Value):
    """One file to fetch."""

    name: str
    bytes: int
    url: str


class Report(Value):
    """How one file came out, or why a target has none."""

    target: str = Field(description="The format.")
    file: str | None = Field(description="Its name; null when it could not be written.")
    clips: int
    seconds: float
    problems: list[str] = Field(description="What an editing program would stumble over, as sentences.")
    notes: list[str]


class Exported(Value):
    """The files, and how each came out."""

    id: str
    files: list[ExportedFile]
    report: list[Report]


@dataclass(frozen=True, slots=True)
class Choice:
    """Moments, and the words they were found with."""

    moments: list[Moment]
    query: str | None
    name: str


def chosen(desk: Desk, what: What, limit: int | None) -> Choice:
    """The moments that a client means, best first or in their order."""
    if sum(part is not None for part in (what.events or what.query, what.saved, what.selects)) != 1:
        raise WrongUse("Say what to export: 'query', 'saved', 'selects' or 'events', one of them.")
    library, limit = desk.library(), limit or desk.settings.find_limit
    if what.selects is not None:
        entries = library.selects(what.selects)
        return Choice([entry.remarked for entry in entries], None, what.selects)
    if what.events is not None:
        return Choice(moments_of(library, what.events), what.query, what.query or "selects")
    words = library.saved_search(what.saved).query if what.saved is not None else what.query
    return Choice(desk.search(words, Wish(limit)).moments, words, what.saved or words or "")


def export(desk: Desk, choice: Choice, to: Sequence[str], options: Options, *, name: str = "") -> Exported:
    """Write the moments for each target, onto the shelf."""
    with desk.shelf.room() as (number, folder):
        return on_shelf(number, folder, write(desk, choice, to, options, folder, name=name))


def write(
    desk: Desk, choice: Choice, to: Sequence[str], options: Options, folder: Path, *, name: str = ""
) -> list[Report]:
    """Write the moments for each target into a folder."""
    layout = Layout(
        options.handles, options.gap, options.start_tc, options.drop_frame,
        parse_rate(options.rate) if options.rate else None, options.audio, whole_files=options.markers_only,
    )  # fmt: skip
    moments = picking.pick(
        choice.moments[: options.limit], order=options.order, one_per_clip=options.one_per_clip,
        longest=picking.parse_length(options.max_duration) if options.max_duration else None,
    )  # fmt: skip

    def one_target(writer: TimelineWriter, file: Path) -> list[Report]:
        _refuse_too_much(writer, moments)
        planned = deliveries(moments, writer, file, layout)
        split = splitting(planned)
        return [
            Report(
                target=writer.name,
                file=one.file.name,
                clips=len(one.moments),
                seconds=_seconds(one.moments),
                problems=[shown(problem) for problem in problems],
                notes=[note for note in (mixture(one), split) if note],
            )
            for one, problems in deliver(planned, query=choice.query, force=False)
        ]

    settings = desk.settings
    if options.reel_length is not None:
        settings = settings.model_copy(update={"edl_reel_length": options.reel_length})
    wanted = targets(to, folder / stem(name or choice.name), writers(settings))
    return each_target(wanted, one_target)


def each_target(
    wanted: Sequence[tuple[TimelineWriter, Path]], write: Callable[[TimelineWriter, Path], list[Report]]
) -> list[Report]:
    """Have each written; one that fails leaves the others be. Raises what the first did when all fail."""
    reports: list[Report] = []
    failures = []
    for writer, file in wanted:
        try:
            reports += write(writer, file)
        except MomentidxError as error:
            failures.append(error)
            reports.append(
                Report(target=writer.name, file=None, clips=0, seconds=0.0, problems=[shown(str(error))], notes=[])
            )
    if len(failures) == len(wanted):
        raise failures[0]
    return reports


def on_shelf(number: str, folder: Path, reports: Sequence[Report]) -> Exported:
    """Where the files of an export can be fetched."""
    files = [
        ExportedFile(name=file.name, bytes=file.stat().st_size, url=f"{API}/exports/{number}/{quote(file.name)}")
        for report in reports
        if report.file and (file := folder / report.file)
    ]
    return Exported(id=number, files=files, report=list(reports))


def stem(name: str) -> str:
    """A file's name, without ending, that every system takes, out of what a person called something."""
    return re.sub(r"[^\w ()+-]+", "_", name)[:LONGEST_STEM].strip(" _") or "selects"


def _refuse_too_much(writer: TimelineWriter, moments: Sequence[Moment]) -> None:
    """Before the footage is copied, not after."""
    if writer.name in COPIES_MEDIA:
        size = sum(path.stat().st_size for path in {moment.path for moment in moments} if path.exists())
        if size > MOST_BYTES:
            raise Conflict(
                f"{writer.name} holds the footage itself, {size / 1e9:.1f} GB, more than the server keeps. "
                "Write it with 'momentidx export' instead."
            )


def _seconds(moments: Sequence[Moment]) -> float:
    return round(float(sum((moment.event.span.duration for moment in moments), Fraction(0))), 6)
