"""What the tests of readers' pages share: a site without editions, the letters that it sent, and links in them."""

from __future__ import annotations

import email
import email.policy
import pathlib
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage

from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from digest.adapters.store.reader_choices import KnownReader, ReaderChoices
from tests.web.site import SECRET_KEY, Site, live_site, opened_site

_SENT_IN_SECONDS = 20
_LINK = re.compile(r"https?://\S+/(?:confirm|preferences)/[\w.\-]+")


@contextmanager
def readers_site(
    home: pathlib.Path, extra: Mapping[str, str] | None = None, *, live: bool = False
) -> Iterator[Site]:
    """Give a site with readers' pages and without editions."""
    with (live_site if live else opened_site)(home, extra, editions=False) as site:
        yield site


def letters(site: Site) -> dict[str, EmailMessage]:
    """Return the letters of the outbox that are no edition's, by address."""
    found = {}
    for path in (site.app.home / "var" / "outbox" / "confirm").glob("*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found[str(message["To"])] = message
    return found


def letters_with_one_to(site: Site, address: str) -> dict[str, EmailMessage]:
    """Wait for the letter to an address; return all that were sent until then."""
    until = time.monotonic() + _SENT_IN_SECONDS
    while time.monotonic() < until:
        if address in (sent := letters(site)):
            return sent
        time.sleep(0.01)
    raise AssertionError(f"no letter to {address}")


def letter_to(site: Site, address: str) -> EmailMessage:
    """Wait for the letter to an address, take it out of the outbox and return it."""
    sent = letters_with_one_to(site, address)
    for path in (site.app.home / "var" / "outbox" / "confirm").glob("*.eml"):
        path.unlink()
    return sent[address]


def link_in(message: EmailMessage) -> str:
    """Return the reader's own link in a letter: the same in both of its parts."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    [link] = set(_LINK.findall(text.get_content()))
    assert f'href="{link}"' in html.get_content()
    return str(link)


def path_of(link: str) -> str:
    """Return a link's path, for the test client."""
    return "/" + link.split("/", 3)[3]


def reader_of(site: Site, address: str) -> KnownReader | None:
    """Return what is kept of a person."""
    return ReaderChoices(site.app.store.engine).reader_at(address)


def known(site: Site, address: str) -> KnownReader:
    """Return what is kept of a person who must be there."""
    reader = reader_of(site, address)
    assert reader is not None
    return reader


def ask(site: Site, address: str, **fields: str) -> int:
    """Send the form; return the status."""
    return site.client.post("/subscribe", data={"email": address, **fields}).status_code


def confirmed(site: Site, address: str, **fields: str) -> str:
    """Subscribe somebody the whole way; return the confirmation's path."""
    assert ask(site, address, **fields) == 200
    path = path_of(link_in(letter_to(site, address)))
    assert site.client.post(path).status_code == 200
    return path


class _OfLastWeek(TimestampSigner):
    """Signs as if it were a week ago."""

    def get_timestamp(self) -> int:
        return super().get_timestamp() - 7 * 24 * 3600


def made_last_week(site: Site, path: str) -> str:
    """Return the path of the same confirmation, signed a week ago."""
    wish = site.app.links.read_confirm(path.removeprefix("/confirm/"))
    signer = URLSafeTimedSerializer([SECRET_KEY], salt="mujaz confirm", signer=_OfLastWeek)
    return f"/confirm/{signer.dumps(wish)}"
