"""Which addresses may be connected to: those that anybody on the Internet could reach.

The check is made on the socket's own address, after the name was looked up and for every connection, so that neither
a redirect nor a name server that changes its answer leads inside the network.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

#: Where translators put an IPv4 address into an IPv6 one (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_ALLOWED = "is not a public one"


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the Internet's, and not of this machine or a network around it."""
    ip = _meant(ipaddress.ip_address(address.partition("%")[0]))
    site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or site_local)


def _meant(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def guarded_socket(may_connect: Callable[[str], bool]) -> Callable[[tuple[Any, ...]], socket.socket]:
    """Return what opens the socket towards an address of `getaddrinfo`, and raises OSError for one not allowed."""

    def open_socket(address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, target = address
        if not may_connect(target[0]):
            raise OSError(f"the address {target[0]} {_NOT_ALLOWED}")
        return socket.socket(family=family, type=kind, proto=protocol)

    return open_socket


def was_not_allowed(error: OSError) -> bool:
    """Say whether a connection failed for its address; by the words, which survive where several errors become one."""
    return _NOT_ALLOWED in str(error)
