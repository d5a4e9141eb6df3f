"""Stages as jobs of their own, watched folders, layers in the making, and what people say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _folders()
    _footage_and_layers()
    _jobs()
    _people()
    _vectors()
    _searching()


def _folders() -> None:
    op.create_table(
        "root",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("volume", sa.String(), nullable=False),
        sa.Column("offline", sa.String(), nullable=True),
        sa.Column("offline_since", sa.DateTime(), nullable=True),
        sa.Column("walked_at", sa.DateTime(), nullable=True),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.CheckConstraint("(offline IS NULL) = (offline_since IS NULL)", name=op.f("ck_root_offline_since")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_root")),
        sa.UniqueConstraint("path", name=op.f("uq_root_path")),
    )
    op.create_table(
        "paused",
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_paused")),
    )


def _footage_and_layers() -> None:
    with op.batch_alter_table("footage") as footage:
        footage.add_column(sa.Column("sprite", sa.JSON(), nullable=True))
        footage.add_column(sa.Column("proxy_of", sa.Integer(), nullable=True))
        footage.create_foreign_key(op.f("fk_footage_proxy_of"), "footage", ["proxy_of"], ["id"], ondelete="SET NULL")
        footage.create_index(op.f("ix_footage_proxy_of"), ["proxy_of"])
        footage.create_index(op.f("ix_footage_seconds"), ["seconds"])
    with op.batch_alter_table("layer") as layer:
        layer.add_column(sa.Column("current", sa.Boolean(), nullable=False, server_default=sa.true()))
        layer.drop_constraint(op.f("uq_layer_footage_id_captioner"), type_="unique")
        layer.create_unique_constraint(
            op.f("uq_layer_footage_id_captioner_version"), ["footage_id", "captioner", "version"]
        )
    with op.batch_alter_table("layer") as layer:
        layer.alter_column("current", server_default=None)
    op.create_index(
        op.f("ix_layer_current"), "layer", ["footage_id", "captioner"], unique=True, sqlite_where=sa.text("current")
    )


def _jobs() -> None:
    """What was one job for each file becomes its `probe`; the content's stages are queued where they lack."""
    op.rename_table("job", "old_job")
    op.drop_index(op.f("ix_job_state_queued_at"), "old_job")
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=True),
        sa.Column("footage_id", sa.Integer(), nullable=True),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("passing", sa.Boolean(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("file_time", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(), nullable=True),
        sa.Column("tried_with", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("stage IN ('probe', 'pictures', 'describe', 'embed')", name=op.f("ck_job_stage")),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_state")),
        sa.CheckConstraint(
            "(stage = 'probe') = (location_id IS NOT NULL) AND (stage = 'probe') = (footage_id IS NULL)",
            name=op.f("ck_job_file_or_content"),
        ),
        sa.CheckConstraint("(stage IN ('describe', 'embed')) = (tool <> '')", name=op.f("ck_job_tool")),
        sa.CheckConstraint(
            "(state = 'failed') = (code IS NOT NULL AND reason IS NOT NULL AND passing IS NOT NULL)",
            name=op.f("ck_job_failed_says_why"),
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_job_location_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["footage_id"], ["footage.id"], name=op.f("fk_job_footage_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("location_id", name=op.f("uq_job_location_id")),
        sa.UniqueConstraint("footage_id", "stage", "tool", name=op.f("uq_job_footage_id_stage_tool")),
    )
    sooner = sa.text("priority DESC")
    op.create_index(op.f("ix_job_oldest"), "job", ["state", sooner, "queued_at"])
    op.create_index(op.f("ix_job_newest"), "job", ["state", sooner, sa.text("file_time DESC")])
    kept = "state, code, reason, passing, attempts, deaths, queued_at, started_at, ended_at"
    op.execute(
        f"INSERT INTO job (id, stage, location_id, tool, priority, file_time, tries, {kept})"
        f" SELECT old_job.id, 'probe', location_id, '', 0, mtime_ns, 0, {kept}"
        " FROM old_job JOIN location ON location.id = location_id"
    )
    op.drop_table("old_job")


def _people() -> None:
    op.create_table(
        "human_event",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("of_captioner", sa.String(), nullable=True),
        sa.Column("of_start_pts", sa.Integer(), nullable=True),
        sa.Column("of_end_pts", sa.Integer(), nullable=True),
        sa.CheckConstraint("rating BETWEEN 0 AND 5", name=op.f("ck_human_event_rating")),
        sa.CheckConstraint(
            "(of_captioner IS NULL) = (of_start_pts IS NULL) AND (of_captioner IS NULL) = (of_end_pts IS NULL)",
            name=op.f("ck_human_event_of_whole"),
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_human_event_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_human_event")),
    )
    op.create_table(
        "caption_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_pts", sa.Integer(), nullable=False),
        sa.Column("end_pts", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("edited_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["human_event.event_id"], name=op.f("fk_caption_version_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caption_version")),
        sa.UniqueConstraint("event_id", "number", name=op.f("uq_caption_version_event_id_number")),
    )


def _vectors() -> None:
    """Numbered in the order in which they came in."""
    op.rename_table("vector", "old_vector")
    op.create_table(
        "vector",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("embedder_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(vector) > 0 AND length(vector) % 4 = 0", name=op.f("ck_vector_whole_floats")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_vector_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["embedder_id"], ["embedder.id"], name=op.f("fk_vector_embedder_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vector")),
        sa.UniqueConstraint("event_id", "embedder_id", name=op.f("uq_vector_event_id_embedder_id")),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO vector (event_id, embedder_id, vector)"
        " SELECT event_id, embedder_id, vector FROM old_vector ORDER BY event_id, embedder_id"
    )
    op.drop_table("old_vector")


def _searching() -> None:
    op.create_table(
        "event_value",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_value_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", "name", "text", name=op.f("pk_event_value")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_event_value_text"), "event_value", ["name", "text"])
    op.create_index(op.f("ix_event_value_number"), "event_value", ["name", "number"])
    op.create_table(
        "saved_search",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("ran_at", sa.DateTime(), nullable=True),
        sa.Column("newest_event", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_saved_search")),
    )
    op.execute(
        "CREATE VIRTUAL TABLE event_words USING fts5"
        "(caption, content='event', content_rowid='id', tokenize='porter unicode61')"
    )
    op.execute(
        "CREATE TRIGGER event_words_insert AFTER INSERT ON event BEGIN"
        " INSERT INTO event_words(rowid, caption) VALUES (new.id, new.caption); END"
    )
    op.execute(
        "CREATE TRIGGER event_words_delete AFTER DELETE ON event BEGIN"
        " INSERT INTO event_words(event_words, rowid, caption) VALUES ('delete', old.id, old.caption); END"
    )
    op.execute(
        "CREATE TRIGGER event_words_update AFTER UPDATE OF caption ON event BEGIN"
        " INSERT INTO event_words(event_words, rowid, caption) VALUES ('delete', old.id, old.caption);"
        " INSERT INTO event_words(rowid, caption) VALUES (new.id, new.caption); END"
    )
    op.execute("INSERT INTO event_words(event_words) VALUES ('rebuild')")
