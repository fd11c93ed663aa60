"""The served site at the socket: what no client should send is refused, and the next reader is answered all the same."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.web.processes import served

_HOST = b"Host: localhost\r\n"
_FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
_GET_HEALTH = b"GET /healthz HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a `digest web`, for all of these."""
    with served(tmp_path_factory.mktemp("home")) as found:
        yield found


def _answer(port: int, sent: bytes) -> bytes:
    """Return all that the site says to these bytes until it, or we, have said all."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        try:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            while more := line.recv(65536):
                said += more
        except (ConnectionResetError, BrokenPipeError):
            # It hung up on what it would not read to its end.
            pass
    return said


def _statuses(port: int, sent: bytes) -> list[int]:
    lines = _answer(port, sent).split(b"HTTP/1.1 ")[1:]
    return [int(line[:3]) for line in lines]


def _get(path: bytes = b"/healthz", more: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + _HOST + more + b"Connection: close\r\n\r\n"


def _post(more: bytes, body: bytes) -> bytes:
    return b"POST /subscribe HTTP/1.1\r\n" + _HOST + _FORM + more + b"\r\n" + body


_REFUSED = {
    "two lengths": _post(b"Content-Length: 3\r\nContent-Length: 60\r\n", b"a=1" + _GET_HEALTH),
    "a length and chunks": _post(
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + _GET_HEALTH
    ),
    "chunks in disguise": _post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + _GET_HEALTH),
    "chunks twice": _post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n" + _GET_HEALTH),
    "a space before the colon": _post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + _GET_HEALTH),
    "a folded header": _post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + _GET_HEALTH),
    "a length with a sign": _post(b"Content-Length: +3\r\n", b"a=1" + _GET_HEALTH),
    "a length below nothing": _post(b"Content-Length: -1\r\n", b"a=1"),
    "a line feed in a header's name": _get(more=b"X-A\nEvil: 1\r\n"),
    "a NUL in a header": _get(more=b"X-A: a\x00b\r\n"),
    "a carriage return in a header": _get(more=b"X-A: a\rSet-Cookie: b\r\n"),
    "a huge header": _get(more=b"X-A: " + b"a" * 70_000 + b"\r\n"),
    "a thousand headers": _get(more=b"X-A: a\r\n" * 1000),
    "a huge address": _get(b"/" + b"a" * 70_000),
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "a request of spaces": b" " * 5000 + b"\r\n\r\n",
    "another protocol": b"GET / HTTP/9.9\r\n" + _HOST + b"\r\n",
}


@pytest.mark.parametrize("shape", _REFUSED)
def test_what_two_servers_could_read_in_two_ways_is_refused(port: int, shape: str) -> None:
    said = _statuses(port, _REFUSED[shape])
    # No more than one answer: what was smuggled in behind is not served.
    assert len(said) <= 1
    assert all(400 <= status <= 505 and status != 500 for status in said), said
    assert _statuses(port, _GET_HEALTH) == [200]


_ANSWERED = {
    "a NUL in the path": _get(b"/editions/a%00b"),
    "a line end in the path": _get(b"/editions/a%0d%0aSet-Cookie:%20evil=1"),
    "a line end in the query": _get(b"/desk/login?next=%0d%0aSet-Cookie:%20evil=1"),
    "a line end in a subscription": _get(b"/subscribe?newsletter=%0d%0aSet-Cookie:%20evil=1"),
    "bytes that are no letters": _get(b"/editions/%ff%fe%c3"),
    "a whole address": _get(b"http://evil.example/desk"),
    "two slashes": _get(b"//evil.example/desk/.."),
    "dots": _get(b"/static/..%2f..%2f..%2fconfig/digest.toml"),
    "an odd Host": _get(b"/desk").replace(b"Host: localhost", b"Host: evil.example/<script>"),
}


@pytest.mark.parametrize("shape", _ANSWERED)
def test_what_is_only_odd_gets_a_plain_answer(port: int, shape: str) -> None:
    said = _answer(port, _ANSWERED[shape])
    head = said.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 ")
    assert int(head[9:12]) < 500
    assert b"evil=1" not in head
    assert b"evil.example" not in head
    assert b"transport" not in said


def test_ten_megabytes_are_refused_at_once(port: int) -> None:
    # None of them is sent: the answer comes before.
    said = _post(b"Content-Length: 10485760\r\nConnection: close\r\n", b"email=")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(said)
        assert line.recv(12) == b"HTTP/1.1 413"


def test_slow_clients_leave_the_site_alive(port: int) -> None:
    slow = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(40)]
    for line in slow:
        line.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    # While they hold all threads, others wait: a proxy that reads requests whole stands before a public site.
    for line in slow:
        line.close()
    assert _statuses(port, _GET_HEALTH) == [200]
