"""The configuration that ships, and where a home's own is looked for."""

from __future__ import annotations

import pathlib

import pytest
from babel import Locale

from digest.app import App
from digest.config import REGIONS_FILE, SETTINGS_FILE, SOURCES_FILE
from digest.errors import ConfigurationError
from digest.home import shipped
from digest.lexicons import gazetteer_tables
from tests.cli.running import REGIONS
from tests.configuring import SOURCE

# Codes of CLDR's that ISO 3166-1 does not assign: groups, reserved codes and pseudo-locales. XK (Kosovo) is not
# ISO's either; it is "user-assigned", in use, and in our map.
_NOT_ISO = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
)
# --------------------------------------------------------------------------- the home


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(None, "sqlite:///{home}/var/digest.db", id="default"),
        pytest.param("sqlite:///data/x.db", "sqlite:///{home}/data/x.db", id="relative"),
        pytest.param("sqlite:////srv/x.db", "sqlite:////srv/x.db", id="absolute"),
        pytest.param("sqlite://", "sqlite://", id="in memory"),
        pytest.param("sqlite:///:memory:", "sqlite:///:memory:", id="in memory, by name"),
        pytest.param("postgresql://u@h/d", "postgresql://u@h/d", id="PostgreSQL"),
    ],
)
def test_a_relative_database_lies_under_the_home(
    url: str | None, expected: str, tmp_path: pathlib.Path
) -> None:
    environment = {"DIGEST_HOME": str(tmp_path)} | ({"DATABASE_URL": url} if url else {})
    assert App(environment=environment).database_url == expected.format(home=tmp_path)


def test_a_home_may_hold_some_of_the_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sources.toml").write_text(SOURCE, encoding="utf-8")
    settings = App(environment={"DIGEST_HOME": str(tmp_path)}).settings
    assert list(settings.sources) == ["shiraa"]
    assert list(settings.newsletters) == ["mujaz"]


def test_the_mark_that_windows_editors_put_first_is_passed_over(tmp_path: pathlib.Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sources.toml").write_text(SOURCE, encoding="utf-8-sig")
    assert list(App(environment={"DIGEST_HOME": str(tmp_path)}).settings.sources) == ["shiraa"]


# --------------------------------------------------------------------------- what is shipped


def test_the_shipped_configuration_is_valid(tmp_path: pathlib.Path) -> None:
    settings = App(home=tmp_path, environment={}).settings
    assert list(settings.regions) == REGIONS
    assert settings.newsletters["mujaz"].regions == tuple(settings.regions)
    assert len(settings.sources) > 40
    assert all({"ar", "en"} <= set(region.name) for region in settings.regions.values())


def test_every_territory_of_iso_3166_stands_in_exactly_one_region(tmp_path: pathlib.Path) -> None:
    known = [str(code) for code in Locale("en").territories]
    codes = {code for code in known if len(code) == 2 and code.isalpha()} - _NOT_ISO
    assert len(codes) == 249, "ISO 3166-1 has 249 entries"
    regions = App(home=tmp_path, environment={}).settings.regions.values()
    placed = [country for region in regions for country in region.countries]
    assert sorted(placed) == sorted(codes | {"XK"})


@pytest.mark.parametrize(
    ("region", "countries"),
    [
        pytest.param("gulf", "SA AE QA KW BH OM YE", id="gulf with Yemen"),
        pytest.param("levant", "IQ PS IL SY LB JO", id="levant with Iraq, Palestine and Israel"),
        pytest.param("north_africa", "SD MR EG LY TN DZ MA", id="north_africa with Sudan and Mauritania"),
        pytest.param("europe", "RU UA DE", id="europe with Russia and Ukraine"),
        pytest.param("asia", "KZ KG UZ TJ TM AU NZ FJ", id="asia with Central Asia and Oceania"),
        pytest.param("iran_turkey", "IR TR", id="iran_turkey"),
    ],
)
def test_regions_are_as_the_contract_draws_them(region: str, countries: str, tmp_path: pathlib.Path) -> None:
    region_of = App(home=tmp_path, environment={}).settings.region_of
    assert {country: region_of[country] for country in countries.split()} == dict.fromkeys(
        countries.split(), region
    )
    assert region != "iran_turkey" or sorted(k for k, v in region_of.items() if v == region) == ["IR", "TR"]


def test_the_shipped_files_are_found_in_the_checkout() -> None:
    assert [
        name
        for name in (SETTINGS_FILE, SOURCES_FILE, REGIONS_FILE)
        if not (shipped("config") / name).is_file()
    ] == []


def test_an_id_may_have_capitals_and_stops(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "sources.toml").write_text(
        '[[source]]\nid = "bbc-middleEast.2"\noutlet = "x"\nurl = "https://example.org/"\ncountry = "GB"\n'
    )
    assert list(App(home=tmp_path, environment={}).settings.sources) == ["bbc-middleEast.2"]


def test_a_homes_own_cities_keep_the_shipped_leaders(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "config" / "gazetteer"
    folder.mkdir(parents=True)
    (folder / "cities.toml").write_text('[JO]\ncities = ["واحة النخيل"]\n')
    files = gazetteer_tables(tmp_path)
    assert files["cities"] == {"JO": {"cities": ["واحة النخيل"]}}
    assert {"territories", "institutions", "leaders", "ambiguous"} <= set(files)


def test_a_gazetteer_entry_of_another_shape_is_a_fault(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "config" / "gazetteer"
    folder.mkdir(parents=True)
    (folder / "ambiguous.toml").write_text('[[ambiguous]]\nnames = ["x"]\n')
    with pytest.raises(ConfigurationError, match="of another shape"):
        _ = App(home=tmp_path, environment={}).placer
