"""Tries a carrier without sending anything: what `digest doctor` says of the sender."""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import ipaddress
import json
import pathlib
import smtplib
import ssl
import urllib.error
from collections.abc import Iterator, Mapping

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from digest.adapters.machine_probe import write_trouble
from digest.doctor import Finding, carrier_clock_findings
from digest.doctor.findings import fault, good, warning
from digest.ports import Clock
from digest.settings import SendgridSettings, SmtpSettings

#: The longest wait for one answer, in seconds, whatever sending may wait.
_MOST_SECONDS = 8.0
#: Bytes of a message that a server has to take: a letter of many stories, with its headers, in base64.
_LETTER_BYTES = 200_000
#: A certificate that ends within so many days may not be renewed by itself.
_SHORT_DAYS = 7
_OFFERS = ("pipelining", "size", "smtputf8", "8bitmime")


def probe_smtp(smtp: SmtpSettings, clock: Clock) -> list[Finding]:
    """Connect, secure the connection and log in as sending does; then leave."""
    place = f"{smtp.host}:{smtp.port}"
    try:
        with contextlib.closing(_connect(smtp)) as client:
            _secure_and_login(client, smtp)
            offers, until = dict(client.esmtp_features), _certified_until(client)
            _take_leave(client)
    except smtplib.SMTPAuthenticationError as error:
        return [
            fault(
                "sender.login",
                f"{place} refuses the login: {_answer(error)}.",
                "Check DIGEST_SMTP__USERNAME and DIGEST_SMTP__PASSWORD.",
            )
        ]
    except smtplib.SMTPNotSupportedError as error:
        return [
            fault(
                "sender.unsupported",
                f"{place} does not offer what is set: {error}",
                "Check [smtp] security (tls is usual on port 465) and whether it wants a login.",
            )
        ]
    except ssl.SSLError as error:
        return [
            fault(
                "sender.tls",
                f"No safe connection to {place}: {error}.",
                "Give [smtp] host as its certificate names it; tls is usual on port 465, starttls on 587.",
            )
        ]
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # ValueError: a login that is not ASCII.
        return [
            fault(
                "sender.connection",
                f"{place} cannot be used: {_answer(error)}.",
                "Check [smtp] host and port, and that this network lets the connection through.",
            )
        ]
    return [*_in_clear(smtp), *_lacks(place, offers, until, clock), _works(smtp, place, offers)]


def _connect(smtp: SmtpSettings) -> smtplib.SMTP:
    seconds = min(smtp.timeout_seconds, _MOST_SECONDS)
    if smtp.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=seconds, context=context)
    return smtplib.SMTP(smtp.host, smtp.port, timeout=seconds)


def _secure_and_login(client: smtplib.SMTP, smtp: SmtpSettings) -> None:
    client.ehlo_or_helo_if_needed()
    if smtp.security == "starttls":
        client.starttls(context=ssl.create_default_context())
        # What was offered in clear counts no more (RFC 3207, 4.2).
        client.ehlo_or_helo_if_needed()
    if smtp.username:
        client.login(smtp.username, smtp.password.get_secret_value())


def _take_leave(client: smtplib.SMTP) -> None:
    # A server that hangs up without a farewell has answered all that was asked.
    with contextlib.suppress(smtplib.SMTPException, OSError):
        client.quit()


def _certified_until(client: smtplib.SMTP) -> float | None:
    """Return when the server's certificate ends, in Unix time; None without TLS."""
    told = client.sock.getpeercert() if isinstance(client.sock, ssl.SSLSocket) else None
    return ssl.cert_time_to_seconds(str(told["notAfter"])) if told and "notAfter" in told else None


def _in_clear(smtp: SmtpSettings) -> list[Finding]:
    if smtp.security != "none" or is_loopback(smtp.host):
        return []
    what = "The login and the letters" if smtp.username else "The letters"
    says = f"{what} for {smtp.host} cross the network in clear."
    return [warning("sender.clear", says, "Set [smtp] security to starttls or tls.", "smtp.security")]


def _lacks(place: str, offers: Mapping[str, str], until: float | None, clock: Clock) -> Iterator[Finding]:
    """Yield what a server that works will not do for long, or not for every letter."""
    most = offers.get("size", "").strip()
    if most.isdigit() and 0 < int(most) < _LETTER_BYTES:
        says = (
            f"{place} takes messages of up to {int(most):,} bytes, and letters have up to {_LETTER_BYTES:,}."
        )
        yield warning("sender.size", says, "Ask its operator for more, or take another server.", place)
    days = (until - clock.now().timestamp()) / 86_400 if until else _SHORT_DAYS
    if days < _SHORT_DAYS:
        says = f"The certificate of {place} ends in {days:.0f} days: no letter leaves after that."
        yield warning("sender.certificate", says, "See that its operator renews it.", place)


def _works(smtp: SmtpSettings, place: str, offers: Mapping[str, str]) -> Finding:
    secured = {"none": "", "starttls": ", STARTTLS", "tls": ", TLS"}[smtp.security]
    login = " and the login" if smtp.username else ""
    told = [f"{name} {offers[name]}".strip().upper() for name in _OFFERS if name in offers]
    offered = f" It offers {', '.join(told)}." if told else ""
    return good("sender.ok", f"smtp {place} takes the connection{secured}{login}.{offered}", place)


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _answer(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        words = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return f"{error.smtp_code} {words}".rstrip(".")
    return (str(error) or type(error).__name__).rstrip(".")


def probe_sendgrid(sendgrid: SendgridSettings, clock: Clock) -> list[Finding]:
    """Ask SendGrid what the key may do (v3, "Retrieve a list of scopes for which this user has access")."""
    client = SendGridAPIClient(sendgrid.api_key.get_secret_value(), host=sendgrid.host).client
    client.timeout = min(sendgrid.timeout_seconds, _MOST_SECONDS)
    try:
        answer = client.scopes.get()
    except HTTPError as error:
        return [*_clock_of(error.headers, clock), _refused(sendgrid, error)]
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        return [
            fault(
                "sender.connection",
                f"No answer from {sendgrid.host}: {reason}.",
                "Check DIGEST_SENDGRID__HOST, and that this network lets the connection through.",
                sendgrid.host,
            )
        ]
    except ValueError:
        says = "The SendGrid key has characters that no header takes, such as a line's end."
        return [fault("sender.login", says, "Set SENDGRID_API_KEY again, without them.", "SENDGRID_API_KEY")]
    return [*_clock_of(answer.headers, clock), *_scopes(sendgrid, answer.body)]


def _refused(sendgrid: SendgridSettings, error: HTTPError) -> Finding:
    says = f"{sendgrid.host} refuses the key: {error.status_code} {error.reason}."
    if error.status_code in {401, 403}:
        remedy = "Check SENDGRID_API_KEY, and that DIGEST_SENDGRID__HOST is the region of its account."
        return fault("sender.login", says, remedy, sendgrid.host)
    return fault("sender.trouble", says, "See whether SendGrid has trouble, and try again.", sendgrid.host)


def _clock_of(headers: Mapping[str, str], clock: Clock) -> list[Finding]:
    """Return whether the moment that an answer was made (RFC 9110, 6.6.1) fits ours."""
    with contextlib.suppress(TypeError, ValueError):
        made = email.utils.parsedate_to_datetime(headers["Date"])
        return carrier_clock_findings((made - clock.now()).total_seconds())
    return []


def _scopes(sendgrid: SendgridSettings, body: bytes) -> list[Finding]:
    where = sendgrid.host
    try:
        may_send = "mail.send" in json.loads(body)["scopes"]
    except (ValueError, KeyError, TypeError):
        says = f"{where} answers as SendGrid never does."
        return [fault("sender.stranger", says, "Check DIGEST_SENDGRID__HOST.", where)]
    if not may_send:
        says = "The SendGrid key may not send mail."
        return [fault("sender.scope", says, "Give it the scope Mail Send, or make another key.", where)]
    if sendgrid.sandbox:
        says = "SendGrid is in sandbox mode: everything is taken, and nothing is delivered."
        return [
            warning(
                "sender.sandbox", says, "Set [sendgrid] sandbox = false to reach readers.", "sendgrid.sandbox"
            )
        ]
    return [good("sender.ok", f"sendgrid {where} takes the key, and it may send.", where)]


def probe_outbox(folder: pathlib.Path) -> list[Finding]:
    """See whether files can be written where the outbox is."""
    trouble = write_trouble(folder)
    if trouble:
        says = f"The outbox {folder} cannot be written to: {trouble}."
        remedy = "Give the user that runs Mujaz the right to write there."
        return [fault("sender.outbox", says, remedy, str(folder))]
    return [good("sender.ok", f"Messages become files in {folder}; they reach nobody.", str(folder))]
