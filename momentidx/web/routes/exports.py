"""Timelines for editing programs: what there is to write, writing it, fetching it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import Field

from momentidx.hooks import plugins
from momentidx.timeline.export import PROGRAMS, writers
from momentidx.web.desk import DeskHere
from momentidx.web.exporting import Exported, Options, What, chosen, export
from momentidx.web.values import Value

router = APIRouter(tags=["exports"])

To = Annotated[list[Annotated[str, Field(max_length=50)]], Field(min_length=1, max_length=30)]
"""Programs and formats, as `/targets` names them."""


class Target(Value):
    """A program, or one format."""

    name: str
    kind: Literal["program", "format"]
    formats: list[str] = Field(description="Of a program: its formats, the one that arrives most reliably first.")
    suffix: str
    summary: str
    alternates: bool = Field(description="Whether it keeps other takes for the same place.")


class Export(Value):
    """What to write, for whom, and how."""

    what: What
    to: To
    name: str = Field(
        default="", max_length=200, description="Of the files; without it, what the moments were asked with."
    )
    options: Options = Options()


@router.get("/targets")
def list_targets(desk: DeskHere) -> list[Target]:
    """Every program and format that can be exported to."""
    made = writers(desk.settings)
    says = {item.offer.name: item.offer.summary for item in plugins() if item.kind == "timeline_writers"}
    programs = {
        name: fitting for name, formats in PROGRAMS.items() if (fitting := [each for each in formats if each in made])
    }
    return [
        Target(
            name=name, kind="program", formats=formats, suffix=made[formats[0]].suffix,
            summary=says[formats[0]], alternates=made[formats[0]].alternates,
        )
        for name, formats in programs.items()
    ] + [
        Target(
            name=name, kind="format", formats=[name], suffix=writer.suffix,
            summary=says[name], alternates=writer.alternates,
        )
        for name, writer in made.items()
    ]  # fmt: skip


@router.post("/exports")
def make_export(desk: DeskHere, wanted: Export) -> Exported:
    """Write moments for each target, and check what was written. The files are kept for a while."""
    choice = chosen(desk, wanted.what, wanted.options.limit)
    return export(desk, choice, wanted.to, wanted.options, name=wanted.name)


@router.get("/exports/{id}/{name}", response_class=FileResponse)
def fetch_export(
    desk: DeskHere, id: Annotated[str, Path(max_length=40)], name: Annotated[str, Path(max_length=300)]
) -> FileResponse:
    """One of the files."""
    return FileResponse(desk.shelf.file(id, name), filename=name, media_type="application/octet-stream")
