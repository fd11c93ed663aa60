"""Articles and the state of their sources, in SQL. Implements `ports.ArticleStore`."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.schema import article, article_alias, source_state
from digest.collector.identity import Match, match
from digest.model import Article, ArticleDraft, FetchState, SaveCounts, Source

#: Bound parameters of one statement; SQLite's older builds take 999.
_CHUNK = 400
#: PostgreSQL advisory lock of the process that saves a feed; any constant of our own.
_SAVE_LOCK = 0x6D756A617B


def upsert(connection: Connection, table: sa.Table) -> Any:
    """Return the dialect's INSERT, which knows ON CONFLICT."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


class SqlArticleStore:
    """Articles, the names they are known by, and what earlier fetches have taught."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fetch_states(self) -> Mapping[str, FetchState]:
        """See `ports.ArticleStore`."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(source_state)).mappings()
            return {row["source_id"]: FetchState(**row) for row in rows}

    def save_state(self, state: FetchState) -> None:
        """See `ports.ArticleStore`."""
        with self._engine.begin() as connection:
            _save_state(connection, state)

    def save_feed(
        self, source: Source, drafts: Sequence[ArticleDraft], state: FetchState, now: dt.datetime
    ) -> SaveCounts:
        """See `ports.ArticleStore`."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Feeds share links, those of different outlets as well: one at a time decides what is new.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SAVE_LOCK)))
            matches = match(
                drafts, _known(connection, [alias for draft in drafts for alias in draft.aliases])
            )
            first = {found.article_id: found for found in reversed(matches) if found.is_new}
            new = [found for found in matches if first.get(found.article_id) is found]
            for found in new:
                connection.execute(sa.insert(article).values(_new_row(source, found, now)))
            updated = sum(_update(connection, source, found, now) for found in matches if not found.is_new)
            for found in matches:
                _name(connection, found)
            _save_state(connection, state)
        return SaveCounts(new=len(new), updated=updated, known=len(matches) - len(new) - updated)

    def articles(self, since: dt.datetime | None, until: dt.datetime | None) -> list[Article]:
        """See `ports.ArticleStore`."""
        query = sa.select(article).order_by(article.c.published_at, article.c.id)
        if since:
            query = query.where(article.c.published_at > since)
        if until:
            query = query.where(article.c.published_at <= until)
        with reading(self._engine) as connection:
            return [_article(row) for row in connection.execute(query).mappings()]

    def newest(self, until: dt.datetime, sources: Sequence[str]) -> dt.datetime | None:
        """See `ports.ArticleStore`."""
        query = sa.select(sa.func.max(article.c.published_at)).where(article.c.published_at <= until)
        if sources:
            query = query.where(article.c.source_id.in_(sources))
        with reading(self._engine) as connection:
            moment: dt.datetime | None = connection.scalar(query)
            return moment


def _chunks(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(values)
    while chunk := tuple(islice(rest, _CHUNK)):
        yield chunk


def _known(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for chunk in _chunks(dict.fromkeys(names)):
        query = sa.select(article_alias.c.alias, article_alias.c.article_id).where(
            article_alias.c.alias.in_(chunk)
        )
        known.update(connection.execute(query).all())
    return known


def _name(connection: Connection, found: Match) -> None:
    rows = [{"alias": alias, "article_id": found.article_id} for alias in found.draft.aliases]
    connection.execute(upsert(connection, article_alias).on_conflict_do_nothing(), rows)


def _new_row(source: Source, found: Match, now: dt.datetime) -> dict[str, Any]:
    draft = found.draft
    return {
        "id": found.article_id,
        "source_id": source.id,
        "outlet": source.outlet,
        "country": source.country,
        "language": source.language,
        "url": draft.url,
        "title": draft.title,
        "summary": draft.summary,
        "text": "",
        "section": draft.section,
        "image_url": draft.image_url,
        "published_at": draft.published or now,
        "dated": draft.published is not None,
        "first_seen_at": now,
        "updated_at": now,
    }


def _update(connection: Connection, source: Source, found: Match, now: dt.datetime) -> bool:
    """Take over an edit of the headline or the summary; say whether there was one.

    Only the outlet itself edits its article: another's feed that links to it changes nothing.
    """
    draft = found.draft
    own = article.c.outlet == source.outlet
    edited = sa.or_(article.c.title != draft.title, article.c.summary != draft.summary)
    changes: dict[str, Any] = {"title": draft.title, "summary": draft.summary, "updated_at": now}
    statement = sa.update(article).where(article.c.id == found.article_id, own, edited).values(changes)
    return connection.execute(statement).rowcount > 0


def _save_state(connection: Connection, state: FetchState) -> None:
    row = {name: _storable(value) for name, value in dataclasses.asdict(state).items()}
    statement = upsert(connection, source_state).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["source_id"], set_=row))


def _storable(value: object) -> object:
    """Return a text as every database takes it; servers send header bytes that are no UTF-8, even NUL."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _article(row: sa.RowMapping) -> Article:
    return Article(
        id=row["id"],
        outlet=row["outlet"],
        title=row["title"],
        url=row["url"],
        published=row["published_at"],
        summary=row["summary"],
        text=row["text"],
        section=row["section"],
        source=row["source_id"],
        country=row["country"],
        language=row["language"],
        image_url=row["image_url"],
    )
