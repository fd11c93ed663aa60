"""Looking host names up, and what else of the network around us a test replaces."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from digest.adapters.fetch.public_addresses import is_public


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The network around us."""

    #: Answers as `socket.getaddrinfo`.
    look_up: Callable[..., Sequence[tuple[Any, ...]]] = socket.getaddrinfo
    #: Whether an IP address may be connected to, unless the limits allow private ones.
    may_connect: Callable[[str], bool] = is_public


class NameResolver(AbstractResolver):
    """Looks each name up in a thread of its own.

    The few threads of asyncio would make names wait for dead ones, and hold up the end until the last of them gave
    up: `getaddrinfo` cannot be stopped. A lookup that never ends costs a thread until the system gives it up.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host. Raises OSError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[tuple[Any, ...]]] = loop.create_future()

        def give(addresses: Sequence[tuple[Any, ...]] | OSError) -> None:
            if answer.done():
                return
            if isinstance(addresses, OSError):
                answer.set_exception(addresses)
            else:
                answer.set_result(addresses)

        def work() -> None:
            found = self._look_up(host, port, family)
            # Nobody may be there any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(give, found)

        threading.Thread(target=work, name="resolve", daemon=True).start()
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=address[1],
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await answer
        ]

    def _look_up(
        self, host: str, port: int, family: socket.AddressFamily
    ) -> Sequence[tuple[Any, ...]] | OSError:
        try:
            return self._network.look_up(
                host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        except OSError as error:
            return error
        except UnicodeError as error:
            return socket.gaierror(socket.EAI_NONAME, f"no name: {error}")

    async def close(self) -> None:
        """Leave lookups that are under way to themselves."""
