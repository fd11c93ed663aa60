"""Every route, asked in every way that Hypothesis finds: nothing breaks it, and nothing it cannot read changes anything."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.web.everything import PAGES, Whole, whole_site

_bounded = settings(
    max_examples=250,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"]
#: What is read as a number, a date, a choice, an address or a page somewhere on the site.
_ODD = [
    "",
    "0",
    "-1",
    "99999999999999999999999",
    "1e9",
    "٣",
    "²",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2026-W01-1",
    "20261122",
    "\x00",
    "\ud800",
    "%00",
    "%ff",
    "..",
    "../../etc/passwd",
    "//evil.example",
    "{{7*7}}",
    "' OR 1=1 --",
    "a@b@c",
    "a@xn--0.example",
    f"{'a' * 64}@example.org",
    "\r\nBcc: a@example.org",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "x" * 5000,
    "mujaz",
    "brief",
    "gulf",
    "pin:1",
    "place:1",
    "undo:0",
    "merge",
    "Asia/Riyadh",
    "../UTC",
    "on",
]
_FIELDS = [
    *(
        "email",
        "name",
        "newsletter",
        "timezone",
        "pause",
        "region-gulf",
        "region-asia",
        "newsletters",
        "website",
    ),
    *(
        "newsletter-brief",
        "all",
        "act",
        "story",
        "text",
        "region",
        "article",
        "marked",
        "next",
        "password",
        "csrf",
    ),
    *("agreed", "returning", "detail", "upload", "file_name", "q", "page", "saved", "x"),
]
_words = st.one_of(st.sampled_from(_ODD), st.text(max_size=40))
# Without surrogates: a client could not send them, the bytes of _raw can.
_fields = st.dictionaries(
    st.sampled_from(_FIELDS), _words.map(lambda text: text.encode("utf-8", "replace").decode()), max_size=6
)
_raw = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"%", b"%zz=%ff&\xff=\xfe", b"=&=&&;", b"a=1&" * 2000, b"[" * 20000, b"\x00" * 100]),
)
_TYPES = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    f"multipart/form-data; boundary={'x' * 300}",
    "application/json",
    "text/plain; charset=nothing",
    "/",
    "",
]
_header_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
_headers = st.dictionaries(
    st.sampled_from(
        [
            *(
                "Host",
                "X-Forwarded-For",
                "X-Forwarded-Host",
                "Forwarded",
                "Cookie",
                "Authorization",
                "Origin",
            ),
            *(
                "If-None-Match",
                "If-Modified-Since",
                "Range",
                "Accept-Language",
                "Referer",
                "Content-Encoding",
            ),
            *("X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"),
        ]
    ),
    st.one_of(
        _header_text,
        st.sampled_from(
            [
                "bytes=0-0,5-,-9",
                "bytes=-",
                "Basic !!",
                "Bearer",
                "W/",
                "*",
                "mujaz_desk=x",
                "a:b:c",
                "[",
                "-1",
            ]
        ),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_site(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def clients(whole: Whole) -> dict[str, Any]:
    """Somebody from outside, and an editor with the token that forms carry."""
    inside = whole.editor()
    with inside.session_transaction(path="/desk") as session:
        token = session["csrf"]
    return {"outside": whole.site.flask.test_client(), "desk": inside, "csrf": token}


def _addresses(whole: Whole) -> list[str]:
    # Links by which a reader is gone are left to the tests of tokens.
    return sorted(
        {path for _, path in whole.routes() if not path.endswith("/erase")} | {"/nothing", "//", "/desk"}
    )


def _paths() -> st.SearchStrategy[str]:
    """Return parts of the site's own addresses, put together as nobody would."""
    parts = sorted({part for page in PAGES.values() for part in page.partition("?")[0].split("/") if part})
    odd = st.one_of(st.sampled_from([*parts, *_ODD]), st.text(max_size=12))
    return st.lists(odd, max_size=5).map(lambda found: "/" + "/".join(found))


@given(data=st.data())
@_bounded
def test_no_request_to_any_route_is_too_odd(
    whole: Whole, clients: dict[str, Any], data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(_addresses(whole)))
    client = clients["desk" if path.startswith("/desk") else "outside"]
    method = data.draw(st.sampled_from(_METHODS))
    query = data.draw(st.one_of(_fields, _raw.map(lambda raw: raw.decode("latin-1"))))
    form: Any = data.draw(st.one_of(_fields, _raw))
    if isinstance(form, dict) and path.startswith("/desk"):
        form = form | {"csrf": clients["csrf"]}
    kind = data.draw(st.sampled_from(_TYPES)) if isinstance(form, bytes) else None
    answer = client.open(
        path,
        method=method,
        query_string=query,
        data=form,
        content_type=kind,
        headers=data.draw(_headers),
        buffered=True,
    )
    assert answer.status_code < 500 or answer.status_code in {501, 503}, (path, answer.status_code)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@given(path=_paths(), query=_raw)
@_bounded
@example(path="/editions/\x00", query=b"")
@example(path="/static/../../config/digest.toml", query=b"")
@example(path="/static/\x00", query=b"")
@example(path="/desk/subscribers/99999999999999999999999", query=b"")
@example(path="/archive/mujaz/99999/1", query=b"")
@example(path="/archive/mujaz/0/0", query=b"page=1")
@example(path="/search", query=b"q=%ff%fe&page=%00")
@example(path="/desk/edition/mujaz/0001-01-01", query=b"")
@example(path="/desk/edition/mujaz/9999-12-31", query=b"")
def test_no_path_is_too_odd(whole: Whole, clients: dict[str, Any], path: str, query: bytes) -> None:
    # As a server gives it: bytes under the letters of Latin-1.
    raw = path.encode("utf-8", "surrogatepass").decode("latin-1")
    for client in (clients["outside"], clients["desk"]):
        answer = client.get(
            "/",
            environ_overrides={"PATH_INFO": raw, "QUERY_STRING": query.decode("latin-1")},
            buffered=True,
        )
        assert answer.status_code < 500, (path, query)
        assert b"transport" not in answer.data


# --------------------------------------------------------------------------- bodies


def _post_routes(whole: Whole) -> list[str]:
    return [path for rule, path in whole.routes() if "POST" in (rule.methods or ())]


def test_ten_megabytes_are_refused_before_they_are_read(whole: Whole, clients: dict[str, Any]) -> None:
    size = 10 * 1024 * 1024
    # Erasing needs no form at all.
    for path in [one for one in _post_routes(whole) if not one.endswith("/erase")]:
        for kind in (
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json",
        ):
            sent = _Counting(size)
            environ = {"CONTENT_LENGTH": str(size), "wsgi.input": io.BufferedReader(sent)}
            client = clients["desk" if path.startswith("/desk") else "outside"]
            answer = client.post(path, environ_overrides=environ, content_type=kind)
            assert sent.taken <= 64 * 1024, path
            # What is no form is not looked at: it asks for nothing, or lacks the token.
            other = (
                {200, 303, 400, 403}
                if kind == "application/json" or path.endswith("/erase") or path.startswith("/confirm/")
                else set()
            )
            assert answer.status_code in {413, *other}, (path, kind)


class _Counting(io.RawIOBase):
    """Gives letters, and counts those that were taken."""

    def __init__(self, size: int) -> None:
        self.taken, self._left = 0, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self._left)
        buffer[:size] = b"a" * size
        self.taken, self._left = self.taken + size, self._left - size
        return size


_BOMB = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"
_BODIES = {
    "deep JSON": ("application/json", b"[" * 60_000),
    "a number without end": ("application/json", b"1" * 60_000),
    "many fields": ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(8000))),
    "no UTF-8": ("application/x-www-form-urlencoded", b"email=\xff\xfe%ff%c3&name=%ed%a0%80&\xff=1"),
    "a NUL": ("application/x-www-form-urlencoded", b"email=a%00@example.org&name=%00&pause=%00&act=pin:%00"),
    "parts without end": ("multipart/form-data; boundary=x", _BOMB * 1200),
    "a part that breaks off": ("multipart/form-data; boundary=x", _BOMB[:30]),
    "a part with a header of all": ("multipart/form-data; boundary=x", b"--x\r\n" + b"A" * 60_000),
    "no boundary": ("multipart/form-data", b"--x--"),
}


@pytest.mark.parametrize("body", _BODIES)
def test_no_body_is_too_odd(whole: Whole, clients: dict[str, Any], body: str) -> None:
    kind, sent = _BODIES[body]
    # Erasing needs no form at all.
    for path in [one for one in _post_routes(whole) if not one.endswith("/erase")]:
        for client in (clients["outside"], clients["desk"]):
            answer = client.post(path, data=sent, content_type=kind)
            assert answer.status_code < 500, path


@pytest.mark.parametrize("length", ["0", "5", "99999", "-1", "abc", "1e3", "٣"])
def test_a_length_that_lies_is_nobodys_harm(whole: Whole, clients: dict[str, Any], length: str) -> None:
    for path in ("/subscribe", "/desk/login", "/webhooks/sendgrid", "/desk/subscribers/import"):
        environ = {"CONTENT_LENGTH": length.encode().decode("latin-1"), "wsgi.input": io.BytesIO(b"email=a")}
        kind = "application/x-www-form-urlencoded"
        answer = clients["desk"].post(path, environ_overrides=environ, content_type=kind)
        assert 400 <= answer.status_code < 500, path
