"""The weeks that partners were told, and how often anything of a couple has changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    """Make both tables; what counts the changes is no table, and made by `watches`."""
    op.create_table(
        "revisions",
        sa.Column("couple_id", sa.String(26), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("couple_id", name="pk_revisions"),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couples.couple_id"], name="fk_revisions_couple_id_couples", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "told_weeks",
        sa.Column("partner_id", sa.String(26), nullable=False),
        sa.Column("couple_id", sa.String(26), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("writer", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name="pk_told_weeks"),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.partner_id"],
            name="fk_told_weeks_partner_id_partners",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"],
            ["revisions.couple_id"],
            name="fk_told_weeks_couple_id_revisions",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_told_weeks_couple_id", "told_weeks", ["couple_id"])
