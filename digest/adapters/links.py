"""Signed links: what a reader's own addresses carry, each for one purpose. The signing is itsdangerous'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from digest.errors import DigestError

#: Seconds for which a link that confirms a subscription holds.
CONFIRM_SECONDS = 3 * 24 * 3600
#: The highest id that either database can hold.
_HIGHEST_ID = 2**63 - 1


class BadLink(DigestError):
    """The link was changed, is for something else, or is too old."""


class LinkSigner:
    """Makes and reads tokens. A token for one purpose is none for another.

    `keys` are secrets, the newest first: it signs, the others still read, so that a key can be changed without
    breaking the links in everybody's inbox.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        # itsdangerous signs with the last one.
        self._keys = list(reversed(keys))

    def unsubscribe(self, subscriber_id: int, newsletter_id: str) -> str:
        """Return the token with which a reader leaves a newsletter; it never expires."""
        return self._plain("unsubscribe").dumps([subscriber_id, newsletter_id])

    def read_unsubscribe(self, token: str) -> tuple[int, str]:
        """Return subscriber and newsletter. Raises BadLink."""
        return _pair(self._plain("unsubscribe"), token)

    def preferences(self, subscriber_id: int, newsletter_id: str) -> str:
        """Return the token with which a reader sees and changes what was chosen."""
        return self._plain("preferences").dumps([subscriber_id, newsletter_id])

    def read_preferences(self, token: str) -> tuple[int, str]:
        """Return subscriber and newsletter. Raises BadLink."""
        return _pair(self._plain("preferences"), token)

    def confirm(self, wish: dict[str, Any]) -> str:
        """Return the token that carries a wish to subscribe until it is confirmed; it expires."""
        return self._timed("confirm").dumps(wish)

    def read_confirm(self, token: str) -> dict[str, Any]:
        """Return the wish. Raises BadLink."""
        try:
            wish = self._timed("confirm").loads(token, max_age=CONFIRM_SECONDS)
        except BadData as error:
            raise BadLink("the link is not whole, or too old") from error
        if not isinstance(wish, dict):
            raise BadLink("the link is not whole")
        return wish

    def _plain(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._keys, salt=f"mujaz {purpose}")

    def _timed(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keys, salt=f"mujaz {purpose}")


def _pair(serializer: URLSafeSerializer, token: str) -> tuple[int, str]:
    try:
        match serializer.loads(token):
            case [int() as subscriber_id, str() as newsletter_id] if 0 < subscriber_id <= _HIGHEST_ID:
                return subscriber_id, newsletter_id
    except BadData as error:
        raise BadLink("the link is not whole") from error
    raise BadLink("the link is not whole")
