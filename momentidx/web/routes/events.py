"""Events: what happens in a clip, as machines and people tell it, and what people change of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from momentidx.footage import Footage
from momentidx.library import CaptionVersion
from momentidx.library.said import trimmed
from momentidx.web.desk import Desk, DeskHere
from momentidx.web.problems import NotFound
from momentidx.web.routes.finding import EventInPath, FootageHere, MomentHere, moment_here, original
from momentidx.web.routes.footage import JPEG, PICTURE, PICTURE_CACHE, kept_picture
from momentidx.web.values import Moment, Value

router = APIRouter(tags=["events"])

MOST_FRAMES = 2**53
MOST_LABELS = 100
Frame = Annotated[int, Field(ge=0, lt=MOST_FRAMES)]
Caption = Annotated[str, Field(min_length=1, max_length=100_000)]
Rating = Annotated[int, Field(ge=0, le=5, description="1 to 5; 0 is none.")]
Labels = Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=MOST_LABELS)]


class Events(Value):
    """What happens in a clip, by time."""

    moments: list[Moment]


class Change(Value):
    """What is to be otherwise; what is not given stays."""

    caption: Caption | None = None
    rating: Rating | None = None
    labels: Labels | None = Field(None, description="All of them.")
    start_frame: Frame | None = None
    end_frame: Frame | None = Field(None, description="Exclusive.")


class NewEvent(Value):
    """Something that a person says of a stretch."""

    start_frame: Frame
    end_frame: Frame = Field(description="Exclusive.")
    caption: Caption
    rating: Rating = 0
    labels: Labels = Field([], description="All of them.")


class Version(Value):
    """How a person's words for a moment read at a time."""

    number: int
    edited_at: str
    caption: str
    rating: int
    labels: list[str]
    start_frame: int
    end_frame: int

    @classmethod
    def of(cls, version: CaptionVersion, footage: Footage) -> Version:
        start, end = footage.grid.frames(version.span)
        return cls(
            number=version.number, edited_at=version.edited_at.isoformat(), caption=version.caption,
            rating=version.rating, labels=list(version.labels), start_frame=start, end_frame=end,
        )  # fmt: skip


class History(Value):
    """How a person's words for a moment changed, the first version first; none when nobody said anything."""

    versions: list[Version]


class Undone(Value):
    """What is shown after a change was taken back; nothing when the moment itself was what was added."""

    moment: Moment | None


@router.get("/footage/{fingerprint}/events")
def clip_events(
    desk: DeskHere,
    summary: FootageHere,
    layer: Annotated[str, Query(max_length=100, description="Only what this captioner said.")] = "",
) -> Events:
    """Everything that is told of a clip; a person's words stand in the place of a machine's."""
    found = desk.library().moments(summary.footage.fingerprint)
    return Events(moments=[Moment.of(each) for each in found if layer in ("", each.layer.captioner)])


@router.post("/footage/{fingerprint}/events", status_code=201)
def add_event(desk: DeskHere, summary: FootageHere, new: NewEvent) -> Moment:
    """Say something of a stretch that nothing was told of, or something else."""
    footage = summary.footage
    span = trimmed(footage, footage.span, new.start_frame, new.end_frame)
    said = desk.captions().add(footage, span, new.caption, rating=new.rating, labels=new.labels)
    return _told(desk, said.event)


@router.get("/events/{event}")
def event(moment: MomentHere) -> Moment:
    """One moment; where a person's words took its place, theirs."""
    return Moment.of(moment)


@router.get("/events/{event}/still", response_class=Response, responses=PICTURE)
def still(desk: DeskHere, event: EventInPath) -> Response:
    """A picture of the moment: the one that was kept, or its very middle, which is then looked for in the footage."""
    file = desk.library().still(event)  # a person's words in its place have the same
    if file is not None and file.is_file():
        return kept_picture(file)
    moment = moment_here(desk, event)
    summary = desk.library().summary_of(moment.footage.fingerprint)
    if summary is None:
        raise NotFound("There is no picture of it (yet).")
    picture = desk.looker.middle(moment.footage, original(desk, summary), moment.event.span)
    return Response(picture, media_type=JPEG, headers=PICTURE_CACHE)


@router.patch("/events/{event}")
def change_event(desk: DeskHere, moment: MomentHere, change: Change) -> Moment:
    """Say it in other words, rate, label or trim it: a person's words, in the place of the machine's from now on."""
    said = desk.captions().change(
        moment.id, caption=change.caption, rating=change.rating, labels=change.labels,
        frames=(change.start_frame, change.end_frame),
    )  # fmt: skip
    return _told(desk, said.event)


@router.delete("/events/{event}", status_code=204)
def delete_event(desk: DeskHere, moment: MomentHere) -> None:
    """Take back what people said of a moment, with its history; a machine's words come to light again."""
    desk.captions().remove(moment.id)


@router.get("/events/{event}/history")
def event_history(desk: DeskHere, moment: MomentHere) -> History:
    """How a person's words for it changed."""
    versions = desk.library().history(moment.id)
    return History(versions=[Version.of(version, moment.footage) for version in versions])


@router.post("/events/{event}/undo")
def undo_change(desk: DeskHere, moment: MomentHere) -> Undone:
    """Take back the last change that a person made to a moment; again: the one before that."""
    places = [(version.replaces.captioner, version.replaces.start, version.replaces.end)
              for version in desk.library().history(moment.id) if version.replaces]  # fmt: skip
    said = desk.captions().undo(moment.id)
    if said is not None:
        return Undone(moment=_told(desk, said.event))
    shown = desk.library().moments(moment.footage.fingerprint) if places else []
    back = [each for each in shown if (each.layer.captioner, each.event.span.start, each.event.span.end) in places]
    return Undone(moment=Moment.of(back[0]) if back else None)


def _told(desk: Desk, number: int) -> Moment:
    return Moment.of(desk.library().moments(ids=[number])[0])
