"""Whether the site lives, and whether it can work: for load balancers and process managers."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from flask import Blueprint, Response

from digest.adapters.store.engine import reading
from digest.app import App
from digest.errors import DigestError
from digest.web.pages import Pages

_log = logging.getLogger("digest.web")


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return /healthz (the process answers) and /readyz (the database does as well)."""
    part = Blueprint("health", __name__)

    @part.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @part.get("/readyz")
    def readyz() -> Response:
        try:
            # On SQLite without the write lock, for which a writer may have it waiting.
            with reading(app.store.engine) as connection:
                connection.execute(sa.select(1))
        except (DigestError, sa.exc.SQLAlchemyError) as error:
            _log.warning("not ready: %s", type(error).__name__)
            return Response("the database does not answer\n", status=503, mimetype="text/plain")
        return Response("ok\n", mimetype="text/plain")

    return part
