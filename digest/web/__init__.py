"""The public pages and the editor's desk: a door to the house for browsers."""

from __future__ import annotations

from digest.web.site import make_site

__all__ = ["make_site"]
