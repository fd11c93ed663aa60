"""The tables. Migrations in `migrations/` bring a database here; a test holds the two together."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from digest.model import DeliveryState, require_aware

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[dt.datetime]):
    """An aware datetime, kept in UTC: `timestamptz` on PostgreSQL, text without a zone on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Return the moment in UTC; naive ones are refused."""
        return None if value is None else require_aware(value).astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Return the moment with its zone."""
        if value is None:
            return None
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)


# SQLite counts up only an INTEGER PRIMARY KEY.
_Key = BigInteger().with_variant(Integer, "sqlite")

source_state = Table(
    "source_state",
    metadata,
    Column("source_id", String, primary_key=True),
    # The address that the validators belong to.
    Column("url", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("checked_at", Moment),
    Column("succeeded_at", Moment),
    Column("error", Text),
    Column("failures", Integer, nullable=False, default=0),
    Column("retry_at", Moment),
    # A value of model.Failure.
    Column("failure", String(16)),
    Column("host_retry_at", Moment),
    Column("resting_host", Text, nullable=False, server_default=""),
    Column("moved_to", Text),
    Column("moved_count", Integer, nullable=False, server_default="0"),
    Column("retired_at", Moment),
    Column("repair", Text, nullable=False, server_default=""),
)

source_items = Table(
    "source_items",
    metadata,
    Column("source_id", String, primary_key=True),
    # ParsedFeed.items of the last stored body, as JSON; apart from the state, which is read for all at once.
    Column("items", Text, nullable=False),
)

article = Table(
    "article",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source_id", String, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("country", String(2), nullable=False),
    Column("language", String(16), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("image_url", Text),
    Column("image_width", Integer),
    Column("image_height", Integer),
    Column("dateline", Text, nullable=False, server_default=""),
    # Where it stood in its feed when it was first stored, from 1; NULL where that is unknown or says nothing.
    Column("feed_place", Integer),
    # How often the article's own page was asked for.
    Column("text_tries", Integer, nullable=False, server_default="0"),
    Column("published_at", Moment, nullable=False),
    # False where the feed gave no date and `published_at` is when we first saw it.
    Column("dated", Boolean, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(None, "published_at"),
    Index(None, "source_id", "published_at"),
)

article_alias = Table(
    "article_alias",
    metadata,
    Column("alias", String(64), primary_key=True),
    Column("article_id", String(32), ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Index(None, "article_id"),
)

edition = Table(
    "edition",
    metadata,
    Column("id", String, primary_key=True),
    Column("newsletter_id", String, nullable=False),
    Column("local_date", Date, nullable=False),
    Column("cohort", String, nullable=False),
    Column("composed_at", Moment, nullable=False),
    # The whole choice of stories, as JSON.
    Column("document", Text, nullable=False),
    # When the recipients were frozen; NULL before.
    Column("opened_at", Moment),
    UniqueConstraint("newsletter_id", "local_date", "cohort"),
)

edition_message = Table(
    "edition_message",
    metadata,
    Column("edition_id", String, ForeignKey("edition.id"), primary_key=True),
    Column("variant", String, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("email", String, nullable=False),
    # The address in the form in which two spellings of it are equal.
    Column("email_key", String, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("timezone", String, nullable=False),
    Column("created_at", Moment, nullable=False),
)

subscription = Table(
    "subscription",
    metadata,
    Column("subscriber_id", _Key, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True),
    Column("newsletter_id", String, primary_key=True),
    # Region ids parted by commas, in the reader's order; empty for the newsletter's own.
    Column("regions", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    # When, and from where, the reader agreed.
    Column("consent_at", Moment, nullable=False),
    Column("consent_source", Text, nullable=False),
    Column("ended_at", Moment),
)

suppression = Table(
    "suppression",
    metadata,
    Column("email_key", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("since", Moment, nullable=False),
)

_STATES = ", ".join(f"'{state}'" for state in DeliveryState)

delivery = Table(
    "delivery",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("edition_id", String, ForeignKey("edition.id"), nullable=False),
    # The edition's, again: a reader who moves to another cohort's zone still gets one edition a local day.
    Column("newsletter_id", String, nullable=False),
    Column("local_date", Date, nullable=False),
    Column("subscriber_id", _Key, ForeignKey("subscriber.id"), nullable=False),
    Column("email", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("variant", String, nullable=False),
    Column("state", String(12), nullable=False),
    # Who holds it, and until when; a worker whose fence is not here any more must not touch the row.
    Column("fence", String(32)),
    Column("lease_until", Moment),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("detail", Text, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("edition_id", "subscriber_id"),
    UniqueConstraint("newsletter_id", "local_date", "subscriber_id"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    Index(None, "edition_id", "state", "id"),
)
