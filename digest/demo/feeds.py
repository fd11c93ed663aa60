"""The sample's feeds as bytes, in the dialects and with the faults that real ones have. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from digest.demo.news import SampleArticle, SampleOutlet

_MAINTENANCE = (
    "<!DOCTYPE html><html lang=ar dir=rtl><title>صيانة</title><body><h1>الموقع قيد الصيانة</h1></body></html>"
)


def feed_bytes(outlet: SampleOutlet, articles: Sequence[SampleArticle], base: str) -> tuple[str, bytes]:
    """Return the Content-Type and the body of an outlet's feed; `base` is where its pages lie."""
    if outlet.fault == "html":
        return "text/html; charset=utf-8", _MAINTENANCE.encode()
    newest_first = sorted(articles, key=lambda article: article.published, reverse=True)
    body = _FORMATS[outlet.format](outlet, newest_first, base)
    text = f'<?xml version="1.0" encoding="{outlet.encoding}"?>\n{body}'
    return f"application/{'atom' if outlet.format == 'atom' else 'rss'}+xml", text.encode(
        outlet.encoding, "xmlcharrefreplace"
    )


def _link(article: SampleArticle, base: str) -> str:
    return f"{base}/{article.outlet}/{article.id}?utm_source=rss"


def _rss(outlet: SampleOutlet, articles: Sequence[SampleArticle], base: str) -> str:
    items = "".join(
        f"<item><title>{escape(article.title)}</title><link>{escape(_link(article, base))}</link>"
        f'<guid isPermaLink="false">{article.id}</guid>'
        f"<pubDate>{format_datetime(article.published.astimezone(ZoneInfo(outlet.timezone)))}</pubDate>"
        f"<category>{escape(article.section)}</category><description>{escape(article.summary)}</description></item>\n"
        for article in articles
    )
    head = f"<title>{escape(outlet.name)}</title><link>{base}/{outlet.id}</link><language>ar</language>"
    return f'<rss version="2.0"><channel>{head}\n{items}</channel></rss>'


def _rdf(outlet: SampleOutlet, articles: Sequence[SampleArticle], base: str) -> str:
    items = "".join(
        f"<item rdf:about={quoteattr(_link(article, base))}><title>{escape(article.title)}</title>"
        f"<link>{escape(_link(article, base))}</link><dc:date>{article.published.isoformat()}</dc:date>"
        f"<dc:subject>{escape(article.section)}</dc:subject><description>{escape(article.summary)}</description></item>\n"
        for article in articles
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{base}/{outlet.id}">'
        f"<title>{escape(outlet.name)}</title><link>{base}/{outlet.id}</link></channel>\n{items}</rdf:RDF>"
    )


def _atom(outlet: SampleOutlet, articles: Sequence[SampleArticle], base: str) -> str:
    entries = "".join(
        f"<entry><id>tag:{outlet.id}.example,2026:{article.id}</id><title>{escape(article.title)}</title>"
        f"<link href={quoteattr(_link(article, base))}/><updated>{article.published.isoformat()}</updated>"
        f"<category term={quoteattr(article.section)}/>"
        f'<summary type="html">{escape(article.summary)}</summary></entry>\n'
        for article in articles
    )
    updated = articles[0].published.isoformat() if articles else ""
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar"><id>tag:{outlet.id}.example,2026:feed</id>'
        f"<title>{escape(outlet.name)}</title><updated>{updated}</updated>\n{entries}</feed>"
    )


_FORMATS = {"rss": _rss, "rdf": _rdf, "atom": _atom}
