"""A web server on loopback that serves the sample's feeds as outlets would, with conditional GET."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _FeedServer

    def do_GET(self) -> None:
        found = self.server.pages.get(self.path.partition("?")[0])
        if found is None:
            self._answer(404, "text/plain; charset=utf-8", b"no such feed\n", "")
            return
        kind, body = found
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        unchanged = self.headers.get("If-None-Match") == tag
        self._answer(304 if unchanged else 200, kind, b"" if unchanged else body, tag)

    def _answer(self, status: int, kind: str, body: bytes, tag: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _FeedServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        super().__init__(("127.0.0.1", 0), _Handler)


@contextmanager
def feed_server() -> Iterator[tuple[str, dict[str, tuple[str, bytes]]]]:
    """Serve while the context lasts; gives the base URL and the pages by path, to be filled and changed."""
    server = _FeedServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
