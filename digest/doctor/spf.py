"""What a domain's SPF record lets through, and what checking it costs a receiver (RFC 7208). Pure.

It is read as a receiver would, for no address in particular: each include and redirect is followed, each `a` and `mx`
looked up. What cannot be known beforehand, macros and `exists`, is only counted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from digest.ports.probing import NameAnswer, NameOutcome, Names

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: RFC 7208, 4.6.4.
MOST_LOOKUPS = 10
MOST_VOID_LOOKUPS = 2
_MOST_MX = 10
#: Nothing more is looked up beyond this: the record is at fault long before.
_ENOUGH = 30
_TERM = re.compile(
    r"(?P<qualifier>[+\-~?]?)(?P<name>[A-Za-z0-9]+)(?::(?P<value>[^/\s]+(?:/(?![0-9/])[^/\s]*)*))?"
    r"(?:/(?P<short>\d{1,2}))?(?://(?P<long>\d{1,3}))?"
)
_NETWORK = re.compile(r"(?P<qualifier>[+\-~?]?)ip(?P<kind>[46]):(?P<value>[0-9A-Fa-f.:]+(?:/\d{1,3})?)", re.I)
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>\S*)")


@dataclass(slots=True, kw_only=True)
class SpfReading:
    """What was found in a domain's record, and in those that it leads to."""

    #: The domain's own SPF records; there should be one.
    records: tuple[str, ...] = ()
    #: Terms that a receiver has to ask name servers for, and those of them that found nothing.
    lookups: int = 0
    voids: int = 0
    #: Networks whose mail passes, and the domains whose records were read.
    networks: list[Network] = field(default_factory=list)
    domains: set[str] = field(default_factory=set)
    #: Whether any sender passes.
    is_open: bool = False
    #: What becomes of all others: `-`, `~`, `?` or `+`; empty where the record does not say.
    default: str = ""
    uses_ptr: bool = False
    #: Why receivers will treat the record as broken, and what could not be looked up.
    faults: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def passes(self, address: str) -> bool:
        """Say whether mail from an IP address passes, as far as that can be known beforehand."""
        ip = ipaddress.ip_address(address)
        return self.is_open or any(ip in network for network in self.networks)


def read_spf(domain: str, names: Names) -> SpfReading:
    """Return what a domain's SPF record comes to."""
    reader = _Reader(names)
    reader.read(_Stop(domain=domain))
    return reader.found


def spf_records(answer: NameAnswer) -> tuple[str, ...]:
    """Return those TXT records that are SPF's (RFC 7208, 4.5)."""
    return tuple(
        text for text in answer.records if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    """A record on the way through those that a domain's own leads to."""

    domain: str
    #: The domains whose records led here, this one left out.
    path: tuple[str, ...] = ()
    #: Whether what passes here passes for the domain that is asked about.
    passes: bool = True
    #: Whether what becomes of all others here becomes of them there: not so in an include (RFC 7208, 5.2).
    decides: bool = True


class _Reader:
    def __init__(self, names: Names) -> None:
        self._names = names
        self.found = SpfReading()
        self._mechanisms: Mapping[str, Callable[[re.Match[str], _Stop], None]] = {
            "include": self._include,
            "a": self._a,
            "mx": self._mx,
            "exists": self._exists,
            "ptr": self._ptr,
        }

    def read(self, stop: _Stop) -> None:
        """Read a record, and those that it leads to."""
        if stop.domain in stop.path:
            self._fault(f"it leads to itself: {' -> '.join([*stop.path, stop.domain])}")
            return
        answer = self._ask(stop.domain, "TXT")
        records = spf_records(answer)
        if stop.path:
            self.found.voids += answer.is_void
            if len(records) != 1 and answer.is_known:
                self._fault(f"{stop.domain}, which it names, has {len(records) or 'no'} SPF records")
        else:
            self.found.records = records
        if len(records) == 1:
            self.found.domains.add(stop.domain)
            self._terms(records[0].split()[1:], stop)

    def _terms(self, terms: list[str], stop: _Stop) -> None:
        redirect = ""
        for term in terms:
            modifier = _MODIFIER.fullmatch(term)
            if modifier:
                redirect = modifier["value"] if modifier["name"].lower() == "redirect" else redirect
            elif term.lstrip("+-~?").lower() == "all":
                # Nothing behind it counts (RFC 7208, 5.1), a redirect included.
                self._all(term[0] if term[0] in "-~?" else "+", stop)
                return
            elif not self._network(term, stop):
                self._mechanism(term, stop)
        if redirect:
            self.found.lookups += 1
            self._follow(redirect, replace(stop, path=(*stop.path, stop.domain)))

    def _all(self, qualifier: str, stop: _Stop) -> None:
        if stop.decides:
            self.found.default = qualifier
        self.found.is_open |= qualifier == "+" and stop.passes

    def _network(self, term: str, stop: _Stop) -> bool:
        """Read an ip4 or ip6 term; say whether it was one."""
        match = _NETWORK.fullmatch(term)
        if not match:
            return False
        try:
            network = ipaddress.ip_network(match["value"], strict=False)
        except ValueError:
            self._fault(f"{term!r} names no network")
            return True
        if str(network.version) != match["kind"]:
            self._fault(f"{term!r} names a network of the other kind")
        elif stop.passes and match["qualifier"] in {"", "+"}:
            self._let_through(network)
        return True

    def _mechanism(self, term: str, stop: _Stop) -> None:
        match = _TERM.fullmatch(term)
        handle = self._mechanisms.get(match["name"].lower()) if match else None
        if match is None or handle is None:
            self._fault(f"{term!r} is no term of SPF")
            return
        self.found.lookups += 1
        handle(match, replace(stop, passes=stop.passes and match["qualifier"] in {"", "+"}))

    def _include(self, match: re.Match[str], stop: _Stop) -> None:
        if not match["value"]:
            self._fault("an include names no domain")
            return
        self._follow(match["value"], replace(stop, path=(*stop.path, stop.domain), decides=False))

    def _follow(self, target: str, stop: _Stop) -> None:
        if "%" not in target and self.found.lookups <= _ENOUGH:
            self.read(replace(stop, domain=_plain(target)))

    def _a(self, match: re.Match[str], stop: _Stop) -> None:
        self.found.voids += self._addresses(_plain(match["value"] or stop.domain), match, stop)

    def _mx(self, match: re.Match[str], stop: _Stop) -> None:
        target = _plain(match["value"] or stop.domain)
        answer = self._ask(target, "MX")
        self.found.voids += answer.is_void
        hosts = [record.partition(" ")[2] for record in answer.records]
        if len(hosts) > _MOST_MX:
            self._fault(f"mx of {target} names {len(hosts)} servers, and {_MOST_MX} is the most")
        for host in filter(None, hosts[:_MOST_MX]):
            self._addresses(host, match, stop)

    def _exists(self, match: re.Match[str], stop: _Stop) -> None:
        # A receiver asks for an A record, even where the sender's address is of IPv6 (5.7).
        self.found.voids += self._ask(_plain(match["value"] or ""), "A").is_void

    def _ptr(self, _match: re.Match[str], _stop: _Stop) -> None:
        self.found.uses_ptr = True

    def _addresses(self, host: str, match: re.Match[str], stop: _Stop) -> bool:
        """Let a host's addresses through; return whether there are none.

        A receiver asks for the one kind that the sender's address is of: it is void for everybody where both are.
        """
        lengths = {"A": match["short"] or "32", "AAAA": match["long"] or "128"}
        answers = {kind: self._ask(host, kind) for kind in lengths}
        for kind, answer in answers.items():
            for address in answer.records if stop.passes else ():
                try:
                    self._let_through(ipaddress.ip_network(f"{address}/{lengths[kind]}", strict=False))
                except ValueError:
                    self._fault(f"{match[0]!r} names no network")
        return all(answer.is_void for answer in answers.values())

    def _let_through(self, network: Network) -> None:
        self.found.networks.append(network)
        self.found.is_open |= network.prefixlen == 0

    def _ask(self, name: str, kind: str) -> NameAnswer:
        if "%" in name or not name or self.found.lookups > _ENOUGH:
            # A macro stands for what only the mail itself tells.
            return NameAnswer(outcome=NameOutcome.FAILED)
        answer = self._names.look_up(name, kind)
        if not answer.is_known:
            self.found.unknown.append(f"{kind} of {name}: {answer.words}")
        return answer

    def _fault(self, words: str) -> None:
        if words not in self.found.faults:
            self.found.faults.append(words)


def _plain(domain: str) -> str:
    return domain.rstrip(".").lower()
