"""A local stand-in for SendGrid's v3 "Mail Send": refuses what the documented one refuses, and keeps what it took.

Limits and sentences after SendGrid's API reference ("Mail Send", its limitations, and "Errors").
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API_KEY = "SG.test"
_TOP = {
    "from",
    "subject",
    "content",
    "headers",
    "personalizations",
    "reply_to",
    "categories",
    "send_at",
    "custom_args",
}
_PERSONAL = {"to", "subject", "headers", "substitutions", "custom_args", "send_at"}
_RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
_ADDRESS = re.compile(r"^[^@\s;,<>\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
#: Status, headers and body of an answer.
Answer = tuple[int, dict[str, str], bytes]
_Errors = list[tuple[str, str]]


@dataclass(slots=True)
class SendgridDouble:
    """What came, and what is answered instead of the documented answer."""

    #: Asked before each request is looked at; None for the documented answer.
    instead: Callable[[int], Answer | None] = lambda number: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    #: Address and bytes of the messages that SendGrid would have sent.
    arrived: list[tuple[str, bytes]] = field(default_factory=list)
    #: A handler waits for this where it is told to hang.
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def answer(self, key: str | None, content_type: str | None, raw: bytes) -> Answer:
        """Return the documented answer to a request, and keep what it asks for."""
        if key != f"Bearer {API_KEY}":
            return _errors(401, [("", "The provided authorization grant is invalid, expired, or revoked")])
        if content_type != "application/json":
            return _errors(415, [("", "Content-Type should be application/json.")])
        if len(raw) > 30_000_000:
            return _errors(413, [("", "The JSON payload you have included in your request is too large.")])
        body = json.loads(raw)
        faults = [*_top_faults(body), *_content_faults(body), *_personal_faults(body)]
        if faults:
            return _errors(400, faults)
        for personal in body["personalizations"]:
            self.arrived += [(to["email"], _message(body, personal, to["email"])) for to in personal["to"]]
        return 202, {"X-Message-Id": "f00"}, b""


def _errors(status: int, faults: _Errors) -> Answer:
    said = [{"message": message, "field": place or None, "help": None} for place, message in faults]
    return status, {"Content-Type": "application/json"}, json.dumps({"errors": said}).encode()


def _top_faults(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in body.keys() - _TOP:
        yield name, "Additional property is not allowed"
    if not _ADDRESS.match(body.get("from", {}).get("email", "")):
        yield "from.email", "Does not contain a valid address."
    if not body.get("subject"):
        yield "subject", "The subject is required."
    for name in body.get("headers", {}):
        if name.lower() in _RESERVED:
            yield f"headers.{name}", "The header is reserved."


def _content_faults(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kinds = [part.get("type") for part in body.get("content", [])]
    if kinds != sorted(kinds, key=["text/plain", "text/html"].index) or not kinds:
        yield "content", "text/plain must be first, then text/html"
    for number, part in enumerate(body.get("content", [])):
        if not part.get("value"):
            yield (
                f"content.{number}.value",
                "The content value must be a string at least one character in length.",
            )


def _personal_faults(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    personals = body.get("personalizations", [])
    if not 1 <= len(personals) <= 1000:
        yield "personalizations", "1 to 1000 personalizations are allowed per request."
    addresses = [to.get("email", "").lower() for personal in personals for to in personal.get("to", [])]
    if len(set(addresses)) < len(addresses):
        yield (
            "personalizations",
            "Each unique email address in the personalizations array should only be included once.",
        )
    for number, personal in enumerate(personals):
        for place, message in _faults_of_one(personal):
            yield f"personalizations.{number}.{place}", message


def _faults_of_one(personal: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in personal.keys() - _PERSONAL:
        yield name, "Additional property is not allowed"
    for number, to in enumerate(personal.get("to", [])):
        if not _ADDRESS.match(to.get("email", "")):
            yield f"to.{number}.email", "Does not contain a valid address."
    if not personal.get("to"):
        yield "to", "The to array is required for all personalization objects."
    for name, value in personal.get("headers", {}).items():
        if name.lower() in _RESERVED or not value.isascii() or not value.isprintable():
            yield f"headers.{name}", "The header is reserved, or not one line of ASCII."
    yield from _size_faults(personal)


def _size_faults(personal: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, most in (("substitutions", 10_000), ("custom_args", 9_999)):
        given = personal.get(kind, {})
        if not all(isinstance(value, str) for value in given.values()):
            yield kind, "Values must be strings."
        elif sum(len(f"{name}{value}".encode()) for name, value in given.items()) > most:
            yield kind, f"More than {most} bytes."


def _message(body: dict[str, Any], personal: dict[str, Any], address: str) -> bytes:
    """Return the message as SendGrid would send it: its substitutions made, its headers set."""

    def fill(text: str) -> str:
        for tag, value in personal.get("substitutions", {}).items():
            text = text.replace(tag, value)
        return text

    # Long lines: the standard library loses blanks between the encoded words of a folded header.
    made = EmailMessage(policy=SMTP.clone(max_line_length=900))
    made["From"] = f'"{body["from"]["name"]}" <{body["from"]["email"]}>'
    made["To"] = address
    made["Subject"] = fill(body["subject"])
    for name, value in (body.get("headers", {}) | personal.get("headers", {})).items():
        made[name] = value
    text, html = (fill(part["value"]) for part in body["content"])
    made.set_content(text, cte="base64")
    made.add_alternative(html, subtype="html", cte="base64")
    return made.as_bytes()


HANG: Answer = (0, {}, b"")
GARBAGE: Answer = (-1, {}, b"this is not HTTP at all\r\n\r\n")
DROP: Answer = (-1, {}, b"")


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        double = self.server.double
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        double.requests.append(json.loads(raw))
        answer = double.instead(len(double.requests))
        if answer == HANG:
            double.release.wait(timeout=30)
            return
        if self.path != "/v3/mail/send":
            answer = _errors(404, [("", "not found")])
        self._say(answer or double.answer(self.headers["Authorization"], self.headers["Content-Type"], raw))

    def do_GET(self) -> None:
        """Where a redirect leads: a page for people."""
        self._say((200, {"Content-Type": "text/html"}, b"<html>Please log in to this network</html>"))

    def _say(self, answer: Answer) -> None:
        status, headers, body = answer
        if status == -1:
            self.wfile.write(body)
            return
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, double: SendgridDouble) -> None:
        self.double = double
        super().__init__(("127.0.0.1", 0), _Handler)


@contextmanager
def sendgrid_server(double: SendgridDouble) -> Iterator[str]:
    """Serve on loopback while the context lasts; gives the host's URL."""
    server = _Server(double)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield double.url
    finally:
        double.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
