"""The worker's side of the queue: jobs are rows with a named state.

    queued ── claim ──> running ── end ──> done
      ^                    │ └──── fail ─> failed ── after a while, if that may help ──┐
      └── release, changed ┘                                                           │
      ^────────────────────────────────────────────────────────────────────────────────┘

Every function works on a connection inside a transaction; all that change something, inside a writing
one. The statements that every file needs are built once, as building one takes far longer than running it.
A job that is changed while it is running (its file changed, a person cancelled it) leaves that
state; the worker's own ending then finds its claim gone and stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, and_, bindparam, exists, or_, select, update

from momentidx.footage import Footage
from momentidx.library import queries
from momentidx.library.tables import FootageRow, JobRow, LocationRow, PausedRow
from momentidx.library.values import Claim, Job, Wanted

PROBE, DESCRIBE, PICTURES, EMBED = STAGES = ("probe", "describe", "pictures", "embed")

MAX_DEATHS = 3
"""A job during which the process died so often in a row is not tried again."""
CRASH_LOOP = "crash-loop"
MAX_TRIES = 8
"""A job that failed so often in a row for reasons that may pass is not tried again by itself."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_REASON = 2000
"""Characters that are kept."""

NO_FAILURE: dict[str, Any] = {"code": None, "reason": None, "passing": None, "not_before": None}
AGAIN: dict[str, Any] = {"state": "queued", **NO_FAILURE}
FRESH: dict[str, Any] = {"tries": 0, "deaths": 0, **AGAIN}
"""`AGAIN`, and how often it failed before is forgotten."""

KNOWN_TOOLS = or_(
    JobRow.stage.in_((PROBE, PICTURES)),
    and_(JobRow.stage == DESCRIBE, JobRow.tool.in_(bindparam("captioners", expanding=True))),
    and_(JobRow.stage == EMBED, JobRow.tool == bindparam("embedder")),
)
"""Whether a job needs nothing but the tools there are; they are given as `tools`."""
_CLAIMED = (JobRow.id == bindparam("job"), JobRow.state == "running", JobRow.attempts == bindparam("attempt"))
"""Whether a claim counts; given as `_of`."""
_REVIVED = (
    JobRow.state == "failed",
    JobRow.not_before.is_not(None),
    or_(JobRow.not_before <= bindparam("now"), JobRow.not_before > bindparam("farthest")),
)
"""Failed jobs whose wait is over, by `_clock`. One that is too long to be ours shows that the clock was put back."""
_PLACE = select(LocationRow.id, LocationRow.footage_id, LocationRow.online, LocationRow.recognised, *queries.SEEN)

_ENDED = (
    update(JobRow)
    .where(*_CLAIMED)
    .returning(JobRow.location_id, JobRow.footage_id, JobRow.priority, JobRow.queued_at, JobRow.file_time)
)
_RELEASED = update(JobRow).where(*_CLAIMED).values(state="queued", deaths=0)
_ANY_REVIVED = select(exists().where(*_REVIVED))
_REVIVING = update(JobRow).where(*_REVIVED)
_FACTS = select(FootageRow.facts).where(FootageRow.id == bindparam("footage"))
_PAUSED = select(PausedRow.path)
_PLACE_AT = _PLACE.where(LocationRow.path == bindparam("path"))
_PLACE_WITH = _PLACE.where(LocationRow.id == bindparam("location"))
_PROBE_OF = select(JobRow).where(JobRow.location_id == bindparam("location"))
_JOBS_OF = select(JobRow).where(JobRow.footage_id == bindparam("footage"), KNOWN_TOOLS)
_TAKEN = (
    update(JobRow)
    .where(JobRow.id.in_(bindparam("jobs", expanding=True)))
    .values(state="running", attempts=JobRow.attempts + 1, started_at=bindparam("now"), ended_at=None)
    .returning(JobRow.id, JobRow.attempts, JobRow.stage, JobRow.tool, JobRow.tries, JobRow.deaths)
)


def utc_now() -> datetime:
    return datetime.now(UTC)


def is_due(connection: Connection, wanted: Wanted, path: Path | None, now: datetime) -> bool:
    """Whether `claim` would find something; needs no writing transaction."""
    revived = connection.execute(_ANY_REVIVED, _clock(now)).scalar()
    return bool(revived) or _next_place(connection, wanted, path) is not None


def claim(connection: Connection, wanted: Wanted, path: Path | None, now: datetime) -> Claim | None:
    """Take what is due of the file, or content, whose turn it is; or of the file at this path."""
    connection.execute(_REVIVING, {**_clock(now), **AGAIN})
    place = _next_place(connection, wanted, path)
    if place is None:
        return None
    due = _take(connection, _due_at(connection, wanted, place), now)
    if due[0].stage == PROBE:
        return Claim(queries.seen_file(place), None, due)
    facts = connection.execute(_FACTS, {"footage": place.footage_id}).scalar_one()
    return Claim(queries.seen_file(place), Footage.from_json(facts), due)


def take_content(connection: Connection, wanted: Wanted, footage: int, now: datetime) -> tuple[Job, ...]:
    """Claim what is due of a content."""
    return _take(connection, _due_of(connection, wanted, footage), now)


def tools(wanted: Wanted) -> dict[str, Any]:
    """The parameters of `KNOWN_TOOLS`."""
    return {"captioners": [layer.captioner for layer in wanted.layers], "embedder": wanted.embedder.name}


def end(connection: Connection, job: Job, state: str, now: datetime, **more: Any) -> Any:
    """End a running job; its row, or None when the claim does not count any more."""
    values = {"state": state, "deaths": 0, "tries": 0, "tried_with": None, "ended_at": now, **NO_FAILURE, **more}
    return connection.execute(_ENDED, {**_of(job), **values}).one_or_none()


def fail(
    connection: Connection, job: Job, code: str, reason: str, *, passing: bool, tried_with: str, now: datetime
) -> Any:
    """End a job that could not be done; it is tried again by itself if that may help and has not often failed to."""
    tries = job.tries + 1
    again = now + wait_after(job.id, tries) if passing and tries < MAX_TRIES else None
    return end(
        connection, job, "failed", now, code=code, reason=storable(reason), passing=passing, tries=tries,
        tried_with=tried_with, not_before=again,
    )  # fmt: skip


def wait_after(job: int, tries: int) -> timedelta:
    """How long to wait after the last of so many tries: 1 minute, 2, 4, ... and up to half as much more.

    What failed together is not tried again together: the addition differs from job to job (multiples
    of the golden ratio lie evenly), but not from run to run.
    """
    spread = 1 + (job * 0.6180339887 % 1) / 2
    return min(FIRST_WAIT * (2.0 ** (tries - 1) * spread), LONGEST_WAIT)


def release(connection: Connection, jobs: Sequence[Job]) -> None:
    """Queue claimed jobs again, so far as their claims count."""
    for job in jobs:
        connection.execute(_RELEASED, _of(job))


def release_all(connection: Connection) -> None:
    """Queue what is running again."""
    connection.execute(update(JobRow).where(JobRow.state == "running").values(state="queued", deaths=0))


def release_dead(connection: Connection, now: datetime) -> None:
    """Queue what a dead process left running, but give up on files that seem to kill it."""
    running = connection.execute(
        select(JobRow.id, JobRow.deaths, LocationRow.path)
        .join(LocationRow, queries.LIES_AT)
        .where(JobRow.state == "running")
        .order_by(*queries.BEST_FIRST)
    ).all()
    for row in {row.id: row for row in reversed(running)}.values():
        deaths = row.deaths + 1
        reason = (
            f"{row.path}: momentidx died {deaths} times while indexing it. Play the file to see whether it is "
            "whole; export it anew, or add it to 'ignore'."
        )
        given_up = {
            "state": "failed", "code": CRASH_LOOP, "reason": storable(reason), "passing": False, "ended_at": now
        }  # fmt: skip
        ending = given_up if deaths >= MAX_DEATHS else {"state": "queued"}
        connection.execute(update(JobRow).where(JobRow.id == row.id).values({**ending, "deaths": deaths}))


def storable(sentence: str) -> str:
    """The sentence with bytes of a path that are not UTF-8 spelled out, as a database takes no others; bounded."""
    return sentence.encode("utf-8", "backslashreplace").decode()[:LONGEST_REASON]


def _of(job: Job) -> dict[str, int]:
    return {"job": job.id, "attempt": job.attempt}


def _clock(now: datetime) -> dict[str, datetime]:
    return {"now": now, "farthest": now + LONGEST_WAIT}


def _next_place(connection: Connection, wanted: Wanted, path: Path | None) -> Any:
    """Where the next file to be worked on lies, or this one when something of it is due.

    What a person paused is passed over, unless it is asked for by its path.
    """
    if path is not None:
        place = connection.execute(_PLACE_AT, {"path": path}).one_or_none()
        return place if place is not None and _due_at(connection, wanted, place) else None
    paused = tuple(connection.execute(_PAUSED).scalars())
    if Path() in paused:
        return None
    next_job, best_place = _next(paused, newest_first=wanted.newest_first)
    job = connection.execute(next_job, tools(wanted)).one_or_none()
    if job is None:
        return None
    if job.location_id is not None:
        return connection.execute(_PLACE_WITH, {"location": job.location_id}).one()
    return connection.execute(best_place, {"footage": job.footage_id}).one()


@lru_cache(maxsize=8)
def _next(paused: tuple[Path, ...], *, newest_first: bool) -> tuple[Executable, Executable]:
    """The job whose turn it is, and the best place of its content, outside the folders that are paused."""
    free = [~queries.at_or_below(folder) for folder in paused]
    # Words are embedded wherever the pictures are.
    legible = LocationRow.online & or_(JobRow.stage == PROBE, LocationRow.recognised)
    possible = exists().where(queries.LIES_AT, or_(JobRow.stage == EMBED, legible), *free)
    first = (JobRow.file_time.desc(),) if newest_first else (JobRow.queued_at,)
    job = (
        select(JobRow.location_id, JobRow.footage_id)
        .where(JobRow.state == "queued", KNOWN_TOOLS, possible)
        .order_by(JobRow.priority.desc(), *first, JobRow.id)
    )
    place = _PLACE.where(LocationRow.footage_id == bindparam("footage"), *free).order_by(*queries.BEST_FIRST)
    return job.limit(1), place.limit(1)


def _due_at(connection: Connection, wanted: Wanted, place: Any) -> list[Any]:
    """Jobs that are due at a location: its probe, or else those of its content."""
    if place.online:
        probe = connection.execute(_PROBE_OF, {"location": place.id}).one()
        if probe.state == "queued":
            return [probe]
    if place.footage_id is None:
        return []
    return _due_of(connection, wanted, place.footage_id, readable=place.online and place.recognised)


def _due_of(connection: Connection, wanted: Wanted, footage: int, *, readable: bool = True) -> list[Any]:
    """Jobs that are due of a content; if its file cannot be read, those that need none.

    An embedding goes with every description. They are few, and sorted out here: asked for their
    state as well, SQLite would rather look through all that are queued.
    """
    jobs = connection.execute(_JOBS_OF, {"footage": footage, **tools(wanted)}).all()
    due = [job for job in jobs if job.state == "queued" and (readable or job.stage == EMBED)]
    if any(job.stage == DESCRIBE for job in due):
        due += [job for job in jobs if job.stage == EMBED and job.state == "done"]
    return due


def _take(connection: Connection, due: Sequence[Any], now: datetime) -> tuple[Job, ...]:
    """Claim jobs, in the order of their stages."""
    taken = connection.execute(_TAKEN, {"jobs": [job.id for job in due], "now": now})
    return tuple(sorted((Job(*row) for row in taken), key=lambda job: (STAGES.index(job.stage), job.id)))
