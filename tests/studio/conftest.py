"""A home with templates of its own, an edition on the desk, and the studio open on a free port."""

from __future__ import annotations

import pathlib
import shutil
import threading
from collections.abc import Iterator

import pytest

from digest.app import App
from digest.home import shipped
from digest.studio.desk import Desk
from digest.studio.site import studio_server
from tests.cli.running import write_newsletter
from tests.mailer.making import full_edition


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    """A home that may be edited: its own templates, its own newsletter `daily`."""
    path = tmp_path / "home"
    shutil.copytree(shipped("templates"), path / "templates")
    write_newsletter(path)
    return path


@pytest.fixture
def desk(home: pathlib.Path) -> Desk:
    """The full edition, on the desk of that home."""
    return Desk(App(home=home, environment={}), full_edition())


@pytest.fixture
def studio(desk: Desk) -> Iterator[str]:
    """The studio's address; it is open while the test lasts."""
    stop = threading.Event()
    server = studio_server(desk, 0, stop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
