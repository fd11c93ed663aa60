"""The studio's pages, on loopback only.

Feed text is hostile: a letter is shown in a sandboxed frame without scripts, and nothing is fetched from elsewhere
unless the editor asks for the pictures.
"""

from __future__ import annotations

import mimetypes
import socket
import threading
from collections.abc import Iterator

import lxml.html
from flask import Flask, Response, abort, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from digest.errors import UsageError
from digest.home import shipped
from digest.mailer.inbox.wording import preheader_of
from digest.studio.desk import Desk
from digest.studio.proof import Proof, headers_of
from digest.studio.trouble import Trouble
from digest.studio.views import as_in_gmail, in_scheme, links_outside

HOST = "127.0.0.1"
#: Seconds between two looks at the files.
_LOOK_SECONDS = 0.3
#: Looks without news after which an open page hears that we live; a page that has gone is found out by it.
_SILENT_LOOKS = 30

_TABS = ("letter", "gmail", "text", "headers", "report")
_OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A letter's styles are its own; scripts, forms and other people's servers are not for it.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def studio_site(desk: Desk, stop: threading.Event) -> Flask:
    """Return the studio's site for what lies on the desk; `stop` ends its event streams."""
    site = Flask(__name__)
    # A page of somebody else's could give its own name our address (DNS rebinding).
    site.config["TRUSTED_HOSTS"] = [HOST, "localhost"]
    pages = Environment(
        loader=FileSystemLoader(shipped("templates") / "preview"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    @site.after_request
    def guard(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _OWN_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response

    @site.get("/", defaults={"tab": "letter"})
    @site.get("/<any(gmail, text, headers, report):tab>")
    def page(tab: str) -> str:
        state = desk.now()
        template = pages.get_template("studio.html.j2")
        return template.render(
            state=state,
            trouble=state.shown if isinstance(state.shown, Trouble) else None,
            proof=_shown_proof(state.shown),
            tab=tab,
            tabs=_TABS,
            pictures=request.args.get("pictures") == "on",
            say=state.language.say,
        )

    @site.get("/view/<any(light, dark, gmail):view>.html")
    def view(view: str) -> Response:
        proof = _proof_or_503(desk)
        letter = as_in_gmail(proof.html) if view == "gmail" else proof.html
        return _letter(in_scheme(letter, "dark" if view == "dark" else "light"))

    @site.get("/<any(edition, report):stem>.<any(html, txt, eml, json):kind>")
    def file(stem: str, kind: str) -> Response:
        name = f"{stem}.{kind}"
        content = _proof_or_503(desk).files().get(name)
        if content is None:
            abort(404)
        if kind == "html":
            return _letter(content.decode())
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(content, content_type=f"{mime}; charset=utf-8" if kind != "eml" else mime)

    @site.get("/events")
    def events() -> Response:
        return Response(_versions(desk, stop), mimetype="text/event-stream")

    return site


def studio_server(desk: Desk, port: int, stop: threading.Event) -> BaseWSGIServer:
    """Return a server of the studio on loopback, bound but not yet serving; port 0 takes a free one.

    Raises UsageError where the port cannot be had.
    """
    try:
        bound = socket.create_server((HOST, port))
    except OSError as error:
        message = f"Port {port} of {HOST} cannot be had: {error.strerror}. Name another with --port."
        raise UsageError(message) from error
    with bound:
        site = studio_site(desk, stop)
        return make_server(HOST, port, site, threaded=True, request_handler=_Quiet, fd=bound.fileno())


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the terminal is for what is wrong."""


def _versions(desk: Desk, stop: threading.Event) -> Iterator[str]:
    """Yield the version now and each later one as server-sent events, until `stop` is set."""
    last, silent = "", 0
    while not stop.is_set():
        version = desk.now().version
        silent += 1
        if version != last:
            yield f"data: {version}\n\n"
            last, silent = version, 0
        elif silent >= _SILENT_LOOKS:
            yield ": still here\n\n"
            silent = 0
        stop.wait(_LOOK_SECONDS)


def _shown_proof(shown: Proof | Trouble) -> dict[str, object] | None:
    """Return what the page shows of a proof."""
    if isinstance(shown, Trouble):
        return None
    headers = list(headers_of(shown.raw))
    return {
        "edition_id": shown.edition_id,
        "subject": shown.subject,
        "preheader": preheader_of(lxml.html.document_fromstring(shown.html)),
        "sender": shown.sender,
        "direction": shown.direction,
        "text": shown.text,
        "headers": headers,
        "raw_headers": shown.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n"),
        "has_pictures": "<img" in shown.html,
        "judged": len(shown.judged),
        "failed": len(shown.failed),
        "waiting": len(shown.waiting),
    }


def _proof_or_503(desk: Desk) -> Proof:
    shown = desk.now().shown
    if isinstance(shown, Trouble):
        words = "\n".join(str(fault) for fault in shown.faults())
        abort(Response(words, status=503, mimetype="text/plain"))
    return shown


def _letter(page: str) -> Response:
    asked = request.args.get("pictures") == "on"
    response = Response(links_outside(page), mimetype="text/html")
    policy = _LETTER_POLICY.format(pictures="https:" if asked else "'none'")
    response.headers["Content-Security-Policy"] = policy
    return response
