"""A web server on loopback whose routes are callables, for tests of whatever speaks HTTP."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Exchange(BaseHTTPRequestHandler):
    """One request and the answer to it, as a route sees them."""

    protocol_version = "HTTP/1.1"
    # An idle kept connection must not outlive its test.
    timeout = 10
    server: Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.enter(path, self.headers)
        try:
            self.server.routes.get(path, answer(b"no such page", status=404))(self)
        finally:
            self.server.leave()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    @property
    def base(self) -> str:
        """The server's own URL, without a slash."""
        return self.server.base

    def wait_for_stop(self, seconds: float | None = None) -> bool:
        """Wait until the server stops, or that long; say whether it stops."""
        return self.server.stopping.wait(seconds)


Route = Callable[[Exchange], None]


class Server(ThreadingHTTPServer):
    """The server, what it answers, and what it was asked."""

    daemon_threads = False
    # Many fetches knock at one time; the default of 5 would make some of them wait for a second knock.
    request_queue_size = 128

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        #: Path and headers of each request, in the order in which they came.
        self.requests: list[tuple[str, Message]] = []
        #: Errors that a route raised, apart from a client that went away.
        self.errors: list[BaseException] = []
        #: The most requests that were under way at one time.
        self.most_at_once = 0
        self.stopping = threading.Event()
        self._at_once = 0
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Exchange)

    @property
    def base(self) -> str:
        """The server's URL, without a slash."""
        return f"http://127.0.0.1:{self.server_port}"

    def enter(self, path: str, headers: Message) -> None:
        """Note that a request came."""
        with self._lock:
            self.requests.append((path, headers))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def leave(self) -> None:
        """Note that a request is answered."""
        with self._lock:
            self._at_once -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)


def answer(body: bytes = b"", *, status: int = 200, headers: Mapping[str, str] | None = None) -> Route:
    """Return a route that always gives this answer."""

    def route(exchange: Exchange) -> None:
        exchange.send_response(status)
        for name, value in (headers or {}).items():
            exchange.send_header(name, value)
        if status != 304:
            exchange.send_header("Content-Length", str(len(body)))
        exchange.end_headers()
        exchange.wfile.write(body)

    return route


def redirect(location: str, status: int = 302) -> Route:
    """Return a route that sends on to another place."""
    return answer(status=status, headers={"Location": location})


@contextmanager
def http_server() -> Iterator[Server]:
    """Serve while the context lasts; raise what a route raised."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
    if server.errors:
        raise server.errors[0]
