"""What outlets, readers and operators write is text on every page, whatever it looks like; links stay the setting's."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
import pathlib
from collections.abc import Iterator
from dataclasses import replace

import lxml.etree
import lxml.html
import pytest

from digest.model import Edition
from tests.web.everything import Whole, signed_in, whole_site
from tests.web.reading import known, letter_to, link_in
from tests.web.site import BASE_URL, READER, SECRET_KEY, TODAY, open_for_readers, opened_site, sample_editions

_RLO = "\N{RIGHT-TO-LEFT OVERRIDE}"
#: Nobody who writes this gets more than these letters on a page.
_TITLE = (
    "</title><script>alert(1)</script>\"' onmouseover='alert(2)' "
    "{{7*7}}{% raw %}${7*7} <img src=x onerror=alert(3)> & ]]> --><!-- خبر"
)
#: An operator may turn the title's letters round, a stranger not.
_EVIL = f"{_RLO}{_TITLE}{_RLO}"
_NAME = f"{_RLO}'\"><script>alert(1)</script>{{{{7*7}}}}{{% raw %}}<img src=x onerror=alert(3)>"
_LONG = "طويلة" * 3000
_ID = "0123456789ab"
_PUBLIC = [
    "/",
    "/subscribe",
    "/archive",
    "/archive/mujaz/2026/11",
    "/editions/hostile",
    f"/editions/hostile/{_ID}",
    "/search?q=خبر",
]
_DESK = [
    "/desk/edition/mujaz/2026-11-22",
    "/desk/edition/mujaz/2026-11-23",
    "/desk/subscribers?q=layla",
    "/desk/subscribers/1",
    "/desk/health",
]
_OWN = [
    "/preferences/{preferences}",
    "/preferences/{preferences}/erase",
    "/u/{unsubscribe}",
    "/confirm/{confirm}",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A site whose newsletter, outlets, headlines and reader are all called the same."""
    with whole_site(tmp_path_factory.mktemp("home"), title=_TITLE, base_url="https://news.example") as opened:
        site = opened.site
        open_for_readers(site.app, _hostile_edition())
        path = f"/preferences/{opened.tokens['preferences']}"
        assert site.client.post(path, data={"name": _NAME}).status_code == 303
        assert known(site, READER).name == _NAME.strip(_RLO)
        yield opened


def _hostile_edition() -> Edition:
    """Return tomorrow's edition, as whoever writes a feed would have it."""
    sample = sample_editions()[-1]
    first = sample.sections[0]
    story = first.stories[0]
    article = replace(
        story.articles[0], title=_EVIL, outlet=_EVIL, summary=_EVIL, section=_EVIL, url="javascript:alert(4)"
    )
    long = replace(
        story.articles[-1], id="long", title=_LONG, outlet=_LONG, url='https://a.example/"><script>'
    )
    hostile = replace(story, id=_ID, headline=_EVIL, articles=(article, long))
    section = replace(first, stories=(hostile, *first.stories[1:]))
    sections = (section, *sample.sections[1:])
    day = TODAY + dt.timedelta(days=1)
    return replace(
        sample, id="hostile", local_date=day, newsletter_id="mujaz", sections=sections, lead_id=_ID
    )


def _page(whole: Whole, path: str) -> str:
    client = signed_in(whole.site, _EVIL) if path.startswith("/desk") else whole.site.client
    answer = client.get(path.format_map({**whole.tokens}))
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("path", [*_PUBLIC, *_DESK, *_OWN])
def test_hostile_words_are_only_words(whole: Whole, path: str) -> None:
    html = _page(whole, path)
    page = lxml.html.document_fromstring(html)
    assert "alert(1)" in page.text_content()
    assert [
        one.get("src") for one in page.iter("script") if not one.get("src", "").startswith("/static/")
    ] == []
    assert [one.get("src") for one in page.iter("img") if one.get("src") == "x"] == []
    handlers = [name for one in page.iter("*") for name in one.attrib if name.startswith("on")]
    assert handlers == []
    assert "javascript:" not in {str(link[2]).partition("alert")[0] for link in page.iterlinks()}
    # What looks like a template is one to nobody.
    assert "{{7*7}}" in html
    assert "{% raw %}" in html
    # A reader who sees a line sees it in its own order.
    assert _RLO not in html


@pytest.mark.parametrize("path", ["/feeds/mujaz.atom", "/sitemap.xml"])
def test_hostile_words_are_only_words_in_xml(whole: Whole, path: str) -> None:
    root = lxml.etree.fromstring(whole.site.client.get(path).data)
    names = {lxml.etree.QName(one).localname for one in root.iter(lxml.etree.Element)}
    assert "script" not in names
    assert "img" not in names
    assert len(names) > 2


def test_hostile_words_are_only_words_in_json(whole: Whole) -> None:
    feed = json.loads(whole.site.client.get("/feeds/mujaz.json").data)
    [entry] = [one for one in feed["items"] if one["url"].endswith("/hostile")]
    assert "alert(1)" in entry["content_text"]
    assert "<script" not in entry["content_html"]


def test_the_letter_on_the_desk_runs_nothing(whole: Whole) -> None:
    html = _page(whole, "/desk/edition/brief/2026-11-22/light.html")
    assert lxml.html.document_fromstring(html).xpath("//script | //@onmouseover | //@onerror") == []


# --------------------------------------------------------------------------- somebody else's Host

_HOSTS = ["evil.example", "evil.example:80", "localhost@evil.example", "localhost:8000, evil.example"]


@pytest.mark.parametrize("host", _HOSTS)
@pytest.mark.parametrize(
    "path", [*_PUBLIC, "/feeds/mujaz.atom", "/feeds/mujaz.json", "/sitemap.xml", "/robots.txt"]
)
def test_a_forged_host_stands_on_no_page(whole: Whole, path: str, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = whole.site.client.get(path, headers=headers)
    assert b"evil.example" not in answer.data
    assert answer.status_code in {200, 400}
    assert not [value for _, value in answer.headers if "evil" in value]


def test_a_forged_host_stands_in_no_letter(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path) as site:
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
        for path, address in (("/subscribe", "new@example.org"), ("/preferences", READER)):
            answer = site.client.post(path, data={"email": address}, headers=headers)
            assert answer.status_code == 200
            letter = letter_to(site, address)
            assert link_in(letter).startswith(f"{BASE_URL}/")
            assert "evil" not in letter.as_string(policy=email.policy.default)


def test_without_a_base_url_nobody_gets_a_letter_with_a_forged_one(tmp_path: pathlib.Path) -> None:
    environment = {"DIGEST_SECRET_KEY": SECRET_KEY}
    with opened_site(tmp_path, environment, base_url="") as site:
        for path in ("/subscribe", "/preferences"):
            answer = site.client.post(path, data={"email": READER}, headers={"Host": "evil.example"})
            assert answer.status_code == 503
        for path in ("/", f"/editions/mujaz-{TODAY}"):
            assert b"evil.example" not in site.client.get(path, headers={"Host": "evil.example"}).data


# --------------------------------------------------------------------------- somebody else's page

_ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "/desk/\\evil.example",
    "/desk//evil.example",
    "/desk/?to=//evil.example",
    "/desk/..//evil.example",
    "/desk/%2e%2e//evil.example",
    "https:evil.example",
    "\t//evil.example",
    "/desk\n//evil.example",
    "desk.evil.example",
    "/desk/@evil.example",
]


@pytest.mark.parametrize("address", _ELSEWHERE)
def test_nobody_is_sent_elsewhere(whole: Whole, address: str) -> None:
    client = signed_in(whole.site)
    for query in ({"next": address}, {"newsletter": address}, {"q": address}):
        for path in ("/desk/login", "/desk/", "/subscribe", "/search", "/desk/subscribers"):
            answer = client.get(path, query_string=query)
            assert _is_own(answer.headers.get("Location", "/")), (path, query)


@pytest.mark.parametrize("host", ["evil.example", "localhost"])
@pytest.mark.parametrize(
    "path",
    [
        "/desk",
        "/desk/",
        "//evil.example",
        "//evil.example/desk",
        "/desk//login",
        "/static//style.css",
        "/archive/",
    ],
)
def test_the_router_sends_nobody_elsewhere(whole: Whole, path: str, host: str) -> None:
    client = whole.site.flask.test_client()
    # The client would take what stands behind two slashes for a host.
    answer = client.get("/", environ_overrides={"PATH_INFO": path}, headers={"Host": host}, buffered=True)
    assert answer.status_code < 500
    assert _is_own(answer.headers.get("Location", "/"))


def _is_own(address: str) -> bool:
    return (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and "evil" not in address.split("?")[0]
    )
