"""Where the library stands, the queue job by job, and what a person wants of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from momentidx import library
from momentidx.errors import WrongUse
from momentidx.library import JobSummary, Library
from momentidx.library.queue import EVERYTHING
from momentidx.pipeline.run import Run, WatchedRoot, read_run
from momentidx.web.desk import Desk, DeskHere
from momentidx.web.values import Number, Value, shown

router = APIRouter(tags=["queue"])

MOST = 1000
"""Jobs of one answer, and of one order."""
LONGEST_PATH = 4096
State = Literal["queued", "running", "done", "failed", "cancelled"]
UNDONE: tuple[State, ...] = ("queued", "running", "failed", "cancelled")


class Root(Value):
    """A folder that is watched, or was."""

    path: str
    mode: Literal["events", "polling"] | None = Field(description="How it is watched; null when no daemon runs.")
    why: str | None = Field(description="Why it is polled.")
    offline: str | None = Field(description="Why its files are taken to be away.")
    offline_since: datetime | None
    files: int = Field(description="While it is offline: how many files it held before.")
    paused: bool

    @classmethod
    def of(cls, root: library.Root, way: WatchedRoot | None, paused: bool) -> Root:
        mode: Literal["events", "polling"] | None = None
        if way is not None:
            mode = "events" if way.mode == "events" else "polling"
        return cls(
            path=shown(root.path), mode=mode, why=way.why if way else None, offline=root.offline,
            offline_since=root.offline_since, files=root.files, paused=paused,
        )  # fmt: skip


class Status(Value):
    """How far the library is."""

    library: str = Field(description="Its folder.")
    footage: int
    indexed_seconds: float
    events: int
    pending_files: int
    pending_bytes: int
    pending_seconds: float
    seconds_left: float | None = Field(description="At the speed of the last files.")
    stages: dict[str, int] = Field(description="Jobs that wait or are in work, by stage.")
    jobs: dict[str, int] = Field(description="Jobs by state.")
    failed: int = Field(description="Files with something that failed.")
    offline: int = Field(description="Files that are away; they are searched all the same.")
    writer: str | None = Field(description="Which process indexes.")
    decoder_deaths: int = Field(description="How often the process that decodes died since the daemon started.")
    paused: list[str] = Field(description="Folders that are not worked on; an empty string stands for everything.")
    roots: list[Root]


class Job(Value):
    """One stage of the work on one file, or on what is in it."""

    id: int
    stage: str
    tool: str = Field(description="Name of the captioner or embedder, where there is one.")
    state: State
    path: str | None = Field(description="Null when the content lies nowhere any more.")
    online: bool
    priority: int
    attempts: int
    queued_at: datetime
    code: str | None = Field(description="Why it failed, as a stable name ...")
    reason: str | None = Field(description="... and as a sentence.")
    next_try: datetime | None = Field(description="When it is tried again by itself.")

    @classmethod
    def of(cls, job: JobSummary) -> Job:
        told = {"tool": job.tool, "path": job.path and shown(job.path), "reason": job.reason and shown(job.reason)}
        return cls.model_validate(job.to_json() | told)


class Jobs(Value):
    """Jobs: what is in work, then what is next, then the others by their numbers."""

    jobs: list[Job]
    more: bool


class Which(Value):
    """Jobs by their numbers, or all of some files and folders by their whole paths."""

    jobs: list[Number] = Field(default=[], max_length=MOST)
    paths: list[Annotated[str, Field(max_length=LONGEST_PATH)]] = Field(default=[], max_length=MOST)


class Again(Which):
    """What to try again; without any, everything that failed."""


class Folder(Value):
    """A folder by its whole path; null stands for everything."""

    folder: Annotated[str, Field(max_length=LONGEST_PATH)] | None = None


class Changed(Value):
    """How many jobs an order changed."""

    changed: int


class Paused(Value):
    """What is paused now; an empty string stands for everything."""

    changed: bool = Field(description="False when it was so already.")
    paused: list[str]


@router.get("/status")
def status(desk: DeskHere) -> Status:
    """What is indexed, what is pending, and how each folder is watched."""
    opened = desk.library()
    now, writer = opened.status(), opened.writer()
    run = read_run(opened.folder, writer)
    return Status(
        library=shown(opened.folder),
        footage=now.footage,
        indexed_seconds=now.footage_seconds,
        events=now.events,
        pending_files=now.pending_files,
        pending_bytes=now.pending_bytes,
        pending_seconds=now.pending_seconds,
        seconds_left=round(now.pending_seconds / run.speed, 1) if run and run.speed and now.pending_seconds else None,
        stages={stage: states["queued"] + states["running"] for stage, states in now.stages.items()},
        jobs=dict(now.jobs),
        failed=len(now.failures),
        offline=now.offline,
        writer=writer,
        decoder_deaths=run.decoder_deaths if run else 0,
        paused=[_named(path) for path in now.paused],
        roots=_roots(opened, run, now.paused),
    )


@router.get("/jobs")
def jobs(
    desk: DeskHere,
    state: Annotated[list[State] | None, Query(description="Only these; without it, all but done.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> Jobs:
    """The queue: what is in work, what is next, what failed and why, and when it is tried again."""
    found = desk.library().jobs(state or UNDONE, limit=limit + 1)
    return Jobs(jobs=[Job.of(job) for job in found[:limit]], more=len(found) > limit)


@router.post("/jobs/retry")
def retry_jobs(desk: DeskHere, which: Again) -> Changed:
    """Queue jobs that failed or were cancelled again."""
    queue = desk.queue()
    if not which.jobs and not which.paths:
        return Changed(changed=queue.retry_failed())
    return Changed(changed=queue.retry(which.jobs, _paths(which)))


@router.post("/jobs/first")
def put_first(desk: DeskHere, which: Which) -> Changed:
    """Let jobs go before all others; those that failed or were cancelled are queued again."""
    return Changed(changed=desk.queue().retry(which.jobs, _paths(which), now=True))


@router.post("/jobs/cancel")
def cancel_jobs(desk: DeskHere, which: Which) -> Changed:
    """Leave jobs undone until somebody tries them again, or the file changes."""
    return Changed(changed=desk.queue().cancel(which.jobs, _paths(which)))


@router.post("/jobs/pause")
def pause(desk: DeskHere, folder: Folder) -> Paused:
    """Work on nothing in a folder, or on nothing at all. What is in work is finished."""
    changed = desk.queue().pause(_folder(desk, folder))
    return Paused(changed=changed, paused=_paused(desk))


@router.post("/jobs/resume")
def resume(desk: DeskHere, folder: Folder) -> Paused:
    """Take a pause back."""
    changed = desk.queue().resume(_folder(desk, folder))
    return Paused(changed=changed, paused=_paused(desk))


def _roots(opened: Library, run: Run | None, paused: tuple[Path, ...]) -> list[Root]:
    """While a daemon runs, the folders that it watches; else those that were watched last."""
    ways = {way.path: way for way in run.roots} if run else {}
    return [
        Root.of(root, ways.get(str(root.path)), any(root.path.is_relative_to(path) for path in paused if path.parts))
        for root in opened.roots()
        if not run or str(root.path) in ways
    ]


def _paths(which: Which) -> list[Path]:
    return [_whole(path) for path in which.paths]


def _folder(desk: Desk, folder: Folder) -> Path:
    """A folder that is known is named as it was shown, also where that is not how its bytes are."""
    if folder.folder is None:
        return EVERYTHING
    library = desk.library()
    known = (*library.paused(), *(root.path for root in library.roots()))
    return next((path for path in known if _named(path) == folder.folder), None) or _whole(folder.folder)


def _whole(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise WrongUse(f"'{text}' is no whole path. It has to begin at the root of the file system.")
    return path


def _paused(desk: Desk) -> list[str]:
    return [_named(path) for path in desk.library().paused()]


def _named(path: Path) -> str:
    return shown(path) if path.parts else ""
