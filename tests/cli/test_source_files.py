"""`digest sources import` and `export`: other readers' lists in and out, and never a broken configuration."""

from __future__ import annotations

import pathlib
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from digest.adapters.source_file import SourceFile
from digest.app import App
from digest.cli.source_files import plan_import
from digest.collector.opml import read_opml, write_opml
from digest.collector.suggestion import source_toml
from digest.collector.urls import canonical_url
from digest.config import source_of
from digest.errors import ConfigurationError
from digest.home import shipped
from digest.model import Source
from digest.settings import SourcesFile
from tests.cli.running import REGIONS, Ran, digest, opened, write_sources

_WAHA = '<outline text="صوت الواحة" type="rss" xmlUrl="https://waha.com.sa/rss?a=1&amp;b=2"/>'
_SADA = '<outline text="أصداء"><outline text="صدى الأردن | سياسة" xmlUrl="https://sada.example.jo/rss"/></outline>'
_NAMELESS = '<outline xmlUrl="https://nakhla.example/feed"/>'


def _opml(*outlines: str) -> str:
    rows = "\n".join(outlines)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<opml version="1.0"><body>\n{rows}\n</body></opml>\n'


def _import(home: pathlib.Path, opml: str | bytes, *words: str) -> Ran:
    return digest(home, "sources", "import", "-", *words, given=opml)


def _own(home: pathlib.Path, text: str = "# Ours.\n") -> pathlib.Path:
    """Give a home a sources.toml of its own."""
    path = home / "config" / "sources.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def _sources(home: pathlib.Path) -> list[Source]:
    with opened(home) as app:
        return list(app.settings.sources.values())


# --------------------------------------------------------------------------- import


def test_feeds_are_added_with_what_can_be_guessed(empty: pathlib.Path) -> None:
    path = _own(empty)
    ran = _import(empty, _opml(_WAHA, _SADA, _NAMELESS))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"3 sources added to {path}, 0 known already, 0 left out. "
        "The country of 1 is not known: give it in the file.\n"
    )
    assert [
        (one.id, one.outlet, one.name, one.url, one.country, one.timezone, one.language) for one in _sources(empty)
    ] == [
        ("waha", "صوت الواحة", "صوت الواحة", "https://waha.com.sa/rss?a=1&b=2", "SA", "Asia/Riyadh", "ar"),
        ("example", "صدى الأردن", "صدى الأردن | سياسة", "https://sada.example.jo/rss", "JO", "Asia/Amman", "ar"),
        ("nakhla", "nakhla.example", "nakhla.example", "https://nakhla.example/feed", "ZZ", None, "und"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("", id="an empty file"),
        pytest.param("# Ours, in order.\n", id="comments"),
        pytest.param("# No end of line", id="no end of line"),
        pytest.param("# From another system.\r\n\r\n# Twice.\r\n", id="other ends of lines"),
        pytest.param('# Ours.\n[[source]]  # why\nid = "a"\noutlet = "أ"\nurl = "https://a.example/rss"\ncountry = "LB"\n\n\n', id="a source and empty lines"),
    ],
)  # fmt: skip
def test_what_stands_in_the_file_stays_to_the_byte(before: str, empty: pathlib.Path) -> None:
    path = _own(empty, before)
    path.chmod(0o640)
    assert _import(empty, _opml(_WAHA)).code == 0
    after = path.read_bytes().decode()
    assert after.startswith(before)
    assert "waha" in tomllib.loads(after)["source"][-1]["id"]
    assert after.count("\n") == after.count("\r\n") or "\r" not in after
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir()] == ["sources.toml"]


def test_importing_again_changes_nothing(empty: pathlib.Path) -> None:
    path = _own(empty)
    assert _import(empty, _opml(_WAHA, _SADA), "--json").json == {"new": 2, "known": 0, "refused": 0}
    first = path.read_bytes()
    again = _import(empty, _opml(_WAHA, _SADA, _WAHA.replace("https://", "http://www.")), "--json")
    assert (again.code, again.json) == (0, {"new": 0, "known": 3, "refused": 0})
    assert path.read_bytes() == first


def test_a_home_without_a_file_gets_the_shipped_one_first(empty: pathlib.Path) -> None:
    before = (shipped("config") / "sources.toml").read_text(encoding="utf-8")
    count = len(_sources(empty))
    assert _import(empty, _opml(_WAHA)).code == 0
    assert (empty / "config" / "sources.toml").read_text(encoding="utf-8").startswith(before)
    assert len(_sources(empty)) == count + 1


def test_with_nothing_to_add_no_file_is_made(empty: pathlib.Path) -> None:
    ran = _import(empty, _opml())
    assert (ran.code, ran.err) == (0, "")
    assert not list(empty.iterdir())


def test_a_dry_run_prints_the_tables_and_changes_nothing(empty: pathlib.Path) -> None:
    path = _own(empty)
    ran = _import(empty, _opml(_WAHA, _SADA), "--dry-run", "--country", "LB")
    assert (ran.code, ran.err) == (0, "")
    assert [table["id"] for table in tomllib.loads(ran.out)["source"]] == ["waha", "example"]
    assert path.read_text(encoding="utf-8") == "# Ours.\n"


@pytest.mark.parametrize(
    ("words", "country", "zone"),
    [
        pytest.param(["--country", "ma"], "MA", "Africa/Casablanca", id="as given"),
        pytest.param([], "ZZ", None, id="unknown"),
    ],
)
def test_a_country_that_cannot_be_guessed(
    words: list[str], country: str, zone: str | None, empty: pathlib.Path
) -> None:
    _own(empty)
    assert _import(empty, _opml(_WAHA, _NAMELESS), *words).code == 0
    assert [(one.country, one.timezone) for one in _sources(empty)] == [
        ("SA", "Asia/Riyadh"),
        (country, zone),
    ]


def test_ids_are_unique(empty: pathlib.Path) -> None:
    _own(empty)
    write_sources(empty, {"waha": "https://waha.example/rss"})
    _import(empty, _opml(*(_WAHA.replace("a=1", f"a={number}") for number in range(3))))
    assert [one.id for one in _sources(empty)] == ["waha", "waha-2", "waha-3", "waha-4"]


@pytest.mark.parametrize(
    ("outline", "says"),
    [
        pytest.param('<outline xmlUrl="javascript:alert(1)"/>', "'javascript:alert(1)' is no http(s) address.", id="a script"),
        pytest.param('<outline xmlUrl="https://"/>', "'https://' is no http(s) address.", id="no host"),
        pytest.param('<outline xmlUrl="waha.example/rss"/>', "'waha.example/rss' is no http(s) address.", id="no scheme"),
        pytest.param('<outline xmlUrl="https://a.example/" m:country="Egypt"/>', "country 'Egypt': is no ISO 3166 alpha-2 code.", id="a country in words"),
        pytest.param('<outline xmlUrl="https://a.example/" m:timezone="Asia/Mecca"/>', "timezone 'Asia/Mecca': is no IANA time zone", id="no zone"),
        pytest.param('<outline xmlUrl="https://a.example/" m:weight="heavy"/>', "weight 'heavy'", id="no weight"),
        pytest.param('<outline xmlUrl="https://a.example/" m:id="ا ب"/>', "id 'ا ب'", id="no id"),
        pytest.param('<outline xmlUrl="https://a.example/" m:regions="moon"/>', "'moon' is no region of config/regions.toml.", id="no region"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_by_its_line_and_the_rest_is_done(
    outline: str, says: str, empty: pathlib.Path
) -> None:
    _own(empty)
    opml = _opml(_WAHA, outline, _SADA).replace("<body>", '<body xmlns:m="urn:mujaz:source">')
    ran = _import(empty, opml, "--json")
    assert (ran.code, ran.json) == (1, {"new": 2, "known": 0, "refused": 1})
    assert ran.err.startswith("digest: <stdin>: line 4 is left out: ")
    assert says in ran.err
    assert [one.id for one in _sources(empty)] == ["waha", "example"]


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        pytest.param("feed://nakhla.example/feed", "http://nakhla.example/feed", id="a scheme of browsers"),
        pytest.param("feed:https://nakhla.example/feed", "https://nakhla.example/feed", id="and another before the real one"),
        pytest.param("HTTPS://Nakhla.example/خبر", "https://nakhla.example/%D8%AE%D8%A8%D8%B1", id="as every client can follow it"),
    ],
)  # fmt: skip
def test_addresses_are_brought_into_shape(given_url: str, url: str, empty: pathlib.Path) -> None:
    _own(empty)
    assert _import(empty, _opml(f'<outline xmlUrl="{given_url}"/>')).code == 0
    assert [one.url for one in _sources(empty)] == [url]


def test_of_a_damaged_list_the_rest_is_added(empty: pathlib.Path) -> None:
    _own(empty)
    ran = _import(empty, _opml(_WAHA, '<outline text="x>', _SADA), "--json")
    assert ran.code == 1
    assert "digest: <stdin>: the file is damaged, and only in part read: line " in ran.err
    assert _sources(empty)[0].id == "waha"
    assert len(_sources(empty)) == ran.json["new"]


@pytest.mark.parametrize(
    ("before", "opml", "code", "says"),
    [
        pytest.param(
            "# Ours.\n", "<rss/>", 1, "digest: <stdin> is no OPML: its first element is <rss>", id="no list"
        ),
        pytest.param(
            "source = []\n", _opml(_WAHA), 2, "is no valid TOML", id="a file that nothing can be hung behind"
        ),
        pytest.param("[[source]\n", _opml(_WAHA), 2, "is no valid TOML", id="a file that is broken already"),
        pytest.param("colour = 1\n", _opml(_WAHA), 2, "is no setting", id="a file that does not load"),
    ],
)
def test_what_would_not_load_is_never_written(
    before: str, opml: str, code: int, says: str, empty: pathlib.Path
) -> None:
    path = _own(empty, before)
    ran = _import(empty, opml)
    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
    assert path.read_bytes() == before.encode()
    assert len(list(path.parent.iterdir())) == 1


def test_a_file_that_cannot_be_read_and_a_country_that_is_none_are_usage_errors(empty: pathlib.Path) -> None:
    missing = digest(empty, "sources", "import", "nowhere.opml")
    assert (missing.code, missing.out) == (2, "")
    country = _import(empty, _opml(_WAHA), "--country", "Lebanon")
    assert (country.code, country.out) == (2, "")
    assert "'Lebanon' is no ISO 3166 alpha-2 code." in country.err


def test_a_linked_file_is_changed_where_it_lies(empty: pathlib.Path, tmp_path: pathlib.Path) -> None:
    real = tmp_path / "kept.toml"
    real.write_text("# Ours.\n", encoding="utf-8")
    (empty / "config").mkdir()
    (empty / "config" / "sources.toml").symlink_to(real)
    assert _import(empty, _opml(_WAHA)).code == 0
    assert (empty / "config" / "sources.toml").is_symlink()
    assert "waha" in real.read_text(encoding="utf-8")


# --------------------------------------------------------------------------- export


def test_an_export_goes_to_a_file_or_to_standard_output(empty: pathlib.Path) -> None:
    shown = digest(empty, "sources", "export")
    written = digest(empty, "sources", "export", "feeds.opml")
    assert (shown.code, shown.err, written.code, written.out, written.err) == (0, "", 0, "", "")
    raw = (empty / "feeds.opml").read_bytes()
    assert raw == shown.out.encode()
    urls = [one.get("xmlUrl") for one in etree.fromstring(raw).iterfind("body/outline/outline")]
    assert urls == [source.url for source in _sources(empty)]


def test_the_shipped_sources_survive_the_way_into_another_home(
    empty: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _own(other, "")
    exported = digest(empty, "sources", "export").out
    ran = _import(other, exported, "--json")
    assert (ran.code, ran.json) == (0, {"new": len(_sources(empty)), "known": 0, "refused": 0})
    assert _sources(other) == _sources(empty)


_text = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)  # fmt: skip
_source = st.builds(
    Source,
    id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True),
    outlet=_text,
    name=_text,
    url=st.from_regex(r"https?://[a-z]{1,3}\.(?:example|com\.eg|مصر)/[a-zا-ي&<>'%?=]{0,6}", fullmatch=True),
    country=st.sampled_from(["SA", "ZZ", "MA"]),
    language=st.sampled_from(["ar", "fa", "und", "en-GB"]),
    weight=st.floats(min_value=0, max_value=10, exclude_min=True),
    regions=st.lists(st.sampled_from(REGIONS), unique=True).map(tuple),
    timezone=st.sampled_from([None, "Asia/Riyadh", "Africa/Casablanca"]),
    full_text=st.booleans(),
    enabled=st.booleans(),
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A home whose own sources.toml is empty."""
    home = tmp_path_factory.mktemp("bare")
    _own(home, "")
    return home


@settings(max_examples=60)
@given(
    sources=st.lists(_source, max_size=5, unique_by=(lambda one: one.id, lambda one: canonical_url(one.url)))
)
def test_what_is_exported_is_imported_as_it_was(sources: list[Source], bare: pathlib.Path) -> None:
    app = App(home=bare, environment={})
    plan = plan_import(app, read_opml(write_opml(sources, "موجز")).outlines, country="ZZ")
    assert (plan.added, plan.known, plan.faults) == (sources, 0, [])
    # And the program reads the same out of the file that would be written.
    text = SourceFile(bare, shipped("config"), {}).check_with("\n".join(map(source_toml, plan.added)))
    assert [source_of(table) for table in SourcesFile.model_validate(tomllib.loads(text)).source] == sources


def test_the_last_look_is_the_programs_own(bare: pathlib.Path) -> None:
    target = SourceFile(bare, shipped("config"), {})
    source = Source(id="a", outlet="أ", name="أ", url="https://a.example/rss", country="SA")
    with pytest.raises(ConfigurationError) as caught:
        target.add(source_toml(source) + source_toml(replace(source, outlet="ب")))
    assert "source 'a': stands 2 times" in str(caught.value)
    assert target.path.read_bytes() == b""
