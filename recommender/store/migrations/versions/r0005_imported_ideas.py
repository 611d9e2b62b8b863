"""Ideas imported from elsewhere, and how often they have changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of imported ideas."""
    op.create_table(
        "imported_ideas",
        sa.Column("idea_id", sa.String(200), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("confidence", sa.JSON(), nullable=False),
        sa.Column("exists_from", MOMENT),
        sa.Column("exists_until", MOMENT),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.Column("reviewed_at", MOMENT),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("withdrawn_by", sa.String(16)),
        sa.PrimaryKeyConstraint("idea_id", name="pk_imported_ideas"),
        sa.UniqueConstraint("source", "external_id", name="uq_imported_ideas_source_external_id"),
        sa.CheckConstraint("withdrawn_by IN ('operator', 'file')", name="ck_imported_ideas_withdrawn_by"),
    )
    op.create_table(
        "catalogue_revision",
        sa.Column("only", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("only", name="pk_catalogue_revision"),
        sa.CheckConstraint('"only" = 1', name="ck_catalogue_revision_only"),
    )
