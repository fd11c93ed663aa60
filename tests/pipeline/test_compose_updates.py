"""compose() and draft_edition(): what earlier editions told their readers, over several days."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.app import App
from digest.errors import NothingToSay
from digest.model import ArticleDraft, Edition, FetchState, Reason, Slot
from digest.pipeline import compose, draft_edition
from digest.ranker.places import Placer
from digest.ranker.rank import RankSettings
from tests.conftest import NOW
from tests.fakes import MemoryArticleStore, MemoryEditionStore
from tests.samples import TODAY, draft, newsletter, parsed, slot, source

_SETTINGS = RankSettings(window_hours=30)
_DAY = dt.timedelta(days=1)
_OTHER = ("تونس تفتتح الميناء الجديد في صفاقس", "قال الوزير إن الميناء الجديد في تونس يعمل بكامل طاقته.")
#: What three outlets write on each of three days, two of them each day.
_FIRE = [
    ("لبنان: حريق كبير في مستودع أخشاب في مرفأ طرابلس", "اندلع حريق كبير في مستودع للأخشاب في مرفأ طرابلس شمال لبنان، ولم يصب أحد."),
    ("حريق كبير يلتهم مستودع أخشاب في مرفأ طرابلس اللبناني", "تكافح فرق الدفاع المدني حريقاً كبيراً في مستودع للأخشاب في مرفأ طرابلس شمال لبنان."),
]  # fmt: skip
_CAUSE = [
    ("لبنان: توقيف مدير مستودع الأخشاب في مرفأ طرابلس بتهمة الإهمال", "أوقف القضاء مدير مستودع الأخشاب الذي اندلع فيه حريق كبير في مرفأ طرابلس شمال لبنان، بعدما أثبت التحقيق تعطل أنابيب الإطفاء."),
    ("القضاء اللبناني يوقف مدير المستودع المحترق في مرفأ طرابلس بتهمة الإهمال", "قال المدعي العام إن التحقيق في حريق مستودع الأخشاب في لبنان أثبت تعطل أنابيب الإطفاء، وإن المدير موقوف بتهمة الإهمال."),
]  # fmt: skip


@pytest.fixture(scope="module")
def placer(tmp_path_factory: pytest.TempPathFactory) -> Placer:
    """The placer that ships, with its own gazetteer."""
    return App(home=tmp_path_factory.mktemp("home"), environment={}).placer


class Days:
    """Days of news, one edition each morning."""

    def __init__(self, placer: Placer) -> None:
        self._placer = placer
        self.articles = MemoryArticleStore()
        self.sent: set[str] = set()
        self.editions = MemoryEditionStore(lambda edition_id: edition_id in self.sent)

    def write(self, day: int, *reports: tuple[str, str]) -> None:
        """Let one outlet after the other write its report, two hours before the day's edition."""
        for number, (title, summary) in enumerate(reports):
            of = source(f"source{number}", outlet=f"منبر {number}")
            entry: ArticleDraft = draft(
                title,
                of=of,
                guid=title,
                url=f"https://{of.id}.example/{day}-{len(title)}",
                summary=summary,
                published=NOW + day * _DAY - dt.timedelta(hours=2),
            )
            self.articles.save_feed(of, parsed(entry), FetchState(source_id=of.id), NOW + day * _DAY)

    def compose(self, day: int, *, sent: bool = True, cohort: str = "") -> Edition:
        """Return the edition of a day, and send it."""
        made = compose(
            newsletter(),
            _slot(day, cohort),
            self.articles,
            self.editions,
            self._placer,
            _SETTINGS,
            NOW + day * _DAY,
        )
        if sent:
            self.sent.add(made.id)
        return made

    def draft(self, day: int) -> Edition:
        """Return the edition of a day as a preview shows it."""
        return draft_edition(
            newsletter(),
            _slot(day),
            self.articles,
            self._placer,
            _SETTINGS,
            NOW + day * _DAY,
            self.editions,
        )


def _slot(day: int, cohort: str = "") -> Slot:
    return slot(TODAY + day * _DAY, cohort=cohort)


@pytest.fixture
def days(placer: Placer) -> Days:
    """A first day with a fire, told."""
    made = Days(placer)
    made.write(0, *_FIRE)
    made.compose(0)
    return made


def _marks(edition: Edition) -> dict[str, str]:
    """Return which edition each story updates, by its headline; empty for new ones."""
    return {
        story.headline: story.update_of.edition_id if story.update_of else "" for story in edition.stories()
    }


def test_what_was_told_is_left_out_and_said_so(days: Days) -> None:
    days.write(1, _OTHER)
    made = days.compose(1)
    assert _marks(made) == {_OTHER[0]: ""}
    assert [(left.reason, len(left.outlets)) for left in made.left_out] == [(Reason.TOLD_BEFORE, 2)]
    # The fire's articles are still in the window, and counted.
    assert (made.articles_read, made.stories_found) == (3, 2)


def test_what_is_news_comes_back_marked_and_goes_on_the_next_day(days: Days) -> None:
    days.write(1, *_CAUSE)
    second = days.compose(1)
    [(headline, of)] = _marks(second).items()
    assert headline in dict(_CAUSE)
    assert of == "mujaz-2026-11-22"
    days.write(2, _OTHER)
    assert _marks(days.compose(2)) == {_OTHER[0]: ""}


def test_a_preview_marks_updates_as_the_edition_will(days: Days) -> None:
    days.write(1, *_CAUSE, _OTHER)
    assert days.draft(1) == days.compose(1)
    assert "mujaz-2026-11-22" in _marks(days.draft(1)).values()


def test_what_was_composed_and_never_sent_was_not_told(placer: Placer) -> None:
    days = Days(placer)
    days.write(0, *_FIRE)
    days.compose(0, sent=False)
    again = days.compose(1)
    assert set(_marks(again).values()) == {""}
    assert again.left_out == ()


def test_readers_of_another_zone_were_told_by_their_own_editions(days: Days) -> None:
    days.write(1, *_CAUSE)
    of_cairo = days.compose(1, cohort="Africa/Cairo")
    days.write(2, _OTHER)
    days.compose(2, cohort="Africa/Cairo")
    # The other news was told in Cairo, on the day before: there it is no news, in the newsletter's own zone it is.
    assert set(_marks(of_cairo).values()) == {"mujaz-2026-11-22"}
    with pytest.raises(NothingToSay):
        days.compose(3, cohort="Africa/Cairo")
    assert _OTHER[0] in _marks(days.compose(3))


def test_readers_of_a_new_cohort_were_told_by_the_newsletters_own_editions(days: Days) -> None:
    with pytest.raises(NothingToSay, match=r"nothing left for its regions .*1 stories were told before"):
        days.compose(1, cohort="Africa/Cairo")


def test_the_newsletters_readers_were_not_told_by_a_cohorts_edition(placer: Placer) -> None:
    days = Days(placer)
    days.write(0, *_FIRE)
    days.compose(0, cohort="Africa/Cairo")
    assert set(_marks(days.compose(1)).values()) == {""}


def test_a_frozen_edition_stays_as_it_is_whatever_is_told_since(days: Days) -> None:
    first = days.compose(0)
    days.write(1, *_CAUSE)
    days.compose(1)
    assert days.compose(0) == first


def test_an_edition_knows_nothing_of_later_ones(days: Days) -> None:
    days.write(1, *_CAUSE)
    days.compose(1)
    # Drafted again, the first day's is as it was: neither itself nor the second day's has told it.
    assert set(_marks(days.draft(0)).values()) == {""}


def test_what_was_told_long_ago_may_be_told_again(placer: Placer) -> None:
    days = Days(placer)
    days.write(0, *_FIRE)
    days.compose(0)
    days.write(8, *_CAUSE)
    assert set(_marks(days.compose(8)).values()) == {""}


def test_where_all_was_told_there_is_nothing_to_say(days: Days) -> None:
    with pytest.raises(NothingToSay, match="1 stories were told before"):
        days.compose(1)
