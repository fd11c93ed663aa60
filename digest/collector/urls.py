"""Links: the one form under which an article is known, however a feed decorates it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

# Parameters that name the way a reader came, not the page.
_TRACKING = re.compile(
    r"^(?:utm_\w+|at_\w+|fbclid|gclid|dclid|msclkid|igshid|mc_[ce]id|ocid|cmpid|ns_\w+|ref|source|rss)$", re.I
)
_SAFE = "/:@!$&'()*+,;=~-._"
# What no host's name holds: spaces, controls, bidi marks, surrogates and the marks of markup (WHATWG URL).
_NO_HOST = re.compile(
    r"""[\s<>"'`\\^{|}\x00-\x1f\x7f-\xa0\u061c\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]"""
)


_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?", re.IGNORECASE)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or _NO_HOST.search(parts.netloc):
        return None
    return parts


def web_url(url: str, base: str = "") -> str | None:
    """Return an http(s) URL that is safe to link to, resolved against `base`; None for anything else.

    >>> web_url("/news/1", "https://example.org/feed")
    'https://example.org/news/1'
    >>> web_url("javascript:alert(1)") is None
    True
    """
    try:
        # Tabs and line ends inside a URL are dropped, as browsers do (WHATWG URL).
        resolved = urljoin(base, re.sub(r"[\t\r\n]+", "", url.strip())) if url.strip() else ""
    except ValueError:
        return None
    parts = _split(resolved)
    if parts is None:
        return None
    try:
        # An international host in the form that every client can follow (RFC 5891); ASCII stays as it is.
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except UnicodeError:
        return None
    host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(host):
        return None
    port = f":{parts.port}" if parts.port else ""
    path, query, fragment = (
        quote(part.encode("utf-8", "replace"), safe=_SAFE + "?%")
        for part in (parts.path, parts.query, parts.fragment)
    )
    return parts._replace(netloc=f"{host}{port}", path=path, query=query, fragment=fragment).geturl()


def canonical_url(url: str) -> str:
    """Return the form of a URL that identifies its page: no scheme, `www.`, tracking parameter or fragment.

    Percent-encoding and the host's case are normalised (RFC 3986, section 6.2.2).

    >>> canonical_url("HTTP://www.Example.org/a%d9%82/?utm_source=rss&id=7#top")
    'example.org/aق?id=7'
    """
    parts = _split(url)
    if parts is None:
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    query = urlencode(
        sorted(
            (key, value)
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.match(key)
        )
    )
    path = unquote(parts.path).rstrip("/")
    return f"{host}{port}{path}" + (f"?{query}" if query else "")
