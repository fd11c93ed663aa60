"""Pictures of a letter: the newsletter's logo, and the lead story's where feeds give one that fits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from digest.model import Article, Newsletter

#: Pixels: the width of the letter's column.
COLUMN = 528
# Smaller ones would have to be blown up.
_LEAST_WIDTH = 400
#: Width to height: a column's banner at most, a square at least.
_WIDEST, _NARROWEST = 3.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """A picture, with all that an `img` must say."""

    url: str
    #: CSS pixels, as it is shown.
    width: int
    height: int
    alt: str


def article_with_picture(articles: Iterable[Article]) -> Article | None:
    """Return the first article with a picture for the column: https, its size known, wide and no banner."""
    return next((article for article in articles if _fits(article)), None)


def _fits(article: Article) -> bool:
    width, height = article.image_width or 0, article.image_height or 0
    if not (article.image_url or "").startswith("https://") or width < _LEAST_WIDTH or not height:
        return False
    return _NARROWEST <= width / height <= _WIDEST


def in_column(url: str, width: int, height: int, alt: str) -> ImageView:
    """Return a picture at the size at which the column shows it."""
    shown = min(width, COLUMN)
    return ImageView(url=url, width=shown, height=round(height * shown / width), alt=alt)


def logo_of(newsletter: Newsletter) -> ImageView | None:
    """Return the newsletter's logo, which says its title; None where it has none."""
    if not newsletter.logo:
        return None
    return ImageView(
        url=newsletter.logo,
        width=newsletter.logo_width,
        height=newsletter.logo_height,
        alt=newsletter.title,
    )
