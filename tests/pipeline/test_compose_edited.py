"""compose(), draft_edition() and desk_draft() with an editor's acts, while fresh news comes in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from digest.app import App
from digest.errors import NothingToSay
from digest.model import Edit, Edition, EditKind, FetchState, Reason, Story
from digest.pipeline import compose, draft_edition
from digest.pipeline.composing import Draft, desk_draft
from digest.ranker.places import Placer
from digest.ranker.rank import RankSettings
from tests.conftest import NOW
from tests.desk_fakes import edit
from tests.fakes import MemoryArticleStore, MemoryEditionStore
from tests.samples import draft, newsletter, parsed, slot, source

_SETTINGS = RankSettings(window_hours=24)
_PAPER = newsletter(stories_per_region=1)
_HOUR = dt.timedelta(hours=1)
_FIRE = ("لبنان: حريق كبير في مستودع أخشاب في مرفأ طرابلس", "اندلع حريق كبير في مستودع للأخشاب في مرفأ طرابلس شمال لبنان.")  # fmt: skip
_FIRE_AGAIN = (
    "حريق كبير يلتهم مستودع أخشاب في مرفأ طرابلس اللبناني",
    "تكافح فرق الدفاع المدني حريقاً كبيراً في مستودع للأخشاب في مرفأ طرابلس شمال لبنان.",
)
_PORT = ("تونس تفتتح الميناء الجديد في صفاقس", "قال الوزير إن الميناء الجديد في تونس يعمل بكامل طاقته.")
_SUMMIT = (
    "الرياض تستضيف قمة الطاقة في السعودية",
    "تجتمع في الرياض وفود عشرين دولة لبحث أسعار الطاقة في السعودية.",
)
_ELECTION = (
    "الأردن: الناخبون يختارون مجالس البلديات",
    "توجه الأردنيون إلى صناديق الاقتراع في عمّان لاختيار مجالس البلديات.",
)
_TALKS = ("دمشق تستقبل وفداً أردنياً للمفاوضات", "بدأت في دمشق مفاوضات بين سوريا والأردن على مياه اليرموك.")
_QUAKE = (
    "زلزال يضرب ساحل سوريا ويوقع عشرات القتلى",
    "ضرب زلزال عنيف ساحل سوريا قرب اللاذقية وأوقع عشرات القتلى.",
)
_QUAKE_AGAIN = (
    "عشرات القتلى في زلزال يضرب ساحل سوريا",
    "قتل العشرات في زلزال عنيف ضرب ساحل سوريا قرب اللاذقية فجر اليوم.",
)


@pytest.fixture(scope="module")
def placer(tmp_path_factory: pytest.TempPathFactory) -> Placer:
    """The placer that ships, with its own gazetteer."""
    return App(home=tmp_path_factory.mktemp("home"), environment={}).placer


class Desk:
    """A morning's news, and an editor on it."""

    def __init__(self, placer: Placer) -> None:
        self.placer = placer
        self.articles = MemoryArticleStore()
        self.sent: set[str] = set()
        self.editions = MemoryEditionStore(lambda edition_id: edition_id in self.sent)
        self.edits: list[Edit] = []

    def write(self, *reports: tuple[str, str], now: dt.datetime = NOW) -> None:
        """Have outlets of their own write these reports."""
        for title, summary in reports:
            of = source(f"of-{len(title)}-{len(summary)}", outlet=f"منبر {len(title)}-{len(summary)}")
            url = f"https://{of.id}.example/{now:%H%M}"
            entry = draft(title, of=of, guid=url, url=url, summary=summary, published=now - _HOUR)
            self.articles.save_feed(of, parsed(entry), FetchState(source_id=of.id), now)

    def draft(self, now: dt.datetime = NOW) -> Draft:
        return desk_draft(
            _PAPER, slot(), self.articles, self.placer, _SETTINGS, now, self.editions, self.edits
        )

    def compose(self, now: dt.datetime = NOW, day: int = 0) -> Edition:
        of_day = slot(slot().local_date + dt.timedelta(days=day))
        return compose(
            _PAPER, of_day, self.articles, self.editions, self.placer, _SETTINGS, now, edits=self.edits
        )

    def act(
        self, kind: EditKind, about: Story | None = None, value: str = "", other: Story | None = None
    ) -> None:
        """Do something to a story."""
        articles, others = ([one.id for one in its.articles] if its else [] for its in (about, other))
        self.edits.append(edit(kind, *articles, others=others, value=value, number=len(self.edits) + 1))


@pytest.fixture
def desk(placer: Placer) -> Desk:
    made = Desk(placer)
    made.write(_FIRE, _FIRE_AGAIN, _PORT, _SUMMIT, _ELECTION)
    return made


def _story(edition: Edition, word: str) -> Story:
    return next(story for story in edition.stories() if word in story.articles[0].title)


def _places(edition: Edition) -> dict[str, list[str]]:
    return {section.region: [one.headline for one in section.stories] for section in edition.sections}


def test_without_edits_an_edition_is_what_it_was(desk: Desk, placer: Placer) -> None:
    plain = draft_edition(_PAPER, slot(), desk.articles, placer, _SETTINGS, NOW, desk.editions)
    shown = desk.draft()
    assert shown.edition == plain
    assert shown.edits == ()
    assert [(one.story.id, one.reason) for one in shown.waiting] == [
        (left.story_id, left.reason) for left in plain.left_out
    ]
    assert desk.compose() == plain


def test_edits_survive_fresh_news(desk: Desk) -> None:
    before = desk.draft().edition
    fire, port = _story(before, "حريق"), _story(before, "الميناء")
    desk.act(EditKind.HEADLINE, fire, "نار في مرفأ طرابلس")
    desk.act(EditKind.SUMMARY, fire, "لم يصب أحد.")
    desk.act(EditKind.PIN, fire)
    desk.act(EditKind.DROP, port)
    desk.act(EditKind.SUBJECT, value="صباح المرافئ")
    later = NOW + _HOUR
    # A greater story of its region, which holds one story, and one more report of the fire and of the port each.
    desk.write(_QUAKE, _QUAKE_AGAIN, (f"{_FIRE[0]} اليوم", f"{_FIRE[1]} فجراً"), (f"{_PORT[0]} اليوم", f"{_PORT[1]} اليوم"), now=later)  # fmt: skip
    made = desk.compose(later)
    told = _story(made, "حريق")
    assert len(told.articles) == 3
    assert (told.headline, told.summary) == ("نار في مرفأ طرابلس", "لم يصب أحد.")
    assert _story(made, "زلزال")
    assert not [one for one in made.stories() if "الميناء" in one.headline]
    assert [one.reason for one in made.left_out if "الميناء" in one.headline] == [Reason.DROPPED_BY_EDITOR]
    assert made.subject == "صباح المرافئ"
    # And the frozen one stays, whatever is done then.
    desk.act(EditKind.HEADLINE, told, "بعد فوات الأوان")
    assert desk.compose(later) == made


def test_a_pinned_story_stays_when_greater_news_would_push_it_out(desk: Desk) -> None:
    election = _story(desk.draft().edition, "البلديات")
    later = NOW + _HOUR
    desk.write(
        _QUAKE,
        _QUAKE_AGAIN,
        _TALKS,
        now=later,
    )
    full = replace(_PAPER, most_stories=3, brief_stories=0)
    what = (desk.articles, desk.placer, _SETTINGS, later, desk.editions)
    plain = desk_draft(full, slot(), *what, desk.edits)
    assert election.id in {one.story.id for one in plain.waiting}
    desk.act(EditKind.PIN, election)
    pinned = desk_draft(full, slot(), *what, desk.edits).edition
    assert election.id in {one.id for one in pinned.stories()}
    assert len(list(pinned.stories())) == 3


def test_merged_and_moved_stories_are_scored_as_one_and_stand_where_they_were_put(desk: Desk) -> None:
    before = desk.draft().edition
    summit, port = _story(before, "قمة"), _story(before, "الميناء")
    desk.act(EditKind.MERGE, summit, other=port)
    merged = _story(desk.draft().edition, "قمة")
    assert {one.id for one in merged.articles} == {one.id for one in (*summit.articles, *port.articles)}
    assert (merged.region, merged.headline) == ("gulf", summit.headline)
    assert merged.score > max(summit.score, port.score)
    assert merged.score == pytest.approx(sum(merged.score_parts.values()))
    desk.act(EditKind.MOVE, merged, "north_africa")
    desk.act(EditKind.LEAD, merged)
    made = desk.compose()
    assert made.lead.id == merged.id
    assert _places(made)["north_africa"] == [summit.headline]
    assert "gulf" not in _places(made)
    assert made.stories_found == before.stories_found


def test_a_story_that_is_split_is_two(desk: Desk) -> None:
    fire = _story(desk.draft().edition, "حريق")
    desk.act(EditKind.SPLIT, fire, other=replace(fire, articles=fire.articles[1:]))
    shown = desk.draft()
    stories = [*shown.edition.stories(), *(one.story for one in shown.waiting)]
    parts = [one for one in stories if "حريق" in one.headline]
    assert [len(one.articles) for one in parts] == [1, 1]
    assert len({one.id for one in parts}) == 2
    assert shown.edits[0].story_id in {one.id for one in parts}


def test_what_was_told_before_comes_back_only_when_it_is_pinned(desk: Desk) -> None:
    first = desk.compose()
    desk.sent.add(first.id)
    fire = _story(first, "حريق")
    desk.write(_QUAKE, _QUAKE_AGAIN, now=NOW + _HOUR)
    tomorrow = replace(slot(), local_date=slot().local_date + dt.timedelta(days=1))
    what = (desk.articles, desk.placer, _SETTINGS, NOW + _HOUR, desk.editions)
    plain = desk_draft(_PAPER, tomorrow, *what, [])
    assert {one.story.id: one.reason for one in plain.waiting}[fire.id] is Reason.TOLD_BEFORE
    desk.act(EditKind.PIN, fire)
    pinned = desk_draft(_PAPER, tomorrow, *what, desk.edits)
    assert fire.id in {one.id for one in pinned.edition.stories()}
    assert pinned.edits[0].story_id == fire.id
    assert fire.id not in {one.story_id for one in pinned.edition.left_out}


def test_a_draft_says_what_each_edit_is_about(desk: Desk) -> None:
    before = desk.draft()
    fire = _story(before.edition, "حريق")
    desk.act(EditKind.HEADLINE, fire, "نار")
    desk.edits.append(edit(EditKind.PIN, "an article that is gone", number=2))
    desk.edits.append(
        replace(edit(EditKind.DROP, fire.articles[0].id, number=3), undone_at=NOW, undone_by="x")
    )
    shown = desk.draft()
    assert [(one.edit.id, one.story_id, one.unmatched) for one in shown.edits] == [
        (1, fire.id, False),
        (2, None, True),
        (3, None, False),
    ]
    assert [one.story.id for one in shown.waiting] == [one.story_id for one in shown.edition.left_out]


def test_where_everything_was_dropped_there_is_nothing_to_say(desk: Desk) -> None:
    shown = desk.draft()
    for one in [*shown.edition.stories(), *(waiting.story for waiting in shown.waiting)]:
        desk.act(EditKind.DROP, one)
    with pytest.raises(NothingToSay, match="an editor dropped 4"):
        desk.compose()
    assert desk.editions.latest_edition_id() is None
