"""What SMTP's answers say of an address, and how a message stands on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.adapters.smtp_answers import Answer, bounce_at_rcpt, refused, taken
from digest.adapters.smtp_connection import on_the_wire
from digest.model import Bounce, ReceiptStatus

_HARD, _SOFT = Bounce.HARD, Bounce.SOFT


@pytest.mark.parametrize(
    ("code", "text", "bounce"),
    [
        pytest.param(550, "5.1.1 no such user", _HARD, id="no such mailbox"),
        pytest.param(550, "5.1.1 no such user\n5.1.1 see our page", _HARD, id="in two lines"),
        pytest.param(550, "5.1.2 no such host", _HARD, id="no such domain"),
        pytest.param(553, "5.1.3 syntax", _HARD, id="no address"),
        pytest.param(550, "5.1.6 moved", _HARD, id="moved away"),
        pytest.param(556, "5.1.10 null MX", _HARD, id="a domain without mail"),
        pytest.param(550, "5.2.1 disabled", _HARD, id="a mailbox that is disabled"),
        pytest.param(550, "nobody here", _HARD, id="550 without a code of its own"),
        pytest.param(551, "not local", _HARD, id="551"),
        pytest.param(553, "not allowed", _HARD, id="553"),
        pytest.param(556, "no mail", _HARD, id="556"),
        pytest.param(550, "5.0.0 no", _HARD, id="a code that says nothing"),
        pytest.param(550, "5.1.1", _HARD, id="nothing but codes"),
        pytest.param(552, "5.2.2 full", _SOFT, id="a full mailbox"),
        pytest.param(550, "5.2.2 over quota", _SOFT, id="a full mailbox by 550"),
        pytest.param(552, "storage", _SOFT, id="552 without a code of its own"),
        pytest.param(552, "5.2.3 too long", _SOFT, id="a message too long for it"),
        pytest.param(550, "5.1.8 bad sender's domain", _SOFT, id="the sender's domain"),
        pytest.param(550, "5.1.7 bad sender", _SOFT, id="the sender's address"),
        pytest.param(550, "5.3.2 system not accepting", _SOFT, id="the system"),
        pytest.param(550, "5.4.1 access denied", _SOFT, id="the network"),
        pytest.param(550, "5.7.1 blocked", _SOFT, id="a policy"),
        pytest.param(554, "5.7.1 relay access denied", _SOFT, id="no relay"),
        pytest.param(550, "5.7.26 unauthenticated", _SOFT, id="a policy of two digits"),
        pytest.param(554, "transaction failed", _SOFT, id="554"),
        pytest.param(503, "bad sequence", _SOFT, id="503"),
        pytest.param(530, "authentication required", _SOFT, id="530"),
        pytest.param(550, "5.1.1.7 is no code", _HARD, id="numbers that are no code"),
        pytest.param(550, "5.7.1: blocked", _SOFT, id="a colon behind it"),
        pytest.param(550, "sorry, not from you (#5.7.1)", _SOFT, id="at the end"),
        pytest.param(550, "sorry, nobody here (#5.1.1)", _HARD, id="nobody, at the end"),
        pytest.param(450, "4.2.0 greylisted", _SOFT, id="not now"),
        pytest.param(452, "4.2.2 full", _SOFT, id="a full mailbox, for now"),
        pytest.param(450, "4.1.1 unverified", _SOFT, id="an address that is not known yet"),
        pytest.param(421, "4.3.2 closing", None, id="the connection's end"),
    ],
)
def test_what_a_refusal_says_of_an_address(code: int, text: str, bounce: Bounce | None) -> None:
    assert bounce_at_rcpt(Answer(code, text)) is bounce


@given(st.integers(400, 599), st.text(max_size=40))
def test_nobody_is_given_up_for_what_may_pass(code: int, text: str) -> None:
    answer = Answer(code, text)
    if bounce_at_rcpt(answer) is _HARD:
        assert refused(answer) is ReceiptStatus.REJECTED
    assert (refused(answer) is ReceiptStatus.DEFERRED) == (code < 500)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (250, ReceiptStatus.SENT),
        (252, ReceiptStatus.SENT),
        (354, ReceiptStatus.UNKNOWN),
        (421, ReceiptStatus.DEFERRED),
        (451, ReceiptStatus.DEFERRED),
        (552, ReceiptStatus.REJECTED),
    ],
)
def test_what_the_answer_to_a_message_means(code: int, status: ReceiptStatus) -> None:
    assert taken(Answer(code, "")) is status


@given(st.text(max_size=2000))
def test_an_operator_reads_one_harmless_line(text: str) -> None:
    words = Answer(550, text).words
    assert words.startswith("550 ")
    assert len(words) <= 500
    assert "\0" not in words
    assert len(words.splitlines()) == 1


_LINES = st.lists(st.text(alphabet=".a ", max_size=4).map(str.encode), max_size=8)


def _read_as_a_server_does(wire: bytes) -> bytes:
    """Undo the transparency of RFC 5321, 4.5.2; fails where the end's mark stands within."""
    *lines, end, nothing = wire.split(b"\r\n")
    assert (end, nothing) == (b".", b"")
    assert b"." not in lines
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)


@given(_LINES)
def test_a_message_is_read_as_it_was_written(lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    assert _read_as_a_server_does(on_the_wire(content)) == content
    # A last line that is not closed gets its end.
    if lines and lines[-1]:
        assert on_the_wire(content.removesuffix(b"\r\n")) == on_the_wire(content)
