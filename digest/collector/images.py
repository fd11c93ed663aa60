"""An entry's picture: the one a reader would want to see, if the feed gives any."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from digest.collector.urls import web_url

#: Pixels; what a feed says beyond this is a mistake.
LARGEST_SIDE = 20_000
#: Characters of an entry's HTML in which a picture is looked for.
_MOST_MARKUP = 30_000

_IMG = re.compile(r"<img\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]{2,30})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
# Where pages that load pictures late keep the address.
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;|#0*38;)+", re.IGNORECASE)
_SIDE = re.compile(r"(\d{1,6})(?:\.0+)?(?:px)?", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$)", re.IGNORECASE)
# Counters, spacers, emoji, faces, and forms that no mail client shows.
_NO_PICTURE = re.compile(
    r"""
      ://(?:[\w-]+\.)*(?:feedburner|feedsportal|doubleclick|scorecardresearch|quantserve|google-analytics|chartbeat)\.
    | ://(?:stats|pixel|beacon|tracking|tracker|analytics|count|counter|log)\.
    | wp\.com/[bg]\.gif | facebook\.com/tr\b | medium\.com/_/stat
    | /~(?:r|ff|4)/ | /(?:pixel|beacon|tracker|tracking|track|1x1)(?:/|\.gif|\.png|\.php|\?|$)
    | /(?:blank|spacer|clear|transparent|empty|dot|counter|grey|placeholder)(?:-?\d*)\.(?:gif|png)
    | gravatar\.com/ | /avatars?/ | /(?:emoji|smilies|twemoji)/
    | \.(?:svg|ico|mp4|m4v|mov|webm|m3u8|mp3|m4a|ogg|wav|pdf)(?:\?|$)
    """,
    re.IGNORECASE | re.VERBOSE,
)


# For kinds such as `application/octet-stream` or `jpg`.
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:\?|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture on the web."""

    #: https always.
    url: str
    #: Pixels, where the feed says.
    width: int | None
    height: int | None


def best_image(entry: Mapping[str, Any], base_url: str) -> Image | None:
    """Return the picture of a feedparser entry; None where it has none that a mail may show.

    Media elements and enclosures come before the pictures in the entry's HTML. Of the former the largest is taken
    where several say their size, else the first; of the latter the first. Pictures over http or in `data:`, of one
    pixel, emoji, avatars and counters are none. Addresses are resolved against `base_url`.

    >>> best_image({"enclosures": [{"href": "https://waha.example/1.jpg", "type": "image/jpeg"}]}, "")
    Image(url='https://waha.example/1.jpg', width=None, height=None)
    """
    attached = [image for attributes in _attached(entry) if (image := _image(attributes, base_url))]
    sized = [image for image in attached if image.width and image.height]
    if len(sized) > 1:
        return max(sized, key=_area)
    in_markup = (_image(attributes, base_url) for attributes in _in_markup(entry))
    return next(chain(attached, filter(None, in_markup)), None)


def _area(image: Image) -> int:
    return (image.width or 0) * (image.height or 0)


def _attached(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the attributes of media elements and enclosures; thumbnails last, which are small by design."""
    yield from entry.get("media_content") or ()
    yield from entry.get("enclosures") or ()
    yield from (link for link in entry.get("links") or () if link.get("rel") == "enclosure")
    yield from entry.get("media_thumbnail") or ()


def _in_markup(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the attributes of the visible pictures in an entry's HTML, of each address that they have."""
    parts = [entry.get("summary"), *(part.get("value") for part in entry.get("content") or ())]
    for markup in (part[:_MOST_MARKUP] for part in parts if part):
        tags = _IMG.findall(markup) or _IMG.findall(html.unescape(markup))
        for tag in tags:
            attributes = {
                name.lower(): quoted or single or bare
                for name, quoted, single, bare in _ATTRIBUTE.findall(tag)
            }
            if "0" in (attributes.get("width"), attributes.get("height")):
                continue
            if not _HIDDEN.search(attributes.get("style", "")):
                yield from ({**attributes, "type": "", "url": attributes.get(source)} for source in _SOURCES)


def _image(attributes: Mapping[str, Any], base_url: str) -> Image | None:
    written = str(attributes.get("url") or attributes.get("href") or "")
    url = web_url(_ESCAPED_AMPERSAND.sub("&", written) if "&" in written else written, base_url)
    width, height = _side(attributes.get("width")), _side(attributes.get("height"))
    if url is None or not url.startswith("https:") or 1 in (width, height):
        return None
    if _NO_PICTURE.search(url) or not _is_picture(attributes, url):
        return None
    return Image(url, width, height)


def _is_picture(attributes: Mapping[str, Any], url: str) -> bool:
    kind = str(attributes.get("type") or attributes.get("medium") or "image").lower()
    return kind.startswith("image") or _PICTURE_NAME.search(url) is not None


def _side(written: object) -> int | None:
    """Return a width or height in pixels; None where it is no number of them, or no sensible one."""
    found = _SIDE.fullmatch(str(written or "").strip())
    side = int(found.group(1)) if found else 0
    return side if 0 < side <= LARGEST_SIDE else None
