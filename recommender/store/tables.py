"""The tables. A couple owns everything below it: deleting a row takes with it whatever hangs on it.

Every foreign key has an index that starts with it, so that neither a look-up nor a deletion ever
reads a whole table. Secrets are here only as SHA-256 hashes.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
)

from recommender.domain import AnswerValue, Boundaries, Circumstances, Goal, Idea, Reason, Relaxation
from recommender.store.columns import Document, Moment

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ULID = String(26)
SHA256 = String(64)
IDEA_ID = String(200)
ISO_WEEK = String(8)

couples = Table(
    "couples",
    metadata,
    Column("couple_id", ULID, primary_key=True),
    Column("circumstances", Document(Circumstances), nullable=False),
    Column("goals", Document(tuple[Goal, ...]), nullable=False),
    Column("created_at", Moment, nullable=False),
)

partners = Table(
    "partners",
    metadata,
    Column("partner_id", ULID, primary_key=True),
    Column("couple_id", ForeignKey(couples.c.couple_id, ondelete="CASCADE"), nullable=False),
    # Two seats and one partner on each: no race can make a couple of three.
    Column("seat", SmallInteger, nullable=False),
    Column("name", String(80), nullable=False),
    Column("answers", Document(Mapping[str, AnswerValue]), nullable=False),
    Column("boundaries", Document(Boundaries), nullable=False),
    Column("freshness", Float, nullable=False),
    Column("tender_weeks", Document(tuple[str, ...]), nullable=False),
    Column("joined_at", Moment, nullable=False),
    UniqueConstraint("couple_id", "seat"),
    CheckConstraint("seat IN (1, 2)", name="seat"),
    CheckConstraint("freshness >= 0 AND freshness <= 1", name="freshness"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", SHA256, primary_key=True),
    Column("partner_id", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("scope", String(8), nullable=False, server_default="all"),
    Column("label", String(80), nullable=False, server_default=""),
    # To the day: what keeps a session alive, and no record of when somebody was here.
    Column("used_on", Date),
    CheckConstraint("scope IN ('all', 'plan')", name="scope"),
)

links = Table(
    "links",
    metadata,
    Column("link_hash", SHA256, primary_key=True),
    Column("partner_id", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
)

invites = Table(
    "invites",
    metadata,
    Column("invite_hash", SHA256, primary_key=True),
    Column("couple_id", ForeignKey(couples.c.couple_id, ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

# A feed belongs to a partner, not to the couple: whoever leaves can no longer read where the other will be.
calendars = Table(
    "calendars",
    metadata,
    Column("calendar_hash", SHA256, primary_key=True),
    Column("partner_id", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("couple_id", ForeignKey(couples.c.couple_id, ondelete="CASCADE"), primary_key=True),
    Column("week", ISO_WEEK, primary_key=True),
    Column("rule", String(80), nullable=False),
    Column("advice", Document(tuple[Relaxation, ...]), nullable=False),
    Column("made_at", Moment, nullable=False, index=True),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("suggestion_id", ULID, primary_key=True),
    Column("couple_id", ULID, nullable=False),
    Column("week", ISO_WEEK, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("role", String(16), nullable=False),
    Column("idea_id", IDEA_ID, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("expected", Float, nullable=False),
    Column("std", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("reasons", Document(tuple[Reason, ...]), nullable=False),
    Column("model_version", String(200), nullable=False),
    Column("shown_at", Moment, nullable=False),
    Column("swap_reason", String(16)),
    Column("replaced_at", Moment),
    Column("replaced_by", ForeignKey("suggestions.suggestion_id", ondelete="SET NULL"), unique=True),
    ForeignKeyConstraint(["couple_id", "week"], [plans.c.couple_id, plans.c.week], ondelete="CASCADE"),
    CheckConstraint("position >= 1", name="position"),
    CheckConstraint("propensity > 0 AND propensity <= 1", name="propensity"),
    Index(None, "couple_id", "week"),
    # One suggestion in force at each place of a plan, whatever races.
    Index(
        "uq_suggestions_in_force",
        "couple_id",
        "week",
        "position",
        unique=True,
        sqlite_where=column("replaced_at").is_(None),
        postgresql_where=column("replaced_at").is_(None),
    ),
)

marks = Table(
    "marks",
    metadata,
    Column("suggestion_id", ForeignKey(suggestions.c.suggestion_id, ondelete="CASCADE"), primary_key=True),
    Column("partner_id", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("word", String(16), nullable=False),
    Column("marked_at", Moment, nullable=False),
    Column("revealed_at", Moment),
    CheckConstraint("word IN ('yes', 'maybe', 'not_this_time')", name="word"),
)

rituals = Table(
    "rituals",
    metadata,
    Column("ritual_id", ULID, primary_key=True),
    Column("couple_id", ForeignKey(couples.c.couple_id, ondelete="CASCADE"), nullable=False),
    Column("week", ISO_WEEK, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("idea_id", IDEA_ID, nullable=False),
    Column("expected", Float, nullable=False),
    Column("std", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("reasons", Document(tuple[Reason, ...]), nullable=False),
    Column("model_version", String(200), nullable=False),
    Column("shown_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    Column("kept_at", Moment),
    CheckConstraint("position >= 1", name="position"),
    CheckConstraint("propensity > 0 AND propensity <= 1", name="propensity"),
    Index(None, "couple_id", "week"),
    Index(
        "uq_rituals_in_force",
        "couple_id",
        "week",
        "position",
        unique=True,
        sqlite_where=column("withdrawn_at").is_(None),
        postgresql_where=column("withdrawn_at").is_(None),
    ),
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("ritual_id", ForeignKey(rituals.c.ritual_id, ondelete="CASCADE"), primary_key=True),
    Column("partner_id", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("confirmed_at", Moment, nullable=False),
)

dates = Table(
    "dates",
    metadata,
    Column("date_id", ULID, primary_key=True),
    Column("couple_id", ForeignKey(couples.c.couple_id, ondelete="CASCADE"), nullable=False),
    Column("idea_id", IDEA_ID),
    Column("title", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("starts_at", Moment, nullable=False),
    # Unique: a suggestion is chosen once, however often the button is pressed.
    Column("suggestion_id", ForeignKey(suggestions.c.suggestion_id, ondelete="SET NULL"), unique=True),
    # Whose alone it is: the other deleted it or left, and whoever joins later never knows of it.
    Column("kept_by", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), index=True),
    Column("revision", Integer, nullable=False, server_default="0"),
    CheckConstraint("status IN ('planned', 'done', 'skipped')", name="status"),
    Index(None, "couple_id", "starts_at"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("date_id", ForeignKey(dates.c.date_id, ondelete="CASCADE"), primary_key=True),
    Column("partner_id", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("enjoyment", SmallInteger, nullable=False),
    Column("closeness", SmallInteger),
    Column("again", Boolean),
    Column("note", Text),
    Column("rated_at", Moment, nullable=False, index=True),
    CheckConstraint("enjoyment >= 1 AND enjoyment <= 5", name="enjoyment"),
    CheckConstraint("closeness >= 1 AND closeness <= 5", name="closeness"),
)

# How often anything of a couple has changed, counted by `watches`; of couples whose weeks are kept as told.
revisions = Table(
    "revisions",
    metadata,
    Column("couple_id", ForeignKey(couples.c.couple_id, ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# The week that each partner was told last, as it was written for them, and at which revision of the couple.
# Of no use at any other: what it was made of may have changed.
told_weeks = Table(
    "told_weeks",
    metadata,
    Column("partner_id", ForeignKey(partners.c.partner_id, ondelete="CASCADE"), primary_key=True),
    Column("couple_id", ForeignKey(revisions.c.couple_id, ondelete="CASCADE"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("week", ISO_WEEK, nullable=False),
    # Who wrote it: other code or another catalogue might write it otherwise.
    Column("writer", String(200), nullable=False),
    Column("body", Text, nullable=False),
)

# What was answered to a POST with an Idempotency-Key. The caller is a partner_id, or a word for anybody else.
responses = Table(
    "responses",
    metadata,
    Column("caller", ULID, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_hash", SHA256, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Moment, nullable=False, index=True),
)

# Ideas that came from elsewhere; those that ship are files. Nothing refers to them by a foreign key: plans
# and dates outlive the ideas they were made of.
imported_ideas = Table(
    "imported_ideas",
    metadata,
    Column("idea_id", IDEA_ID, primary_key=True),
    Column("source", String(60), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("document", Document(Idea), nullable=False),
    Column("content_hash", SHA256, nullable=False),
    # Of each facet that was guessed, how sure the guess was.
    Column("confidence", Document(Mapping[str, float]), nullable=False),
    Column("exists_from", Moment),
    Column("exists_until", Moment),
    Column("imported_at", Moment, nullable=False),
    Column("reviewed_at", Moment),
    Column("withdrawn_at", Moment),
    # Why: a person decided so, or its file no longer names it.
    Column("withdrawn_by", String(16)),
    UniqueConstraint("source", "external_id"),
    CheckConstraint("withdrawn_by IN ('operator', 'file')", name="withdrawn_by"),
)

# One row: how often the imported ideas have changed. Every worker looks at it before it trusts what it holds.
catalogue_revision = Table(
    "catalogue_revision",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint('"only" = 1', name="only"),
)

# Who is working on such a POST now. A table of its own: a claim is made and gone within one request.
claims = Table(
    "claims",
    metadata,
    Column("caller", ULID, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("claim_id", ULID, nullable=False),
    Column("claimed_at", Moment, nullable=False, index=True),
)
