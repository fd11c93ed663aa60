"""Every route: what its answer tells the browser to forbid, who may keep it, and no cookie but the desk's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import lxml.html
import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.web.everything import PAGES, Whole, whole_site
from tests.web.site import BASE_URL

#: The parts whose answers anybody may keep; all else is somebody's own, or true for now alone.
_KEPT = {"home", "static", "editions", "stories", "archive", "searching", "feeds", "crawling"}
_SECONDS = re.compile("max-age=[0-9]+")
_LETTERS = [name for name in PAGES if "letter" in name]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_site(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def _answers(whole: Whole) -> Iterator[tuple[Rule, str, TestResponse]]:
    """Yield the answer to each method of each route, from outside and from the desk."""
    for client in (whole.site.flask.test_client(), whole.editor()):
        for rule, path in whole.routes():
            for method in sorted(rule.methods or ()):
                # What is posted has no form in it, and erases nobody.
                if method != "POST" or not path.startswith(("/u/", "/preferences/", "/confirm/")):
                    yield rule, path, client.open(path, method=method, buffered=True)


def _policy(answer: TestResponse) -> Mapping[str, list[str]]:
    directives = (one.split() for one in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in directives}


def test_every_answer_forbids_what_no_page_needs(whole: Whole) -> None:
    seen = set()
    for rule, path, answer in _answers(whole):
        seen.add(rule.rule)
        headers = answer.headers
        assert answer.status_code < 500, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "geolocation=()" in headers["Permissions-Policy"], path
        policy = _policy(answer)
        assert policy["default-src"] == policy["base-uri"] == ["'none'"], path
        # Without an entry of its own, a script falls under the default, which is none.
        assert policy.get("script-src", ["'self'"]) == ["'self'"], path
        assert policy["form-action"] in (["'self'"], ["'none'"]), path
        assert policy["frame-ancestors"] in (["'none'"], ["'self'"]), path
        sources = {one for values in policy.values() for one in values}
        letter = answer.status_code == 200 and rule.endpoint == "desk.letter"
        assert sources <= {"'none'", "'self'", "data:", *(["'unsafe-inline'"] if letter else [])}, path
    assert len(seen) == len({rule.rule for rule in whole.site.flask.url_map.iter_rules()})


def test_a_letter_in_its_frame_runs_nothing(whole: Whole) -> None:
    client = whole.editor()
    for name in _LETTERS:
        answer = client.get(whole.page(name))
        policy = _policy(answer)
        assert answer.status_code == 200
        assert "script-src" not in policy
        assert policy["style-src"] == ["'unsafe-inline'"]
        assert (policy["form-action"], policy["img-src"]) == (["'none'"], ["data:"])
    [frame, *_] = lxml.html.fromstring(client.get(whole.page("desk, draft")).data).iter("iframe")
    assert frame.get("sandbox") is not None
    assert "allow-scripts" not in frame.get("sandbox")


def test_only_the_desk_sets_a_cookie_and_guards_it(whole: Whole) -> None:
    for rule, path, answer in _answers(whole):
        if not path.startswith("/desk"):
            assert "Set-Cookie" not in answer.headers, path
            assert "Cookie" not in answer.headers.get("Vary", ""), path
        for cookie in answer.headers.getlist("Set-Cookie"):
            assert {"HttpOnly", "SameSite=Lax", "Path=/desk"} <= set(cookie.split("; ")), rule.rule
    secure = whole.site.flask.test_client().get("/desk/login", base_url="https://localhost")
    assert "Secure" in secure.headers["Set-Cookie"].split("; ")
    assert secure.headers["Strict-Transport-Security"]


def test_only_what_is_nobodys_own_is_kept_by_others(whole: Whole) -> None:
    client = whole.editor()
    for rule, path in whole.routes():
        if "GET" not in (rule.methods or ()):
            continue
        answer = client.get(path, buffered=True)
        said = answer.headers["Cache-Control"]
        if rule.endpoint.partition(".")[0] not in _KEPT:
            assert said == "no-store", path
            continue
        assert "public" in said, path
        assert _SECONDS.search(said), path
        etag = answer.headers["ETag"]
        again = client.get(path, headers={"If-None-Match": etag}, buffered=True)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag), path
        assert client.get(path, headers={"If-None-Match": '"another"'}, buffered=True).status_code == 200, (
            path
        )


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "TRACE", "BREW"])
def test_what_a_page_cannot_do_is_said_with_what_it_can(whole: Whole, method: str) -> None:
    answer = whole.site.client.open("/subscribe", method=method)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


# --------------------------------------------------------------------------- markup


@pytest.mark.parametrize("name", [name for name in PAGES if name not in _LETTERS])
def test_a_page_holds_nothing_that_its_policy_would_have_to_allow(whole: Whole, name: str) -> None:
    client = whole.editor() if name.startswith("desk") else whole.site.flask.test_client()
    answer = client.get(whole.page(name))
    assert answer.status_code in ({200, 400} if "broken" in name else {404 if "here" in name else 200})
    page = lxml.html.document_fromstring(answer.get_data(as_text=True))
    assert list(page.iter("style", "base", "object", "embed", "applet")) == []
    for element in page.iter("*"):
        for attribute, value in element.attrib.items():
            assert attribute != "style", (element.tag, value)
            assert not attribute.startswith("on"), (element.tag, attribute)
            assert not re.match(r"\s*(javascript|data|vbscript):", value, re.I), (element.tag, value)
    for script in page.iter("script"):
        assert script.get("src", "").startswith("/static/")
        assert script.text is None
    for element, attribute, address, _ in page.iterlinks():
        if attribute in {"src", "action", "formaction"} or (element.tag, element.get("rel")) == (
            "link",
            "stylesheet",
        ):
            assert _is_own(address), (element.tag, address)


def _is_own(address: str) -> bool:
    return re.match(r"/(?![/\\])|#|$", address) is not None


@pytest.mark.parametrize("name", [name for name in PAGES if name not in _LETTERS])
def test_links_to_others_give_them_no_hold_on_the_page(whole: Whole, name: str) -> None:
    client = whole.editor() if name.startswith("desk") else whole.site.flask.test_client()
    page = lxml.html.document_fromstring(client.get(whole.page(name)).get_data(as_text=True))
    links = [link for link in page.iter("a") if not _is_own(link.get("href"))]
    assert bool(links) == (name in {"edition", "story", "desk, draft", "desk, frozen"})
    for link in links:
        assert urlsplit(link.get("href")).scheme in {"http", "https"}
        if not link.get("href").startswith(BASE_URL):
            assert "noopener" in link.get("rel", "").split(), link.get("href")
