"""The studio's answers: every page and file, to nobody but this machine, with nothing that could run."""

from __future__ import annotations

import json
import pathlib
import socket
import threading
import urllib.request
from email import message_from_bytes, policy

import lxml.html
import pytest
from flask.testing import FlaskClient

from digest.errors import UsageError
from digest.studio.desk import Desk
from digest.studio.proof import Proof
from digest.studio.site import studio_server, studio_site
from tests.studio.editing import HTML, change, line_of

_PAGES = ["/", "/gmail", "/text", "/headers", "/report"]
_LETTERS = ["/view/light.html", "/view/dark.html", "/view/gmail.html", "/edition.html", "/report.html"]
_FILES = ["/edition.txt", "/edition.eml", "/report.json"]


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    """A client of the site without a socket."""
    return studio_site(desk, threading.Event()).test_client()


def _policy(client: FlaskClient, path: str) -> dict[str, list[str]]:
    header = client.get(path, base_url="http://127.0.0.1:8000").headers["Content-Security-Policy"]
    return {name: values for name, *values in (part.split() for part in header.split(";"))}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("127.0.0.1:8000", 200, id="by address"),
        pytest.param("localhost:8000", 200, id="by name"),
        pytest.param("attacker.example", 400, id="a name that was given our address"),
        pytest.param("127.0.0.1.attacker.example:8000", 400, id="a name that looks like it"),
        pytest.param("", 400, id="no name"),
    ],
)
def test_only_this_machines_own_names_are_answered(client: FlaskClient, host: str, status: int) -> None:
    for path in [*_PAGES, *_LETTERS, *_FILES, "/static/studio.js", "/static/studio.css", "/events"]:
        with client.get(path, headers={"Host": host}, buffered=path != "/events") as answer:
            assert answer.status_code == status
            if status != 200:
                assert b"mujaz" not in answer.data.lower()
                assert len(answer.data) < 500


@pytest.mark.parametrize("path", _PAGES)
def test_no_script_and_no_style_stands_in_the_studios_own_pages(client: FlaskClient, path: str) -> None:
    rules = _policy(client, path)
    assert rules["default-src"] == ["'none'"]
    assert {tuple(rules[name]) for name in ("script-src", "style-src", "img-src", "frame-src", "connect-src")} == {("'self'",)}  # fmt: skip
    assert rules["frame-ancestors"] == ["'none'"]
    page = lxml.html.document_fromstring(client.get(path, base_url="http://localhost").text)
    assert page.xpath("//style | //*[@style] | //@*[starts-with(name(), 'on')] | //script[not(@src)]") == []
    assert all(str(link).startswith(("/", "?")) for link in page.xpath("//@href | //@src"))


@pytest.mark.parametrize("path", _LETTERS)
def test_a_letter_may_run_nothing_and_fetch_nothing(client: FlaskClient, path: str) -> None:
    rules = _policy(client, path)
    assert rules["default-src"] == rules["img-src"] == ["'none'"]
    assert "script-src" not in rules
    assert rules["frame-ancestors"] == ["'self'"]
    assert _policy(client, f"{path}?pictures=on") == rules | {"img-src": ["https:"]}


@pytest.mark.parametrize("path", ["/", "/gmail", "/report"])
def test_frames_are_sandboxed_without_scripts(client: FlaskClient, path: str) -> None:
    page = lxml.html.document_fromstring(client.get(path, base_url="http://localhost").text)
    allowed = {word for frame in page.iter("iframe") for word in frame.get("sandbox").split()}
    assert allowed <= {"allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox", "allow-downloads"}  # fmt: skip
    assert len(page.xpath("//iframe[@sandbox][@title]")) == len(page.xpath("//iframe")) > 0


def test_the_files_are_those_of_the_preview(client: FlaskClient, desk: Desk) -> None:
    proof = desk.now().shown
    assert isinstance(proof, Proof)
    files = {name: client.get(f"/{name}", base_url="http://localhost") for name in proof.files()}
    assert files["edition.txt"].text == proof.text
    message = message_from_bytes(files["edition.eml"].data, policy=policy.default)
    assert message["Subject"] == proof.subject
    report = json.loads(files["report.json"].data)
    assert {row["requirement"] for row in report["checks"] + report["waiting"]} >= {1, 14, 21, 29}
    assert {answer.headers["Cache-Control"] for answer in files.values()} == {"no-store"}
    assert {answer.headers["X-Content-Type-Options"] for answer in files.values()} == {"nosniff"}


@pytest.mark.parametrize("path", ["/nothing", "/view/other.html", "/report.eml", "/edition.json", "/static/../site.py", "/../config/digest.toml"])  # fmt: skip
def test_nothing_else_is_there(client: FlaskClient, path: str) -> None:
    assert client.get(path, base_url="http://localhost").status_code == 404


def test_feed_text_stays_text(client: FlaskClient, home: pathlib.Path) -> None:
    change(home / "config" / "digest.toml", "title =", 'tagline = "<script>alert(1)</script>"\ntitle =')
    for path in _PAGES + _LETTERS:
        answer = client.get(path, base_url="http://localhost")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


def test_a_fault_is_on_every_page_and_no_file_is_there(client: FlaskClient, home: pathlib.Path) -> None:
    line = line_of(home / HTML, "<h1>")
    change(home / HTML, "<h1>", "<h1>{{ edition.titel }}")
    for path in _PAGES:
        answer = client.get(path, base_url="http://localhost")
        assert answer.status_code == 200
        assert f"{HTML}:{line}" in answer.text
        assert "titel" in answer.text
    for path in _LETTERS + _FILES:
        answer = client.get(path, base_url="http://localhost")
        assert answer.status_code == 503
        assert f"{HTML}: line {line}" in answer.text
        assert answer.mimetype == "text/plain"


def test_events_tell_the_version_now_and_each_new_one(studio: str, desk: Desk, home: pathlib.Path) -> None:
    with urllib.request.urlopen(f"{studio}/events", timeout=20) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        first = desk.now().version
        assert stream.readline().decode() == f"data: {first}\n"
        change(home / HTML, "<h1>", '<h1 title="x">')
        stream.readline()
        second = stream.readline().decode()
    assert second == f"data: {desk.now().version}\n"
    assert desk.now().version != first


def test_the_events_end_with_the_studio(desk: Desk) -> None:
    stop = threading.Event()
    answer = studio_site(desk, stop).test_client().get("/events", base_url="http://localhost", buffered=False)
    stream = iter(answer.response)
    assert next(stream)
    stop.set()
    assert list(stream) == []


def test_the_studio_is_on_loopback_only_and_a_taken_port_is_a_sentence(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            UsageError, match=f"Port {port} of 127.0.0.1 cannot be had: .*Name another with --port"
        ):
            studio_server(desk, port, threading.Event())
    server = studio_server(desk, 0, threading.Event())
    assert server.socket.getsockname() == ("127.0.0.1", server.port)
    server.server_close()
