"""Web pages of articles in the shapes that newspapers give them. Every place, person and event is invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article as its page shows it."""

    title: str
    #: Under the picture, with its credit.
    caption: str
    #: In order; those without a full stop are headings.
    lines: tuple[str, ...]

    @property
    def lede(self) -> str:
        return self.lines[0]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


BRIDGE = Story(
    title="افتتاح جسر وادي النخيل بعد سبع سنوات من العمل",
    caption="مهندسون يعاينون جسر وادي النخيل قبل افتتاحه (رويترز)",
    lines=(
        "افتتحت بلدية وادي النخيل، الأحد، الجسر الجديد الذي يربط ضفتي المدينة، بعد سبع سنوات من العمل المتقطع.",
        "وقالت رئيسة البلدية سلمى الراوي إن الجسر «سيختصر الطريق بين الضفتين من ساعة إلى عشر دقائق»، مضيفة أن الحافلات ستعبره مجاناً.",
        "«حلم قديم»",
        "وكان أهالي الضفة الشرقية قد طالبوا بالجسر منذ فيضان عام 2009، الذي جرف الجسر الخشبي القديم.",
        "وبلغت كلفة المشروع 41.5 مليون دينار، بزيادة 12 في المائة على ما كان مقدراً له.",
        "وتوقعت غرفة التجارة في وادي النخيل أن تنتعش أسواق الضفة الشرقية مع حلول الربيع.",
    ),
)
HARBOUR = Story(
    title="ميناء رأس الريح يستقبل أول سفينة حاويات",
    caption="سفينة الحاويات «نجمة الشرق» في ميناء رأس الريح (د.ب.أ)",
    lines=(
        "استقبل ميناء رأس الريح صباح اليوم أول سفينة حاويات منذ توسعة أرصفته في الصيف الماضي.",
        "وأوضح مدير الميناء كامل السروجي أن الأرصفة الجديدة تتسع لست سفن في وقت واحد.",
    ),
)
TELESCOPE = Story(
    title="مرصد جبل القمر يلتقط مذنباً لم يُسجل من قبل",
    caption="قبة مرصد جبل القمر كما بدت ليل الجمعة (أ.ف.ب)",
    lines=(
        "أعلن مرصد جبل القمر أنه التقط صوراً لمذنب لم تسجله المراصد من قبل.",
        "وذكرت الباحثة هالة النجدي أن المذنب سيظهر بالعين المجردة في منتصف الشهر المقبل.",
    ),
)
#: Headline, caption and one sentence, as they stand in a list under an article.
TEASERS = (
    (
        "أسعار التمور ترتفع في أسواق وادي النخيل",
        "بائع تمور في السوق القديمة (أ.ب)",
        "ارتفعت أسعار التمور في أسواق وادي النخيل بنسبة عشرة في المائة خلال أسبوع.",
    ),
    (
        "مدرسة الضفة الشرقية تفوز بجائزة العمارة",
        "واجهة مدرسة الضفة الشرقية (رويترز)",
        "فازت مدرسة الضفة الشرقية بجائزة العمارة الطينية لهذا العام.",
    ),
)


def paragraphs(lines: Sequence[str], tag: str = "p") -> str:
    """Return lines as elements, their first space as newspapers' editors leave it: one that does not break."""
    return "\n".join(f"<{tag}>{escape(line).replace(' ', NBSP, 1)}</{tag}>" for line in lines)


def page(body: str, *, title: str = BRIDGE.title, head: str = "") -> str:
    """Return a page with a site's header, its newsletter and its footer around a body."""
    return f"""<!DOCTYPE html>
<html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{escape(title)} | صوت الوادي</title>{head}
<script>var page = {{"kind": "article"}};</script><style>body {{ margin: 0 }}</style></head>
<body><header class="site-header"><a href="/">صوت الوادي</a>
<nav><ul><li><a href="/world">العالم</a></li><li><a href="/economy">الاقتصاد</a></li></ul></nav></header>
{body}
<form class="newsletter"><h3>النشرة البريدية</h3><p>اشترك في نشرتنا البريدية ليصلك أهم الأخبار كل صباح.</p>
<input type="email"><button>اشترك</button></form>
<footer><p>جميع الحقوق محفوظة لصحيفة صوت الوادي، ولا يجوز نقل المواد إلا بإذن مكتوب من إدارتها.</p></footer>
</body></html>"""


def _figure(story: Story) -> str:
    shown = f'<figure><img src="1.jpg"><figcaption>{story.caption}</figcaption></figure>'
    return f'{shown}<div class="text-center">{story.caption}</div><div class="tools">TT</div>'


def one_of_many(story: Story) -> str:
    """Return an article as an endless page holds several: headline and caption are all there twice."""
    return f"""<div class="article-wrap"><h1 class="title">{story.title}</h1>{_figure(story)}
<ul class="social"><li><a href="#">فيسبوك</a></li><li><a href="#">واتساب</a></li></ul>
<h2 class="title">{story.title}</h2>{_figure(story)}
<div class="article-body"><p>«صوت الوادي» (وادي النخيل)</p>{paragraphs(story.lines)}</div></div>"""


def teasers() -> str:
    """Return the list of other articles under an article."""
    cards = "".join(
        f'<div class="card"><a href="/{at}"><h3>{title}</h3></a><p>أخبار {caption}</p><p>{sentence}</p>'
        "<p>«صوت الوادي» (وادي النخيل)</p></div>"
        for at, (title, caption, sentence) in enumerate(TEASERS)
    )
    return f'<section class="more"><h2>مقالات ذات صلة</h2>{cards}</section>'


def endless_page() -> str:
    """Return the page of BRIDGE in the shape of a big newspaper's: teasers and further articles follow."""
    comments = (
        '<section id="comments"><h3>التعليقات</h3><p>خبر سعيد لأهل الوادي، شكراً لكل من عمل فيه.</p></section>'
    )
    others = "".join(map(one_of_many, (HARBOUR, TELESCOPE)))
    return page(f"<main>{one_of_many(BRIDGE)}{comments}{teasers()}{others}</main>")


def wordpress_page(story: Story = BRIDGE) -> str:
    """Return the article as WordPress and its usual plug-ins show it."""
    return page(
        f"""<div class="site-content"><main id="main"><article id="post-7" class="post type-post hentry">
<header class="entry-header"><h1 class="entry-title">{story.title}</h1>
<div class="entry-meta"><span class="posted-on">12 مارس 2026</span><span class="byline">بقلم سالم المنصوري</span></div></header>
<div class="wp-caption"><img src="1.jpg"><p class="wp-caption-text">{story.caption}</p></div>
<div class="entry-content">{paragraphs(story.lines)}
<div class="sharedaddy"><h3 class="sd-title">شارك هذا الموضوع:</h3><ul><li><a href="#">تيليجرام</a></li></ul></div></div>
<footer class="entry-footer"><a href="/tag">جسور</a></footer></article>
<div class="author-box"><h4>سالم المنصوري</h4><p>صحافي يكتب في شؤون المدن والطرق منذ عشرين عاماً.</p></div>
<section class="related-posts"><h2>موضوعات ذات صلة</h2>
<article><h3><a href="/2">{TEASERS[0][0]}</a></h3><p>{TEASERS[0][2]}</p></article></section>
<div id="comments" class="comments-area"><h2>تعليق واحد</h2><ol class="comment-list"><li><p>شكراً لكم على هذا الخبر
السعيد.</p></li></ol></div></main><aside><h2>الأكثر قراءة</h2><p>{TEASERS[1][2]}</p></aside></div>""",
        title=story.title,
    )


def amp_page() -> str:
    """Return the article in AMP's elements."""
    return page(
        f"""<amp-sidebar><ul><li><a href="/">الرئيسية</a></li></ul></amp-sidebar>
<article class="amp-wp-article"><header class="amp-wp-article-header"><h1 class="amp-wp-title">{BRIDGE.title}</h1></header>
<figure><amp-img src="1.jpg"></amp-img><figcaption>{BRIDGE.caption}</figcaption></figure>
<div class="amp-wp-article-content">{paragraphs(BRIDGE.lines)}</div></article>
<amp-consent><p>نستخدم ملفات تعريف الارتباط لتحسين تجربتك على موقعنا.</p></amp-consent>
<amp-list><ul><li><a href="/2">{TEASERS[0][0]}</a><p>{TEASERS[0][2]}</p></li></ul></amp-list>"""
    )


def line_breaks_page(mark: str = "<br><br>") -> str:
    """Return the article as one element, its paragraphs parted by line breaks."""
    return page(
        f"""<div class="w"><h1>{BRIDGE.title}</h1><div class="d">الأحد 15 مارس 2026 - 10:33</div>
<div id="body">{mark.join(BRIDGE.lines)}</div><div class="rel"><h3>أخبار ذات صلة</h3>
<ul><li><a href="/2">{TEASERS[0][0]}</a><p>{TEASERS[0][2]}</p></li></ul></div></div>"""
    )


def table_page() -> str:
    """Return the article in a table within a form, as old publishing systems make it."""
    return page(
        f"""<form method="post" id="aspnetForm"><input type="hidden" name="__VIEWSTATE" value="x"><table><tr>
<td><table><tr><td><span id="lblTitle">{BRIDGE.title}</span></td></tr><tr><td><span id="lblDate">15/03/2026</span></td></tr>
<tr><td><span id="lblBody">{"<br /><br />".join(BRIDGE.lines)}</span></td></tr></table></td>
<td><table><tr><td>الأكثر قراءة</td></tr><tr><td><a href="/2">{TEASERS[0][0]}</a></td></tr></table></td></tr></table></form>"""
    )


def interrupted_page(box: str) -> str:
    """Return the article with a box of links between its paragraphs, which are in elements of their own."""
    lines = [f'<div class="block">{paragraphs([line])}</div>' for line in BRIDGE.lines]
    return page(
        f'<main><div class="top"><h1>{BRIDGE.title}</h1></div>{"".join(lines[:2])}{box}{"".join(lines[2:])}</main>'
        f"{teasers()}"
    )


def unclosed_page() -> str:
    """Return the article under a heading, a list and paragraphs that nobody closed."""
    told = "".join(f"<p>{line}" for line in BRIDGE.lines)
    return page(f"<ul><li><a href=/>الرئيسية</a></ul><h1>{BRIDGE.title}<div>{told}</div>{teasers()}")


def pasted_page() -> str:
    """Return the article as pasted from a word processor: a style and two spans to every paragraph."""
    told = "".join(
        f'<p style="border: 0px none; margin: 0"><span style="font-size: 18px"><span lang="AR">{line}</span></span></p>'
        for line in BRIDGE.lines
    )
    return page(f'<div id="NewsStory"><h1>{BRIDGE.title}</h1><div>{told}</div></div>{teasers()}')


def machine_page(*, headline: str = BRIDGE.title, more: tuple[str, ...] = ()) -> str:
    """Return a page that scripts fill in, with the article's text for search engines (schema.org)."""
    data = {
        "@graph": [
            {"@type": "WebSite", "name": "صوت الوادي"},
            {"@type": "NewsArticle", "headline": headline, "articleBody": "\n".join((*BRIDGE.lines, *more))},
        ]
    }
    script = f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'
    return page('<div id="root"></div>', head=script)


def live_page() -> str:
    """Return a report that grows: what is newest stands first under the summary."""
    posts = "".join(
        f'<div class="post"><time>10:0{at}</time><h3>تحديث</h3><p>{line}</p></div>'
        for at, line in enumerate(BRIDGE.lines[1:])
    )
    return page(
        f'<main><h1>{BRIDGE.title}</h1><div class="summary"><p>{BRIDGE.lede}</p></div><div class="posts">{posts}</div></main>'
    )


def paywall_page() -> str:
    """Return two sentences of the article, and what it costs to read the rest."""
    return page(
        f'<main><h1>{BRIDGE.title}</h1><div class="article-body">{paragraphs(BRIDGE.lines[:2])}</div>'
        '<div class="paywall"><h3>هذا المحتوى للمشتركين</h3><a href="/join">اشترك الآن</a></div></main>'
    )


def gallery_page() -> str:
    """Return pictures and their captions, without a text."""
    shown = "".join(
        f'<div class="picture"><img src="{at}.jpg"><p>{story.caption}</p></div>'
        for at, story in enumerate((BRIDGE, HARBOUR, TELESCOPE))
    )
    return page(f"<main><h1>{BRIDGE.title}</h1>{shown}</main>")


#: An English article: a dateline, a picture's credit, a link to another article within the text.
ENGLISH = Story(
    title="Palm Valley opens its bridge after seven years of work",
    caption="Engineers inspect the bridge in Palm Valley before the opening. (Reuters)",
    lines=(
        "The town of Palm Valley opened a bridge on Sunday that joins its two banks after seven years of work.",
        "Mayor Salma Rawi said that the way across would take ten minutes instead of an hour.",
        "Buses will cross it free of charge until the end of the year, she said.",
    ),
)


def english_page() -> str:
    """Return an English article under a cookie notice and above its comments."""
    first, *others = ENGLISH.lines
    return f"""<!doctype html><html lang="en"><head><title>{ENGLISH.title}</title></head><body>
<div class="cookie-banner"><p>We use cookies to improve your experience on our site and to show you news.</p></div>
<article><h1>{ENGLISH.title}</h1><p class="caption">{ENGLISH.caption}</p>
<div class="article-body"><p>PALM VALLEY (Reuters) - {first}</p>{paragraphs(others)}</div></article>
<h2>Related stories</h2><p><a href="/2">The harbour of Wind Head takes its first ship</a></p>
<p>The harbour of Wind Head took its first ship this morning.</p></body></html>"""
