"""What each partner says to each suggestion."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0001"

ULID = sa.String(26)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table of marks."""
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


def _owned(table: str, by: str, owner: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of rows that go when the row of their owner goes."""
    return sa.ForeignKeyConstraint(
        [by], [f"{owner}.{by}"], name=f"fk_{table}_{by}_{owner}", ondelete="CASCADE"
    )
