"""What people said, as CSV and back.

A row is one version. Columns that decide: `footage` (fingerprint) and `made_at` say which event it is,
`version` which of its versions, `start_pts` and `end_pts` (in units of `time_base` seconds) where it is. Columns
for people: `file`, and `in` and `out` in source timecode; they count where the former are empty.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from momentidx.errors import MomentidxError, WrongUse
from momentidx.library.said import OWN_KIND, SEPARATOR, CaptionVersion, Replaced, checked
from momentidx.times import Span, clock, parse_frame

if TYPE_CHECKING:
    from momentidx.footage import Footage
    from momentidx.library import Library

COLUMNS = (
    "file", "in", "out", "caption", "rating", "labels", "version", "edited_at", "made_at", "kind", "footage",
    "start_pts", "end_pts", "time_base", "of_captioner", "of_start_pts", "of_end_pts",
)  # fmt: skip
LONGEST_FIELD = 100_000


def write(file: TextIO, versions: Iterable[CaptionVersion], library: Library) -> None:
    """All versions as CSV, with a heading."""
    known = {summary.footage.fingerprint: summary for summary in library.footage()}
    table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    table.writeheader()
    for version in versions:
        summary = known.get(version.footage)
        footage = summary.footage if summary else library.footage_with(version.footage)
        assert footage is not None
        table.writerow(row_of(version, footage, _text(summary.locations[0].path) if summary else ""))


def row_of(version: CaptionVersion, footage: Footage, file: str) -> dict[str, str]:
    """One version in the columns."""
    start, end = footage.grid.frames(version.span)
    place = version.replaces
    return {
        "file": file,
        "in": footage.timecode(start) or clock(footage.seconds(version.span.start)),
        "out": footage.timecode(end) or clock(footage.seconds(version.span.end)),
        "caption": version.caption,
        "rating": str(version.rating),
        "labels": f"{SEPARATOR} ".join(version.labels),
        "version": str(version.number),
        "edited_at": version.edited_at.isoformat(),
        "made_at": version.made_at.isoformat() if version.made_at else "",
        "kind": version.kind,
        "footage": version.footage,
        "start_pts": str(version.span.start),
        "end_pts": str(version.span.end),
        "time_base": f"{version.span.base.numerator}/{version.span.base.denominator}",
        "of_captioner": place.captioner if place else "",
        "of_start_pts": str(place.start) if place else "",
        "of_end_pts": str(place.end) if place else "",
    }


def read(path: Path, library: Library) -> list[CaptionVersion]:
    """What a CSV file tells; of footage that the library does not have as it is.

    Raises WrongUse, with the line, for what makes no sense.
    """
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, restval="")
            names = [name.strip().casefold() for name in table.fieldnames or ()]
            if "caption" not in names or not {"file", "footage"} & set(names):
                raise WrongUse(f"{path}: no captions. The first line has to name the columns file, in, out, caption.")
            table.fieldnames = names
            found = []
            for row in table:
                try:
                    if any(row.values()):
                        found.append(_version(row, library))
                except (MomentidxError, ValueError, ZeroDivisionError) as error:
                    raise WrongUse(f"{path}, line {table.line_num}: {error}") from error
            return found
    except OSError as error:
        raise WrongUse(f"{path}: the captions cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise WrongUse(f"{path} is no CSV in UTF-8: {error}.") from error


def span_of(footage: Footage, start: str, end: str) -> Span:
    """The stretch between two times as a person types them, cut at the end of the footage."""
    first, last = (parse_frame(time, footage.rate, footage.start) for time in (start, end))
    if first >= last:
        raise WrongUse(f"OUT ({end}) has to come after IN ({start}).")
    span = footage.grid.span(first, last)
    if span.start >= footage.span.end:
        raise WrongUse(f"IN ({start}) lies after the end of the footage.")
    if last > footage.length_frames:
        raise WrongUse(f"OUT ({end}) lies after the end of the footage.")
    return Span(max(span.start, footage.span.start), min(span.end, footage.span.end), span.base)


def _version(row: dict[str, str], library: Library) -> CaptionVersion:
    cells = defaultdict(str, {name: text.strip() for name, text in row.items() if isinstance(text, str)})
    if cells["footage"]:
        footage = library.footage_with(cells["footage"])
    else:
        footage = library.footage_of(Path(cells["file"]).absolute())
    if cells["start_pts"]:
        base = Fraction(cells["time_base"]) if cells["time_base"] else footage and footage.span.base
        if not base:
            raise WrongUse("the time base is missing.")
        span = Span(int(cells["start_pts"]), int(cells["end_pts"]), base)
    elif footage is None:
        raise WrongUse(f"the footage {cells['footage']} is not in the library.")
    else:
        span = span_of(footage, cells["in"], cells["out"])
    place = None
    if cells["of_captioner"]:
        place = Replaced(cells["of_captioner"], int(cells["of_start_pts"]), int(cells["of_end_pts"]))
    version = CaptionVersion(
        footage=footage.fingerprint if footage else cells["footage"],
        made_at=_time(cells["made_at"]),
        number=int(cells["version"] or 1),
        edited_at=_time(cells["edited_at"]) or datetime.now(UTC),
        span=span,
        caption=cells["caption"],
        rating=int(cells["rating"] or 0),
        labels=tuple(label for each in cells["labels"].split(SEPARATOR) if (label := each.strip())),
        kind=cells["kind"] or OWN_KIND,
        replaces=place,
    )
    return checked(version, footage) if footage else version


def _time(text: str) -> datetime | None:
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _text(path: Path) -> str:
    return str(path).encode("utf-8", "backslashreplace").decode()
