"""What happened lately is found without reading all that ever happened."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Make indexes of when plans were made and ratings given."""
    op.create_index("ix_plans_made_at", "plans", ["made_at"])
    op.create_index("ix_ratings_rated_at", "ratings", ["rated_at"])
