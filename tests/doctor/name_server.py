"""A name server on loopback, by UDP and TCP, that answers as a test wants it to."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

#: Instead of records: what is answered, or not.
SERVFAIL, REFUSED, SILENCE, NONSENSE = "SERVFAIL", "REFUSED", "silence", "nonsense"
#: What an answer by UDP may have, in bytes; more is cut, and asked for again by TCP.
_UDP_BYTES = 512
_LONGEST_CHAIN = 20


@dataclass(slots=True)
class Zone:
    """What is known, and what was asked.

    `records` has for `example.org TXT` the values as a zone file writes them, or one of the words above; a name with
    no record at all does not exist.
    """

    records: Mapping[str, Sequence[str] | str]
    asked: list[str] = field(default_factory=list)
    by_tcp: list[str] = field(default_factory=list)

    def answer(self, wire: bytes, *, by_tcp: bool) -> bytes | None:
        """Return the answer to a question; None for none."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        name = question.name.to_text(omit_final_dot=True).lower().removesuffix(".")
        (self.by_tcp if by_tcp else self.asked).append(f"{name} {kind}")
        response = dns.message.make_response(query, recursion_available=True)
        told = self.records.get(f"{name} {kind}", ())
        if told == SILENCE:
            return None
        if told == NONSENSE:
            return b"\x00\x01nonsense"
        if isinstance(told, str):
            response.set_rcode(dns.rcode.from_text(told))
        else:
            self._fill(response, name, kind)
        packed = response.to_wire(max_size=65_535)
        if not by_tcp and len(packed) > _UDP_BYTES:
            response.answer.clear()
            response.flags |= dns.flags.TC
            packed = response.to_wire()
        return packed

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(_LONGEST_CHAIN):
            alias = self.records.get(f"{name} CNAME")
            if not alias:
                break
            self._add(response, name, "CNAME", alias)
            name = alias[0].rstrip(".")
        values = self.records.get(f"{name} {kind}", ())
        if values:
            self._add(response, name, kind, values)
        elif not any(key.startswith(f"{name} ") for key in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)

    @staticmethod
    def _add(response: dns.message.Message, name: str, kind: str, values: Sequence[str]) -> None:
        response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *values))


@contextmanager
def name_server(records: Mapping[str, Sequence[str] | str]) -> Iterator[tuple[tuple[str, int], Zone]]:
    """Serve these records; gives the server's address and what it is asked."""
    zone = Zone(records)

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            answer = zone.answer(wire, by_tcp=False)
            if answer is not None:
                socket.sendto(answer, self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (length,) = struct.unpack("!H", self.rfile.read(2))
            answer = zone.answer(self.rfile.read(length), by_tcp=True)
            if answer is not None:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

    servers = _on_one_port(Datagram, Stream)
    threads = [threading.Thread(target=one.serve_forever, args=(0.02,)) for one in servers]
    for thread in threads:
        thread.start()
    try:
        yield ("127.0.0.1", servers[0].server_address[1]), zone
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _on_one_port(
    datagram: type[socketserver.BaseRequestHandler], stream: type[socketserver.BaseRequestHandler]
) -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
    """Return servers of both kinds on a port that is free for both."""
    while True:
        by_tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), stream)
        try:
            return socketserver.ThreadingUDPServer(by_tcp.server_address, datagram), by_tcp
        except OSError:
            # Somebody else's by UDP.
            by_tcp.server_close()
