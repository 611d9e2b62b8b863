"""What each partner says to each suggestion, and small rituals beside the plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0001"

ULID = sa.String(26)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of marks, rituals and confirmations."""
    _marks()
    _rituals()
    _confirmations()


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("suggestion_id", ULID, nullable=False),
        sa.Column("partner_id", ULID, nullable=False),
        sa.Column("word", sa.String(16), nullable=False),
        sa.Column("marked_at", MOMENT, nullable=False),
        sa.Column("revealed_at", MOMENT),
        sa.PrimaryKeyConstraint("suggestion_id", "partner_id", name="pk_marks"),
        _owned("marks", "suggestion_id", "suggestions"),
        _owned("marks", "partner_id", "partners"),
        sa.CheckConstraint("word IN ('yes', 'maybe', 'not_this_time')", name="ck_marks_word"),
    )
    op.create_index("ix_marks_partner_id", "marks", ["partner_id"])


def _rituals() -> None:
    op.create_table(
        "rituals",
        sa.Column("ritual_id", ULID, nullable=False),
        sa.Column("couple_id", ULID, nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("idea_id", sa.String(200), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("std", sa.Float(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("kept_at", MOMENT),
        sa.PrimaryKeyConstraint("ritual_id", name="pk_rituals"),
        _owned("rituals", "couple_id", "couples"),
        sa.CheckConstraint("position >= 1", name="ck_rituals_position"),
        sa.CheckConstraint("propensity > 0 AND propensity <= 1", name="ck_rituals_propensity"),
    )
    op.create_index("ix_rituals_couple_id_week", "rituals", ["couple_id", "week"])
    op.create_index(
        "uq_rituals_in_force",
        "rituals",
        ["couple_id", "week", "position"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _confirmations() -> None:
    op.create_table(
        "confirmations",
        sa.Column("ritual_id", ULID, nullable=False),
        sa.Column("partner_id", ULID, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("ritual_id", "partner_id", name="pk_confirmations"),
        _owned("confirmations", "ritual_id", "rituals"),
        _owned("confirmations", "partner_id", "partners"),
    )
    op.create_index("ix_confirmations_partner_id", "confirmations", ["partner_id"])


def _owned(table: str, by: str, owner: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of rows that go when the row of their owner goes."""
    return sa.ForeignKeyConstraint(
        [by], [f"{owner}.{by}"], name=f"fk_{table}_{by}_{owner}", ondelete="CASCADE"
    )
