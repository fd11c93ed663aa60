"""The homes of the command's tests, for what the pages say of commands."""

from __future__ import annotations

from tests.cli.conftest import collected, empty, home

__all__ = ["collected", "empty", "home"]
