"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

ULID = sa.String(26)
SHA256 = sa.String(64)
IDEA_ID = sa.String(200)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table, those that are referred to first."""
    _couples()
    _partners()
    _access()
    _plans()
    _suggestions()
    _dates()
    _ratings()
    _responses()


def _couples() -> None:
    op.create_table(
        "couples",
        sa.Column("couple_id", ULID, nullable=False),
        sa.Column("circumstances", sa.JSON(), nullable=False),
        sa.Column("goals", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("couple_id", name="pk_couples"),
    )


def _partners() -> None:
    op.create_table(
        "partners",
        sa.Column("partner_id", ULID, nullable=False),
        sa.Column("couple_id", ULID, nullable=False),
        sa.Column("seat", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("boundaries", sa.JSON(), nullable=False),
        sa.Column("freshness", sa.Float(), nullable=False),
        sa.Column("tender_weeks", sa.JSON(), nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name="pk_partners"),
        _owned("partners", "couple_id", "couples"),
        sa.UniqueConstraint("couple_id", "seat", name="uq_partners_couple_id_seat"),
        sa.CheckConstraint("seat IN (1, 2)", name="ck_partners_seat"),
        sa.CheckConstraint("freshness >= 0 AND freshness <= 1", name="ck_partners_freshness"),
    )


def _access() -> None:
    op.create_table(
        "tokens",
        sa.Column("token_hash", SHA256, nullable=False),
        sa.Column("partner_id", ULID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_tokens"),
        _owned("tokens", "partner_id", "partners"),
    )
    op.create_index("ix_tokens_partner_id", "tokens", ["partner_id"])
    op.create_table(
        "invites",
        sa.Column("invite_hash", SHA256, nullable=False),
        sa.Column("couple_id", ULID, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("invite_hash", name="pk_invites"),
        _owned("invites", "couple_id", "couples"),
    )
    op.create_index("ix_invites_couple_id", "invites", ["couple_id"])
    op.create_table(
        "calendars",
        sa.Column("calendar_hash", SHA256, nullable=False),
        sa.Column("partner_id", ULID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("calendar_hash", name="pk_calendars"),
        _owned("calendars", "partner_id", "partners"),
        sa.UniqueConstraint("partner_id", name="uq_calendars_partner_id"),
    )


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("couple_id", ULID, nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("advice", sa.JSON(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("couple_id", "week", name="pk_plans"),
        _owned("plans", "couple_id", "couples"),
    )


def _suggestions() -> None:
    op.create_table(
        "suggestions",
        sa.Column("suggestion_id", ULID, nullable=False),
        sa.Column("couple_id", ULID, nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("idea_id", IDEA_ID, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("std", sa.Float(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.Column("swap_reason", sa.String(16)),
        sa.Column("replaced_at", MOMENT),
        sa.Column("replaced_by", ULID),
        *_suggestion_constraints(),
    )
    op.create_index("ix_suggestions_couple_id_week", "suggestions", ["couple_id", "week"])
    op.create_index(
        "uq_suggestions_in_force",
        "suggestions",
        ["couple_id", "week", "position"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )


def _suggestion_constraints() -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("suggestion_id", name="pk_suggestions"),
        sa.ForeignKeyConstraint(
            ["couple_id", "week"],
            ["plans.couple_id", "plans.week"],
            name="fk_suggestions_couple_id_week_plans",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"],
            ["suggestions.suggestion_id"],
            name="fk_suggestions_replaced_by_suggestions",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("replaced_by", name="uq_suggestions_replaced_by"),
        sa.CheckConstraint("position >= 1", name="ck_suggestions_position"),
        sa.CheckConstraint("propensity > 0 AND propensity <= 1", name="ck_suggestions_propensity"),
    )


def _dates() -> None:
    op.create_table(
        "dates",
        sa.Column("date_id", ULID, nullable=False),
        sa.Column("couple_id", ULID, nullable=False),
        sa.Column("idea_id", IDEA_ID),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("suggestion_id", ULID),
        sa.PrimaryKeyConstraint("date_id", name="pk_dates"),
        _owned("dates", "couple_id", "couples"),
        sa.ForeignKeyConstraint(
            ["suggestion_id"],
            ["suggestions.suggestion_id"],
            name="fk_dates_suggestion_id_suggestions",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("suggestion_id", name="uq_dates_suggestion_id"),
        sa.CheckConstraint("status IN ('planned', 'done', 'skipped')", name="ck_dates_status"),
    )
    op.create_index("ix_dates_couple_id_starts_at", "dates", ["couple_id", "starts_at"])


def _ratings() -> None:
    op.create_table(
        "ratings",
        sa.Column("date_id", ULID, nullable=False),
        sa.Column("partner_id", ULID, nullable=False),
        sa.Column("enjoyment", sa.SmallInteger(), nullable=False),
        sa.Column("closeness", sa.SmallInteger()),
        sa.Column("again", sa.Boolean()),
        sa.Column("note", sa.Text()),
        sa.Column("rated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("date_id", "partner_id", name="pk_ratings"),
        _owned("ratings", "date_id", "dates"),
        _owned("ratings", "partner_id", "partners"),
        sa.CheckConstraint("enjoyment >= 1 AND enjoyment <= 5", name="ck_ratings_enjoyment"),
        sa.CheckConstraint("closeness >= 1 AND closeness <= 5", name="ck_ratings_closeness"),
    )
    op.create_index("ix_ratings_partner_id", "ratings", ["partner_id"])


def _responses() -> None:
    op.create_table(
        "responses",
        sa.Column("caller", ULID, nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("request_hash", SHA256, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_responses"),
    )
    op.create_index("ix_responses_made_at", "responses", ["made_at"])


def _owned(table: str, by: str, owner: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of rows that go when the row of their owner goes."""
    return sa.ForeignKeyConstraint(
        [by], [f"{owner}.{by}"], name=f"fk_{table}_{by}_{owner}", ondelete="CASCADE"
    )
