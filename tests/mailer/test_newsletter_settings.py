"""What a newsletter may set of its looks, and what its owner is told where that cannot be."""

from __future__ import annotations

import pytest

from digest.config import load_settings
from digest.errors import ConfigurationError
from digest.settings import Settings
from tests.conftest import REPOSITORY

_SIZE = "logo_width = 120\nlogo_height = 40\n"


def _settings(newsletter: str = "", environment: dict[str, str] | None = None) -> Settings:
    head = '[[newsletter]]\nid = "daily"\ntitle = "موجز"\nregions = ["gulf"]\n'
    regions = (REPOSITORY / "config" / "regions.toml").read_text(encoding="utf-8")
    texts = {"digest.toml": head + newsletter, "sources.toml": "", "regions.toml": regions}
    return load_settings({name: (f"config/{name}", text) for name, text in texts.items()}, environment or {})


def test_what_a_newsletter_looks_like_where_nothing_is_set() -> None:
    made = _settings().newsletters["daily"]
    assert (made.template, made.months, made.digits, made.hijri, made.images, made.logo) == (
        "email", "", "latin", None, "none", "",
    )  # fmt: skip


def test_all_of_its_looks_can_be_set() -> None:
    table = 'template = "plain"\nmonths = "levant"\ndigits = "arab"\nhijri = false\nimages = "lead"\naccent = "#0a5c36"\nlogo = "https://a.example/logo.png"\n'
    made = _settings(table + _SIZE).newsletters["daily"]
    assert (made.template, made.months, made.digits, made.hijri, made.images, made.accent) == (
        "plain", "levant", "arab", False, "lead", "#0a5c36",
    )  # fmt: skip
    assert (made.logo, made.logo_width, made.logo_height) == ("https://a.example/logo.png", 120, 40)


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        pytest.param('accent = "#ffcc00"', "accent", ["too pale", "contrast 1.4", "#876c00"], id="a pale accent"),
        pytest.param('accent = "red"', "accent", ["#rrggbb"], id="a colour's name"),
        pytest.param('months = "west"', "months", ["gulf, levant, maghreb or morocco"], id="unknown months"),
        pytest.param('images = "all"', "images", ["none or lead"], id="all images"),
        pytest.param(_SIZE + 'logo = "http://a.example/logo.png"', "logo", ["no https address"], id="a logo over http"),
        pytest.param('logo = "https://a.example/logo.png"', "logo", ["without logo_width"], id="a logo without its size"),
        pytest.param("logo_width = 900", "logo_width", ["528"], id="a logo wider than the letter"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_fault_that_says_what_would_be_right(
    table: str, key: str, says: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        _settings(table + "\n")
    [fault] = raised.value.faults
    assert fault.key == f"newsletter 'daily', {key}"
    assert [part for part in says if part not in str(fault)] == []


@pytest.mark.parametrize("locale", ["en", "fr", "he", "fa"])
def test_a_newsletter_changes_its_language_by_its_locale_alone(locale: str) -> None:
    table = f'locale = "{locale}"\nmonths = "levant"\ndigits = "arab"\nhijri = true\n'
    assert _settings(table).newsletters["daily"].locale == locale


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("https://mujaz.example", "https://mujaz.example", id="as it should be"),
        pytest.param("https://mujaz.example/", "https://mujaz.example", id="a slash at the end"),
        pytest.param(
            "http://localhost:8000/letters/", "http://localhost:8000/letters", id="a port and a folder"
        ),
        pytest.param("", "", id="none"),
    ],
)
def test_where_the_pages_are(given: str, kept: str) -> None:
    assert _settings(environment={"DIGEST_BASE_URL": given}).base_url == kept


@pytest.mark.parametrize(
    "given", ["mujaz.example", "ftp://mujaz.example", "https://", "https://a.example/?x=1"]
)
def test_what_is_no_place_for_pages(given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        _settings(environment={"DIGEST_BASE_URL": given})
    assert [fault.where for fault in raised.value.faults] == ["DIGEST_BASE_URL"]


def test_the_secret_key_is_shown_to_nobody() -> None:
    settings = _settings(environment={"DIGEST_SECRET_KEY": "tell-nobody"})
    assert settings.secret_key.get_secret_value() == "tell-nobody"
    assert "tell-nobody" not in repr(settings)
