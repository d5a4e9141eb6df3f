"""A shot list becomes slots with takes to pick from, and what was picked becomes a timeline."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from momentidx import events
from momentidx.errors import WrongUse
from momentidx.search.asking import Wish
from momentidx.timeline.assemble import FLOOR, Cast, answers_wanted, cast, fitted, write_string_out
from momentidx.timeline.export import targets, writers
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.shotlist import MOST_SLOTS, parse_shot_list
from momentidx.timeline.shotlist import Slot as ShotListSlot
from momentidx.web.desk import Desk, DeskHere
from momentidx.web.exporting import Exported, Report, each_target, on_shelf, stem
from momentidx.web.routes.exports import To
from momentidx.web.stretches import Stretch, moments_of
from momentidx.web.values import Moment, Number, Value, shown

router = APIRouter(tags=["assemble"])

ENDINGS = {"text": ".txt", "markdown": ".md", "csv": ".csv"}


class ShotList(Value):
    """A shot list (docs/selects.md says how it is written), and how to cast it."""

    text: str = Field(max_length=200_000)
    written: Literal["text", "markdown", "csv"] = "text"
    alternates: int = Field(default=2, ge=0, le=9, description="Other takes to find for each slot.")
    floor: float = Field(default=FLOOR, ge=0, le=1, description="The least score of a take that is good enough.")
    repeat: bool = Field(default=False, description="Whether several slots may show the same pictures.")


class Slot(Value):
    """One place in the cut, and the evidence for what it got."""

    slot: int
    words: str
    seconds: float | None
    state: Literal["filled", "gap"]
    reason: str | None = Field(description="Why there is a gap.")
    takes: list[Moment] = Field(description="The best, then its alternates, cut to the slot's length.")
    runner_up: Moment | None = Field(description="The best answer that is none of the takes.")


class Picked(Value):
    """A slot and the takes that a person wants in it; none leaves a gap with the words."""

    words: str = Field(min_length=1, max_length=2000)
    seconds: float | None = Field(default=None, gt=0, le=24 * 3600)
    takes: list[Number | Stretch] = Field(
        max_length=10, description="What plays, then what lies on tracks that do not."
    )


class Assembly(Value):
    """What was picked, to be written."""

    slots: list[Picked] = Field(min_length=1, max_length=MOST_SLOTS)
    to: To
    name: str = Field(default="assembly", max_length=200)
    handles: str = Field(default="0f", max_length=20, description="Extra material on both sides of a take.")


@router.post("/assemble")
def cast_shot_list(desk: DeskHere, wanted: ShotList) -> list[Slot]:
    """Find takes for every slot: the moment that fits best, and others to pick from."""
    slots = parse_shot_list(wanted.text, ENDINGS[wanted.written])
    count = answers_wanted(len(slots), wanted.alternates)
    answers = [_answers(desk, slot, count) for slot in slots]
    found = cast(slots, answers, floor=wanted.floor, alternates=wanted.alternates, repeat=wanted.repeat)
    return [
        Slot(
            **{
                **one.to_json(wanted.floor),
                "takes": [Moment.of(take) for take in one.takes],
                "runner_up": Moment.of(one.runner_up) if one.runner_up else None,
            }
        )
        for one in found
    ]


@router.post("/assemble/export")
def export_assembly(desk: DeskHere, wanted: Assembly) -> Exported:
    """Write what was picked as a timeline, the first take of each slot in it, others on tracks that do not play."""
    library = desk.library()
    picked = []
    for place, each in enumerate(wanted.slots, start=1):
        length = None if each.seconds is None else Fraction(str(each.seconds))
        takes = [fitted(moment, length) for moment in moments_of(library, each.takes)]
        picked.append(Cast(ShotListSlot(place, each.words, length), [], takes))
    playing = [one.takes[0] for one in picked if one.takes]
    others = any(len(one.takes) > 1 for one in picked)

    def write(writer: TimelineWriter, file: Path) -> list[Report]:
        problems = write_string_out(picked, writer, file, name=file.stem, handles=wanted.handles)
        lacking = others and not writer.alternates
        note = f"The alternates are not in it: {writer.name} files have no place for them."
        seconds = float(sum((moment.event.span.duration for moment in playing), Fraction(0)))
        return [
            Report(
                target=writer.name, file=file.name, clips=len(playing), seconds=round(seconds, 6),
                problems=[shown(problem) for problem in problems], notes=[note] if lacking else [],
            )
        ]  # fmt: skip

    with desk.shelf.room() as (number, folder):
        wanted_formats = targets(wanted.to, folder / stem(wanted.name), writers(desk.settings))
        return on_shelf(number, folder, each_target(wanted_formats, write))


def _answers(desk: Desk, slot: ShotListSlot, count: int) -> list[events.Moment]:
    try:
        return desk.search(slot.words, Wish(count)).moments
    except WrongUse as error:
        raise WrongUse(f"Slot {slot.number} ('{slot.words}'): {error}") from error
