"""How often a date was moved or called off, so that calendars know what is newer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    """Count the revisions of a date."""
    with op.batch_alter_table("dates") as dates:
        dates.add_column(sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
