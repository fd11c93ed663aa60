"""Asks name servers, through dnspython: what `digest doctor` looks up. Implements `ports.probing.Names`."""

from __future__ import annotations

import ipaddress
import time

import dns.exception
import dns.rdatatype
import dns.resolver
from dns.rdata import Rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from digest.ports.probing import NameAnswer, NameOutcome

#: Seconds for one question, and for all that are asked.
_EACH_SECONDS = 3.0
_ALL_SECONDS = 15.0
_PORT = 53


def read_nameserver(text: str) -> tuple[str, int]:
    """Return address and port of HOST[:PORT], HOST being an IP address. Raises ValueError.

    >>> read_nameserver("192.0.2.1"), read_nameserver("[2001:db8::1]:5353")
    (('192.0.2.1', 53), ('2001:db8::1', 5353))
    """
    host, port = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        address = str(ipaddress.ip_address(host))
        number = int(port or _PORT)
    except ValueError as error:
        raise ValueError(f"{text!r} is no IP address with a port, such as 192.0.2.1:53") from error
    if not 0 < number < 65_536:
        raise ValueError(f"{number} is no port")
    return address, number


class DnsNames:
    """Asks a name server, or those that this machine uses."""

    def __init__(
        self,
        nameserver: tuple[str, int] | None = None,
        each_seconds: float = _EACH_SECONDS,
        all_seconds: float = _ALL_SECONDS,
    ) -> None:
        self._nameserver = nameserver
        self._each_seconds = each_seconds
        self._deadline = time.monotonic() + all_seconds
        self._known: dict[tuple[str, str], NameAnswer] = {}
        self._resolver: dns.resolver.Resolver | None = None

    def look_up(self, name: str, kind: str) -> NameAnswer:
        """See `ports.probing.Names`; the same question is asked once."""
        asked = name.lower().rstrip("."), kind
        if asked not in self._known:
            self._known[asked] = self._ask(*asked)
        return self._known[asked]

    def _ask(self, name: str, kind: str) -> NameAnswer:
        left = self._deadline - time.monotonic()
        if left <= 0:
            return NameAnswer(outcome=NameOutcome.SILENT, words="the time for looking up is over")
        try:
            resolver = self._made()
            # A cut answer is asked for again by TCP.
            answer = resolver.resolve(
                f"{name}.",
                dns.rdatatype.from_text(kind),
                lifetime=min(self._each_seconds, left),
                raise_on_no_answer=False,
                search=False,
            )
        except dns.resolver.NXDOMAIN:
            return NameAnswer(outcome=NameOutcome.NO_NAME)
        except dns.exception.Timeout:
            seconds = min(self._each_seconds, left)
            return NameAnswer(outcome=NameOutcome.SILENT, words=f"no answer within {seconds:.0f} s")
        except dns.resolver.NoNameservers as error:
            return NameAnswer(outcome=NameOutcome.FAILED, words=_reasons(error))
        except (dns.exception.DNSException, OSError, ValueError) as error:
            # A label that is too long, a chain of aliases without an end, no /etc/resolv.conf.
            words = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            return NameAnswer(outcome=NameOutcome.FAILED, words=words)
        # Servers tell them in any order.
        records = tuple(sorted(_text(record) for record in answer)) if answer.rrset is not None else ()
        outcome = NameOutcome.FOUND if records else NameOutcome.NO_RECORDS
        return NameAnswer(outcome=outcome, records=records)

    def _made(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            resolver = dns.resolver.Resolver(configure=self._nameserver is None)
            if self._nameserver:
                address, resolver.port = self._nameserver
                resolver.nameservers = [address]
            # Each server gets its part of the time, so that a dead first one does not take all of it.
            resolver.timeout = max(self._each_seconds / max(len(resolver.nameservers), 1), 0.5)
            self._resolver = resolver
        return self._resolver


def _text(record: Rdata) -> str:
    match record:
        case TXT():
            # The strings of one record are one text, without anything between them (RFC 7208, 3.3; RFC 6376, 3.6.2.2).
            return b"".join(record.strings).decode("utf-8", "replace")
        case MX():
            return f"{record.preference} {record.exchange.to_text().lower().removesuffix('.')}"
        case _:
            return record.to_text().removesuffix(".")


def _reasons(error: dns.resolver.NoNameservers) -> str:
    """Return what the servers said, such as SERVFAIL."""
    said = {str(one[3]) for one in error.kwargs.get("errors", []) if len(one) > 3}
    return f"the name server says {', '.join(sorted(said))}" if said else "no name server could tell"
