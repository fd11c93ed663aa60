"""SendGrid's "Mail Send" on loopback, as a process that keeps whom it took a message for.

`python -m tests.delivery.sendgrid_sink FILE` keeps its list in that file, a request's readers all at once and on the
disk before the sender hears of it, and says its port. The schema is `tests/adapters/sendgrid_server.py`'s business.
"""

from __future__ import annotations

import json
import pathlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.delivery.durable import DurableList


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        raw = self.rfile.read(length)
        if len(raw) < length:
            # The sender died in the middle: nothing was taken.
            self.close_connection = True
            return
        readers = json.loads(raw)["personalizations"]
        self.server.kept.append((one["to"][0]["email"], one["custom_args"]["delivery"]) for one in readers)
        self.send_response(202)
        self.send_header("X-Message-Id", "f00")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50

    def __init__(self, kept: DurableList) -> None:
        self.kept = kept
        super().__init__(("127.0.0.1", 0), _Handler)


def main(path: str) -> None:
    with _Server(DurableList(pathlib.Path(path), slowness=0.02)) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
