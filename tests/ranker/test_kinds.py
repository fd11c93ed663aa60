"""What kind of article it is: by address, by section, by headline, in three languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranker.kinds import Kind, is_soft, kind_of
from tests.ranker.making import article


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        pytest.param("سقوط جسر في المدينة القديمة", Kind.NEWS, id="news"),
        pytest.param("عاجل | سقوط جسر في المدينة القديمة", Kind.NEWS, id="breaking-is-news"),
        pytest.param("سقوط الجسر.. والبلدية تغلق الطريق", Kind.NEWS, id="two-dots-part-clauses"),
        pytest.param("سقوط الجسر (فيديو)", Kind.NEWS, id="news-with-a-film"),
        pytest.param("الشرطة تحقق في فيديو الجسر", Kind.NEWS, id="a-film-within-the-news"),
        pytest.param("مكالمات فيديو جماعية تثير جدلا", Kind.NEWS, id="video-calls"),
        pytest.param("قمة بالفيديو كونفرانس بين الوزراء", Kind.NEWS, id="a-video-conference"),
        pytest.param("بالفيديو كونفرانس.. الوزراء يتفقون على الجسر", Kind.NEWS, id="by-video-conference"),
        pytest.param("شاهدة على الحادث تدلي بأقوالها", Kind.NEWS, id="a-witness"),
        pytest.param("شاهد عيان: الجسر سقط فجأة", Kind.NEWS, id="an-eyewitness"),
        pytest.param("شاهد يؤكد رواية الشرطة", Kind.NEWS, id="a-witness-says"),
        pytest.param("محادثات مباشرة بين البلدين الشهر المقبل", Kind.NEWS, id="direct-talks"),
        pytest.param("مباشرة بعد سقوط الجسر أغلقت الطريق", Kind.NEWS, id="directly-after"),
        pytest.param("الاستثمار الأجنبي المباشر يهبط", Kind.NEWS, id="direct-investment"),
        pytest.param("قضية رأي عام تهز المدينة", Kind.NEWS, id="public-opinion"),
        pytest.param("رأي المحكمة يحسم قضية الجسر", Kind.NEWS, id="an-advice-of-a-court"),
        pytest.param("الحوار الوطني ينطلق الأحد", Kind.NEWS, id="the-national-dialogue"),
        pytest.param("حوار المدينة يفشل في أول جلساته", Kind.NEWS, id="a-dialogue"),
        pytest.param("تحليل الحمض النووي يكشف هوية الضحايا", Kind.NEWS, id="dna-analysis"),
        pytest.param("مقال في صحيفة يثير أزمة", Kind.NEWS, id="an-article-in-the-news"),
        pytest.param("هلع في الأسواق بعد الزلزال", Kind.NEWS, id="a-word-that-begins-like-a-question"),
        pytest.param("كيفية احتساب الضريبة تتغير العام المقبل", Kind.NEWS, id="a-noun-that-begins-like-how"),
        pytest.param("أسعار الذهب ترتفع اليوم إلى مستوى قياسي", Kind.NEWS, id="prices-that-move"),
        pytest.param("من هولندا إلى القاهرة: رحلة جسر", Kind.NEWS, id="from-not-who"),
        pytest.param("حريق في أحد أبراج المدينة", Kind.NEWS, id="towers"),
        pytest.param("Video game sales fall for third year", Kind.NEWS, id="en-a-video-game"),
        pytest.param("Live music returns to the old town", Kind.NEWS, id="en-live-music"),
        pytest.param("Le ministre inaugure le port", Kind.NEWS, id="fr-news"),
        pytest.param("شاهد.. لحظة سقوط الجسر", Kind.VIDEO, id="watch"),
        pytest.param("شاهد لحظة سقوط الجسر", Kind.VIDEO, id="watch-without-dots"),
        pytest.param("بالفيديو: لحظة سقوط الجسر", Kind.VIDEO, id="by-video"),
        pytest.param("فيديو | الجسر بعد سقوطه", Kind.VIDEO, id="video-bar"),
        pytest.param("Watch: the bridge falls", Kind.VIDEO, id="en-watch"),
        pytest.param("Bridge falls in old town – video", Kind.VIDEO, id="en-video-behind"),
        pytest.param("VIDÉO. Le pont s'effondre", Kind.NEWS, id="fr-a-full-stop-parts-nothing"),
        pytest.param("VIDÉO - Le pont s'effondre", Kind.VIDEO, id="fr-video"),
        pytest.param("بالصور.. الجسر بعد سقوطه", Kind.GALLERY, id="pictures"),
        pytest.param("EN IMAGES - Le pont", Kind.GALLERY, id="fr-pictures"),
        pytest.param("لماذا سقط الجسر؟", Kind.ANALYSIS, id="question"),
        pytest.param("الجسر الجديد: كيف تغير المدينة", Kind.ANALYSIS, id="how-after-a-topic"),
        pytest.param("تحليل: ما بعد الجسر", Kind.ANALYSIS, id="analysis"),
        pytest.param("إنفوغرافيك.. جسور المدينة", Kind.ANALYSIS, id="infographic"),
        pytest.param("Explainer: the bridge that fell", Kind.ANALYSIS, id="en-explainer"),
        pytest.param("Pourquoi le pont est tombé", Kind.ANALYSIS, id="fr-why"),
        pytest.param("Le pont : comment il est tombé", Kind.ANALYSIS, id="fr-how-after-a-topic"),
        pytest.param("The bridge: what we know", Kind.ANALYSIS, id="en-what-after-a-topic"),
        pytest.param("رأي: الجسر والمدينة", Kind.OPINION, id="opinion"),
        pytest.param("الجسر والمدينة - بقلم سامي الحداد", Kind.OPINION, id="by-a-writer"),
        pytest.param("سامي الحداد يكتب: الجسر والمدينة", Kind.OPINION, id="writes"),
        pytest.param("The bridge we deserve | Opinion", Kind.OPINION, id="en-opinion-behind"),
        pytest.param("Tribune : le pont et la ville", Kind.OPINION, id="fr-tribune"),
        pytest.param("حوار مع مهندس الجسر", Kind.INTERVIEW, id="interview"),
        pytest.param("مقابلة خاصة.. مهندس الجسر", Kind.INTERVIEW, id="interview-by-mark"),
        pytest.param("جولة في الصحافة: الجسر على الصفحات الأولى", Kind.PRESS_REVIEW, id="press"),
        pytest.param("أقوال الصحف: الجسر", Kind.PRESS_REVIEW, id="press-by-mark"),
        pytest.param("مباشر: البلدية تعقد مؤتمرا صحفيا", Kind.LIVE, id="live"),
        pytest.param("سقوط الجسر.. تغطية مباشرة", Kind.LIVE, id="live-behind"),
        pytest.param("Bridge collapse – as it happened", Kind.LIVE, id="en-live-behind"),
        pytest.param("بودكاست | جسور", Kind.PROGRAMME, id="podcast"),
        pytest.param("مسلسل الجسر الحلقة 12", Kind.PROGRAMME, id="an-episode"),
        pytest.param("تعرف على أطول جسور العالم", Kind.SOFT, id="get-to-know"),
        pytest.param("5 نصائح لعبور الجسر", Kind.SOFT, id="tips"),
        pytest.param("كاريكاتير.. الجسر", Kind.SOFT, id="cartoon"),
        pytest.param("10 things to do in the old town", Kind.SOFT, id="en-list"),
        pytest.param("حظك اليوم الأحد وتوقعات الأبراج", Kind.HOROSCOPE, id="horoscope"),
        pytest.param("مواقيت الصلاة اليوم في القاهرة", Kind.SERVICE, id="prayer-times"),
        pytest.param("سعر الدولار اليوم الأحد في البنوك", Kind.SERVICE, id="exchange-rates"),
        pytest.param("موعد مباراة الفريقين والقنوات الناقلة", Kind.SERVICE, id="where-to-watch"),
        pytest.param("", Kind.NEWS, id="empty"),
    ],
)
def test_headlines_show_their_kind(title: str, kind: Kind) -> None:
    assert kind_of(article(1, title)) is kind


@pytest.mark.parametrize(
    ("url", "section", "kind"),
    [
        pytest.param("https://example.org/video/2026/bridge", "", Kind.VIDEO, id="folder"),
        pytest.param("https://example.org/ar/opinion/77", "", Kind.OPINION, id="folder-below"),
        pytest.param("https://example.org/news/av/bridge-1", "", Kind.VIDEO, id="audio-and-video"),
        pytest.param("https://example.org/arabic/inthepress-430", "", Kind.PRESS_REVIEW, id="with-a-number"),
        pytest.param(
            "https://example.org/%D9%85%D9%82%D8%A7%D9%84%D8%A7%D8%AA/5", "", Kind.OPINION, id="escaped"
        ),
        pytest.param("https://example.org/مباشر/20260101", "", Kind.LIVE, id="arabic-folder"),
        pytest.param("https://blogs.example.org/2026/bridge", "", Kind.OPINION, id="host"),
        pytest.param("https://video.example.org/2026/bridge", "", Kind.VIDEO, id="host-of-videos"),
        pytest.param("https://example.org/programs/port", "", Kind.PROGRAMME, id="programme"),
        pytest.param("https://example.org/world/1", "opinion", Kind.OPINION, id="section"),
        pytest.param("https://example.org/world/1", "آراء", Kind.OPINION, id="arabic-section"),
        pytest.param(
            "https://example.org/world/1", "Press Review", Kind.PRESS_REVIEW, id="section-in-two-words"
        ),
        pytest.param(
            "https://example.org/world/live-music-returns", "culture", Kind.NEWS, id="words-of-a-slug"
        ),
        pytest.param("https://example.org/world/1?from=video", "", Kind.NEWS, id="query"),
        pytest.param("https://opinionway.example.org/1", "", Kind.NEWS, id="a-host-that-begins-like-one"),
        pytest.param("", "", Kind.NEWS, id="no-address"),
        pytest.param("ftp:/%zz%", "", Kind.NEWS, id="no-real-address"),
    ],
)
def test_addresses_and_sections_show_their_kind(url: str, section: str, kind: Kind) -> None:
    assert kind_of(article(1, "سقوط جسر في المدينة القديمة", url=url, section=section)) is kind


def test_the_folder_counts_before_the_headline() -> None:
    assert kind_of(article(1, "شاهد.. الجسر", url="https://example.org/opinion/1")) is Kind.OPINION


@pytest.mark.parametrize(
    ("title", "soft"),
    [
        pytest.param("شاهد.. لحظة سقوط الجسر", True, id="video"),
        pytest.param("رأي: الجسر والمدينة", True, id="opinion"),
        pytest.param("لن تصدق ما جرى للجسر!", True, id="exclaims"),
        pytest.param("سقوط جسر في المدينة القديمة", False, id="news"),
    ],
)
def test_soft_headlines_are_told_from_news(title: str, soft: bool) -> None:
    assert is_soft(title) is soft


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=30))
def test_every_article_has_a_kind(title: str, url: str, section: str) -> None:
    assert kind_of(article(1, title, url=url, section=section)) in set(Kind)
