"""Serves the site with gunicorn."""

from __future__ import annotations

from typing import Any

from gunicorn.app.base import BaseApplication

from digest.app import App
from digest.web.site import make_site
from digest.worker.logs import logging_of_gunicorn


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our site; each of its processes opens the database for itself."""

    def __init__(self, options: dict[str, Any], proxies: int) -> None:
        self._options = options
        self._proxies = proxies
        super().__init__()

    def load_config(self) -> None:
        """See gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """See gunicorn."""
        return make_site(App(), self._proxies)


def serve(host: str, port: int, workers: int, threads: int, proxies: int) -> None:
    """Serve until SIGTERM; requests in hand are brought to their end."""
    options = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "threads": threads,
        "timeout": 30,
        "graceful_timeout": 20,
        "limit_request_line": 4094,
        "accesslog": None,
        "logconfig_dict": logging_of_gunicorn(),
        "proc_name": "mujaz-web",
        "control_socket_disable": True,
    }
    _Server(options, proxies).run()
