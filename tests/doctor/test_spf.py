"""SPF as a receiver reads it (RFC 7208): what passes, what it costs, what breaks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.doctor.spf import read_spf
from tests.doctor.names import FAILED, TableNames

_Table = Mapping[str, Sequence[str]]
_HOST = {"mail.example.org A": ["192.0.2.7"], "mail.example.org AAAA": ["2001:db8::7"]}


def _chain(length: int) -> dict[str, list[str]]:
    """Return a record whose includes lead from one to the next, so many lookups long."""
    names = ["example.org", *(f"s{number}.example.org" for number in range(1, length + 1))]
    pairs = zip(names, [*names[1:], ""], strict=True)
    return {f"{name} TXT": [f"v=spf1 include:{then} -all" if then else "v=spf1 -all"] for name, then in pairs}


@pytest.mark.parametrize(
    ("record", "more", "expected"),
    [
        pytest.param("v=spf1 -all", {}, {"default": "-", "lookups": 0}, id="nobody"),
        pytest.param("V=SPF1 ~ALL", {}, {"default": "~"}, id="capitals"),
        pytest.param("v=spf1", {}, {"default": "", "lookups": 0}, id="nothing said"),
        pytest.param("v=spf1 +all", {}, {"is_open": True, "default": "+"}, id="everybody"),
        pytest.param("v=spf1 all", {}, {"is_open": True, "default": "+"}, id="everybody, without a sign"),
        pytest.param("v=spf1 ip4:0.0.0.0/0 -all", {}, {"is_open": True}, id="everybody by their networks"),
        pytest.param("v=spf1 ?all", {}, {"is_open": False, "default": "?"}, id="undecided"),
        pytest.param("v=spf1 -all include:nosuch.example.org", {}, {"lookups": 0, "voids": 0}, id="nothing counts behind all"),
        pytest.param("v=spf1 -all redirect=nosuch.example.org", {}, {"lookups": 0}, id="nor does a redirect"),
        pytest.param("v=spf1 redirect=b.example.org", {"b.example.org TXT": ["v=spf1 ~all"]}, {"lookups": 1, "default": "~"}, id="a redirect decides"),
        pytest.param("v=spf1 include:b.example.org", {"b.example.org TXT": ["v=spf1 -all"]}, {"lookups": 1, "default": ""}, id="an include does not"),
        pytest.param("v=spf1 include:b.example.org -all", {"b.example.org TXT": ["v=spf1 +all"]}, {"is_open": True}, id="an include that is open"),
        pytest.param("v=spf1 -include:b.example.org -all", {"b.example.org TXT": ["v=spf1 +all"]}, {"is_open": False}, id="one that is shut out"),
        pytest.param("v=spf1 a mx ptr exists:%{i}.x.example.org -all", _HOST | {"example.org MX": ["10 mail.example.org"]}, {"lookups": 4, "uses_ptr": True, "voids": 1}, id="each of them counts"),
        pytest.param("v=spf1 a:mail.example.org -all", _HOST, {"lookups": 1, "voids": 0}, id="a host"),
        pytest.param("v=spf1 a:gone.example.org mx:gone.example.org exists:gone.example.org -all", {}, {"lookups": 3, "voids": 3}, id="names that are gone"),
        pytest.param("v=spf1 exp=why.example.org x-other=1 -all", {}, {"lookups": 0, "default": "-"}, id="modifiers are passed over"),
        pytest.param("v=spf1 include:%{d}.example.org -all", {}, {"lookups": 1, "voids": 0, "faults": []}, id="a macro cannot be known"),
    ],
)  # fmt: skip
def test_what_a_record_comes_to(record: str, more: _Table, expected: dict[str, Any]) -> None:
    found = read_spf("example.org", TableNames({"example.org TXT": ["other text", record], **more}))
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.records == (record,)


@pytest.mark.parametrize(
    ("record", "more", "words"),
    [
        pytest.param("v=spf1 include:example.org -all", {}, "it leads to itself: example.org -> example.org", id="to itself"),
        pytest.param("v=spf1 include:b.example.org -all", {"b.example.org TXT": ["v=spf1 redirect=example.org"]}, "example.org -> b.example.org -> example.org", id="in a ring"),
        pytest.param("v=spf1 include:b.example.org -all", {}, "b.example.org, which it names, has no SPF records", id="to nothing"),
        pytest.param("v=spf1 include:b.example.org -all", {"b.example.org TXT": ["v=spf1 -all", "v=spf1 ~all"]}, "b.example.org, which it names, has 2 SPF records", id="to two records"),
        pytest.param("v=spf1 ipv4:192.0.2.1 -all", {}, "'ipv4:192.0.2.1' is no term of SPF", id="a mistyped term"),
        pytest.param("v=spf1 192.0.2.1 -all", {}, "'192.0.2.1' is no term of SPF", id="a bare address"),
        pytest.param("v=spf1 ip4:192.0.2.300 -all", {}, "'ip4:192.0.2.300' names no network", id="no address"),
        pytest.param("v=spf1 ip4:2001:db8::1 -all", {}, "'ip4:2001:db8::1' names a network of the other kind", id="the other kind"),
        pytest.param("v=spf1 a:mail.example.org/99 -all", _HOST, "'a:mail.example.org/99' names no network", id="too long a prefix"),
        pytest.param("v=spf1 include -all", {}, "an include names no domain", id="an include of nothing"),
        pytest.param("v=spf1 mx -all", {"example.org MX": [f"10 m{number}.example.org" for number in range(11)]}, "mx of example.org names 11 servers, and 10 is the most", id="eleven servers"),
    ],
)  # fmt: skip
def test_what_breaks_a_record(record: str, more: _Table, words: str) -> None:
    found = read_spf("example.org", TableNames({"example.org TXT": [record], **more}))
    assert any(words in one for one in found.faults), found.faults


@pytest.mark.parametrize(
    ("record", "passing", "refused"),
    [
        pytest.param("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", ["192.0.2.200", "2001:db8:1::1"], ["198.51.100.1", "2001:db9::1"], id="networks"),
        pytest.param("v=spf1 ip4:192.0.2.9/24 -all", ["192.0.2.200"], ["192.0.3.1"], id="a network by an address in it"),
        pytest.param("v=spf1 a:mail.example.org -all", ["192.0.2.7", "2001:db8::7"], ["192.0.2.8"], id="a host"),
        pytest.param("v=spf1 a:mail.example.org/24//64 -all", ["192.0.2.8", "2001:db8::8"], ["192.0.3.8"], id="a host's neighbours"),
        pytest.param("v=spf1 mx -all", ["192.0.2.7"], ["192.0.2.8"], id="the mail servers"),
        pytest.param("v=spf1 -a:mail.example.org -all", [], ["192.0.2.7"], id="a host that is shut out"),
    ],
)  # fmt: skip
def test_who_passes(record: str, passing: list[str], refused: list[str]) -> None:
    table = _HOST | {"example.org TXT": [record], "example.org MX": ["10 mail.example.org"]}
    found = read_spf("example.org", TableNames(table))
    assert [found.passes(one) for one in passing] == [True] * len(passing)
    assert [found.passes(one) for one in refused] == [False] * len(refused)


def test_what_cannot_be_looked_up_is_told() -> None:
    table = {"example.org TXT": ["v=spf1 include:b.example.org a:c.example.org -all"]}
    names = TableNames({**table, "b.example.org TXT": FAILED})
    found = read_spf("example.org", names)
    assert (found.unknown, found.faults) == (["TXT of b.example.org: SERVFAIL"], [])


@given(st.integers(min_value=0, max_value=60))
def test_lookups_are_counted_and_end(length: int) -> None:
    names = TableNames(_chain(length))
    found = read_spf("example.org", names)
    assert found.lookups == min(length, 31)
    assert len(names.asked) <= 31


@given(st.text(alphabet="v=spf1 aimx+-~?:/%.redc0123456789", max_size=80))
def test_any_text_is_read(text: str) -> None:
    table = {"example.org TXT": [f"v=spf1 {text}"], "a TXT": ["v=spf1 a mx"]}
    found = read_spf("example.org", TableNames(table))
    assert len(found.records) == 1
