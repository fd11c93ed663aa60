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
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    true,
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
    # False where another site's feed named the link: the article waits for a feed of its own site to claim it.
    Column("on_own_site", Boolean, nullable=False, server_default=true()),
    Column("published_at", Moment, nullable=False),
    # False where the feed gave no date and `published_at` is when we first saw it.
    Column("dated", Boolean, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(None, "published_at"),
    Index(None, "source_id", "published_at"),
)

# The sources that have named an article beside the one whose it is.
article_source = Table(
    "article_source",
    metadata,
    Column("article_id", String(32), ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("source_id", String, primary_key=True),
    Index(None, "source_id"),
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
    # How many recipients were frozen: what the states of its deliveries add up to.
    Column("recipients", Integer, nullable=False, server_default="0"),
    # Workers leave it alone until then, and why.
    Column("held_until", Moment),
    Column("held_why", Text, nullable=False, server_default=""),
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
    # When, from where and how the reader agreed.
    Column("consent_at", Moment, nullable=False),
    Column("consent_source", Text, nullable=False),
    Column("consent_how", Text, nullable=False, server_default=""),
    Column("ended_at", Moment),
    # The first local date on which the reader wants it again.
    Column("paused_until", Date),
)

suppression = Table(
    "suppression",
    metadata,
    # Of a person who was forgotten, the hash of it.
    Column("email_key", String, primary_key=True),
    Column("email", Text, nullable=False, server_default=""),
    # A value of model.SuppressionReason.
    Column("reason", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
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
    # A value of model.Bounce, where the carrier's refusal says something of the address.
    Column("bounce", String(4)),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("edition_id", "subscriber_id"),
    UniqueConstraint("newsletter_id", "local_date", "subscriber_id"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    Index(None, "edition_id", "state", "id"),
    # One reader's history.
    Index(None, "subscriber_id", "id"),
)

pace = Table(
    "pace",
    metadata,
    Column("name", String, primary_key=True),
    # The first moment that nobody has reserved yet, in seconds of Unix time.
    Column("free_at", Double, nullable=False),
)

sending_day = Table(
    "sending_day",
    metadata,
    Column("name", String, primary_key=True),
    Column("day", Date, primary_key=True),
    # Messages that were let go on this day.
    Column("taken", Integer, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("doing", Text, nullable=False),
    Column("stopped_at", Moment),
    # The last sign of life by the database's own clock, where it has one: those of machines differ.
    Column("seen_at", Moment),
    Index(None, "beat_at"),
)

turn = Table(
    "turn",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("done_at", Moment),
)

turn_part = Table(
    "turn_part",
    metadata,
    # Of the turn that many workers do together; one without rows here is its holder's alone.
    Column("name", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("done_at", Moment),
)

alert = Table(
    "alert",
    metadata,
    Column("key", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("raised_at", Moment, nullable=False),
    Column("mailed_at", Moment),
    Column("cleared_at", Moment),
)

pause = Table(
    "pause",
    metadata,
    Column("newsletter_id", String, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("why", Text, nullable=False),
)

desk_edit = Table(
    "desk_edit",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("newsletter_id", String, nullable=False),
    Column("local_date", Date, nullable=False),
    # A value of model.EditKind.
    Column("kind", String(16), nullable=False),
    # What was done, as JSON.
    Column("document", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("undone_by", Text, nullable=False, server_default=""),
    Column("undone_at", Moment),
    Index(None, "newsletter_id", "local_date"),
)

approval = Table(
    "approval",
    metadata,
    Column("newsletter_id", String, primary_key=True),
    Column("local_date", Date, primary_key=True),
    Column("approved_by", Text, nullable=False),
    Column("approved_at", Moment, nullable=False),
)

provider_event = Table(
    "provider_event",
    metadata,
    # The provider's own id: the same event comes more than once.
    Column("id", String, primary_key=True),
    Column("delivery_id", _Key),
    Column("kind", String(32), nullable=False),
    Column("happened_at", Moment, nullable=False),
)

event_batch = Table(
    "event_batch",
    metadata,
    # What a provider has posted and no worker has handled yet.
    Column("id", _Key, primary_key=True),
    Column("received_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

attempt = Table(
    "attempt",
    metadata,
    # Who tried what: `login 192.0.2.7`.
    Column("name", String, primary_key=True),
    Column("window_start", Moment, primary_key=True),
    Column("count", Integer, nullable=False),
)

headline = Table(
    "headline",
    metadata,
    # Of opened editions only.
    Column("edition_id", String, ForeignKey("edition.id"), primary_key=True),
    Column("story_id", String, primary_key=True),
    # In the order in which the edition is read, from 1: the lead first.
    Column("number", Integer, nullable=False),
    Column("headline", Text, nullable=False),
    # The story of an earlier edition that it goes on with; empty for none.
    Column("told_edition", String, nullable=False, server_default=""),
    Column("told_story", String, nullable=False, server_default=""),
    Index(None, "told_edition", "told_story"),
)

headline_word = Table(
    "headline_word",
    metadata,
    # A form of `headlines.index_words`.
    Column("word", String, primary_key=True),
    Column("edition_id", String, primary_key=True),
    Column("story_id", String, primary_key=True),
    ForeignKeyConstraint(["edition_id", "story_id"], ["headline.edition_id", "headline.story_id"]),
)

# Lists of editions are read from the index alone: SQLite reads through the whole document to a column behind it.
Index(None, *(edition.c[name] for name in ("local_date", "newsletter_id", "cohort", "opened_at", "id")))
