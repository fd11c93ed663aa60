"""The settings: every fault at once, the environment over the files, and what is shipped."""

from __future__ import annotations

import pathlib

import pytest

from digest.config import REGIONS_FILE, SETTINGS_FILE, SOURCES_FILE
from tests.cli.running import digest
from tests.configuring import NEWSLETTER, REGIONS, SOURCE, faults_of, load


def test_the_small_configuration_of_these_tests_is_valid() -> None:
    settings = load()
    assert list(settings.newsletters) == ["daily"]
    assert settings.sources["shiraa"].name == "شراع"
    assert settings.region_of == {"SA": "gulf", "QA": "gulf", "DE": "europe", "FR": "europe"}


# --------------------------------------------------------------------------- one fault at a time


@pytest.mark.parametrize(
    ("settings", "sources", "regions", "where", "key", "words"),
    [
        pytest.param("[mail\n", SOURCE, REGIONS, SETTINGS_FILE, "", ["no valid TOML", "line 1"], id="bad TOML"),
        pytest.param("", SOURCE, REGIONS, SETTINGS_FILE, "newsletter", ["missing"], id="no newsletter"),
        pytest.param(
            NEWSLETTER, SOURCE.replace("url", "#"), REGIONS,
            SOURCES_FILE, "source 'shiraa', url", ["missing", "http or https"], id="missing",
        ),
        pytest.param(
            NEWSLETTER + 'time_zone = "Asia/Aden"\n', SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', time_zone", ["Did you mean 'timezone'?"], id="unknown key, near one",
        ),
        pytest.param(
            "[collect]\nxyzzy = 1\n" + NEWSLETTER, SOURCE, REGIONS,
            SETTINGS_FILE, "collect.xyzzy", ["Settings here are", "interval_minutes"], id="unknown key, near none",
        ),
        pytest.param(
            "[colect]\n" + NEWSLETTER, SOURCE, REGIONS,
            SETTINGS_FILE, "colect", ["Did you mean 'collect'?"], id="unknown table",
        ),
        pytest.param(
            NEWSLETTER + 'stories_per_region = "three"\n', SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', stories_per_region", ["'three'", "from 1 to 20"], id="wrong type",
        ),
        pytest.param(
            NEWSLETTER + 'send_at = "24:00"\n', SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', send_at", ["'24:00'", "HH:MM"], id="no time of day",
        ),
        pytest.param(
            NEWSLETTER + 'timezone = "Asia/Riyad"\n', SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', timezone", ["'Asia/Riyad'", "did you mean 'Asia/Riyadh'"], id="bad zone",
        ),
        pytest.param(
            NEWSLETTER + 'locale = "xx_YY"\n', SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', locale", ["'xx_YY'", "locale"], id="bad locale",
        ),
        pytest.param(
            '[mail]\nfrom = "mujaz at example.org"\n' + NEWSLETTER, SOURCE, REGIONS,
            SETTINGS_FILE, "mail.from", ["is no mail address"], id="bad address",
        ),
        pytest.param(
            NEWSLETTER, SOURCE.replace("https://", "ftp://"), REGIONS,
            SOURCES_FILE, "source 'shiraa', url", ["no http(s) address"], id="bad URL",
        ),
        pytest.param(
            NEWSLETTER, SOURCE.replace('"LB"', '"lb"'), REGIONS,
            SOURCES_FILE, "source 'shiraa', country", ["'lb'", "ISO 3166"], id="bad country",
        ),
        pytest.param(
            NEWSLETTER, SOURCE + SOURCE, REGIONS,
            SOURCES_FILE, "source 'shiraa'", ["stands 2 times"], id="a source's id twice",
        ),
        pytest.param(
            NEWSLETTER + NEWSLETTER, SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily'", ["stands 2 times"], id="a newsletter's id twice",
        ),
        pytest.param(
            NEWSLETTER, SOURCE, REGIONS + '[[region]]\nid = "gulf"\nname = { ar = "خ" }\ncountries = []\n',
            REGIONS_FILE, "region 'gulf'", ["stands 2 times"], id="a region's id twice",
        ),
        pytest.param(
            NEWSLETTER.replace("europe", "europa"), SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', regions", ["'europa' is no region", "gulf, europe"],
            id="a newsletter's unknown region",
        ),
        pytest.param(
            NEWSLETTER.replace('"europe"', '"gulf"'), SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', regions", ["'gulf' stands 2 times"], id="a newsletter's region twice",
        ),
        pytest.param(
            NEWSLETTER, SOURCE + 'regions = ["moon"]\n', REGIONS,
            SOURCES_FILE, "source 'shiraa', regions", ["'moon' is no region"], id="a source's unknown region",
        ),
        pytest.param(
            NEWSLETTER + 'sources = ["shira"]\n', SOURCE, REGIONS,
            SETTINGS_FILE, "newsletter 'daily', sources", ["'shira' is no source", "Did you mean 'shiraa'?"],
            id="unknown source",
        ),
        pytest.param(
            NEWSLETTER, SOURCE, REGIONS.replace('"DE"', '"QA"'),
            REGIONS_FILE, "country QA", ["gulf and europe"], id="a country in two regions",
        ),
        pytest.param(
            'sendgrid = "x"\n' + NEWSLETTER, SOURCE, REGIONS,
            SETTINGS_FILE, "sendgrid", ["is wrong"], id="a value where a table belongs",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_file_its_key_and_what_would_be_right(
    settings: str, sources: str, regions: str, where: str, key: str, words: list[str]
) -> None:
    [fault] = faults_of(settings, sources, regions, {"SENDGRID_API_KEY": "SG.secret"})
    assert (fault.where, fault.key) == (f"config/{where}", key)
    assert [word for word in words if word not in str(fault)] == []
    assert fault.right


# --------------------------------------------------------------------------- every fault at once

_BAD_SETTINGS = """
[mail]
transprot = "smtp"
[[newsletter]]
id = "daily"
title = "موجز"
timezone = "Asia/Riyad"
stories_per_region = "three"
regions = ["gulf", "moon"]
sources = ["nowhere"]
[[newsletter]]
id = "daily"
title = "مساء"
regions = ["gulf"]
"""
_BAD_SOURCES = """
[[source]]
id = "shiraa"
outlet = "شراع"
url = "shiraa.example.org/rss"
regions = ["mars"]
[[source]]
id = "shiraa"
outlet = "شراع"
url = "https://shiraa.example.org/rss"
country = "LB"
"""


def test_all_faults_of_all_files_and_of_the_environment_are_told_at_once() -> None:
    environment = {
        "DIGEST_SMTP__PORT": "smtp",
        "DIGEST_MIAL__FROM": "a@example.org",
        "DIGEST_RANK__WINDOW": "3",
    }
    faults = faults_of(_BAD_SETTINGS, _BAD_SOURCES, REGIONS.replace('"DE"', '"QA"'), environment)
    assert {(fault.where, fault.key) for fault in faults} == {
        ("config/digest.toml", "mail.transprot"),
        ("config/digest.toml", "newsletter 'daily', timezone"),
        ("config/digest.toml", "newsletter 'daily', stories_per_region"),
        ("config/digest.toml", "newsletter 'daily', regions"),
        ("config/digest.toml", "newsletter 'daily', sources"),
        ("config/digest.toml", "newsletter 'daily'"),
        ("config/sources.toml", "source 'shiraa', url"),
        ("config/sources.toml", "source 'shiraa', country"),
        ("config/sources.toml", "source 'shiraa', regions"),
        ("config/sources.toml", "source 'shiraa'"),
        ("config/regions.toml", "country QA"),
        ("DIGEST_SMTP__PORT", ""),
        ("DIGEST_MIAL__FROM", ""),
        ("DIGEST_RANK__WINDOW", ""),
    }
    assert len(faults) == 14


def test_a_file_that_is_no_toml_hides_no_other_files_faults() -> None:
    faults = faults_of(_BAD_SETTINGS, "[[source]\n", REGIONS.replace('"DE"', '"QA"'))
    places = {fault.where for fault in faults}
    assert places == {"config/digest.toml", "config/sources.toml", "config/regions.toml"}
    # Which sources there are is not known then: none is called unknown.
    assert not [fault for fault in faults if "is no source" in fault.wrong]


def test_the_command_tells_every_fault_and_ends_with_2(tmp_path: pathlib.Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "digest.toml").write_text(_BAD_SETTINGS, encoding="utf-8")
    (config / "sources.toml").write_bytes("# النهار\n".encode("windows-1256"))
    (config / "regions.toml").write_text("[[region]\n", encoding="utf-8")
    ran = digest(tmp_path, "compose", extra={"DIGEST_SMTP__PORT": "smtp"})
    assert (ran.code, ran.out) == (2, "")
    for place in (
        "config/digest.toml: newsletter 'daily', timezone: ",
        "config/sources.toml: cannot be read: ",
        "config/regions.toml: is no valid TOML: ",
        "DIGEST_SMTP__PORT: 'smtp' is wrong",
    ):
        assert f"\n  - {place}" in ran.err


# --------------------------------------------------------------------------- secrets

_PASSWORD, _KEY = "hunter2-hunter2", "SG.abcdef.123456"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(f'[smtp]\nport = 0\npassword = "{_PASSWORD}"\n[sendgrid]\nchunk = 0\napi_key = "{_KEY}"\n', id="beside"),
        pytest.param(f'[smtp]\npassword = ["{_PASSWORD}"]\n[sendgrid]\napi_key = {{ key = "{_KEY}" }}\n', id="of a wrong kind"),
        pytest.param(f'[smtp]\npasswort = "{_PASSWORD}"\n[sendgrid]\nkey = "{_KEY}"\n', id="under a wrong key"),
        pytest.param(f'smtp = "{_PASSWORD}"\nsendgrid = "{_KEY}"\n', id="instead of the table"),
        pytest.param(f'[[smtp]]\npassword = "{_PASSWORD}"\n[[sendgrid]]\napi_key = "{_KEY}"\n', id="in a list of tables"),
    ],
)  # fmt: skip
def test_no_fault_quotes_a_secret(settings: str) -> None:
    faults = faults_of(settings + NEWSLETTER)
    assert len(faults) == 2
    assert not [fault for fault in faults if _PASSWORD in str(fault) or _KEY in str(fault)]


def test_no_fault_quotes_a_secret_of_the_environment(tmp_path: pathlib.Path) -> None:
    secrets = {"SENDGRID_API_KEY": _KEY, "DIGEST_SMTP__PASSWORD": _PASSWORD, "DIGEST_SMTP__PORT": "0"}
    ran = digest(tmp_path, "compose", extra=secrets)
    assert ran.code == 2
    assert "DIGEST_SMTP__PORT" in ran.err
    assert _KEY not in ran.err
    assert _PASSWORD not in ran.err


def test_settings_shown_in_a_log_hide_their_secrets() -> None:
    settings = load(environment={"SENDGRID_API_KEY": _KEY, "DIGEST_SMTP__PASSWORD": _PASSWORD})
    assert settings.sendgrid.api_key.get_secret_value() == _KEY
    assert settings.smtp.password.get_secret_value() == _PASSWORD
    assert _KEY not in repr(settings)
    assert _PASSWORD not in repr(settings)


# --------------------------------------------------------------------------- the environment


@pytest.mark.parametrize(
    ("variable", "given", "path", "expected"),
    [
        pytest.param("DIGEST_MAIL__TRANSPORT", "smtp", "mail.transport", "smtp", id="transport"),
        pytest.param("DIGEST_MAIL__FROM", "a@example.org", "mail.from_", "a@example.org", id="from"),
        pytest.param("DIGEST_MAIL__RATE_PER_SECOND", "2.5", "mail.rate_per_second", 2.5, id="rate"),
        pytest.param("DIGEST_SMTP__HOST", "mail.example.org", "smtp.host", "mail.example.org", id="SMTP host"),
        pytest.param("DIGEST_SMTP__PORT", "2525", "smtp.port", 2525, id="SMTP port"),
        pytest.param("DIGEST_SMTP__USERNAME", "mujaz", "smtp.username", "mujaz", id="SMTP user"),
        pytest.param("DIGEST_SMTP__SECURITY", "none", "smtp.security", "none", id="SMTP security"),
        pytest.param("DIGEST_SMTP__CONNECTIONS", "9", "smtp.connections", 9, id="SMTP connections"),
        pytest.param("DIGEST_SENDGRID__HOST", "http://127.0.0.1:8", "sendgrid.host", "http://127.0.0.1:8", id="SendGrid host"),
        pytest.param("DIGEST_SENDGRID__CHUNK", "10", "sendgrid.chunk", 10, id="chunk"),
        pytest.param("DIGEST_SENDGRID__TIMEOUT_SECONDS", "3", "sendgrid.timeout_seconds", 3.0, id="SendGrid timeout"),
        pytest.param("DIGEST_SENDGRID__WEBHOOK_PUBLIC_KEY", "MFk", "sendgrid.webhook_public_key", "MFk", id="webhook key"),
        pytest.param("DIGEST_COLLECT__ALLOW_PRIVATE_ADDRESSES", "true", "collect.allow_private_addresses", True, id="private addresses"),
        pytest.param("DIGEST_DELIVERY__LEASE_SECONDS", "7", "delivery.lease_seconds", 7.0, id="lease"),
        pytest.param("DIGEST_MAIL__WARM_UP", "200,500", "mail.warm_up", [200, 500], id="warm-up"),
        pytest.param("DIGEST_MAIL__WARM_UP", " 200 500\n1000, ", "mail.warm_up", [200, 500, 1000], id="warm-up in columns"),
        pytest.param("DIGEST_SMTP__RETURN_PATH", "b@example.org", "smtp.return_path", "b@example.org", id="return path"),
        pytest.param("DIGEST_SMTP__VERP", "true", "smtp.verp", True, id="VERP"),
        pytest.param("DIGEST_SENDGRID__SANDBOX", "true", "sendgrid.sandbox", True, id="sandbox"),
        pytest.param("DIGEST_DELIVERY__SOFT_BOUNCES", "3", "delivery.soft_bounces", 3, id="soft bounces"),
        pytest.param("DIGEST_DELIVERY__DRAIN_SECONDS", "0", "delivery.drain_seconds", 0.0, id="drain"),
        pytest.param("DIGEST_ALERTS__TO", "desk@example.org", "alerts.to", "desk@example.org", id="alerts to"),
        pytest.param("DIGEST_ALERTS__BOUNCE_PERCENT", "2.5", "alerts.bounce_percent", 2.5, id="bounces"),
        pytest.param("DIGEST_ALERTS__FAILING_SOURCES_PERCENT", "20", "alerts.failing_sources_percent", 20.0, id="failing sources"),
        pytest.param("DIGEST_RANK__WINDOW_HOURS", "48", "rank.window_hours", 48.0, id="window"),
    ],
)  # fmt: skip
def test_the_environment_overrides_the_file(variable: str, given: str, path: str, expected: object) -> None:
    table, _, key = path.partition(".")
    assert getattr(getattr(load(), table), key) != expected
    assert getattr(getattr(load(environment={variable: given}), table), key) == expected


def test_the_environment_wins_over_a_value_that_is_set() -> None:
    settings = '[mail]\nfrom = "file@example.org"\n' + NEWSLETTER
    assert load(settings).mail.from_ == "file@example.org"
    assert (
        load(settings, environment={"DIGEST_MAIL__FROM": "env@example.org"}).mail.from_ == "env@example.org"
    )


@pytest.mark.parametrize(
    ("variable", "given", "words"),
    [
        pytest.param("DIGEST_SMTP__PORT", "smtp", "a port from 1 to 65535", id="wrong type"),
        pytest.param("DIGEST_MAIL__TRANSPORT", "pigeon", "outbox, smtp or sendgrid", id="no such choice"),
        pytest.param("DIGEST_MAIL__TRANPORT", "smtp", "Did you mean 'transport'?", id="unknown key"),
        pytest.param("DIGEST_POST__FROM", "a@example.org", "Tables are mail, smtp", id="unknown table"),
        pytest.param("DIGEST_NEWSLETTER__TITLE", "x", "Tables are mail, smtp", id="a table of many"),
        pytest.param("DIGEST_SENDGRID__HOST", "api.sendgrid.com", "https://api.sendgrid.com", id="no URL"),
        pytest.param("DIGEST_MAIL__WARM_UP", "200;500", "such as [200, 500, 1000]", id="no list"),
        pytest.param("DIGEST_MAIL__WARM_UP", "200,0", "such as [200, 500, 1000]", id="a list with a wrong number"),
        pytest.param("DIGEST_ALERTS__TO", "the desk", "the operator's mail address", id="no address"),
        pytest.param("DIGEST_SMTP__RETURN_PATH", "bounces", "that bounces come back to", id="no return path"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_a_fault_of_the_variable(variable: str, given: str, words: str) -> None:
    [fault] = faults_of(environment={variable: given})
    assert (fault.where, fault.key) == (variable, "")
    assert words in str(fault)


@pytest.mark.parametrize(
    ("variable", "path"),
    [
        pytest.param("DIGEST_ALERTS__TO", "alerts.to", id="alerts to"),
        pytest.param("DIGEST_SMTP__RETURN_PATH", "smtp.return_path", id="return path"),
        pytest.param("DIGEST_MAIL__UNSUBSCRIBE_TO", "mail.unsubscribe_to", id="unsubscribe to"),
    ],
)
def test_an_address_that_may_be_left_out_may_be_empty(variable: str, path: str) -> None:
    table, _, key = path.partition(".")
    given = f'[{table}]\n{key} = "a@example.org"\n{NEWSLETTER}'
    assert getattr(getattr(load(given), table), key) == "a@example.org"
    assert getattr(getattr(load(given, environment={variable: ""}), table), key) is None


def test_variables_that_are_not_settings_are_left_alone() -> None:
    environment = {"DIGEST_HOME": "/srv", "DIGEST_TEST_ALL": "1", "PORT": "80"}
    assert load(environment=environment) == load()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, "outbox", id="nothing set"),
        pytest.param({"SENDGRID_API_KEY": _KEY}, "sendgrid", id="a SendGrid key"),
        pytest.param({"SENDGRID_API_KEY": ""}, "outbox", id="an empty SendGrid key"),
        pytest.param({"SENDGRID_API_KEY": _KEY, "DIGEST_MAIL__TRANSPORT": "outbox"}, "outbox", id="a key, but outbox"),
        pytest.param({"DIGEST_MAIL__TRANSPORT": "smtp"}, "smtp", id="smtp"),
    ],
)  # fmt: skip
def test_the_transport(environment: dict[str, str], expected: str) -> None:
    assert load(environment=environment).transport == expected
