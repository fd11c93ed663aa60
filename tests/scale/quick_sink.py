"""An SMTP server that takes thousands of messages a second, each answer as late as one wants, and keeps who got what.

`python -m tests.scale.quick_sink FILE HOST LATENCY` says its port. Each message that it takes is a line of FILE, written
before the sender hears of it: recipient, Message-ID, the sender's address, and the moment, parted by tabs. It outlives
the senders, not the machine, so that it need not wait for the disk.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import re
import sys
import time

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
#: RFC 5321, section 4.1.1.1, and PIPELINING of RFC 2920.
_EHLO = b"250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 40000000\r\n"
_END = b"\r\n.\r\n"


class _Conversation(asyncio.Protocol):
    """One connection. Its sender waits for the answer to a message before it goes on, as RFC 2920 wants it."""

    def __init__(self, kept: int, latency: float) -> None:
        self._kept = kept
        self._latency = latency
        self._heard = bytearray()
        self._recipient = b""
        self._in_message = False
        #: Where the end of the message is looked for: not again in what was looked through.
        self._looked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer = str(transport.get_extra_info("peername")[0])
        transport.write(b"220 sink.test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._heard += data
        while self._take() if self._in_message else self._obey():
            pass

    def _obey(self) -> bool:
        """Answer the next line, if there is a whole one."""
        end = self._heard.find(b"\n") + 1
        if not end:
            return False
        line = bytes(self._heard[:end])
        del self._heard[:end]
        match line[:4].upper():
            case b"EHLO":
                self._transport.write(_EHLO)
            case b"QUIT":
                self._transport.write(b"221 2.0.0 bye\r\n")
                self._transport.close()
            case b"DATA":
                self._in_message, self._looked = True, 0
                self._transport.write(b"354 go on\r\n")
            case command:
                if command == b"RCPT":
                    self._recipient = line[line.index(b"<") + 1 : line.index(b">")]
                self._transport.write(b"250 2.0.0 OK\r\n")
        return True

    def _take(self) -> bool:
        """Keep the message if it is whole, and say so."""
        end = self._heard.find(_END, self._looked)
        if end < 0:
            self._looked = max(len(self._heard) - len(_END), 0)
            return False
        named = _MESSAGE_ID.search(self._heard, 0, end)
        words = [self._recipient, named[1] if named else b"", self._peer.encode(), b"%.3f" % time.time()]
        os.write(self._kept, b"\t".join(words) + b"\n")
        del self._heard[: end + len(_END)]
        self._in_message = False
        asyncio.get_running_loop().call_later(self._latency, self._transport.write, b"250 2.0.0 taken\r\n")
        return True


async def _serve(path: pathlib.Path, host: str, latency: float) -> None:
    kept = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Conversation(kept, latency), host, 0, backlog=500)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    file, address, seconds = sys.argv[1:]
    asyncio.run(_serve(pathlib.Path(file), address, float(seconds)))
