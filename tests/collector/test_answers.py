"""What a server's answer means: kinds of failure, rests, and pages that want no programs."""

from __future__ import annotations

import datetime as dt
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.answers import HEAD_BYTES, failure_of, is_challenge, rest_seconds
from digest.model import Failure
from tests.conftest import NOW

# --------------------------------------------------------------------------- statuses


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        pytest.param(200, None, id="200"),
        pytest.param(203, None, id="203-through-a-proxy"),
        pytest.param(204, None, id="204-empty"),
        pytest.param(304, None, id="304"),
        pytest.param(300, Failure.SERVER, id="300-without-a-choice"),
        pytest.param(302, Failure.SERVER, id="302-to-nowhere"),
        pytest.param(400, Failure.MISSING, id="400"),
        pytest.param(401, Failure.BLOCKED, id="401"),
        pytest.param(402, Failure.BLOCKED, id="402-crawlers-pay"),
        pytest.param(403, Failure.BLOCKED, id="403"),
        pytest.param(404, Failure.MISSING, id="404"),
        pytest.param(406, Failure.MISSING, id="406"),
        pytest.param(407, Failure.NETWORK, id="407-a-proxy-of-ours"),
        pytest.param(408, Failure.NETWORK, id="408-too-slow"),
        pytest.param(410, Failure.GONE, id="410"),
        pytest.param(429, Failure.BUSY, id="429"),
        pytest.param(451, Failure.BLOCKED, id="451"),
        pytest.param(500, Failure.SERVER, id="500"),
        pytest.param(502, Failure.SERVER, id="502"),
        pytest.param(503, Failure.SERVER, id="503"),
        pytest.param(511, Failure.NETWORK, id="511-a-hotel"),
        pytest.param(522, Failure.SERVER, id="522-cloudflare-cannot-reach-it"),
        pytest.param(999, Failure.SERVER, id="999-unheard-of"),
    ],
)
def test_each_status_has_its_kind_of_failure(status: int, failure: Failure | None) -> None:
    found = failure_of(status, {}, b"")
    assert (found and found[0]) == failure


@pytest.mark.parametrize(
    ("value", "failure"),
    [
        pytest.param("120", Failure.BUSY, id="seconds"),
        pytest.param("Sun, 22 Nov 2026 06:10:00 GMT", Failure.BUSY, id="date"),
        pytest.param("soon", Failure.SERVER, id="words"),
        pytest.param("", Failure.SERVER, id="empty"),
    ],
)
def test_a_503_that_says_when_to_come_back_is_busy(value: str, failure: Failure) -> None:
    assert failure_of(503, {"Retry-After": value}, b"") == (
        failure,
        "the server answered 503 Service Unavailable",
    )


def test_a_status_without_a_name_is_told_by_its_number() -> None:
    assert failure_of(599, {}, b"") == (Failure.SERVER, "the server answered 599")


# --------------------------------------------------------------------------- rests


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("0", 0, id="zero"),
        pytest.param(" 90 ", 90, id="seconds-with-spaces"),
        pytest.param("31536000", 86400, id="a-year-becomes-a-day"),
        pytest.param("9" * 400, 86400, id="seconds-beyond-any-number"),
        pytest.param("-5", None, id="negative"),
        pytest.param("soon", None, id="words"),
        pytest.param("٣²", None, id="digits-of-no-number"),
        pytest.param("Sun, 22 Nov 2026 06:10:00 GMT", 600, id="date"),
        pytest.param("Sun, 22 Nov 2026 06:10:00 -0000", 600, id="date-of-unknown-zone"),
        pytest.param("Sat, 21 Nov 2026 06:00:00 GMT", 0, id="date-gone-by"),
        pytest.param("Tue, 01 Jan 2030 00:00:00 GMT", 86400, id="date-in-years"),
        pytest.param("Sun, 99 Nov 2026 06:10:00 GMT", None, id="date-that-is-none"),
        pytest.param("Sun, 22 Nov 2026 06:10:00 +99999999999999", None, id="zone-that-is-none"),
    ],
)
def test_retry_after_is_read_and_bounded(value: str, seconds: float | None) -> None:
    assert rest_seconds(503, {"Retry-After": value}, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        pytest.param(429, {}, 900, id="429-without"),
        pytest.param(429, {"Retry-After": "soon"}, 900, id="429-with-words"),
        pytest.param(429, {"Retry-After": "5"}, 5, id="429-with-seconds"),
        pytest.param(503, {}, None, id="503-without"),
        pytest.param(500, {"Retry-After": "5"}, None, id="500"),
        pytest.param(200, {"Retry-After": "5"}, None, id="200"),
    ],
)
def test_only_a_server_that_is_busy_is_left_alone(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    assert rest_seconds(status, headers, NOW) == seconds


@given(
    status=st.sampled_from([429, 503]),
    value=st.one_of(
        st.text(max_size=40),
        st.integers().map(str),
        st.datetimes().map(lambda moment: f"{moment:%a, %d %b} {moment.year} {moment:%H:%M:%S} GMT"),
    ),
    now=st.datetimes(timezones=st.just(dt.UTC)),
)
def test_no_rest_is_negative_or_longer_than_a_day(status: int, value: str, now: dt.datetime) -> None:
    seconds = rest_seconds(status, {"Retry-After": value}, now)
    assert seconds is None or 0 <= seconds <= 86400


# --------------------------------------------------------------------------- challenge pages


def page(title: str, body: str = "", head: str = "", language: str = "en") -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body>{body}</body></html>"
    )


CHALLENGES = [
    pytest.param("a Cloudflare", page("Just a moment..."), id="cloudflare-title"),
    pytest.param(
        "a Cloudflare",
        page("waha.example", "<script>window._cf_chl_opt={cZone: 'waha.example'};</script>"),
        id="cloudflare-script",
    ),
    pytest.param(
        "a Cloudflare",
        page(
            "لحظة…",
            "<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script>"
            "<noscript>قم بتمكين JavaScript وملفات تعريف الارتباط للمتابعة</noscript>",
            language="ar",
        ),
        id="cloudflare-in-arabic",
    ),
    pytest.param(
        "a Cloudflare",
        page("Attention Required! | Cloudflare", "<h1>Sorry, you have been blocked</h1>" + "<p>why </p>" * 150),
        id="cloudflare-block",
    ),
    pytest.param(
        "a Cloudflare", page("x", '<div class="cf-browser-verification">…</div>'), id="cloudflare-of-old"
    ),
    pytest.param(
        "an Imperva",
        '<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX"></head><body><iframe id="main-iframe" '
        'src="/_Incapsula_Resource?CWUDNSAI=9">Request unsuccessful. Incapsula incident ID: 1-2</iframe></body></html>',
        id="incapsula-frame",
    ),
    pytest.param(
        "an Imperva",
        '<html>\n<head>\n<script src="/_Incapsula_Resource?SWJIYLWA=5"></script>\n<body></body></html>',
        id="incapsula-script",
    ),
    pytest.param("an Imperva", page("Pardon Our Interruption", "<p>Something made us think</p>"), id="distil"),
    pytest.param(
        "an Akamai",
        "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\nYou don't have permission "
        "to access on this server.<P>\nReference&#32;&#35;18&#46;1\n<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net",
        id="akamai",
    ),
    pytest.param("a DDoS-Guard", page("DDoS-Guard", "<h1>Checking</h1>"), id="ddos-guard"),
    pytest.param("a Sucuri", page("", "<script>sucuri_cloudproxy_js='';</script>"), id="sucuri-script"),
    pytest.param("a Sucuri", page("Sucuri WebSite Firewall - Access Denied"), id="sucuri-block"),
    pytest.param(
        "a DataDome",
        page("waha.example", "<script src='https://ct.captcha-delivery.com/c.js'></script>"),
        id="datadome",
    ),
    pytest.param(
        "a PerimeterX", page("Access to this page has been denied", '<div id="px-captcha"></div>'), id="perimeterx"
    ),
    pytest.param("an AWS WAF", page("", "<script>window.gokuProps = {};</script>"), id="aws-waf"),
    pytest.param("a Vercel", page("Vercel Security Checkpoint"), id="vercel"),
    pytest.param(
        "a SiteGround",
        '<html><head><meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2Ffeed"></meta></head></html>',
        id="siteground",
    ),
    pytest.param(
        "an Imunify360",
        page("One moment, please...", "<h1>Please wait while your request is being verified...</h1>"),
        id="imunify360",
    ),
    pytest.param("a Wordfence", page("503", "<p>Generated by Wordfence at Sun, 22 Nov</p>"), id="wordfence"),
    pytest.param("an Anubis", page("Making sure you’re not a bot!"), id="anubis"),
    pytest.param(
        "an F5",
        "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with "
        "your administrator.<br>Your support ID is: 12</body></html>",
        id="f5",
    ),
    pytest.param("an hCaptcha", page("", '<form><div class="h-captcha"></div></form>'), id="hcaptcha"),
    pytest.param(
        "a reCAPTCHA",
        page("واحة", '<form><p>اضغط للمتابعة</p><div class="g-recaptcha"></div></form>', language="ar"),
        id="recaptcha",
    ),
    pytest.param(
        "a cookie",
        '<html><body><script>document.cookie="__test=1";location.href="http://waha.example/feed?i=1";</script>'
        "<noscript>This site requires Javascript to work</noscript></body></html>",
        id="cookie-by-script",
    ),
    pytest.param(
        "a", page("waha.example", "<noscript>Enable JavaScript and cookies to continue</noscript>"), id="wants-scripts"
    ),
    pytest.param("a", page("", "<p>Please verify you are human</p>"), id="wants-a-human"),
    pytest.param("a", page("واحة", "<p>يرجى التحقّق من أنّك إنسان للمتابعة</p>", language="ar"), id="wants-a-human-in-arabic"),
    pytest.param("a", page("واحة", "<label>أنا لستُ روبوتاً</label>", language="ar"), id="wants-no-robot-in-arabic"),
    pytest.param("a", page("واحة", "<p>جارٍ التحقق من المتصفح، انتظر</p>", language="ar"), id="checks-in-arabic"),
    pytest.param(
        "a Cloudflare",
        f'\ufeff<?xml version="1.0"?>\n<!-- <x> -->{page("Just a moment...")}',
        id="behind-a-comment-and-a-mark",
    ),
    pytest.param(
        "a Cloudflare",
        page("<!-- a -->Just a moment...", head='<title data-x="y">\n Just a moment...</title>'),
        id="title-with-attributes",
    ),
]  # fmt: skip


@pytest.mark.parametrize("status", [200, 403, 404, 410, 429, 503])
@pytest.mark.parametrize(("guard", "body"), CHALLENGES)
def test_a_challenge_page_is_named_whatever_its_status(guard: str, body: str, status: int) -> None:
    reason = f"blocked: {guard} challenge page instead of the feed"
    assert failure_of(status, {}, body.encode()) == (Failure.BLOCKED, reason)
    assert is_challenge(body)
    assert is_challenge(body.encode())


@pytest.mark.parametrize(
    ("headers", "guard"),
    [
        pytest.param({"cf-mitigated": "challenge"}, "a Cloudflare", id="cloudflare"),
        pytest.param({"x-amzn-waf-action": "challenge"}, "an AWS WAF", id="aws-waf"),
        pytest.param({"x-amzn-waf-action": "Captcha"}, "an AWS WAF", id="aws-waf-captcha"),
        pytest.param({"sg-captcha": "challenge"}, "a SiteGround", id="siteground"),
    ],
)
@pytest.mark.parametrize("status", [202, 403])
def test_a_challenge_is_known_by_its_header(headers: dict[str, str], guard: str, status: int) -> None:
    reason = f"blocked: {guard} challenge page instead of the feed"
    assert failure_of(status, headers, b"") == (Failure.BLOCKED, reason)


ABOUT_GUARDS = (
    "Just a moment... Attention Required! | Cloudflare, _cf_chl_opt, captcha-delivery.com, px-captcha, "
    "Incapsula incident ID, Enable JavaScript and cookies to continue, تحقق من أنك إنسان. "
)
ARTICLE = "<p>" + "قالت الوزارة إن الخدمة عادت إلى جميع الأحياء بعد انقطاع دام ساعات. " * 40 + "</p>"
SCRIPTS_OF_GUARDS = (
    "<script>window.__CF$cv$params={r:'1'};a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>"
    '<script src="/_Incapsula_Resource?SWJIYLWA=7"></script><script>window._pxAppId="PX1";</script>'
    '<script src="https://waha.token.awswaf.com/1/challenge.js"></script>'
    '<script src="https://js.datadome.co/tags.js"></script>'
)

NO_CHALLENGES = [
    pytest.param("", id="empty"),
    pytest.param("Just a moment...", id="plain-text"),
    pytest.param(f'{{"title": "{ABOUT_GUARDS}"}}', id="json"),
    pytest.param(
        f'<?xml version="1.0"?><rss><channel><item><title>{ABOUT_GUARDS}</title></item></channel></rss>', id="rss"
    ),
    pytest.param(f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Just a moment</title>{ABOUT_GUARDS}</feed>", id="atom"),
    pytest.param(
        f"<!-- <html> --><rss><item><description><![CDATA[{page('Just a moment...')}]]></description></item></rss>",
        id="rss-that-quotes-a-challenge-page",
    ),
    pytest.param(page("ما هي كلاودفلير؟", f"<code>{ABOUT_GUARDS}</code>{ARTICLE}"), id="article-about-guards"),
    pytest.param(page("Just a moment: how a city waited", ARTICLE), id="article-of-that-headline"),
    pytest.param(page("واحة", ARTICLE, SCRIPTS_OF_GUARDS), id="article-behind-guards"),
    pytest.param(
        page("صورة اليوم", "<p>مشهد من الميناء صباح اليوم</p>", SCRIPTS_OF_GUARDS + '<meta property="og:title" content="x">'),
        id="photo-behind-guards",
    ),
    pytest.param(
        page("واحة", "", '<link rel="alternate" type="application/rss+xml" href="/feed">' + SCRIPTS_OF_GUARDS),
        id="home-page-without-words",
    ),
    pytest.param(
        page("واحة", "<noscript>You need to enable JavaScript to run this app.</noscript><div id='root'></div>"),
        id="page-made-by-script",
    ),
    pytest.param(page("واحة", ARTICLE + '<form><div class="g-recaptcha"></div></form>'), id="article-with-comments"),
    pytest.param(page("404", "<h1>الصفحة غير موجودة</h1><a href='/'>العودة إلى الرئيسية</a>"), id="not-found"),
    pytest.param(page("Access Denied", "<p>You are not allowed to see this.</p>"), id="denied-by-nobody-known"),
    pytest.param(page("Just a moment...", head="<style>" + "a{}" * HEAD_BYTES + "</style>"), id="longer-than-any"),
]  # fmt: skip


@pytest.mark.parametrize("body", NO_CHALLENGES)
def test_no_other_body_is_taken_for_a_challenge(body: str) -> None:
    assert failure_of(200, {}, body.encode()[:HEAD_BYTES]) is None
    assert not is_challenge(body)
    assert not is_challenge(body.encode())


@pytest.mark.parametrize(
    ("status", "title", "body", "failure"),
    [
        pytest.param(
            429,
            "Access denied | waha.example used Cloudflare to restrict access",
            "<h1>Error 1015</h1><p>You are being rate limited</p><p>Cloudflare Ray ID: 1</p>",
            Failure.BUSY,
            id="cloudflare-says-too-often",
        ),
        pytest.param(
            522,
            "waha.example | 522: Connection timed out",
            "<p>Cloudflare Ray ID: 1</p><p>Working: Cloudflare</p><p>Error: Host</p>",
            Failure.SERVER,
            id="cloudflare-cannot-reach-the-site",
        ),
        pytest.param(
            403,
            "403 Forbidden",
            "<h1>Forbidden</h1><p>You don't have permission to access this resource.</p>",
            Failure.BLOCKED,
            id="apache",
        ),
    ],
)
def test_an_error_page_of_a_guard_is_no_challenge(
    status: int, title: str, body: str, failure: Failure
) -> None:
    found = failure_of(status, {}, page(title, body).encode())
    assert found is not None
    assert found[0] is failure
    assert found[1].startswith(f"the server answered {status}")


def test_no_real_feed_is_a_challenge(shared: pathlib.Path) -> None:
    feeds = [path for path in (shared / "data" / "feeds").rglob("*") if path.is_file()]
    assert len(feeds) > 100
    assert [path for path in feeds if failure_of(200, {}, path.read_bytes()[:HEAD_BYTES])] == []


@given(
    status=st.integers(100, 999),
    value=st.text(max_size=30),
    head=st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(["<html>", "<!--", "-->", "<script", "</script>", "<title>", "<", "&#", "just a moment", "ا "])
        ).map(lambda parts: "".join(parts).encode()),
    ),
)  # fmt: skip
def test_whatever_comes_is_judged_with_a_reason_on_one_line(status: int, value: str, head: bytes) -> None:
    found = failure_of(status, {"Retry-After": value, "cf-mitigated": value}, head)
    assert found is not None or 200 <= status < 300 or status == 304
    assert len((found[1] if found else "fine").splitlines()) == 1
