"""What went wrong with a fetch, by kind and in plain words."""

from __future__ import annotations

import aiohttp

from digest.adapters.fetch.public_addresses import was_not_allowed
from digest.model import Failure


class GivenUp(Exception):
    """A fetch that is not worth going on with; the message is the reason in words."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


def failure_of_error(error: Exception, timeout_seconds: float) -> tuple[Failure, str]:
    """Return the kind of a failure and its reason on one line, for whatever a fetch may raise."""
    if isinstance(error, GivenUp):
        return error.failure, str(error)
    if isinstance(error, TimeoutError):
        return Failure.NETWORK, f"no answer within {timeout_seconds:g} s"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _failed_connection(error)
    return Failure.NETWORK, showable(_broken_exchange(error))


def _failed_connection(error: aiohttp.ClientConnectorError) -> tuple[Failure, str]:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Failure.NETWORK, f"the host {error.host} cannot be found"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Failure.NETWORK, f"the certificate of {error.host} is not valid"
    refused = was_not_allowed(error.os_error)
    reason = f"no connection to {error.host}:{error.port}: {error.os_error}"
    return Failure.REFUSED if refused else Failure.NETWORK, showable(reason)


def _broken_exchange(error: Exception) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server hung up without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the body was cut short or damaged on the way"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the answer is no proper HTTP: {error.message}"
    return str(error) or type(error).__name__


def showable(value: str) -> str:
    """Return one line without the surrogates that stand for a header's bytes of no encoding: no store takes them."""
    return " ".join(value.encode("utf-8", "replace").decode("utf-8").split())
