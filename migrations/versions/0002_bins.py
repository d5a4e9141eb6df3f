"""Bins: the moments that a person chose, with notes and ratings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bin_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bin", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("footage_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.Column("captioner", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("start_pts", sa.Integer(), nullable=False),
        sa.Column("end_pts", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("edge", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("start_pts < end_pts", name=op.f("ck_bin_entry_ends_after_start")),
        sa.CheckConstraint("rating BETWEEN 0 AND 5", name=op.f("ck_bin_entry_rating")),
        sa.ForeignKeyConstraint(
            ["footage_id"], ["footage.id"], name=op.f("fk_bin_entry_footage_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bin_entry")),
        sa.UniqueConstraint("bin", "position", name=op.f("uq_bin_entry_bin_position")),
        sa.UniqueConstraint(
            "bin", "footage_id", "start_pts", "end_pts", name=op.f("uq_bin_entry_bin_footage_id_start_pts_end_pts")
        ),
    )
    op.create_index(op.f("ix_bin_entry_footage_id"), "bin_entry", ["footage_id"])
