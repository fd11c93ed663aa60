"""An SMTP server on loopback that speaks word by word, and at one place does what no server should."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Instead of an answer: break the connection off, say nothing more, or say the right thing far too slowly.
DROP = b"drop"
HANG = b"hang"
DRIP = b"drip"
#: Bytes of a message after which a server that breaks off within it does so.
_WITHIN = 1000
#: Seconds between two bytes of one that drips, and how many it says.
_DRIP_SECONDS = 0.05
_DRIPS = 60
_USUAL = {
    "greeting": b"220 mail.test\r\n",
    "ehlo": b"250-mail.test\r\n250 8BITMIME\r\n",
    "helo": b"250 mail.test\r\n",
    "mail": b"250 2.1.0 OK\r\n",
    "rcpt": b"250 2.1.5 OK\r\n",
    "data": b"354 go on\r\n",
    "message": b"250 2.0.0 taken\r\n",
    "rset": b"250 2.0.0 OK\r\n",
    "quit": b"221 2.0.0 bye\r\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done instead of the usual, and where."""

    #: greeting, ehlo, mail, rcpt, data, content (within the message), message (after it), rset or quit.
    stage: str
    action: bytes
    #: At which such command of a connection: 2 for the second message's.
    nth: int = 1
    #: On how many connections, from the first on.
    connections: int = 1


@dataclass(slots=True)
class Script:
    """What is to go wrong, and what came."""

    faults: Sequence[Fault] = ()
    pipelining: bool = False
    #: What else EHLO offers.
    offers: Sequence[str] = ()
    connections: int = 0
    #: Contents that were read to their end, as they stood on the wire, without the end's mark.
    arrived: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class _EndedError(Exception):
    """The connection is at its end."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        script = self.server.script
        script.connections += 1
        self._number = script.connections
        self._said: Counter[str] = Counter()
        try:
            self._say("greeting")
            while line := self.rfile.readline():
                self._obey(line.decode("utf-8", "replace").strip())
        except (_EndedError, OSError):
            return

    def _obey(self, command: str) -> None:
        self.server.script.commands.append(command)
        stage = command.partition(" ")[0].lower()
        self._say(stage)
        if stage == "data" and self._last.startswith(b"354"):
            self._read_message()
            self._say("message")
        if stage == "quit":
            raise _EndedError

    def _read_message(self) -> None:
        if self._fault("content"):
            self.rfile.read(_WITHIN)
            self._drop()
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _EndedError
            lines.append(line)
        self.server.script.arrived.append(b"".join(lines))

    def _fault(self, stage: str) -> bytes:
        self._said[stage] += 1
        for fault in self.server.script.faults:
            meant = fault.stage == stage and fault.nth == self._said[stage]
            if meant and self._number <= fault.connections:
                return fault.action
        return b""

    def _say(self, stage: str) -> None:
        script = self.server.script
        action = self._fault(stage)
        if action == HANG:
            script.over.wait(timeout=20)
            raise _EndedError
        if action == DROP:
            self._drop()
        if action == DRIP:
            self._drip(_USUAL[stage])
            return
        usual = _USUAL.get(stage, b"500 5.5.1 what?\r\n")
        if stage == "ehlo":
            more = [*(["PIPELINING"] if script.pipelining else []), *script.offers]
            usual = b"250-mail.test\r\n" + b"".join(f"250-{one}\r\n".encode() for one in more) + usual[15:]
        self._last = action or usual
        self.wfile.write(self._last)
        if self._last.startswith(b"421"):
            raise _EndedError

    def _drip(self, usual: bytes) -> None:
        """Say the usual, but one byte at a time, at its end a long word."""
        self._last = usual
        for byte in usual.strip() + b"." * _DRIPS + b"\r\n":
            self.wfile.write(bytes([byte]))
            if self.server.script.over.wait(timeout=_DRIP_SECONDS):
                raise _EndedError

    def _drop(self) -> None:
        # A reset, and no orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _EndedError

    def finish(self) -> None:
        """Close, whatever is still in the way."""
        try:
            super().finish()
        except OSError:
            return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, script: Script) -> None:
        self.script = script
        super().__init__(("127.0.0.1", 0), _Handler)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without the orderly end of sending, so that a reset is one."""
        self.close_request(request)


@contextmanager
def scripted_server(script: Script) -> Iterator[int]:
    """Serve on loopback while the context lasts; gives the port."""
    server = _Server(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        script.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
