"""Tells the operator by an address on the web: one POST of JSON, as chat programs' incoming webhooks take it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import aiohttp

from digest.errors import SenderError

#: For all of it: connecting, sending, and the answer's first line.
_SECONDS = 10.0
#: Bytes of a refusal that are repeated to the operator.
_MOST_WORDS = 200


def post_alert(url: str, subject: str, text: str, *, seconds: float = _SECONDS) -> None:
    """Post `{"text": "..."}`; the address is a secret, and stands in no error.

    Raises SenderError where it was not taken: anything but 2xx, no connection, no answer in time.
    """
    try:
        asyncio.run(_post(url, f"{subject}\n\n{text}", seconds))
    except TimeoutError as error:
        raise SenderError(f"no answer within {seconds:g} s") from error
    except (aiohttp.ClientError, ValueError, OSError) as error:
        # Some of aiohttp's words hold the whole address.
        said = type(error).__name__ if url in str(error) else str(error)
        raise SenderError(f"it cannot be reached: {said}") from error


async def _post(url: str, text: str, seconds: float) -> None:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session,
        # A redirect may lead anywhere; an address that has moved is the operator's to set.
        session.post(url, json={"text": text}, allow_redirects=False) as answer,
    ):
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            words = (await answer.content.read(_MOST_WORDS)).decode("utf-8", "replace")
            raise SenderError(f"it answers {answer.status} {' '.join(words.split())}".rstrip())
