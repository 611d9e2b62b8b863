"""Dates that are one partner's alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Note on a date whose alone it is."""
    with op.batch_alter_table("dates") as dates:
        dates.add_column(sa.Column("kept_by", sa.String(26)))
        dates.create_foreign_key(
            "fk_dates_kept_by_partners", "partners", ["kept_by"], ["partner_id"], ondelete="CASCADE"
        )
        dates.create_index("ix_dates_kept_by", ["kept_by"])
