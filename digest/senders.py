"""Which sender is made of which settings: a part of the composition root, one function for each transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from digest.adapters.smtp import SmtpServer
    from digest.app import App
    from digest.model import Newsletter
    from digest.ports import Sender
    from digest.settings import SmtpSettings


def smtp_server(smtp: SmtpSettings) -> SmtpServer:
    """Return where SMTP goes, and how."""
    from digest.adapters.smtp import SmtpServer

    return SmtpServer(
        host=smtp.host,
        port=smtp.port,
        username=smtp.username,
        password=smtp.password.get_secret_value(),
        security=smtp.security,
        timeout_seconds=smtp.timeout_seconds,
    )


def _outbox(app: App, newsletter: Newsletter) -> Sender:
    from digest.adapters.outbox import OutboxSender

    return OutboxSender(app.var / "outbox", app.assembler(newsletter))


def _smtp(app: App, newsletter: Newsletter) -> Sender:
    from digest.adapters.smtp import SmtpSender

    smtp = app.settings.smtp
    return SmtpSender(
        smtp_server(smtp),
        app.settings.mail.from_,
        app.assembler(newsletter),
        smtp.connections,
        return_path=smtp.return_path or "",
        verp=smtp.verp,
        pool=app.smtp_pool,
    )


def _sendgrid(app: App, newsletter: Newsletter) -> Sender:
    from digest.adapters.sendgrid import SendgridSender

    sendgrid = app.settings.sendgrid
    if not sendgrid.api_key.get_secret_value():
        lacking = Fault(
            where="SENDGRID_API_KEY",
            key="",
            wrong="is not set, and the transport is sendgrid",
            right="Set it in the environment, or choose another transport.",
        )
        raise ConfigurationError([lacking])
    return SendgridSender(
        api_key=sendgrid.api_key.get_secret_value(),
        host=sendgrid.host,
        timeout_seconds=sendgrid.timeout_seconds,
        chunk=sendgrid.chunk,
        envelope=app.envelope(newsletter),
        sandbox=sendgrid.sandbox,
    )


#: What makes the sender of each transport.
SENDERS: Mapping[str, Callable[[App, Newsletter], Sender]] = {
    "outbox": _outbox,
    "smtp": _smtp,
    "sendgrid": _sendgrid,
}
