"""A local stand-in for SendGrid's v3 "Mail Send": refuses what the documented one refuses, and keeps what it took.

Limits and sentences after SendGrid's API reference ("Mail Send", its limitations, and "Errors").
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API_KEY = "SG.test"
#: What each object of a request may hold, and of which type it is.
_TOP = {
    "from": dict, "reply_to": dict, "subject": str, "content": list, "headers": dict, "personalizations": list,
    "categories": list, "send_at": int, "custom_args": dict, "mail_settings": dict, "tracking_settings": dict,
}  # fmt: skip
_PERSONAL = {
    "to": list, "cc": list, "bcc": list, "from": dict, "subject": str, "headers": dict, "substitutions": dict,
    "custom_args": dict, "send_at": int,
}  # fmt: skip
_MAILBOX = {"email": str, "name": str}
_PART = {"type": str, "value": str}
_RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
#: Bytes of names and values together.
_MOST_OF = {"substitutions": 10_000, "custom_args": 9_999}
_ADDRESS = re.compile(r"[!#-'*+/-9=?A-Z^-~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HEADER = re.compile(r"[!-9;-~]+")
#: Status, headers and body of an answer.
Answer = tuple[int, dict[str, str], bytes]
_Faults = Iterator[tuple[str, str]]


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
            return errors(401, [("", "The provided authorization grant is invalid, expired, or revoked")])
        if content_type != "application/json":
            return errors(415, [("", "Content-Type should be application/json.")])
        if len(raw) >= 30_000_000:
            return errors(413, [("", "The JSON payload you have included in your request is too large.")])
        body = json.loads(raw, object_pairs_hook=_no_name_twice)
        # Of what is wrong in its types nothing else can be said.
        faults = [*_wrong_types(body)] or [
            *_top_faults(body),
            *_content_faults(body),
            *_personal_faults(body),
        ]
        if faults:
            return errors(400, faults)
        if body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return 200, {}, b""
        for personal in body["personalizations"]:
            self.arrived += [(to["email"], _message(body, personal, to["email"])) for to in personal["to"]]
        return 202, {"X-Message-Id": "f00"}, b""


def errors(
    status: int, faults: Iterable[tuple[str, str]], headers: Mapping[str, str] | None = None
) -> Answer:
    """Return SendGrid's answer to a request in which it finds these faults, each a field's place and a sentence."""
    said = [{"message": message, "field": place or None, "help": None} for place, message in faults]
    body = json.dumps({"errors": said}).encode()
    return status, {"Content-Type": "application/json", **(headers or {})}, body


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    assert len(made) == len(pairs), "an object has a name twice"
    return made


def _wrong_types(body: Any) -> _Faults:
    """Find what is not there, not known, or of another type than the schema says."""
    yield from _faults_of(body, "", _TOP, needed=("from", "subject", "content", "personalizations"))
    if not isinstance(body, dict):
        return
    yield from _faults_of(body.get("from"), "from.", _MAILBOX, needed=("email",))
    for number, part in enumerate(_list(body.get("content"))):
        yield from _faults_of(part, f"content.{number}.", _PART, needed=("type", "value"))
    for number, personal in enumerate(_list(body.get("personalizations"))):
        place = f"personalizations.{number}."
        yield from _faults_of(personal, place, _PERSONAL, needed=("to",))
        for at, to in enumerate(_list(personal.get("to")) if isinstance(personal, dict) else []):
            yield from _faults_of(to, f"{place}to.{at}.", _MAILBOX, needed=("email",))
    settings = body.get("mail_settings", {})
    yield from _faults_of(settings, "mail_settings.", {"sandbox_mode": dict}, needed=())
    if "sandbox_mode" in settings:
        yield from _faults_of(
            settings["sandbox_mode"], "mail_settings.sandbox_mode.", {"enable": bool}, needed=()
        )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _faults_of(value: Any, place: str, known: Mapping[str, type], needed: Sequence[str]) -> _Faults:
    if not isinstance(value, dict):
        yield place.rstrip("."), "Invalid type. Expected: object."
        return
    for name, inner in value.items():
        if name not in known:
            yield f"{place}{name}", "Additional property is not allowed"
        elif type(inner) is not known[name]:
            yield f"{place}{name}", f"Invalid type. Expected: {known[name].__name__}."
    for name in needed:
        if name not in value:
            yield f"{place}{name}", "This property is required."


def _top_faults(body: dict[str, Any]) -> _Faults:
    if not _ADDRESS.fullmatch(body["from"]["email"]):
        yield "from.email", "Does not contain a valid address."
    if not body["subject"]:
        yield "subject", "The subject is required."
    yield from _header_faults(body.get("headers", {}))
    yield from _size_faults(body)


def _content_faults(body: dict[str, Any]) -> _Faults:
    kinds = [part["type"] for part in body["content"]]
    if kinds not in (["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        yield "content", "text/plain must be first, then text/html"
    for number, part in enumerate(body["content"]):
        if not part["value"]:
            yield (
                f"content.{number}.value",
                "The content value must be a string at least one character in length.",
            )


def _personal_faults(body: dict[str, Any]) -> _Faults:
    personals = body["personalizations"]
    if not 1 <= len(personals) <= 1000:
        yield "personalizations", "1 to 1000 personalizations are allowed per request."
    people = [to for one in personals for kind in ("to", "cc", "bcc") for to in one.get(kind, [])]
    if len(people) > 1000:
        yield "personalizations", "There is a limit of 1000 total recipients (to + cc + bcc) per request."
    repeated = [
        address for address, times in Counter(to["email"].lower() for to in people).items() if times > 1
    ]
    if repeated:
        once = "Each unique email address in the personalizations array should only be included once."
        yield "personalizations", f"{once} You have included {repeated[0]} more than once."
    for number, personal in enumerate(personals):
        for place, message in _faults_of_one(personal):
            yield f"personalizations.{number}.{place}", message


def _faults_of_one(personal: dict[str, Any]) -> _Faults:
    if not personal["to"]:
        yield "to", "The to array is required for all personalization objects."
    for number, to in enumerate(personal["to"]):
        if not _ADDRESS.fullmatch(to["email"]) or len(to["email"]) > 254:
            yield f"to.{number}.email", "Does not contain a valid address."
        if set(to.get("name", "")) & set(";,"):
            yield f"to.{number}.name", "The name holds ; or ,."
    yield from _header_faults(personal.get("headers", {}))
    yield from _size_faults(personal)


def _header_faults(headers: dict[str, Any]) -> _Faults:
    for name, value in headers.items():
        if name.lower() in _RESERVED or not _HEADER.fullmatch(name):
            yield f"headers.{name}", "The header is reserved, or is none."
        if not (isinstance(value, str) and value.isascii() and value.isprintable()):
            yield f"headers.{name}", "The header is not one line of ASCII."


def _size_faults(holder: dict[str, Any]) -> _Faults:
    for kind, most in _MOST_OF.items():
        given = holder.get(kind, {})
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
            answer = errors(404, [("", "not found")])
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
