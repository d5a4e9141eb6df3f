"""The library's tables, as SQLAlchemy models.

    root, paused                           which folders are watched, which wait
    footage ──< location ── job            what there is, where it lies, what is still to find out about a file
       ├─────< job                         ... and about its content
       ├─────< layer ──< event ──< vector >── embedder
       │                   ├──< event_value                      what of it can be asked for by name
       │                   └── human_event ──< caption_version     what a person said
       └─────< bin_entry                   what a person chose

They are used with plain connections: rows never leave `library/`. The numbered steps in
`migrations/` create the tables; a test asserts that both say the same.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class PathBytes(TypeDecorator[Path]):
    """A path as the bytes the file system knows; they need not be UTF-8."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Path | None:  # noqa: ARG002
        return None if value is None else Path(os.fsdecode(value))


class UtcTime(TypeDecorator[datetime]):
    """A moment on the calendar, in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


class ExactFraction(TypeDecorator[Fraction]):
    """A fraction as `num/den` text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Fraction | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else f"{value.numerator}/{value.denominator}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Fraction | None:  # noqa: ARG002
        return None if value is None else Fraction(value)


class Base(DeclarativeBase):
    """Every constraint has a name, so that a later step can change it."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (read once by SQLAlchemy)
        Path: PathBytes,
        datetime: UtcTime,
        Fraction: ExactFraction,
        dict[str, Any]: JSON,
        float: Float,
    }


class MetaRow(Base):
    """The one row about the library itself."""

    __tablename__ = "meta"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    generation: Mapped[int]
    """Grows with every transaction that changes what `vectors` or `moments` answer."""


class FootageRow(Base):
    """One content, wherever it lies."""

    __tablename__ = "footage"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(unique=True)
    facts: Mapped[dict[str, Any]]
    """`Footage.to_json()`"""
    seconds: Mapped[float] = mapped_column(index=True)
    """Duration, for sums and to find what is as long; the exact one is in `facts`."""
    poster: Mapped[str | None]
    """Name in the still store."""
    sprite: Mapped[dict[str, Any] | None]
    """The strip of small pictures: its name in the still store and how it is laid out."""
    proxy_of: Mapped[int | None] = mapped_column(ForeignKey("footage.id", ondelete="SET NULL"), index=True)
    """The original that this content is a lighter copy of; a proxy is not described itself."""
    added_at: Mapped[datetime]


class LocationRow(Base):
    """A path where a file was seen, and how it stood."""

    __tablename__ = "location"

    id: Mapped[int] = mapped_column(primary_key=True)
    footage_id: Mapped[int | None] = mapped_column(ForeignKey(FootageRow.id, ondelete="SET NULL"), index=True)
    """Empty until the content was first recognised."""
    recognised: Mapped[bool]
    """Whether `footage_id` was confirmed since the file last changed."""
    path: Mapped[Path] = mapped_column(unique=True)
    size: Mapped[int]
    mtime_ns: Mapped[int]
    ctime_ns: Mapped[int]
    inode: Mapped[int]
    online: Mapped[bool]
    seen_at: Mapped[datetime]


class RootRow(Base):
    """A folder that was watched, and the volume it lay on then."""

    __tablename__ = "root"
    __table_args__ = (CheckConstraint("(offline IS NULL) = (offline_since IS NULL)", name="offline_since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[Path] = mapped_column(unique=True)
    volume: Mapped[str]
    """Identity of the volume, as `watch` found it; another one at the same place is not trusted."""
    offline: Mapped[str | None]
    """Why its files are taken to be away, as a sentence; empty while it is there."""
    offline_since: Mapped[datetime | None]
    walked_at: Mapped[datetime | None]
    """When it was last walked to the end and stood otherwise than before."""
    files: Mapped[int]
    """While it is offline: how many files it held before."""


class PausedRow(Base):
    """A folder whose files are not worked on until a person says so; the empty path stands for all."""

    __tablename__ = "paused"

    path: Mapped[Path] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class JobRow(Base):
    """One stage of the work on a file, or on its content.

    `probe` finds out what a file holds; `pictures` makes poster and strip, `describe` the layer of one
    captioner, `embed` the vectors of one embedder.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("stage IN ('probe', 'pictures', 'describe', 'embed')", name="stage"),
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        CheckConstraint(
            "(stage = 'probe') = (location_id IS NOT NULL) AND (stage = 'probe') = (footage_id IS NULL)",
            name="file_or_content",
        ),
        CheckConstraint("(stage IN ('describe', 'embed')) = (tool <> '')", name="tool"),
        CheckConstraint(
            "(state = 'failed') = (code IS NOT NULL AND reason IS NOT NULL AND passing IS NOT NULL)",
            name="failed_says_why",
        ),
        UniqueConstraint("footage_id", "stage", "tool"),
        Index("ix_job_oldest", "state", text("priority DESC"), "queued_at"),
        Index("ix_job_newest", "state", text("priority DESC"), text("file_time DESC")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str]
    location_id: Mapped[int | None] = mapped_column(ForeignKey(LocationRow.id, ondelete="CASCADE"), unique=True)
    footage_id: Mapped[int | None] = mapped_column(ForeignKey(FootageRow.id, ondelete="CASCADE"))
    tool: Mapped[str]
    """Name of the captioner or embedder; empty for the other stages."""
    state: Mapped[str]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    passing: Mapped[bool | None]
    """Whether trying again later may help."""
    priority: Mapped[int]
    """The higher, the sooner; 0 is usual."""
    file_time: Mapped[int]
    """When the file was last modified, in ns since 1970: the newest may go first."""
    not_before: Mapped[datetime | None]
    """When a failed try is repeated by itself."""
    tried_with: Mapped[str | None]
    """Version of what failed; another one is worth another try, however hopeless it was."""
    attempts: Mapped[int]
    """How often it was claimed, ever; tells a worker's claim from an older one."""
    tries: Mapped[int]
    """How often in a row it failed for a passing reason."""
    deaths: Mapped[int]
    """How often in a row the process died while it was running."""
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class LayerRow(Base):
    """The events of one captioner for one footage.

    A layer of a newer version is kept beside the current one until its vectors are there too, and
    takes its place then.
    """

    __tablename__ = "layer"
    __table_args__ = (
        UniqueConstraint("footage_id", "captioner", "version"),
        Index("ix_layer_current", "footage_id", "captioner", unique=True, sqlite_where=text("current")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    footage_id: Mapped[int] = mapped_column(ForeignKey(FootageRow.id, ondelete="CASCADE"))
    captioner: Mapped[str]
    version: Mapped[str]
    current: Mapped[bool]
    """Whether it is the one that is searched and shown."""
    made_at: Mapped[datetime]


class EventRow(Base):
    """One event; its number is never given to another."""

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("start_pts < end_pts", name="ends_after_start"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    layer_id: Mapped[int] = mapped_column(ForeignKey(LayerRow.id, ondelete="CASCADE"), index=True)
    start_pts: Mapped[int]
    """In the footage's time base, like `end_pts`."""
    end_pts: Mapped[int]
    caption: Mapped[str]
    kind: Mapped[str]
    edge: Mapped[Fraction]
    measures: Mapped[dict[str, Any]]
    still: Mapped[str | None]
    """Name in the still store."""


class EventValueRow(Base):
    """What of an event's measures can be asked for by name: `people` 2, `camera` pan-left."""

    __tablename__ = "event_value"
    __table_args__ = (
        Index("ix_event_value_text", "name", "text"),
        Index("ix_event_value_number", "name", "number"),
        {"sqlite_with_rowid": False},
    )

    event_id: Mapped[int] = mapped_column(ForeignKey(EventRow.id, ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(primary_key=True)
    """In small letters; of a number its digits."""
    number: Mapped[float | None]


class EmbedderRow(Base):
    """One version of one embedder; all its vectors have the same length."""

    __tablename__ = "embedder"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("dimension > 0", name="dimension"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[str]
    dimension: Mapped[int]


class VectorRow(Base):
    """What an embedder made of an event's caption."""

    __tablename__ = "vector"
    __table_args__ = (
        UniqueConstraint("event_id", "embedder_id"),
        CheckConstraint("length(vector) > 0 AND length(vector) % 4 = 0", name="whole_floats"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Grows and is never given again, so that what came in after a search index was made can be told by it."""
    event_id: Mapped[int] = mapped_column(ForeignKey(EventRow.id, ondelete="CASCADE"))
    embedder_id: Mapped[int] = mapped_column(ForeignKey(EmbedderRow.id, ondelete="CASCADE"))
    vector: Mapped[bytes]
    """float32, little-endian."""


class HumanEventRow(Base):
    """What a person said of a stretch of footage; its words are an event of the layer `human`.

    It stands in the place of every machine's event of `of_captioner` that covers the same stretch, also
    after the machine described the footage anew.
    """

    __tablename__ = "human_event"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
        CheckConstraint(
            "(of_captioner IS NULL) = (of_start_pts IS NULL) AND (of_captioner IS NULL) = (of_end_pts IS NULL)",
            name="of_whole",
        ),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey(EventRow.id, ondelete="CASCADE"), primary_key=True)
    rating: Mapped[int]
    """0 (none) to 5."""
    labels: Mapped[list[str]] = mapped_column(JSON)
    of_captioner: Mapped[str | None]
    """The machine whose event it replaces, and where that was; empty for an event of the person's own."""
    of_start_pts: Mapped[int | None]
    of_end_pts: Mapped[int | None]


class CaptionVersionRow(Base):
    """How a person's event read from one edit to the next; the newest is what is shown."""

    __tablename__ = "caption_version"
    __table_args__ = (UniqueConstraint("event_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey(HumanEventRow.event_id, ondelete="CASCADE"))
    number: Mapped[int]
    """1, 2, 3, ..."""
    start_pts: Mapped[int]
    """In the footage's time base, like `end_pts`."""
    end_pts: Mapped[int]
    caption: Mapped[str]
    rating: Mapped[int]
    labels: Mapped[list[str]] = mapped_column(JSON)
    edited_at: Mapped[datetime]


class BinEntryRow(Base):
    """A stretch of footage that a person put into a bin, with what they made of it.

    It is the person's, and no part of it is taken from a layer again: a captioner that describes the
    footage anew replaces its events, and this stays as it was chosen. The footage a row refers to
    cannot be deleted.
    """

    __tablename__ = "bin_entry"
    __table_args__ = (
        UniqueConstraint("bin", "position"),
        UniqueConstraint("bin", "footage_id", "start_pts", "end_pts"),
        CheckConstraint("start_pts < end_pts", name="ends_after_start"),
        CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bin: Mapped[str]
    """Its name; a bin is there as long as it holds something."""
    position: Mapped[int]
    """1, 2, 3, ... in the order of the bin."""
    footage_id: Mapped[int] = mapped_column(ForeignKey(FootageRow.id, ondelete="RESTRICT"), index=True)
    path: Mapped[Path]
    """Where the footage lay when it was chosen; shown when it lies nowhere now."""
    event: Mapped[int]
    """Number of the event it came from. The event may be gone; its number is no other's."""
    captioner: Mapped[str]
    version: Mapped[str]
    start_pts: Mapped[int]
    """In the footage's time base, like `end_pts`."""
    end_pts: Mapped[int]
    caption: Mapped[str]
    kind: Mapped[str]
    edge: Mapped[Fraction]
    query: Mapped[str | None]
    """What was asked when it was found, and how well it answered; nothing when it was chosen by number."""
    score: Mapped[float | None]
    note: Mapped[str]
    rating: Mapped[int]
    """0 (none) to 5."""
    added_at: Mapped[datetime]


class SavedSearchRow(Base):
    """A question that a person keeps, and which answers they have seen."""

    __tablename__ = "saved_search"

    name: Mapped[str] = mapped_column(primary_key=True)
    query: Mapped[str]
    saved_at: Mapped[datetime]
    ran_at: Mapped[datetime | None]
    newest_event: Mapped[int]
    """Events with a larger number came in after it was last run; numbers only grow."""
