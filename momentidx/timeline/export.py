"""What an export writes: which formats, into which files, and what is wrong with them afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from opentimelineio.schema import Timeline

from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Moment
from momentidx.hooks import plugins
from momentidx.timeline.build import Layout, build, media_rate, rates
from momentidx.timeline.check import can_check, check, check_file
from momentidx.timeline.cuts import exact_rate
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.write.files import refuse_to_replace
from momentidx.times import rate_text, smpte_rate

PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "premiere": ("fcp7xml", "otio", "otioz", "edl", "aaf"),
    "resolve": ("otio-resolve", "fcp7xml", "fcpxml", "otioz", "edl", "aaf", "ale"),
    "finalcut": ("fcpxml",),
    "avid": ("edl", "ale", "aaf", "locators"),
    "kdenlive": ("kdenlive", "mlt", "otio"),
    "shotcut": ("mlt",),
    "blender": ("blender", "edl"),
}
"""For each program its formats, the one that arrives most reliably first; the ending of the file may pick another."""

Writers = Mapping[str, TimelineWriter]


def writers(settings: Settings) -> Writers:
    """Every format that is installed, by name."""
    return {item.offer.name: item.offer.make(settings) for item in plugins() if item.kind == "timeline_writers"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file to write."""

    file: Path
    writer: TimelineWriter
    moments: tuple[Moment, ...]
    layout: Layout
    alone: bool
    """Whether this file holds everything that was asked for in its format."""


def targets(names: Sequence[str], output: Path, writers: Writers) -> list[tuple[TimelineWriter, Path]]:
    """A writer and a file for each `--to`: a program, a format, or (without any) what the ending of `output` says.

    The file is `output` itself where its ending fits, else `output` with the format's ending; where
    that name is taken by an earlier one, what was asked for is added. Raises WrongUse.
    """
    if not names:
        return [(_by_suffix(output, writers), output)]
    known = {writer.suffix for writer in writers.values()}
    stem = output.with_suffix("") if output.suffix.lower() in known else output
    found: dict[TimelineWriter, Path] = {}
    for name in names:
        writer = _by_name(name, output, writers)
        file = output if output.suffix.lower() == writer.suffix else Path(f"{stem}{writer.suffix}")
        if writer not in found:
            found[writer] = file if file not in found.values() else Path(f"{stem}.{name}{writer.suffix}")
    return list(found.items())


def _by_name(name: str, output: Path, writers: Writers) -> TimelineWriter:
    if name in writers:
        return writers[name]
    fitting = [writers[format_] for format_ in PROGRAMS.get(name, ()) if format_ in writers]
    if not fitting:
        raise WrongUse(
            f"There is no program or format '{name}' to export to. Programs: {', '.join(PROGRAMS)}. "
            f"Formats: {', '.join(sorted(writers))}."
        )
    return next((writer for writer in fitting if writer.suffix == output.suffix.lower()), fitting[0])


def _by_suffix(output: Path, writers: Writers) -> TimelineWriter:
    suffix = output.suffix.lower()
    fitting = [writer for writer in writers.values() if writer.suffix == suffix]
    if not fitting:
        endings = ", ".join(sorted({writer.suffix for writer in writers.values()}))
        raise WrongUse(f"{output}: the ending picks the format, and it is none of: {endings}. Or say --to.")
    # Two formats may share an ending; the plain one bears its name.
    return next((writer for writer in fitting if f".{writer.name}" == suffix), fitting[0])


def deliveries(moments: Sequence[Moment], writer: TimelineWriter, file: Path, layout: Layout) -> tuple[Delivery, ...]:
    """The files that one format needs: one for each rate where it cannot mix them, and parts where it is limited."""
    if not moments:
        raise MomentidxError("There is nothing to put on a timeline: no moment was found.")
    groups = list(_by_rate(moments)) if layout.rate is None and not writer.mixed_rates else [("", tuple(moments))]
    found = []
    for rate, group in groups:
        parts = list(_parts(group, writer.most_clips))
        for number, part in enumerate(parts, start=1):
            tags = ([rate] if len(groups) > 1 else []) + ([str(number)] if len(parts) > 1 else [])
            name = file if not tags else file.with_name("-".join([file.stem, *tags]) + file.suffix)
            found.append(Delivery(name, writer, part, layout, alone=not tags))
    return tuple(found)


def _by_rate(moments: Sequence[Moment]) -> Iterator[tuple[str, tuple[Moment, ...]]]:
    for rate in rates(moments):
        same = (moment for moment in moments if media_rate(moment.footage.rate) == media_rate(rate))
        yield rate_text(rate), tuple(same)


def _parts(moments: tuple[Moment, ...], most: int | None) -> Iterator[tuple[Moment, ...]]:
    step = most or len(moments) or 1
    for start in range(0, max(len(moments), 1), step):
        yield moments[start : start + step]


def deliver(deliveries: Sequence[Delivery], *, query: str | None, force: bool) -> Iterator[tuple[Delivery, list[str]]]:
    """Write the files, and tell of each what is wrong with it. Nothing is written when one of them may not be."""
    timelines = _timelines(deliveries, query)
    for one, timeline in zip(deliveries, timelines, strict=True):
        refuse_to_replace(one.file, timeline, force=force)
    for one, timeline in zip(deliveries, timelines, strict=True):
        yield one, write_checked(one.writer, timeline, one.file)


def mixture(one: Delivery) -> str | None:
    """What a person should know of clips of several frame rates in one file."""
    found = rates(one.moments)
    if len(found) < 2:
        return None
    names = ", ".join(rate_text(rate) for rate in found)
    sequence = rate_text(one.layout.rate or found[0])
    return f"The clips have different frame rates ({names}); the sequence has {sequence}."


def splitting(deliveries: Sequence[Delivery]) -> str | None:
    """Why there are several files of a format, if there are."""
    split = " and ".join(sorted({one.writer.name for one in deliveries if not one.alone}))
    return (
        f"There are several files because {split} holds one frame rate, or so many clips, in a file." if split else None
    )


def _timelines(deliveries: Sequence[Delivery], query: str | None) -> list[Timeline]:
    """A timeline for each, made once for several formats of the same."""
    made: list[tuple[Delivery, Timeline]] = []
    for one in deliveries:
        wanted = one.moments, one.layout, one.file.stem
        same = (timeline for other, timeline in made if (other.moments, other.layout, other.file.stem) == wanted)
        timeline = next(same, None) or build(one.moments, name=one.file.stem, query=query, layout=one.layout)
        made.append((one, timeline))
    return [timeline for _, timeline in made]


def write_checked(writer: TimelineWriter, timeline: Timeline, file: Path) -> list[str]:
    """Write a timeline, and tell what is wrong with it, or else with the file, which would only say the same again."""
    writer.write(timeline, file)
    if file.suffix.lower() == ".otio":  # reading it back gives the whole timeline
        return check_file(file)
    return check(timeline) or (check_file(file) if can_check(file) else [])


def parse_rate(text: str) -> Fraction:
    """`25`, `23.976`, `30000/1001`: a sequence rate. Raises WrongUse."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise WrongUse(f"'{text}' is not a frame rate. Write 25, 23.976 or 30000/1001.")
    return exact_rate(smpte_rate(rate) or float(rate))
