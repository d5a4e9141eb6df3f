"""The first tables: footage, where it lies, what is to do, and what was found in it."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    meta = op.create_table(
        "meta",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_meta_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meta")),
    )
    op.bulk_insert(meta, [{"id": 1, "uuid": uuid4().hex, "generation": 0}])
    _footage_and_jobs()
    _events_and_vectors()


def _footage_and_jobs() -> None:
    op.create_table(
        "footage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("poster", sa.String(), nullable=True),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_footage")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_footage_fingerprint")),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("footage_id", sa.Integer(), nullable=True),
        sa.Column("recognised", sa.Boolean(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("ctime_ns", sa.Integer(), nullable=False),
        sa.Column("inode", sa.Integer(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["footage_id"], ["footage.id"], name=op.f("fk_location_footage_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("path", name=op.f("uq_location_path")),
    )
    op.create_index(op.f("ix_location_footage_id"), "location", ["footage_id"])
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("passing", sa.Boolean(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_job_state")),
        sa.CheckConstraint(
            "(state = 'failed') = (code IS NOT NULL AND reason IS NOT NULL AND passing IS NOT NULL)",
            name=op.f("ck_job_failed_says_why"),
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_job_location_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("location_id", name=op.f("uq_job_location_id")),
    )
    op.create_index(op.f("ix_job_state_queued_at"), "job", ["state", "queued_at"])


def _events_and_vectors() -> None:
    op.create_table(
        "layer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("footage_id", sa.Integer(), nullable=False),
        sa.Column("captioner", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["footage_id"], ["footage.id"], name=op.f("fk_layer_footage_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layer")),
        sa.UniqueConstraint("footage_id", "captioner", name=op.f("uq_layer_footage_id_captioner")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("layer_id", sa.Integer(), nullable=False),
        sa.Column("start_pts", sa.Integer(), nullable=False),
        sa.Column("end_pts", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("edge", sa.String(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("still", sa.String(), nullable=True),
        sa.CheckConstraint("start_pts < end_pts", name=op.f("ck_event_ends_after_start")),
        sa.ForeignKeyConstraint(["layer_id"], ["layer.id"], name=op.f("fk_event_layer_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_event_layer_id"), "event", ["layer_id"])
    op.create_table(
        "embedder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.CheckConstraint("dimension > 0", name=op.f("ck_embedder_dimension")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedder")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_embedder_name_version")),
    )
    op.create_table(
        "vector",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("embedder_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(vector) > 0 AND length(vector) % 4 = 0", name=op.f("ck_vector_whole_floats")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_vector_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["embedder_id"], ["embedder.id"], name=op.f("fk_vector_embedder_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "embedder_id", name=op.f("pk_vector")),
    )
