"""`digest explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.options import json_option, opened, print_json

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import Edition, LeftOut
    from digest.ranker.explain import Ground, Neighbour, Queued, QueuedReasons, Row, StoryReasons
    from digest.ranker.explain_words import Words


@click.command()
@click.argument("edition")
@click.argument("story", required=False)
@click.option(
    "--locale",
    type=click.Choice(["ar", "en"]),
    help="The language of the answer; default: the newsletter's.",
)
@json_option
def explain(edition: str, story: str | None, locale: str | None, as_json: bool) -> None:
    """Tell why EDITION holds what it holds; with STORY, why that one is in, at its place and in its region, or not in.

    STORY is an id, the beginning of one, or the number that `digest explain EDITION` shows.
    """
    from digest.ranker.explain import Row, explain_queued, explain_story, find

    with opened() as app:
        found = app.edition(edition)
        words = None if as_json else _words(app, found, locale)
    if story is None:
        _show(words.edition(found) if words else edition_json(found))
        return
    one = find(found, story)
    if isinstance(one, Row):
        reasons = explain_story(found, one)
        _show(words.story(found, reasons) if words else story_json(found, reasons))
    else:
        why = explain_queued(found, one)
        _show(words.queued(why) if words else queued_json(found, why))


def _words(app: App, edition: Edition, locale: str | None) -> Words:
    from digest.ranker.explain_words import Words

    language = app.language(locale or app.newsletter(edition.newsletter_id).locale)
    spoken = language.locale.language
    names = {
        region.id: region.name.get(spoken, region.name.get("en", region.id))
        for region in app.settings.regions.values()
    }
    return Words(language, names)


def _show(said: list[str] | dict[str, object]) -> None:
    if isinstance(said, dict):
        print_json(said)
    else:
        click.echo("\n".join(said))


def edition_json(edition: Edition) -> dict[str, object]:
    """Return an edition as `digest explain EDITION --json` prints it."""
    from digest.ranker.explain import queue, rows

    return {
        "edition": edition.id,
        "lead": edition.lead_id,
        "stories": [_row_json(row) for row in rows(edition)],
        "left_out": [_queued_json(queued) for queued in queue(edition)],
    }


def story_json(edition: Edition, why: StoryReasons) -> dict[str, object]:
    """Return a story as `digest explain EDITION STORY --json` prints it."""
    story = why.row.story
    told = story.update_of
    return {
        "edition": edition.id,
        **_row_json(why.row),
        "picked": True,
        "score_parts": dict(why.parts),
        "rank": why.rank,
        "rank_of": why.of,
        "before": _neighbour_json(why.before),
        "behind": _neighbour_json(why.behind),
        "above": _neighbour_json(why.above),
        "below": _neighbour_json(why.below),
        "next_in_line": _left_json(why.next_in_line) if why.next_in_line else None,
        "countries": list(story.countries),
        "second_region": story.second_region,
        "for_region": [_ground_json(ground) for ground in why.for_region],
        "against": [_ground_json(ground) for ground in why.against],
        "update_of": told
        and {
            "edition": told.edition_id,
            "story": told.story_id,
            "date": told.local_date.isoformat(),
            "headline": told.headline,
        },
    }


def queued_json(edition: Edition, why: QueuedReasons) -> dict[str, object]:
    """Return a story that was left out as `digest explain EDITION STORY --json` prints it."""
    return {
        "edition": edition.id,
        **_queued_json(why.queued),
        "picked": False,
        "last_of_region": _neighbour_json(why.last_of_region),
        "last_of_all": _neighbour_json(why.last_of_all),
    }


def _row_json(row: Row) -> dict[str, object]:
    story = row.story
    return {
        "number": row.number,
        "story": story.id,
        "headline": story.headline,
        "region": story.region,
        "outlets": list(story.outlets),
        "score": story.score,
        "lead": row.lead,
        "brief": row.brief,
        "place": row.place,
        "of": row.of,
        "update": story.update_of is not None,
    }


def _queued_json(queued: Queued) -> dict[str, object]:
    return {"number": queued.number, **_left_json(queued.left), "place": queued.place, "of": queued.of}


def _left_json(left: LeftOut) -> dict[str, object]:
    return {
        "story": left.story_id,
        "headline": left.headline,
        "region": left.region,
        "outlets": list(left.outlets),
        "score": left.score,
        "reason": left.reason.value,
    }


def _neighbour_json(one: Neighbour | None) -> dict[str, object] | None:
    if one is None:
        return None
    return {"story": one.story_id, "headline": one.headline, "score": one.score, "ahead": one.ahead}


def _ground_json(ground: Ground) -> dict[str, object]:
    return {
        "words": ground.words,
        "country": ground.country,
        "region": ground.region,
        "weight": ground.weight,
        "articles": ground.articles,
        "outlets": list(ground.outlets),
    }
