"""The key that signs: read from its file, or what is wrong with it said for a person."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from digest.adapters.dkim import aligned, load_signer
from digest.app import App
from digest.errors import ConfigurationError
from digest.settings import SmtpSettings
from tests.mailer.keys import ed25519_key, pem, rsa_key, seed

_FROM = "mujaz@news.example"


def _settings(key_file: str = "key.pem", selector: str = "s1", domain: str = "") -> SmtpSettings:
    return SmtpSettings(dkim_key_file=key_file, dkim_selector=selector, dkim_domain=domain)


def _faults(settings: SmtpSettings, home: pathlib.Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_signer(settings, _FROM, home)
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    """A home with a key in it."""
    (tmp_path / "key.pem").write_bytes(pem(rsa_key()))
    return tmp_path


def test_without_a_key_nothing_is_signed(home: pathlib.Path) -> None:
    assert load_signer(SmtpSettings(), _FROM, home) is None


@pytest.mark.parametrize(
    ("domain", "signing"),
    [
        pytest.param("", "news.example", id="the sender's own by default"),
        pytest.param("news.example", "news.example", id="the sender's own"),
        pytest.param("NEWS.example", "news.example", id="in capitals"),
    ],
)
def test_a_key_signs_for_the_sender_s_domain(domain: str, signing: str, home: pathlib.Path) -> None:
    made = load_signer(_settings(domain=domain), _FROM, home)
    assert made is not None
    assert (made.domain, made.selector, made.key.algorithm) == (signing, "s1", "rsa-sha256")


@pytest.mark.parametrize(
    "content", [pytest.param(pem(ed25519_key()), id="PEM"), pytest.param(seed(ed25519_key()), id="a seed")]
)
def test_a_key_may_be_ed25519_and_lie_anywhere(content: bytes, home: pathlib.Path) -> None:
    path = home / "elsewhere" / "key"
    path.parent.mkdir()
    path.write_bytes(content)
    made = load_signer(_settings(str(path)), _FROM, pathlib.Path("/nonexistent"))
    assert made is not None
    assert made.key.algorithm == "ed25519-sha256"


@pytest.mark.parametrize(
    ("domain", "sender", "counts"),
    [
        pytest.param("news.example", "news.example", True, id="the same"),
        pytest.param("news.example", "mail.news.example", True, id="above"),
        pytest.param("mail.news.example", "news.example", True, id="below"),
        pytest.param("localhost", "localhost", True, id="one label, the same"),
        pytest.param("example", "news.example", False, id="a top-level domain"),
        pytest.param("ws.example", "news.example", False, id="an end that is no label"),
        pytest.param("other.example", "news.example", False, id="another"),
    ],
)
def test_a_domain_is_aligned_or_not(domain: str, sender: str, counts: bool) -> None:
    assert aligned(domain, sender) == counts


def test_all_that_is_wrong_is_said_at_once(home: pathlib.Path) -> None:
    faults = _faults(_settings("nowhere.pem", selector="", domain="other.example"), home)
    assert len(faults) == 3
    assert (
        f"smtp.dkim_key_file, or DIGEST_SMTP__DKIM_KEY_FILE: {home / 'nowhere.pem'} is not there" in faults[0]
    )
    assert "DIGEST_SMTP__DKIM_SELECTOR: is missing" in faults[1]
    assert "'other.example' is not aligned with the sender's 'news.example'" in faults[2]


def test_a_selector_without_a_key_is_a_fault(home: pathlib.Path) -> None:
    [fault] = _faults(_settings(""), home)
    assert "DIGEST_SMTP__DKIM_KEY_FILE: is missing" in fault


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "holds no private key", id="empty"),
        pytest.param(b"no key at all", "holds no private key", id="something else"),
        pytest.param(pem(rsa_key())[:600], "holds no private key that can be read", id="half a key"),
        pytest.param(pem(rsa_key(), password=b"x"), "holds a key that is locked", id="locked"),
    ],
)
def test_a_file_that_holds_no_key_is_a_fault_that_does_not_quote_it(
    content: bytes, words: str, home: pathlib.Path
) -> None:
    (home / "key.pem").write_bytes(content)
    [fault] = _faults(_settings(), home)
    assert f"{home / 'key.pem'} {words}" in fault
    assert not any(line in fault for line in content.decode().splitlines())


@contextmanager
def _somebody_else() -> Iterator[None]:
    """Read as a user without rights, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_a_fault(home: pathlib.Path) -> None:
    (home / "key.pem").chmod(0)
    with _somebody_else():
        [fault] = _faults(_settings(), home)
    assert "key.pem cannot be read (Permission denied)" in fault


def test_a_folder_is_no_key(home: pathlib.Path) -> None:
    [fault] = _faults(_settings("."), home)
    assert "cannot be read (Is a directory)" in fault


def test_the_environment_names_the_key(home: pathlib.Path) -> None:
    environment = {
        "DIGEST_MAIL__FROM": "mujaz@daily.news.example",
        "DIGEST_SMTP__DKIM_KEY_FILE": "key.pem",
        "DIGEST_SMTP__DKIM_SELECTOR": "autumn.2026",
        "DIGEST_SMTP__DKIM_DOMAIN": "news.example",
    }
    settings = App(home=home, environment=environment).settings
    made = load_signer(settings.smtp, settings.mail.from_, home)
    assert made is not None
    assert (made.domain, made.selector) == ("news.example", "autumn.2026")


@pytest.mark.parametrize("name", ["a b", "s1;", "-s1", "s1.", "é"])
def test_a_selector_is_a_name_of_dns(name: str) -> None:
    with pytest.raises(ValueError, match="dkim_selector"):
        _settings(selector=name)
