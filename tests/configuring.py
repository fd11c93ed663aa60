"""What the settings' tests share: a small configuration, and what becomes of it where it is changed."""

from __future__ import annotations

import pytest

from digest.config import REGIONS_FILE, SETTINGS_FILE, SOURCES_FILE, load_settings
from digest.errors import ConfigurationError, Fault
from digest.settings import Settings

NEWSLETTER = '[[newsletter]]\nid = "daily"\ntitle = "موجز"\nregions = ["gulf", "europe"]\n'
SOURCE = (
    '[[source]]\nid = "shiraa"\noutlet = "شراع"\nurl = "https://shiraa.example.org/rss"\ncountry = "LB"\n'
)
REGIONS = """
[[region]]
id = "gulf"
name = { ar = "الخليج", en = "The Gulf" }
countries = ["SA", "QA"]

[[region]]
id = "europe"
name = { ar = "أوروبا", en = "Europe" }
countries = ["DE", "FR"]
"""


def load(
    settings: str = NEWSLETTER,
    sources: str = SOURCE,
    regions: str = REGIONS,
    environment: dict[str, str] | None = None,
) -> Settings:
    """Return the settings of these files and this environment."""
    files = {SETTINGS_FILE: settings, SOURCES_FILE: sources, REGIONS_FILE: regions}
    return load_settings({name: (f"config/{name}", text) for name, text in files.items()}, environment or {})


def faults_of(
    settings: str = NEWSLETTER,
    sources: str = SOURCE,
    regions: str = REGIONS,
    environment: dict[str, str] | None = None,
) -> list[Fault]:
    """Return the faults of these files and this environment; there must be some."""
    with pytest.raises(ConfigurationError) as caught:
        load(settings, sources, regions, environment)
    assert str(caught.value).count("\n  - ") == len(caught.value.faults)
    return caught.value.faults
