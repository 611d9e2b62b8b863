"""What a token may do and when it was last used, and links that sign in once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Tell sessions apart and make the table of links."""
    with op.batch_alter_table("tokens") as tokens:
        tokens.add_column(sa.Column("scope", sa.String(8), nullable=False, server_default="all"))
        tokens.add_column(sa.Column("label", sa.String(80), nullable=False, server_default=""))
        tokens.add_column(sa.Column("used_on", sa.Date()))
        tokens.create_check_constraint("ck_tokens_scope", "scope IN ('all', 'plan')")
    op.create_table(
        "links",
        sa.Column("link_hash", sa.String(64), nullable=False),
        sa.Column("partner_id", sa.String(26), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("link_hash", name="pk_links"),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner_id"], name="fk_links_partner_id_partners", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_links_partner_id", "links", ["partner_id"])
