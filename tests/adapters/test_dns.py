"""Looking names up, against a real name server on loopback."""

from __future__ import annotations

import pytest

from digest.adapters.dns import DnsNames, read_nameserver
from digest.ports.probing import NameOutcome
from tests.doctor.name_server import NONSENSE, REFUSED, SERVFAIL, SILENCE, name_server

_LONG = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(120)) + " -all"
_STRINGS = " ".join(f'"{_LONG[at : at + 250]}"' for at in range(0, len(_LONG), 250))
_RECORDS = {
    "example.org TXT": ['"v=spf1 -all"', '"another"'],
    "example.org MX": ["10 mail.example.org.", "20 Backup.Example.org."],
    "null.example.org MX": ["0 ."],
    "parts.example.org TXT": ['"v=DKIM1; p=AB" "CD" "EF=="'],
    "arabic.example.org TXT": ['"\\217\\133\\216"'],
    "alias.example.org CNAME": ["parts.example.org."],
    "one.example.org CNAME": ["two.example.org."],
    "two.example.org CNAME": ["one.example.org."],
    "large.example.org TXT": [_STRINGS],
    "broken.example.org TXT": SERVFAIL,
    "refused.example.org TXT": REFUSED,
    "silent.example.org TXT": SILENCE,
    "odd.example.org TXT": NONSENSE,
    "six.example.org AAAA": ["2001:db8::1"],
}


@pytest.mark.parametrize(
    ("name", "kind", "outcome", "records"),
    [
        pytest.param("example.org", "TXT", "found", ("another", "v=spf1 -all"), id="two texts"),
        pytest.param("EXAMPLE.org.", "MX", "found", ("10 mail.example.org", "20 backup.example.org"), id="servers"),
        pytest.param("null.example.org", "MX", "found", ("0 ",), id="a null MX"),
        pytest.param("parts.example.org", "TXT", "found", ("v=DKIM1; p=ABCDEF==",), id="a text of several strings"),
        pytest.param("arabic.example.org", "TXT", "found", ("م\ufffd",), id="bytes that are no UTF-8"),
        pytest.param("alias.example.org", "TXT", "found", ("v=DKIM1; p=ABCDEF==",), id="an alias"),
        pytest.param("large.example.org", "TXT", "found", (_LONG,), id="cut by UDP, whole by TCP"),
        pytest.param("six.example.org", "AAAA", "found", ("2001:db8::1",), id="an address"),
        pytest.param("nobody.example.org", "TXT", "no name", (), id="no such name"),
        pytest.param("six.example.org", "A", "no records", (), id="no such record"),
        pytest.param("broken.example.org", "TXT", "failed", (), id="SERVFAIL"),
        pytest.param("refused.example.org", "TXT", "failed", (), id="REFUSED"),
        pytest.param("one.example.org", "TXT", "failed", (), id="aliases in a ring"),
        pytest.param("a" * 70 + ".example.org", "TXT", "failed", (), id="a label that is too long"),
        pytest.param("a..example.org", "TXT", "failed", (), id="an empty label"),
    ],
)  # fmt: skip
def test_what_a_server_tells(name: str, kind: str, outcome: str, records: tuple[str, ...]) -> None:
    with name_server(_RECORDS) as (address, _zone):
        answer = DnsNames(address).look_up(name, kind)
    assert (answer.outcome, answer.records) == (outcome, records)
    assert bool(answer.words) == (outcome == "failed"), answer


def test_a_cut_answer_is_asked_for_again_by_tcp() -> None:
    with name_server(_RECORDS) as (address, zone):
        DnsNames(address).look_up("large.example.org", "TXT")
    assert (zone.asked, zone.by_tcp) == (["large.example.org TXT"], ["large.example.org TXT"])


@pytest.mark.parametrize("name", ["silent.example.org", "odd.example.org"])
def test_silence_ends(name: str) -> None:
    with name_server(_RECORDS) as (address, _zone):
        answer = DnsNames(address, each_seconds=0.3).look_up(name, "TXT")
    assert answer.outcome in {NameOutcome.SILENT, NameOutcome.FAILED}
    assert not answer.is_known


def test_nothing_is_asked_once_the_time_is_over() -> None:
    with name_server(_RECORDS) as (address, zone):
        answer = DnsNames(address, all_seconds=0).look_up("example.org", "TXT")
    assert (answer.outcome, zone.asked) == (NameOutcome.SILENT, [])


def test_the_same_question_is_asked_once() -> None:
    with name_server(_RECORDS) as (address, zone):
        names = DnsNames(address)
        assert names.look_up("example.org", "TXT") == names.look_up("Example.org.", "TXT")
    assert zone.asked == ["example.org TXT"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_a_name_servers_address(text: str, read: tuple[str, int]) -> None:
    assert read_nameserver(text) == read


@pytest.mark.parametrize(
    "text", ["", "dns.example.org", "192.0.2.1:x", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2"]
)
def test_what_is_no_address_of_a_name_server(text: str) -> None:
    with pytest.raises(ValueError, match=r"no IP address|no port"):
        read_nameserver(text)
