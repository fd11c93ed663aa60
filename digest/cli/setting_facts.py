"""What is set, as the check for unwise settings looks at it."""

from __future__ import annotations

from urllib.parse import urlsplit

from werkzeug.security import check_password_hash

from digest.app import App
from digest.doctor import SettingFacts
from digest.settings import SettingsFile

#: Passwords that everybody tries first; each takes a tenth of a second to try.
_TRIED_FIRST = ("password", "password123", "1234567890", "changeme", "mujaz", "administrator")
_OWN_VARIABLES = ("DIGEST_HOME", "DIGEST_BASE_URL", "DIGEST_SECRET_KEY", "DIGEST_DESK_PASSWORD")


def setting_facts(app: App) -> SettingFacts:
    """Return what is set."""
    settings = app.settings
    carriers = {"smtp": settings.smtp.timeout_seconds, "sendgrid": settings.sendgrid.timeout_seconds}
    kept = settings.desk_password.get_secret_value()
    known = _known_variables()
    return SettingFacts(
        transport=settings.transport,
        from_address=settings.mail.from_,
        base_url=settings.base_url,
        base_host=urlsplit(settings.base_url).hostname or "",
        has_desk=bool(kept),
        weak_desk=_is_weak(kept),
        lease_seconds=settings.delivery.lease_seconds,
        carrier_seconds=carriers.get(settings.transport, 0),
        collect_minutes=settings.collect.interval_minutes,
        private_addresses=settings.collect.allow_private_addresses,
        alerts_to=settings.alerts.to or "",
        alerts_webhook=bool(settings.alerts.webhook_url.get_secret_value()),
        token_length=len(settings.web.metrics_token.get_secret_value()),
        verifies_events=bool(settings.sendgrid.webhook_public_key),
        without_address=[one.id for one in app.newsletters() if not one.postal_address],
        strange_variables=[
            name for name in app.environment if name.startswith("DIGEST_") and name not in known
        ],
        known_variables=known,
    )


def _known_variables() -> list[str]:
    tables = ((name, field.annotation) for name, field in SettingsFile.model_fields.items())
    nested = [
        f"DIGEST_{name.upper()}__{(field.alias or key).upper()}"
        for name, table in tables
        for key, field in getattr(table, "model_fields", {}).items()
    ]
    return [*_OWN_VARIABLES, *nested]


def _is_weak(kept: str) -> bool:
    try:
        return bool(kept) and any(check_password_hash(kept, word) for word in _TRIED_FIRST)
    except ValueError:
        # No hash at all: a fault of the configuration, and said there.
        return False
