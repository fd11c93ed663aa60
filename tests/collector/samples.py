"""Invented feeds: an outlet, and the few lines that make a feed of each kind."""

from __future__ import annotations

from digest.collector.parse import read_feed
from digest.model import ArticleDraft, FetchResult, FetchStatus, Source

SOURCE = Source(
    id="waha",
    outlet="صوت الواحة",
    name="الأخبار",
    url="https://waha.example/feed.xml",
    country="EG",
    timezone="Africa/Cairo",
)


def fetched(body: bytes | str, *, content_type: str = "text/xml", charset: str | None = None) -> FetchResult:
    """Return what a fetch of this body gives."""
    raw = body.encode() if isinstance(body, str) else body
    return FetchResult(
        key=SOURCE.id,
        status=FetchStatus.FETCHED,
        body=raw,
        content_type=content_type,
        charset=charset,
    )


def parse(
    body: bytes | str, *, content_type: str = "text/xml", charset: str | None = None
) -> list[ArticleDraft]:
    """Return the drafts of a feed with this body."""
    return list(read_feed(SOURCE, fetched(body, content_type=content_type, charset=charset)).drafts)


def rss(*items: str, title: str = "صوت الواحة", link: str = "https://waha.example/") -> str:
    """Return an RSS 2.0 feed with these items' insides."""
    inside = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>{title}</title><link>{link}</link>{inside}</channel></rss>"
    )


def item(title: str, link: str = "https://waha.example/1", rest: str = "") -> str:
    """Return the inside of an item."""
    return f"<title>{title}</title><link>{link}</link>{rest}"


#: One article in a feed of each kind.
RSS = rss(
    """
    <title>افتتاح ميناء الواحة الجديد | صوت الواحة</title>
    <link>https://waha.example/1</link>
    <guid isPermaLink="false">post-1</guid>
    <description>&lt;p&gt;حضر &lt;b&gt;الوزراء&lt;/b&gt; الحفل.&lt;/p&gt;</description>
    <pubDate>Fri, 13 Feb 2026 20:00:00 +0300</pubDate>
    <category>اقتصاد</category>
    <enclosure url="https://waha.example/1.jpg" type="image/jpeg" length="1"/>
    """
)
RDF = """<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
         xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel rdf:about="https://waha.example/"><title>صوت الواحة</title><link>https://waha.example/</link></channel>
  <item rdf:about="post-1">
    <title>افتتاح ميناء الواحة الجديد | صوت الواحة</title>
    <link>https://waha.example/1</link>
    <description>حضر الوزراء الحفل.</description>
    <dc:date>2026-02-13T20:00:00+03:00</dc:date>
    <dc:subject>اقتصاد</dc:subject>
  </item>
</rdf:RDF>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <title>صوت الواحة</title><link href="https://waha.example/"/>
  <entry>
    <id>post-1</id>
    <title type="html">افتتاح &lt;b&gt;ميناء&lt;/b&gt; الواحة الجديد | صوت الواحة</title>
    <link rel="alternate" href="/1"/>
    <link rel="enclosure" href="https://waha.example/1.jpg" type="image/jpeg"/>
    <published>2026-02-13T17:00:00Z</published>
    <updated>2026-02-14T17:00:00Z</updated>
    <category term="اقتصاد"/>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>حضر <b>الوزراء</b> الحفل.</p></div></content>
  </entry>
</feed>"""
