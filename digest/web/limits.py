"""How often a stranger may ask us to write to somebody, by address and by network."""

from __future__ import annotations

import datetime as dt
import ipaddress

from flask import Response, request

from digest.adapters.store.attempts import SqlAttempts
from digest.adapters.store.suppressions import email_key, hashed
from digest.app import App
from digest.web.pages import Pages

WINDOW = dt.timedelta(hours=1)
#: Letters that one address gets in a window, whoever asks for them.
LETTERS_TO_ONE = 3
#: Letters that one network may ask for. A university or a mobile network may share one address.
LETTERS_FROM_ONE = 20
#: Bits of an address that name a network: what one household or office has, or changes within.
_NETWORK_BITS = {4: 24, 6: 56}


def network_of(address: str | None) -> str:
    """Return the network that an address belongs to, in its short form; empty for what is no address.

    >>> network_of("192.0.2.7"), network_of("2001:db8:1:2:3::4"), network_of("::ffff:192.0.2.7")
    ('192.0.2.0/24', '2001:db8:1::/56', '192.0.2.0/24')
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    # A zone (fe80::1%eth0) is a matter of this machine alone.
    plain = str(found).partition("%")[0]
    return str(ipaddress.ip_network(f"{plain}/{_NETWORK_BITS[found.version]}", strict=False))


def asking_network() -> str:
    """Return the network that the request comes from."""
    return network_of(request.remote_addr)


def may_ask(app: App, email: str) -> bool:
    """Count a wish to have a letter sent to an address; say whether it is within the limits.

    The address is counted by its hash: of who has not confirmed nothing is kept that names the person, and that is
    gone within two days. Known and unknown addresses are counted alike.
    """
    attempts, now = SqlAttempts(app.store.engine), app.clock.now()
    if attempts.add(f"letter from {asking_network()}", now, WINDOW) > LETTERS_FROM_ONE:
        # What it names then is not counted: a flood would fill the table, and use up other people's letters.
        return False
    return attempts.add(f"letter to {hashed(email_key(email))}", now, WINDOW) <= LETTERS_TO_ONE


def too_often(pages: Pages) -> Response:
    """Return the page for who asks too often."""
    response = pages.page("message_readers.html.j2", status=429, what="too often")
    response.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
    return response
