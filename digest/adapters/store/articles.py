"""Articles and the state of their sources, in SQL. Implements `ports.ArticleStore`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.schema import article, article_alias, article_source, source_items, source_state
from digest.collector.identity import Match, match
from digest.collector.moments import publication
from digest.collector.sites import is_on_own_site
from digest.model import (
    Article,
    ArticleDraft,
    Failure,
    FetchState,
    PageText,
    ParsedFeed,
    SaveCounts,
    Source,
    SourceStats,
)

#: Bound parameters of one statement; SQLite's older builds take 999.
_CHUNK = 400
#: PostgreSQL advisory lock of the process that saves a feed; any constant of our own.
_SAVE_LOCK = 0x6D756A617B
#: An article's page that could not be read so often is let be.
MOST_TEXT_TRIES = 3


def upsert(connection: Connection, table: sa.Table) -> Any:
    """Return the dialect's INSERT, which knows ON CONFLICT."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


@cache
def _replacing(dialect: str, table: sa.Table) -> Any:
    """Return the statement that puts a source's row in the place of the one there is; built once, it costs little."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    others = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=["source_id"], set_=others)


class SqlArticleStore:
    """Articles, the names they are known by, and what earlier fetches have taught."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fetch_states(self) -> Mapping[str, FetchState]:
        """See `ports.ArticleStore`."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(source_state)).mappings()
            return {row["source_id"]: _state(row) for row in rows}

    def save_state(self, state: FetchState) -> None:
        """See `ports.ArticleStore`."""
        with self._engine.begin() as connection:
            _save_state(connection, state)

    def seen_items(self, source_id: str) -> Mapping[str, tuple[str, ...]]:
        """See `ports.ArticleStore`."""
        query = sa.select(source_items.c["items"]).where(source_items.c.source_id == source_id)
        with reading(self._engine) as connection:
            document = connection.scalar(query)
        return {name: tuple(aliases) for name, aliases in json.loads(document or "{}").items()}

    def save_feed(self, source: Source, feed: ParsedFeed, state: FetchState, now: dt.datetime) -> SaveCounts:
        """See `ports.ArticleStore`."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Feeds share links, those of different outlets as well: one at a time decides what is new.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SAVE_LOCK)))
            known = _known(connection, [alias for draft in feed.drafts for alias in draft.aliases])
            matches = match(feed.drafts, known, _titles(connection, known.values()))
            new = [found for found in matches if found.is_new]
            if new:
                connection.execute(sa.insert(article), [_new_row(source, found, now) for found in new])
            stored = [found for found in matches if not found.is_new]
            updated = _update(connection, source, stored, now)
            _keep_who_named(connection, source, [found.article_id for found in stored])
            _name(connection, matches)
            _save_state(connection, state)
            _save_items(connection, source.id, feed.items)
        return SaveCounts(new=len(new), updated=updated, known=len(matches) - len(new) - updated)

    def articles(
        self, since: dt.datetime | None, until: dt.datetime | None, sources: Sequence[str] = ()
    ) -> list[Article]:
        """See `ports.ArticleStore`."""
        query = sa.select(article).order_by(article.c.published_at, article.c.id)
        if sources:
            query = query.where(_named_by(sources))
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
            query = query.where(_named_by(sources))
        with reading(self._engine) as connection:
            moment: dt.datetime | None = connection.scalar(query)
            return moment

    def wanting_text(self, sources: Sequence[str], since: dt.datetime, limit: int) -> list[Article]:
        """See `ports.ArticleStore`."""
        query = (
            sa.select(article)
            .where(article.c.source_id.in_(sources), article.c.first_seen_at > since)
            .where(article.c.text == "", article.c.text_tries < MOST_TEXT_TRIES)
            .order_by(article.c.published_at.desc(), article.c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [_article(row) for row in connection.execute(query).mappings()]

    def save_text(self, article_id: str, page: PageText | None, now: dt.datetime) -> None:
        """See `ports.ArticleStore`."""
        changes: dict[str, Any] = {"text_tries": article.c.text_tries + 1}
        if page:
            lede, dateline = _storable(page.lede), _storable(page.dateline)
            changes |= {
                "text": _storable(page.text),
                "updated_at": now,
                "summary": sa.case((article.c.summary == "", lede), else_=article.c.summary),
                "dateline": sa.case((article.c.dateline == "", dateline), else_=article.c.dateline),
            }
        with self._engine.begin() as connection:
            connection.execute(sa.update(article).where(article.c.id == article_id).values(changes))

    def source_stats(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, SourceStats]:
        """See `ports.ArticleStore`."""
        in_window = article.c.published_at > since
        query = (
            sa.select(
                article.c.source_id,
                sa.func.max(article.c.published_at).label("newest"),
                sa.func.max(article.c.first_seen_at).label("last_new"),
                sa.func.min(article.c.published_at).filter(in_window).label("oldest"),
                sa.func.count().filter(in_window).label("articles"),
                sa.func.count().filter(in_window, sa.not_(article.c.dated)).label("undated"),
            )
            .where(article.c.published_at <= now)
            .group_by(article.c.source_id)
        )
        with reading(self._engine) as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return {row.pop("source_id"): SourceStats(**row) for row in rows}


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


def _titles(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    titles: dict[str, str] = {}
    for chunk in _chunks(dict.fromkeys(ids)):
        query = sa.select(article.c.id, article.c.title).where(article.c.id.in_(chunk))
        titles.update(connection.execute(query).all())
    return titles


def _name(connection: Connection, matches: Sequence[Match]) -> None:
    rows = [
        {"alias": alias, "article_id": found.article_id} for found in matches for alias in found.draft.aliases
    ]
    if rows:
        connection.execute(upsert(connection, article_alias).on_conflict_do_nothing(), rows)


def _named_by(sources: Sequence[str]) -> sa.ColumnElement[bool]:
    others = sa.select(article_source.c.article_id).where(article_source.c.source_id.in_(sources))
    return article.c.source_id.in_(sources) | article.c.id.in_(others)


def _keep_who_named(connection: Connection, source: Source, ids: Iterable[str]) -> None:
    """Keep that a source has named these articles, where they are not its own."""
    for chunk in _chunks(dict.fromkeys(ids)):
        of_others = article.c.id.in_(chunk) & (article.c.source_id != source.id)
        _insert_who_named(connection, sa.select(article.c.id, sa.literal(source.id)).where(of_others))


def _insert_who_named(connection: Connection, query: sa.Select[Any]) -> None:
    insert = upsert(connection, article_source).from_select(["article_id", "source_id"], query)
    connection.execute(insert.on_conflict_do_nothing())


def _save_items(connection: Connection, source_id: str, items: Mapping[str, tuple[str, ...]]) -> None:
    row = {"source_id": source_id, "items": json.dumps(items, separators=(",", ":"))}
    connection.execute(_replacing(connection.dialect.name, source_items), row)


def _new_row(source: Source, found: Match, now: dt.datetime) -> dict[str, Any]:
    draft = found.draft
    published, dated = publication(draft.published, now)
    row = {
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
        "dateline": draft.dateline,
        "feed_place": draft.place,
        "image_url": draft.image_url,
        "image_width": draft.image_width,
        "image_height": draft.image_height,
        "published_at": published,
        "dated": dated,
        "first_seen_at": now,
        "updated_at": now,
        "text_tries": 0,
        "on_own_site": is_on_own_site(source.url, draft.url),
    }
    return {name: _storable(value) for name, value in row.items()}


def _update(connection: Connection, source: Source, matches: Sequence[Match], now: dt.datetime) -> int:
    """Take over the edits of known articles; return how many were edited.

    Only the source that brought an article edits it: another one that links to it, or words it otherwise, changes
    nothing, or the two would undo each other's edits for ever. But a feed of the article's own site takes it from a
    stranger's that named the link first, once and for good.
    """
    drafts = {found.article_id: found.draft for found in reversed(matches)}
    updated = 0
    for chunk in _chunks(drafts):
        of_it_or_a_stranger = (article.c.source_id == source.id) | sa.not_(article.c.on_own_site)
        stored = sa.select(article).where(article.c.id.in_(chunk), of_it_or_a_stranger)
        for row in connection.execute(stored).mappings().all():
            draft = drafts[row["id"]]
            if row["source_id"] == source.id:
                changes = _changes(row, draft, now)
            else:
                changes = _claim(source, draft, now)
                if changes:
                    before = sa.select(article.c.id, article.c.source_id).where(article.c.id == row["id"])
                    _insert_who_named(connection, before)
            if changes:
                statement = sa.update(article).where(article.c.id == row["id"])
                connection.execute(statement.values({**changes, "updated_at": now}))
                updated += 1
    return updated


def _changes(row: sa.RowMapping, draft: ArticleDraft, now: dt.datetime) -> dict[str, Any]:
    # A summary that the feed does not give may have come from the article's own page.
    told = {"title": draft.title, "summary": draft.summary or row["summary"]}
    changes = {name: kept for name, text in told.items() if row[name] != (kept := _storable(text))}
    unsure = not row["dated"] or row["published_at"] > now
    if unsure and draft.published and draft.published != row["published_at"]:
        # It had no date, or one that it was held back for, and now has one. Else the first date stands: outlets
        # date an article anew to lift it up again.
        changes["published_at"], changes["dated"] = publication(draft.published, now)
    return changes


def _claim(source: Source, draft: ArticleDraft, now: dt.datetime) -> dict[str, Any]:
    """Return what makes a stranger's article the source's own; nothing where the link is not on its site.

    What was read from the article's page stays: it is the outlet's page, whoever named it.
    """
    if not is_on_own_site(source.url, draft.url):
        return {}
    row = _new_row(source, Match(draft=draft, article_id="", is_new=False), now)
    staying = {"id", "first_seen_at", "text", "text_tries"}
    return {name: value for name, value in row.items() if name not in staying}


def _state(row: sa.RowMapping) -> FetchState:
    return FetchState(**{**row, "failure": Failure(row["failure"]) if row["failure"] else None})


def _save_state(connection: Connection, state: FetchState) -> None:
    row = {column.name: _storable(getattr(state, column.name)) for column in source_state.c}
    connection.execute(_replacing(connection.dialect.name, source_state), row)


def _storable(value: object) -> object:
    """Return a text as every database takes it; servers and pages send bytes that are no UTF-8, even NUL."""
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
        dateline=row["dateline"],
        dated=row["dated"],
        feed_place=row["feed_place"],
        image_url=row["image_url"],
        image_width=row["image_width"],
        image_height=row["image_height"],
    )
