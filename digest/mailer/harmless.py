"""What an edition and a newsletter may not bring into a letter, taken out before a template sees it.

Texts of stories are made harmless where they are shown (`view.shown`); here are addresses, which must stay what they
are or lead nowhere, and the words of the configuration, which an import may have filled with anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from digest.mailer.view import shown
from digest.model import Article, Edition, Newsletter, Region, Section, Story

#: Where a link leads that is none.
NO_LINK = "#"
_ON_THE_WEB = re.compile(r"(https?://)([^\s/?#]+)(.*)", re.IGNORECASE | re.DOTALL)
# White space and controls would end a line of the text twin, Arabic letters and bidi controls turn it round; many
# clients end a link at the first such character.
_UNFIT = re.compile(r"[^\x21-\x7e]+")


def harmless_url(url: str) -> str:
    """Return an address of the web in the letters of RFC 3986, or "#" for what is none.

    >>> harmless_url("https://a.example/خبر 1"), harmless_url("javascript:alert(1)")
    ('https://a.example/%D8%AE%D8%A8%D8%B1%201', '#')
    """
    found = _ON_THE_WEB.fullmatch(url.strip())
    if found is None:
        return NO_LINK
    scheme, host, rest = found.groups()
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return NO_LINK
    return f"{scheme}{_in_percents(host)}{_in_percents(rest)}"


def _in_percents(text: str) -> str:
    return _UNFIT.sub(lambda found: quote(found.group(), errors="replace"), text)


def _article(article: Article) -> Article:
    url = harmless_url(article.url)
    image_url = harmless_url(article.image_url) if article.image_url else None
    if (url, image_url) == (article.url, article.image_url):
        return article
    return replace(article, url=url, image_url=None if image_url == NO_LINK else image_url)


def _story(story: Story) -> Story:
    articles = tuple(_article(article) for article in story.articles)
    # The headline leads to the first: better to another outlet's than nowhere.
    articles = tuple(sorted(articles, key=lambda article: article.url == NO_LINK))
    return story if articles == story.articles else replace(story, articles=articles)


def harmless_edition(edition: Edition) -> Edition:
    """Return the edition with addresses that can stand in a letter."""
    return replace(
        edition,
        sections=tuple(
            Section(region=section.region, stories=tuple(map(_story, section.stories)))
            for section in edition.sections
        ),
        briefs=tuple(map(_story, edition.briefs)),
    )


def harmless_newsletter(newsletter: Newsletter) -> Newsletter:
    """Return the newsletter with its own words fit to show."""
    return replace(
        newsletter,
        title=shown(newsletter.title),
        tagline=shown(newsletter.tagline),
        postal_address=shown(newsletter.postal_address),
    )


def harmless_regions(names: Mapping[str, Region]) -> dict[str, Region]:
    """Return the regions with names fit to show."""
    return {
        region_id: replace(region, name={locale: shown(name) for locale, name in region.name.items()})
        for region_id, region in names.items()
    }
