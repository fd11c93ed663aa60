"""What a web server's answer means: whether it is a failure, of which kind, and how long to stay away. Pure.

Many sites stand behind a guard that gives programs a page with a riddle for browsers instead of what they asked for,
often with status 200. Such a page is known by what only it holds, and by how little else: the same scripts and words
stand on whole pages that the guard lets through, and in articles about guards.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import html
import http
import re
from collections.abc import Mapping

from digest.model import Failure

#: Bytes of a body's beginning that are enough to judge it; no challenge page is as long.
HEAD_BYTES = 65536
#: Retry-After is honoured up to this, so that a typing error of theirs does not silence a feed for a year.
_LONGEST_REST_SECONDS = 24 * 3600.0
#: Where a server says that we ask too often, but not when to come back.
_USUAL_REST_SECONDS = 15 * 60.0

_FAILURES = {
    401: Failure.BLOCKED,
    # Sites that let crawlers in against payment.
    402: Failure.BLOCKED,
    403: Failure.BLOCKED,
    # Not the server's own: a proxy on the way, a connection too slow, the login page of a hotel's network.
    407: Failure.NETWORK,
    408: Failure.NETWORK,
    410: Failure.GONE,
    429: Failure.BUSY,
    451: Failure.BLOCKED,
    511: Failure.NETWORK,
}


def failure_of(status: int, headers: Mapping[str, str], head: bytes) -> tuple[Failure, str] | None:
    """Return what kind of failure an answer is, and the reason in words; None for a good one (2xx, 304).

    `headers` must not mind upper and lower case; `head` is the unpacked body's beginning, HEAD_BYTES at most.
    """
    guard = _guard_in_headers(headers) or _guard_of(head)
    if guard:
        return Failure.BLOCKED, f"blocked: {guard} challenge page instead of the feed"
    if 200 <= status < 300 or status == 304:
        return None
    return _failure_by_status(status, headers), f"the server answered {status} {_phrase(status)}".strip()


def _failure_by_status(status: int, headers: Mapping[str, str]) -> Failure:
    if status in _FAILURES:
        return _FAILURES[status]
    if status == 503 and _retry_after(headers) is not None:
        return Failure.BUSY
    return Failure.MISSING if 400 <= status < 500 else Failure.SERVER


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


# --------------------------------------------------------------------------- how long to stay away


def rest_seconds(status: int, headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Return the seconds for which a server asks to be left alone (429, 503); None where it does not."""
    if status not in {429, 503}:
        return None
    asked = _retry_after(headers)
    if asked is None:
        return _USUAL_REST_SECONDS if status == 429 else None
    seconds = asked if isinstance(asked, float) else (asked - now).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_REST_SECONDS)


def _retry_after(headers: Mapping[str, str]) -> float | dt.datetime | None:
    """Return Retry-After, in seconds or as a moment (RFC 9110, section 10.2.3); None where it is neither."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


# --------------------------------------------------------------------------- challenge pages

#: Header, how its value begins, guard: no page that was let through has them.
_HEADERS = (
    ("cf-mitigated", "challenge", "a Cloudflare"),
    ("x-amzn-waf-action", "challenge", "an AWS WAF"),
    ("x-amzn-waf-action", "captcha", "an AWS WAF"),
    ("x-vercel-mitigated", "challenge", "a Vercel"),
    ("sg-captcha", "challenge", "a SiteGround"),
)

#: What a page holds that is meant to be shared or followed, lower case.
_PUBLISHED = ("og:title", "og:site_name", "application/rss+xml", "application/atom+xml")
#: A page of so few words is no article with everything around it.
_FEW_WORDS = 250
#: What its source holds then, all of it, lower case, entities resolved.
_MARKS = (
    ("a Cloudflare", ("cf_chl",)),
    ("a Cloudflare", ("cf-chl",)),
    ("a Cloudflare", ("cf-browser-verification",)),
    ("a Cloudflare", ("/cdn-cgi/challenge-platform/", "orchestrate")),
    ("a Cloudflare", ("<title>just a moment",)),
    ("a Cloudflare", ("<title>attention required! | cloudflare",)),
    ("a Cloudflare", ("<title>please wait... | cloudflare",)),
    ("an Imperva", ("incapsula incident id",)),
    ("an Imperva", ("<title>pardon our interruption",)),
    ("an Akamai", ("access denied", "edgesuite.net")),
    ("an Akamai", ("you don't have permission to access", "reference #")),
    ("an Akamai", ("sec-if-cpt-container",)),
    ("a DDoS-Guard", ("<title>ddos-guard",)),
    ("a DDoS-Guard", ("ddos-guard/js-challenge",)),
    ("a Sucuri", ("sucuri_cloudproxy_js",)),
    ("a Sucuri", ("sucuri website firewall",)),
    ("a DataDome", ("captcha-delivery.com",)),
    ("a PerimeterX", ("px-captcha",)),
    ("a PerimeterX", ("<title>access to this page has been denied",)),
    ("an AWS WAF", ("gokuprops",)),
    ("a CloudFront", ("the request could not be satisfied", "request blocked")),
    ("a Vercel", ("<title>vercel security checkpoint",)),
    ("a SiteGround", ("sgcaptcha",)),
    ("a SiteGround", ("<title>robot challenge screen",)),
    ("an Imunify360", ("protected by imunify360",)),
    ("an Imunify360", ("<title>one moment, please", "request is being verified")),
    ("a Wordfence", ("generated by wordfence",)),
    ("a LiteSpeed", ("/.lsrecap/",)),
    ("an Anubis", ("<title>making sure you're not a bot",)),
    ("an F5", ("the requested url was rejected", "support id")),
    ("a FortiWeb", ("web page blocked", "attack id")),
)

#: A page of so few words has nothing to say but to prove oneself.
_HARDLY_ANY_WORDS = 60
#: What its source holds then; larger pages may hold it as well.
_BARE_MARKS = (
    ("an Imperva", ("_incapsula_resource",)),
    ("an AWS WAF", ("awswaf",)),
    ("a Cloudflare Turnstile", ("challenges.cloudflare.com/turnstile",)),
    ("an hCaptcha", ("h-captcha",)),
    ("an hCaptcha", ("hcaptcha.com",)),
    ("a reCAPTCHA", ("g-recaptcha",)),
    ("a cookie", ("document.cookie", "location.reload")),
    ("a cookie", ("document.cookie", "location.href")),
)
#: What such a page tells its visitor, folded as `_folded` does.
_PHRASES = (
    "enable javascript and cookies",
    "enable js and disable any ad blocker",
    "checking your browser",
    "checking if the site connection is secure",
    "verify you are human",
    "verify that you are human",
    "verifying you are human",
    "are you a robot",
    "not a robot",
    "review the security of your connection",
    "انك انسان",
    "لست روبوت",
    "لست برنامج روبوت",
    "التحقق من متصفحك",
    "التحقق من المتصفح",
    "فحص متصفحك",
    "مراجعه امان اتصالك",
    "javascript وملفات تعريف الارتباط",
    "جافا سكريبت وملفات تعريف الارتباط",
    "جافاسكريبت وملفات تعريف الارتباط",
)
_FOLDS = str.maketrans("أإآٱةى’", "ااااهي'", "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0640")

# Atomic, so that a page of nothing but comments takes no longer than its length.
_PAGE = re.compile(
    r"(?>[\s\ufeff]+|<\?[^>]*>|<!--.*?-->)*+"
    r"<(?:!doctype\s+html|html|head|body|title|meta|link|script|noscript|style|center|div|h1|p|iframe)\b",
    re.DOTALL | re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^<>]*>\s*")
_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|svg)\b.*?(?:</\1|\Z)", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>?")


def is_challenge(head: bytes | str) -> bool:
    """Say whether a body is a page that wants its visitor to prove no program; give all of it, or HEAD_BYTES."""
    return bool(_guard_of(head))


def _guard_in_headers(headers: Mapping[str, str]) -> str:
    found = (guard for name, value, guard in _HEADERS if headers.get(name, "").lower().startswith(value))
    return next(found, "")


def _guard_of(head: bytes | str) -> str:
    """Return whose challenge page it is, with its article; empty where it is none."""
    if len(head) >= HEAD_BYTES:
        return ""
    page = head if isinstance(head, str) else head.decode("utf-8", "replace")
    if not _PAGE.match(page):
        return ""
    page = _folded(page)
    if any(sign in page for sign in _PUBLISHED):
        return ""
    words = html.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", page))).split()
    if len(words) > _FEW_WORDS:
        return ""
    source = _TITLE.sub("<title>", html.unescape(page))
    bare = len(words) <= _HARDLY_ANY_WORDS
    return _marked(source, _MARKS) or (_guard_of_bare(source, " ".join(words)) if bare else "")


def _guard_of_bare(source: str, text: str) -> str:
    return _marked(source, _BARE_MARKS) or ("a" if any(phrase in text for phrase in _PHRASES) else "")


def _marked(source: str, marks: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    return next((guard for guard, parts in marks if all(part in source for part in parts)), "")


def _folded(page: str) -> str:
    return page.lower().translate(_FOLDS)
