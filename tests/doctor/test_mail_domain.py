"""What is said of the sender's domain: DKIM, DMARC, MX, and SPF in words."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from digest.doctor.mail_domain import MailFacts, mail_domain_findings
from digest.mailer.signing import DkimSigner, read_key
from digest.ports.probing import NameOutcome
from tests.doctor.names import FAILED, SILENT, TableNames

_Table = Mapping[str, Sequence[str] | NameOutcome]
_DKIM_NAME = "mujaz1._domainkey.example.org"


@cache
def _rsa(bits: int, number: int = 0) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65_537, key_size=bits)


_ED25519 = Ed25519PrivateKey.generate()


def _signer(key: RSAPrivateKey | Ed25519PrivateKey) -> DkimSigner:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return DkimSigner(domain="example.org", selector="mujaz1", key=read_key(pem))


def _public(key: RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


_ED_PUBLIC = base64.b64encode(_ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
_FACTS = MailFacts(
    transport="smtp",
    from_domain="example.org",
    bounce_domain="example.org",
    unsubscribe_domain="example.org",
    carrier="mail.example.org",
    signer=_signer(_rsa(2048)),
)
#: A domain at which all is as it should be.
_SOUND: _Table = {
    "example.org MX": ["10 mail.example.org"],
    "example.org TXT": ["v=spf1 mx -all"],
    "mail.example.org A": ["192.0.2.7"],
    f"{_DKIM_NAME} TXT": [f"v=DKIM1; k=rsa; p={_public(_rsa(2048))}"],
    "_dmarc.example.org TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@example.org"],
}


def _said(table: _Table, facts: MailFacts = _FACTS) -> dict[str, str]:
    """Return the level of each finding by its id, the good ones left out."""
    found = mail_domain_findings(facts, TableNames(table))
    return {one.id.removeprefix("dns."): str(one.level) for one in found if one.level != "ok"}


def test_a_sound_domain() -> None:
    found = mail_domain_findings(_FACTS, TableNames(_SOUND))
    assert [(one.id, one.level) for one in found] == [
        ("dns.spf", "ok"),
        ("dns.dkim", "ok"),
        ("dns.dmarc", "ok"),
        ("dns.mx", "ok"),
    ]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        pytest.param([], {"spf-missing": "fault"}, id="none"),
        pytest.param(["v=spf1 mx -all", "v=spf1 -all"], {"spf-several": "fault"}, id="two"),
        pytest.param(["v=spf1 mx mxx -all"], {"spf-broken": "fault"}, id="a mistyped term"),
        pytest.param(["v=spf1 mx +all"], {"spf-open": "fault"}, id="everybody"),
        pytest.param(["v=spf1 mx ?all"], {"spf-weak": "warning"}, id="undecided"),
        pytest.param(["v=spf1 mx ptr -all"], {"spf-ptr": "warning"}, id="ptr"),
        pytest.param(["v=spf1 ip4:198.51.100.1 -all"], {"spf-carrier": "warning"}, id="without the carrier"),
        pytest.param(["v=spf1 " + "mx " * 11 + "-all"], {"spf-lookups": "fault"}, id="eleven lookups"),
        pytest.param(["v=spf1 " + "mx " * 10 + "-all"], {}, id="ten lookups"),
        pytest.param(["v=spf1 mx a:x.example.org a:y.example.org a:z.example.org -all"], {"spf-voids": "fault"}, id="three void lookups"),
        pytest.param(["v=spf1 mx a:x.example.org a:y.example.org -all"], {}, id="two void lookups"),
        pytest.param(FAILED, {"unanswered": "fault"}, id="no answer"),
    ],
)  # fmt: skip
def test_spf_in_words(record: Sequence[str] | NameOutcome, said: dict[str, str]) -> None:
    assert _said({**_SOUND, "example.org TXT": record}) == said


def _key_record(tags: str) -> list[str]:
    return [f"v=DKIM1; {tags}"]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        pytest.param([], {"dkim-missing": "fault"}, id="none"),
        pytest.param(["unrelated"], {"dkim-missing": "fault"}, id="another text"),
        pytest.param([f"p={_public(_rsa(2048))}"], {}, id="the least that it may say"),
        pytest.param(_key_record(f"k=rsa; p={_public(_rsa(2048))[:100]} {_public(_rsa(2048))[100:]}"), {}, id="white space within"),
        pytest.param(_key_record(f"p={_public(_rsa(2048, 1))}"), {"dkim-mismatch": "fault"}, id="another key"),
        pytest.param(_key_record("p="), {"dkim-revoked": "fault"}, id="revoked"),
        pytest.param(_key_record(f"t=y:s; p={_public(_rsa(2048))}"), {"dkim-test": "warning"}, id="a trial"),
        pytest.param(_key_record(f"k=ed25519; p={_ED_PUBLIC}"), {"dkim-unfit": "fault"}, id="of another kind"),
        pytest.param(_key_record(f"h=sha1; p={_public(_rsa(2048))}"), {"dkim-unfit": "fault"}, id="for another hash"),
        pytest.param(_key_record(f"s=tlsrpt; p={_public(_rsa(2048))}"), {"dkim-unfit": "fault"}, id="for no mail"),
        pytest.param([f"v=DKIM2; p={_public(_rsa(2048))}"], {"dkim-unfit": "fault"}, id="of another version"),
        pytest.param(_key_record("p=%%%"), {"dkim-broken": "fault"}, id="no base64"),
        pytest.param(_key_record("p=AAAA"), {"dkim-broken": "fault"}, id="no key"),
        pytest.param(_key_record(f"p={_public(_rsa(2048))}; p=x"), {"dkim-broken": "fault"}, id="a tag twice"),
        pytest.param([f"p={_public(_rsa(2048))}"] * 2, {"dkim-several": "fault"}, id="two records"),
        pytest.param(FAILED, {"unanswered": "fault"}, id="no answer"),
    ],
)  # fmt: skip
def test_the_dkim_key(record: Sequence[str] | NameOutcome, said: dict[str, str]) -> None:
    assert _said({**_SOUND, f"{_DKIM_NAME} TXT": record}) == said


@pytest.mark.parametrize(
    ("signer", "record", "said"),
    [
        pytest.param(_signer(_rsa(1024)), f"p={_public(_rsa(1024))}", {"dkim-short": "warning"}, id="1024 bits"),
        pytest.param(_signer(_ED25519), f"k=ed25519; p={_ED_PUBLIC}", {}, id="Ed25519"),
        pytest.param(_signer(Ed25519PrivateKey.generate()), f"k=ed25519; p={_ED_PUBLIC}", {"dkim-mismatch": "fault"}, id="another Ed25519 key"),
        pytest.param(_signer(_ED25519), "k=ed25519; p=AAAA", {"dkim-broken": "fault"}, id="no Ed25519 key"),
    ],
)  # fmt: skip
def test_keys_of_other_kinds(signer: DkimSigner, record: str, said: dict[str, str]) -> None:
    table = {**_SOUND, f"{_DKIM_NAME} TXT": _key_record(record)}
    assert _said(table, replace(_FACTS, signer=signer)) == said


_RUA = "rua=mailto:dmarc@example.org"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        pytest.param([], {"dmarc-missing": "warning"}, id="none"),
        pytest.param([f"v=DMARC1; p=none; {_RUA}"], {"dmarc-none": "warning"}, id="none is asked for"),
        pytest.param([f"v=DMARC1;p=quarantine;{_RUA}!10m,mailto:b@example.org"], {}, id="quarantine"),
        pytest.param(["v=DMARC1; p=reject"], {"dmarc-reports": "warning"}, id="no reports"),
        pytest.param([f"v=DMARC1; p=reject; pct=20; {_RUA}"], {"dmarc-share": "warning"}, id="for some of the mail"),
        pytest.param([f"v=DMARC1; {_RUA}"], {"dmarc-broken": "fault"}, id="no policy"),
        pytest.param([f"v=DMARC1; p=maybe; {_RUA}"], {"dmarc-broken": "fault"}, id="no such policy"),
        pytest.param(["v=DMARC1; p"], {"dmarc-broken": "fault"}, id="no value"),
        pytest.param([f"v=DMARC1; p=reject; {_RUA}"] * 2, {"dmarc-several": "fault"}, id="two"),
        pytest.param(["v=DMARC1; p=reject; rua=mailto:x@reports.example.net"], {"dmarc-consent": "warning"}, id="reports to a stranger"),
        pytest.param(FAILED, {"unanswered": "fault"}, id="no answer"),
    ],
)  # fmt: skip
def test_the_dmarc_policy(record: Sequence[str] | NameOutcome, said: dict[str, str]) -> None:
    assert _said({**_SOUND, "_dmarc.example.org TXT": record}) == said


def test_a_stranger_may_want_the_reports() -> None:
    table = {
        **_SOUND,
        "_dmarc.example.org TXT": ["v=DMARC1; p=reject; rua=mailto:x@reports.example.net"],
        "example.org._report._dmarc.reports.example.net TXT": ["v=DMARC1;"],
    }
    assert _said(table) == {}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        pytest.param("p=reject", {}, id="its policy"),
        pytest.param("p=reject; sp=none", {"dmarc-none": "warning"}, id="its policy for what is under it"),
        pytest.param(
            "p=reject; adkim=s; aspf=s", {"dmarc-unaligned": "fault"}, id="which wants the very name"
        ),
        pytest.param("p=reject; adkim=s", {"dmarc-spf-only": "warning"}, id="which wants it of the key"),
    ],
)
def test_a_domain_inherits_from_its_organisation(policy: str, said: dict[str, str]) -> None:
    table = {
        **_SOUND,
        "news.example.org MX": ["10 mail.example.org"],
        "_dmarc.example.org TXT": [f"v=DMARC1; {policy}; {_RUA}"],
    }
    assert _said(table, replace(_FACTS, from_domain="news.example.org")) == said


@pytest.mark.parametrize(
    ("organisation", "said"),
    [
        pytest.param(["v=DMARC1; p=none"], {"dkim-unsigned": "warning", "dmarc-spf-only": "warning"}, id="of one organisation"),
        pytest.param([], {"dkim-unsigned": "warning", "dmarc-unaligned": "fault"}, id="nobody says so"),
    ],
)  # fmt: skip
def test_names_beside_one_another(organisation: list[str], said: dict[str, str]) -> None:
    table = {
        **_SOUND,
        "news.example.org MX": ["10 mail.example.org"],
        "back.example.org MX": ["10 mail.example.org"],
        "back.example.org TXT": ["v=spf1 mx -all"],
        "_dmarc.news.example.org TXT": ["v=DMARC1; p=reject; rua=mailto:d@news.example.org"],
        "_dmarc.example.org TXT": organisation,
    }
    facts = replace(_FACTS, from_domain="news.example.org", bounce_domain="back.example.org", signer=None)
    assert _said(table, facts) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"signer": None}, {"dkim-unsigned": "warning", "dmarc-spf-only": "warning"}, id="SPF alone"),
        pytest.param({"bounce_domain": "carrier.example.net"}, {}, id="the key alone"),
        pytest.param({"signer": None, "bounce_domain": "carrier.example.net"}, {"dkim-unsigned": "warning", "dmarc-unaligned": "fault"}, id="neither"),
    ],
)  # fmt: skip
def test_who_speaks_for_the_sender(changes: dict[str, object], said: dict[str, str]) -> None:
    table = {
        **_SOUND,
        "carrier.example.net MX": ["10 mail.example.org"],
        "carrier.example.net TXT": ["v=spf1 mx -all"],
    }
    facts = replace(_FACTS, **changes)  # type: ignore[arg-type]
    assert _said(table, facts) == said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({"out.example.org MX": ["10 mail.example.org"]}, {}, id="a server"),
        pytest.param({"out.example.org A": ["192.0.2.9"]}, {}, id="the domain itself"),
        pytest.param({}, {"mx-missing": "fault"}, id="nothing"),
        pytest.param({"out.example.org MX": ["0 "]}, {"mx-null": "fault"}, id="a null MX"),
        pytest.param(
            {"out.example.org MX": ["10 gone.example.org"]}, {"mx-dead": "fault"}, id="a server that is gone"
        ),
        pytest.param({"out.example.org MX": FAILED}, {"unanswered": "fault"}, id="no answer"),
    ],
)
def test_where_unsubscribe_mails_go(more: _Table, said: dict[str, str]) -> None:
    assert _said({**_SOUND, **more}, replace(_FACTS, unsubscribe_domain="out.example.org")) == said


def test_sendgrid_signs_by_itself() -> None:
    facts = replace(_FACTS, transport="sendgrid", signer=None, knows_signer=False, carrier="")
    bare = {"example.org MX": ["10 mail.example.org"], "mail.example.org A": ["192.0.2.7"]}
    assert _said(bare, facts) == {
        "spf-missing": "warning",
        "dkim-carrier": "warning",
        "dmarc-missing": "warning",
    }
    table = {
        **_SOUND,
        "example.org TXT": ["v=spf1 include:sendgrid.net ~all"],
        "sendgrid.net TXT": ["v=spf1 ip4:192.0.2.0/24 ~all"],
        "s1._domainkey.example.org TXT": ["k=rsa; p=AAAA"],
    }
    assert _said(table, facts) == {}
    assert _said({**table, "example.org TXT": ["v=spf1 -all"]}, facts) == {"spf-carrier": "warning"}


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        pytest.param(SILENT, {"silent": "fault"}, id="no name server"),
        pytest.param(FAILED, {"unanswered": "fault"}, id="a broken domain"),
        pytest.param(NameOutcome.NO_NAME, {"no-domain": "fault"}, id="no such domain"),
    ],
)
def test_one_fault_is_told_once(outcome: NameOutcome, said: dict[str, str]) -> None:
    names = TableNames({**_SOUND, "example.org MX": outcome})
    found = mail_domain_findings(_FACTS, names)
    assert {one.id.removeprefix("dns."): str(one.level) for one in found} == said
    assert names.asked == ["example.org MX"]
