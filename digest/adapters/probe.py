"""Tries a carrier without sending anything: what `digest doctor` says of the sender."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import pathlib
import smtplib
import ssl
import tempfile
import urllib.error

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from digest.doctor import Finding
from digest.doctor.findings import fault, good, warning
from digest.settings import SendgridSettings, SmtpSettings

#: The longest wait for one answer, in seconds, whatever sending may wait.
_MOST_SECONDS = 15.0
_CHECK = "sender"


def probe_smtp(smtp: SmtpSettings) -> list[Finding]:
    """Connect, secure the connection and log in as sending does; then leave."""
    place = f"{smtp.host}:{smtp.port}"
    try:
        with contextlib.closing(_connect(smtp)) as client:
            _secure_and_login(client, smtp)
            client.quit()
    except smtplib.SMTPAuthenticationError as error:
        return [
            fault(
                _CHECK,
                f"{place} refuses the login: {_answer(error)}.",
                "Check DIGEST_SMTP__USERNAME and DIGEST_SMTP__PASSWORD.",
            )
        ]
    except smtplib.SMTPNotSupportedError as error:
        return [
            fault(
                _CHECK,
                f"{place} does not offer what is set: {error}",
                "Check [smtp] security (tls is usual on port 465) and whether it wants a login.",
            )
        ]
    except ssl.SSLError as error:
        return [
            fault(
                _CHECK,
                f"No safe connection to {place}: {error}.",
                "Give [smtp] host as its certificate names it; tls is usual on port 465, starttls on 587.",
            )
        ]
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # ValueError: a login that is not ASCII.
        return [
            fault(
                _CHECK,
                f"{place} cannot be used: {_answer(error)}.",
                "Check [smtp] host and port, and that this network lets the connection through.",
            )
        ]
    return [*_in_clear(smtp), good(_CHECK, f"smtp {place} takes the connection{_by_login(smtp)}.")]


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
    if smtp.username:
        client.login(smtp.username, smtp.password.get_secret_value())


def _in_clear(smtp: SmtpSettings) -> list[Finding]:
    if not smtp.username or smtp.security != "none" or _is_loopback(smtp.host):
        return []
    says = f"The login for {smtp.host} crosses the network in clear."
    return [warning(_CHECK, says, "Set [smtp] security to starttls or tls.")]


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _by_login(smtp: SmtpSettings) -> str:
    return " and the login" if smtp.username else ""


def _answer(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        words = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return f"{error.smtp_code} {words}".rstrip(".")
    return (str(error) or type(error).__name__).rstrip(".")


def probe_sendgrid(sendgrid: SendgridSettings) -> list[Finding]:
    """Ask SendGrid what the key may do (v3, "Retrieve a list of scopes for which this user has access")."""
    client = SendGridAPIClient(sendgrid.api_key.get_secret_value(), host=sendgrid.host).client
    client.timeout = min(sendgrid.timeout_seconds, _MOST_SECONDS)
    try:
        scopes = json.loads(client.scopes.get().body)["scopes"]
    except HTTPError as error:
        remedy = (
            "Check SENDGRID_API_KEY, and that DIGEST_SENDGRID__HOST is the region of its account."
            if error.status_code in {401, 403}
            else "See whether SendGrid has trouble, and try again."
        )
        return [
            fault(_CHECK, f"{sendgrid.host} refuses the key: {error.status_code} {error.reason}.", remedy)
        ]
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        return [
            fault(
                _CHECK,
                f"No answer from {sendgrid.host}: {reason}.",
                "Check DIGEST_SENDGRID__HOST, and that this network lets the connection through.",
            )
        ]
    except (ValueError, KeyError, TypeError):
        says = f"{sendgrid.host} answers as SendGrid never does."
        return [fault(_CHECK, says, "Check DIGEST_SENDGRID__HOST.")]
    if "mail.send" not in scopes:
        says = "The SendGrid key may not send mail."
        return [fault(_CHECK, says, "Give it the scope Mail Send, or make another key.")]
    if sendgrid.sandbox:
        says = "SendGrid is in sandbox mode: everything is taken, and nothing is delivered."
        return [warning(_CHECK, says, "Set [sendgrid] sandbox = false to reach readers.")]
    return [good(_CHECK, f"sendgrid {sendgrid.host} takes the key, and it may send.")]


def probe_outbox(folder: pathlib.Path) -> list[Finding]:
    """See whether files can be written where the outbox is."""
    trouble = write_trouble(folder)
    if trouble:
        says = f"The outbox {folder} cannot be written to: {trouble}."
        return [fault(_CHECK, says, "Give the user that runs Mujaz the right to write there.")]
    return [good(_CHECK, f"Messages become files in {folder}; they reach nobody.")]


def write_trouble(folder: pathlib.Path) -> str:
    """Return why no file can be made in a folder, or in what is there of the way to it; empty where one can."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return error.strerror or str(error)
