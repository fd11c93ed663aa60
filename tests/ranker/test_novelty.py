"""What comes back to readers who were told before, and what does not. All news of our own invention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Article, Edition, Reason, Section, Story, Told
from digest.ranker.novelty import article_newness, since_told
from digest.ranker.tellings import told_stories
from tests.ranker.making import NOW, article

_DAY = dt.timedelta(days=1)


def _news(name: str, title: str, summary: str = "", days: int = 0, outlet: str = "") -> Article:
    """Return an outlet's article, some days old."""
    return article(
        name,
        title,
        summary,
        outlet=outlet or f"صحيفة {name}",
        published=NOW - days * _DAY - dt.timedelta(hours=2),
    )


def _story(*articles: Article, countries: tuple[str, ...] = ("LB",), score: float = 0.0) -> Story:
    """Return the story that these articles tell; the first one has its headline."""
    score = score or float(len({one.outlet for one in articles}))
    return Story(
        id=f"s-{articles[0].id}",
        headline=articles[0].title,
        summary=articles[0].summary,
        articles=articles,
        region="levant",
        countries=countries,
        evidence=(),
        score=score,
        score_parts={"outlets": score - 0.25, "freshness": 0.25},
    )


def _edition(days: int, *stories: Story, briefs: Sequence[Story] = ()) -> Edition:
    """Return the edition of some days ago."""
    day = NOW - days * _DAY
    return Edition(
        id=f"e-{days}",
        newsletter_id="test",
        local_date=day.date(),
        cohort="",
        composed_at=day,
        sections=(Section(region="levant", stories=stories),) if stories else (),
        briefs=tuple(briefs),
    )


_FIRE = [
    _news("a", "حريق كبير في مرفأ طرابلس بلبنان", "اندلع حريق كبير في مستودع للأخشاب في مرفأ طرابلس، وأصيب ثلاثة عمال بحسب الدفاع المدني.", 1),
    _news("b", "الدفاع المدني اللبناني يكافح حريق مرفأ طرابلس", "تكافح فرق الدفاع المدني حريقاً كبيراً في مستودع للأخشاب في مرفأ طرابلس شمال لبنان.", 1),
]  # fmt: skip
_LATE = _news("c", "لبنان: حريق كبير في مستودع أخشاب في مرفأ طرابلس", "اندلع حريق كبير في مستودع للأخشاب في مرفأ طرابلس شمال لبنان، وأصيب ثلاثة عمال.")  # fmt: skip
_CAUSE = [
    _news("d", "توقيف مدير مستودع الأخشاب في مرفأ طرابلس بتهمة الإهمال بعد الحريق", "أوقف القضاء اللبناني مدير مستودع الأخشاب الذي اندلع فيه حريق كبير في مرفأ طرابلس، بعدما أثبت التحقيق تعطل أنابيب الإطفاء."),
    _news("e", "لبنان: القضاء يوقف مدير المستودع المحترق في مرفأ طرابلس بتهمة الإهمال", "قال المدعي العام إن التحقيق في حريق مستودع الأخشاب أثبت تعطل أنابيب الإطفاء، وإن المدير موقوف بتهمة الإهمال."),
]  # fmt: skip
_TRIAL = [
    _news("f", "بدء محاكمة مدير مستودع مرفأ طرابلس بعد حريق الأخشاب", "بدأت في بيروت محاكمة مدير المستودع بتهمة الإهمال، ودفع المتهم ببراءته أمام المحكمة وطلب محاميه كفالة."),
    _news("g", "مدير المستودع المحترق في مرفأ طرابلس يدفع ببراءته أمام المحكمة", "دفع مدير المستودع ببراءته من تهمة الإهمال في أولى جلسات محاكمته في بيروت، وطلب محاميه كفالة."),
]  # fmt: skip
_OTHER = _story(_news("x", "افتتاح معرض الكتاب الدولي في الشارقة", "افتتح المعرض أبوابه بمشاركة مئات الناشرين."), countries=("AE",))  # fmt: skip


def test_to_readers_of_the_first_edition_everything_is_new() -> None:
    stories = [_story(*_FIRE), _OTHER]
    news = since_told(stories, [])
    assert (news.stories, news.left_out) == (tuple(stories), ())


def test_what_nothing_earlier_resembles_comes_as_it_is() -> None:
    news = since_told([_OTHER], [_edition(1, _story(*_FIRE))])
    assert (news.stories, news.left_out) == ((_OTHER,), ())


_EDITED = replace(_FIRE[0], title="حريق هائل يلتهم مرفأ طرابلس بالكامل", summary="نص آخر تماماً كتبه المحرر لاحقاً عن 40 سيارة.")  # fmt: skip


@pytest.mark.parametrize(
    "today",
    [
        pytest.param(_story(*_FIRE), id="the same articles"),
        pytest.param(_story(_FIRE[1]), id="some of them"),
        pytest.param(_story(_EDITED), id="one of them, edited"),
        pytest.param(_story(_LATE), id="a late report of the same in another outlet"),
        pytest.param(_story(_FIRE[0], _LATE), id="a told article with a late report"),
        pytest.param(
            _story(replace(_FIRE[1], id="c", outlet="وكالة")), id="a copy to the word in another outlet"
        ),
    ],
)
def test_a_story_without_news_does_not_come_back(today: Story) -> None:
    news = since_told([_OTHER, today], [_edition(1, _story(*_FIRE))])
    assert news.stories == (_OTHER,)
    [left] = news.left_out
    assert (left.story_id, left.headline, left.region) == (today.id, today.headline, today.region)
    assert (left.outlets, left.score, left.reason) == (today.outlets, today.score, Reason.TOLD_BEFORE)


def test_a_story_with_news_comes_back_as_an_update_of_the_earlier_one() -> None:
    today = _story(*_FIRE, *_CAUSE)
    [update] = since_told([today], [_edition(1, _story(*_FIRE))]).stories
    assert update.update_of == Told(
        edition_id="e-1",
        story_id="s-a",
        local_date=(NOW - _DAY).date(),
        headline=_FIRE[0].title,
    )
    assert update.headline in {one.title for one in _CAUSE}
    assert "الإهمال" in f"{update.headline} {update.summary}"
    # All articles stay, those that bring the news first.
    assert {one.id for one in update.articles[:2]} == {"d", "e"}
    assert {one.id for one in update.articles} == {"a", "b", "d", "e"}
    assert update.articles[0].title == update.headline


def test_a_greater_toll_is_news_though_all_else_is_alike() -> None:
    def report(name: str, toll: int, days: int) -> Article:
        summary = f"أسفر انهيار مبنى سكني من خمسة طوابق في حي الميناء عن مقتل {toll} شخصاً، وتواصل فرق الإنقاذ البحث."
        return _news(name, f"مقتل {toll} شخصاً في انهيار مبنى سكني في الإسكندرية", summary, days)

    earlier = _edition(1, _story(report("a", 4, 1), countries=("EG",)))
    [update] = since_told([_story(report("b", 19, 0), countries=("EG",))], [earlier]).stories
    assert update.update_of is not None
    assert "19" in update.headline
    for stale in (4, 3):
        again = since_told([_story(report("c", stale, 0), countries=("EG",))], [earlier])
        assert [one.reason for one in again.left_out] == [Reason.TOLD_BEFORE]


def test_a_story_that_goes_on_for_three_days_stays_one_thread() -> None:
    first = _edition(2, _story(*_FIRE))
    [second_story] = since_told([_story(*_CAUSE)], [first]).stories
    second = _edition(1, second_story)
    [third_story] = since_told([_story(*_TRIAL)], [second, first]).stories
    assert third_story.update_of is not None
    assert (third_story.update_of.edition_id, third_story.update_of.headline) == (
        "e-1",
        second_story.headline,
    )
    # What the first of them told is told, though the second did not tell it.
    again = since_told([_story(_LATE)], [first, second])
    assert [one.reason for one in again.left_out] == [Reason.TOLD_BEFORE]


def test_an_update_refers_to_the_last_telling_of_its_thread() -> None:
    first = _edition(3, _story(*_FIRE))
    [cause] = since_told([_story(*_CAUSE)], [first]).stories
    [told, *_] = [one.story.update_of for one in told_stories([_edition(2, cause), first])][1:]
    assert told is not None
    assert told.edition_id == "e-3"
    # It is likest to the first, and still refers to what its readers read last.
    late = _news("h", "حريق مرفأ طرابلس في لبنان: ارتفاع عدد العمال المصابين إلى 27", "قال الدفاع المدني إن 27 عاملاً أصيبوا في حريق مستودع الأخشاب في مرفأ طرابلس، بعد تسرب غاز الكلور من خزانات التبريد المجاورة إلى أحياء سكنية.")  # fmt: skip
    [update] = since_told(
        [_story(late, replace(late, id="i", outlet="وكالة"))], [first, _edition(2, cause)]
    ).stories
    assert update.update_of is not None
    assert update.update_of.edition_id == "e-2"


def test_what_was_told_in_brief_was_told() -> None:
    earlier = _edition(1, _OTHER, briefs=[_story(*_FIRE)])
    assert since_told([_story(_LATE)], [earlier]).stories == ()
    [update] = since_told([_story(*_CAUSE)], [earlier]).stories
    assert update.update_of is not None
    assert update.update_of.story_id == "s-a"


def _ferry(name: str, place: str, days: int = 0) -> Article:
    summary = f"غرقت عبّارة تقل مئات الركاب قبالة سواحل {place} بسبب العاصفة، ويبحث خفر السواحل عن ناجين."
    return _news(name, f"غرق عبّارة ركاب قبالة سواحل {place}", summary, days)


@pytest.mark.parametrize(
    ("earlier", "today"),
    [
        pytest.param(
            _story(_ferry("a", "اليونان", 1), countries=("GR",)),
            _story(_ferry("b", "إندونيسيا"), countries=("ID",)),
            id="of the same kind in another country",
        ),
        pytest.param(
            _story(*_FIRE),
            _story(_news("k", "اللبنانيون يحيون الذكرى العاشرة لرحيل شاعر طرابلس", "أحيا أدباء في طرابلس الذكرى العاشرة لرحيل شاعر المدينة بأمسية حضرها المئات.")),
            id="of the same city",
        ),
    ],
)  # fmt: skip
def test_another_event_is_no_update(earlier: Story, today: Story) -> None:
    news = since_told([today], [_edition(1, earlier)])
    assert (news.stories, news.left_out) == ((today,), ())


def test_the_ferries_would_be_one_story_in_one_country() -> None:
    earlier = _story(_ferry("a", "اليونان", 1), countries=("GR",))
    today = _story(_ferry("b", "إندونيسيا"), countries=("GR",))
    assert since_told([today], [_edition(1, earlier)]).stories != (today,)


def test_an_article_that_another_event_s_story_held_by_mistake_was_not_told() -> None:
    stray = _news(
        "y", "برلمان كازاخستان يقر ميزانية العام المقبل", "أقر البرلمان الميزانية بأغلبية كبيرة.", 1
    )
    more = _news("z", "كازاخستان تقر ميزانيتها للعام المقبل بزيادة في الإنفاق على التعليم", "قال وزير المال إن الإنفاق على المدارس يرتفع بمقدار السدس.")  # fmt: skip
    today = _story(stray, more, countries=("KZ",))
    earlier = _edition(1, _story(*_FIRE, stray, countries=("LB", "KZ")))
    [news] = since_told([today], [earlier]).stories
    assert news.update_of is None
    # Its words and its score are those of the article that nobody has read.
    assert (news.headline, [one.id for one in news.articles]) == (more.title, ["z", "y"])
    assert news.score == pytest.approx(1.0)
    assert news.score == pytest.approx(sum(news.score_parts.values()))


# --------------------------------------------------------------------------- the score


def test_a_great_story_that_goes_on_keeps_most_of_its_score_and_a_small_one_loses_it() -> None:
    earlier = _edition(1, _story(*_FIRE))
    [great] = since_told([_story(*_CAUSE)], [earlier]).stories
    [mixed] = since_told([_story(*_FIRE, _LATE, *_CAUSE)], [earlier]).stories
    assert great.score >= 0.75 * 2
    # Two of five outlets bring the news.
    assert mixed.score < 0.6 * 5
    for update in (great, mixed):
        assert update.score == pytest.approx(sum(update.score_parts.values()))
        assert update.score_parts["told"] < 0


def test_updates_stand_where_their_score_puts_them() -> None:
    earlier = _edition(1, _story(*_FIRE))
    lesser = replace(_OTHER, score=2.5, score_parts={"outlets": 2.5})
    news = since_told([_story(*_FIRE, *_CAUSE), lesser], [earlier])
    assert [one.update_of is None for one in news.stories] == [True, False]


@pytest.mark.parametrize(
    ("title", "least", "most"),
    [
        pytest.param("حريق كبير في مرفأ طرابلس بلبنان", 0.0, 0.0, id="a copy"),
        pytest.param("الكشف عن كوكب جديد خارج المجموعة الشمسية", 0.5, 1.0, id="another story"),
        pytest.param("حريق كبير في مرفأ طرابلس بلبنان أمس", 0.0, 0.1, id="a word more"),
    ],
)
def test_the_newness_of_an_article(title: str, least: float, most: float) -> None:
    def vector(text: str) -> dict[str, float]:
        words = text.split()
        return dict.fromkeys(words, len(words) ** -0.5)

    found = article_newness([(_news("n", title), vector(title))], [vector(_FIRE[0].title)])
    assert least <= found["n"] <= most


# --------------------------------------------------------------------------- whatever comes

_POOL = [*_FIRE, _LATE, *_CAUSE, *_TRIAL, _EDITED, *_OTHER.articles, _news("0", ""), _news("1", "خبر")]
_GROUPS = st.lists(
    st.lists(st.sampled_from(_POOL), min_size=1, max_size=4, unique_by=lambda one: one.id).map(
        lambda articles: _story(*articles)
    ),
    max_size=4,
    unique_by=lambda one: one.id,
)


@given(told=_GROUPS, briefs=_GROUPS, today=_GROUPS)
def test_no_story_comes_back_whose_articles_were_all_told(
    told: list[Story], briefs: list[Story], today: list[Story]
) -> None:
    editions = [_edition(2, *told), _edition(1, briefs=briefs)]
    known = {one.id for story in [*told, *briefs] for one in story.articles}
    news = since_told(today, editions)
    assert [one for one in news.stories if known.issuperset(article.id for article in one.articles)] == []
    # Each is there once, whole, in or out.
    assert {one.id for one in news.stories} | {one.story_id for one in news.left_out} == {
        one.id for one in today
    }
    whole = {one.id: {article.id for article in one.articles} for one in today}
    for one in news.stories:
        assert {article.id for article in one.articles} == whole[one.id]
        assert one.score == pytest.approx(sum(one.score_parts.values()))


@given(told=_GROUPS, today=_GROUPS, data=st.data())
def test_the_order_makes_no_difference(told: list[Story], today: list[Story], data: st.DataObject) -> None:
    editions = [_edition(2, *told), _edition(1, *told[:1]), _edition(3, *told[1:])]
    shuffled = data.draw(st.permutations(today))
    one, other = (
        since_told(today, editions),
        since_told(shuffled, data.draw(st.permutations(editions))),
    )
    assert sorted(one.stories, key=lambda story: story.id) == sorted(
        other.stories, key=lambda story: story.id
    )
    assert {left.story_id for left in one.left_out} == {left.story_id for left in other.left_out}
