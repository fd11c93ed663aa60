"""An SMTP server on loopback that answers as it is told to, and keeps whom it took a message for.

It may be a thread of the test's, or a process of its own: `python -m tests.delivery.smtp_sink FILE` keeps its list in
that file, on the disk before the sender hears of it, and says its port.
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Instead of an answer: break the connection off, or say nothing more.
DROP = "drop"
HANG = "hang"
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"<([^>]*)>")
#: RFC 5321, section 4.1.1.1, and PIPELINING of RFC 2920.
_EHLO = "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 40000000"
_USUAL = {
    "connect": "220 sink.test ESMTP",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 go on",
    "message": "250 2.0.0 taken",
}


@dataclass(slots=True)
class Script:
    """What is answered, and what came. A message that is answered with 2xx is kept before it is answered."""

    keep: Callable[[str, str], None]
    #: Given the stage (a key of `_USUAL`) and the recipient, if known; None for the usual answer. It may block.
    answer: Callable[[str, str], str | None] = lambda stage, recipient: None
    #: Whoever hangs waits for this.
    release: threading.Event = field(default_factory=threading.Event)


class _Broken(Exception):
    """The connection is to end without another word."""


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        #: Whom the message is for, once the sender and the recipient were taken.
        self._recipient = ""
        self._mail_taken = False

    def handle(self) -> None:
        with contextlib.suppress(_Broken, ConnectionError):
            self._answer("connect", "")
            while line := self.rfile.readline():
                self._obey(line)

    def _obey(self, line: bytes) -> None:
        command = line[:4].decode("ascii").upper()
        match command:
            case "EHLO":
                self._say(_EHLO)
            case "QUIT":
                self._say("221 2.0.0 bye")
                raise _Broken
            case "MAIL":
                self._recipient = ""
                self._mail_taken = self._answer("MAIL", "").startswith("2")
            case "RCPT":
                self._address(line)
            case "DATA":
                self._data()
            case _:
                self._say("250 2.0.0 OK")

    def _address(self, line: bytes) -> None:
        found = _ADDRESS.search(line.decode())
        self._recipient = ""
        if found is None or not self._mail_taken:
            self._say("503 5.5.1 MAIL first")
        elif self._answer("RCPT", found[1]).startswith("2"):
            self._recipient = found[1]

    def _data(self) -> None:
        if not self._recipient:
            # Said to a sender that did not wait for the answer to RCPT (RFC 2920, section 3.1).
            self._say("554 5.5.1 no valid recipients")
        elif self._answer("DATA", self._recipient).startswith("354"):
            self._take()

    def _take(self) -> None:
        content = bytearray()
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                # The sender died in the middle: nothing was taken.
                raise _Broken
            content += line
        named = _MESSAGE_ID.search(content)
        self._answer("message", self._recipient, named[1].decode() if named else "")
        self._recipient, self._mail_taken = "", False

    def _answer(self, stage: str, recipient: str, message_id: str = "") -> str:
        script = self.server.script
        words = script.answer(stage, recipient) or _USUAL[stage]
        if stage == "message" and words.startswith("2"):
            script.keep(recipient, message_id)
        if words == HANG:
            script.release.wait(timeout=30)
        if words in {HANG, DROP}:
            raise _Broken
        self._say(words)
        if words.startswith("421"):
            raise _Broken
        return words

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 50

    def __init__(self, script: Script) -> None:
        self.script = script
        super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def port(self) -> int:
        port = self.server_address[1]
        assert isinstance(port, int)
        return port


@contextmanager
def smtp_sink(script: Script) -> Iterator[int]:
    """Serve in a thread while the context lasts; gives the port."""
    with _Server(script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.port
        finally:
            script.release.set()
            server.shutdown()
            thread.join()


def main(path: str) -> None:
    from tests.delivery.durable import DurableList

    kept = DurableList(pathlib.Path(path), slowness=0.003)
    with _Server(Script(keep=lambda address, message_id: kept.append([(address, message_id)]))) as server:
        print(server.port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
