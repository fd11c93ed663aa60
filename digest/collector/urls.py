"""Links: the one form under which an article is known, however a feed decorates it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlencode, urljoin, urlsplit


def _either(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE | re.VERBOSE)


# Parameters that tell how a reader came, and not which page is meant: their names, and the values with which they do.
# One that is missing here costs little, since an article is known by its guid and its text as well; one too many
# makes two articles one.
_DECORATIONS = (
    (
        _either(
            r"""
              utm_\w+ | at_\w+ | ns_(?:mchannel|source|campaign|linkname|fee) | int_(?:source|medium|campaign|content)
            | (?:pk|piwik|mtm)_(?:campaign|kwd|keyword|source|medium|content|cid|group|placement) | hsa_\w+ | wt\.\w+
            | fbclid | fb_(?:source|ref|action_ids|action_types) | mibextid | sfnsn | igsh(?:id)? | twclid | ttclid
            | gcl(?:id|src) | dclid | [gw]braid | gad_(?:source|campaignid) | srsltid | _g[al] | msclkid | ys?clid
            | mc_[ce]id | mkt_tok | _hs(?:enc|mi) | __hs(?:tc|sc|fp) | hsctatracking | vero_(?:id|conv) | _openstat
            | oly_(?:enc|anon)_id | li_fat_id | epik | s_kwcid | xtor | ito | maca | fsrc | wprss | feed(?:type|name)
            | guccounter | guce_referrer(?:_sig)? | \.tsrc | soc_(?:src|trk) | traffic_source | ref_(?:src|url)
            | __twitter_impression | _branch_match_id | phpsessid
            """
        ),
        re.compile(".*", re.DOTALL),
    ),
    (
        _either(
            "ref | referr?er | referral | source | src | from | via | mod | partner | emc | feed | rss | share"
        ),
        _either(
            r"""
              (?:rss|atom|feeds?|xml)(?:[0-9._-]\w*)* | feedburner | newsletter | e?mail | push | app | home(?:page)?
            | twitter | tw | facebook | fb | instagram | whatsapp | telegram | linkedin | google(?:[_-]?news)?
            | flipboard | share | sharing | social | related
            """
        ),
    ),
    (_either("rss | amp"), _either("(?:1|true|yes|on)?")),
    # A campaign has words; a bare number is more likely a page's.
    (
        _either("cmp(?:id)? | smid | smtyp | ncid | icmp | [io]cid | intcid | s_cid"),
        re.compile(r"(?!\d+\Z).+"),
    ),
)
#: Fragments that begin so are pages of a site that is one program: `#/news/1`, `#!/news/1`.
_ROUTES = ("/", "!")
_TABS_AND_LINE_ENDS = re.compile(r"[\t\r\n]+")
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_SAFE_IN_LINKS = "/:@!$&'()*+,;=~-._?%"
# What no host's name holds: spaces, controls, bidi marks, surrogates and the marks of markup (WHATWG URL).
_NO_HOST = re.compile(
    r"""[\s<>"'`\\^{|}\x00-\x1f\x7f-\xa0\u061c\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]"""
)


_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?", re.IGNORECASE)
# A link as most are: of letters that need no encoding, with a host that needs no look.
_PLAIN = re.compile(
    r"https?://[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*"
    r"(?:/[\w/:@!$&'()*+,=~.%-]*)?(?:\?[\w/:@!$&'()*+,=~.%?-]+)?(?:#[\w/:@!$&'()*+,=~.%?-]+)?",
    re.ASCII,
)


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
    # Tabs and line ends inside a URL are dropped, as browsers do (WHATWG URL).
    url = _TABS_AND_LINE_ENDS.sub("", url.strip())
    if _PLAIN.fullmatch(url):
        return url
    try:
        resolved = urljoin(base, url) if url else ""
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
        quote(part.encode("utf-8", "replace"), safe=_SAFE_IN_LINKS)
        for part in (parts.path, parts.query, parts.fragment)
    )
    return parts._replace(netloc=f"{host}{port}", path=path, query=query, fragment=fragment).geturl()


def _decorates(key: str, value: str) -> bool:
    return any(keys.fullmatch(key) and values.fullmatch(value) for keys, values in _DECORATIONS)


def _spelled_out(part: str) -> str:
    """Return a part of a URL without percent-encoding, but for bytes that are no UTF-8: these stay told apart."""
    if "%" not in part:
        return part
    raw = unquote_to_bytes(part)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return quote(raw)


def canonical_url(url: str) -> str:
    """Return the form of a URL that identifies its page: no scheme, `www.`, tracking parameter or fragment.

    Percent-encoding and the host's case are normalised (RFC 3986, section 6.2.2).

    >>> canonical_url("HTTP://www.Example.org/a%d9%82/?utm_source=rss&id=7#top")
    'example.org/aق?id=7'
    """
    parts = _split(url.encode("utf-8", "replace").decode())
    if parts is None:
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    # Old sites write windows-1256 here. What is no UTF-8 goes through as it is, lest all such pages become one.
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    kept = sorted((key, value) for key, value in pairs if not _decorates(key, value))
    query = urlencode(kept, errors="surrogateescape")
    path = _spelled_out(_SESSION.sub("", parts.path)).rstrip("/")
    route = f"#{_spelled_out(parts.fragment)}" if parts.fragment.startswith(_ROUTES) else ""
    return f"{host}{port}{path}" + (f"?{query}" if query else "") + route
