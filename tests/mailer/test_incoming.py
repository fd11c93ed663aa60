"""Mail that comes back: told apart, believed only with a proof, and harmless whatever it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.incoming import MOST_BYTES, Kind, read_mail
from tests.mailer.returned import LAYLA, bounce, complaint, wish

_TOKEN = "WzEsIm11amF6Il0.abcdefghijklmnop-_123"


@pytest.mark.parametrize(
    ("raw", "newsletter"),
    [
        pytest.param(wish(), "", id="all"),
        pytest.param(wish("UNSUBSCRIBE mujaz"), "mujaz", id="one"),
        pytest.param(wish("Re: unsubscribe"), "", id="an answer"),
        pytest.param(wish("=?utf-8?b?dW5zdWJzY3JpYmU=?="), "", id="encoded"),
        pytest.param(wish(" unsubscribe\r\n evening.news-2"), "evening.news-2", id="folded"),
        pytest.param(wish("Re: news", body="\r\nUnsubscribe.\r\n\r\n> the letter"), "", id="in the body"),
        pytest.param(wish(sender=LAYLA), "", id="no name"),
        pytest.param(wish(more="Auto-Submitted: auto-generated\r\n"), "", id="sent by the mail program"),
    ],
)
def test_wishes_to_leave(raw: bytes, newsletter: str) -> None:
    mail = read_mail(raw)
    assert (mail.kind, mail.sender, mail.newsletter_id) == (Kind.LEAVE, LAYLA, newsletter)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(wish("How do I unsubscribe"), id="a question"),
        pytest.param(wish("unsubscribe me now"), id="more words"),
        pytest.param(wish("Re: news", body="hello"), id="a letter"),
        pytest.param(wish("Re: news", body="unsubscribe", more="Auto-Submitted: auto-replied\r\n"), id="an absence"),
        pytest.param(wish(sender=""), id="from nobody"),
        pytest.param(wish(sender=f"{LAYLA}, omar@example.org"), id="from two"),
        pytest.param(wish(sender="nonsense"), id="from no address"),
        pytest.param(bounce(status="4.2.2"), id="a bounce for now"),
        pytest.param(bounce(status="5.2.2"), id="a full mailbox"),
        pytest.param(bounce(status="5.7.1"), id="a policy"),
        pytest.param(bounce(status="5.1.8"), id="about the sender"),
        pytest.param(bounce(action="delayed"), id="a delay"),
        pytest.param(complaint(_TOKEN, kind="not-spam"), id="a complaint taken back"),
        pytest.param(complaint(_TOKEN, kind="virus"), id="a virus"),
        pytest.param(bounce().replace(b"delivery-status;", b"disposition-notification;"), id="a receipt"),
    ],
)  # fmt: skip
def test_what_is_left_alone(raw: bytes) -> None:
    mail = read_mail(raw)
    assert mail.kind is Kind.OTHER
    assert mail.why


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_a_bounce_names_the_delivery_the_reader_and_the_letter(returned: str) -> None:
    mail = read_mail(bounce(token=_TOKEN, returned=returned))
    assert (mail.kind, mail.delivery_id, mail.named, mail.token) == (
        Kind.BOUNCE,
        17,
        frozenset({LAYLA}),
        _TOKEN,
    )
    assert mail.detail == "smtp; 550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("raw", "recipient", "delivery"),
    [
        pytest.param(bounce(to="mujaz@example.org"), "", 0, id="no number"),
        pytest.param(bounce(to="mujaz@example.org"), "bounces+4@example.org", 4, id="as the server says"),
        pytest.param(bounce(to="x@example.org\nDelivered-To: b+5@example.org"), "", 5, id="Delivered-To"),
        pytest.param(bounce(), "bounces+-4@example.org", 0, id="a letter outside the ledger"),
        pytest.param(bounce(to="b+99999999999999999999999@example.org"), "", 0, id="too large a number"),
    ],
)
def test_the_delivery_of_a_bounce(raw: bytes, recipient: str, delivery: int) -> None:
    assert read_mail(raw, recipient).delivery_id == delivery


def test_a_complaint_brings_the_link_of_the_letter() -> None:
    mail = read_mail(complaint(_TOKEN))
    assert (mail.kind, mail.token) == (Kind.COMPLAINT, _TOKEN)
    assert read_mail(complaint()).token == ""


def _deep(depth: int) -> bytes:
    heads = [
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="b{level}"\n\n--b{level}\n'
        for level in range(depth)
    ]
    return "".join(heads).encode()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(_deep(2000), id="parts within parts"),
        pytest.param(b"Content-Type: message/rfc822\n\n" * 3000, id="mails within mails"),
        pytest.param(b"Subject: =?utf-8?b?" + b"A" * 500_000 + b"?=\n\n", id="a long subject"),
        pytest.param(b"From: " + b"(" * 100_000 + b"\nSubject: unsubscribe\n\n", id="open brackets"),
        pytest.param(
            b"From: "
            + b", ".join(b"a%d@b.example" % n for n in range(50_000))
            + b"\nSubject: unsubscribe\n\n",
            id="many senders",
        ),
        pytest.param(b"To: " + b"<" * 100_000 + bounce(), id="a broken address"),
        pytest.param(b"Subject: =?x-none?q?=FF?=\n\n", id="an unknown charset"),
        pytest.param(wish().replace(b"Layla", b"\xff\xfe\x00"), id="no text"),
        pytest.param(bounce(final="a@b\x00\r\nX: y"), id="control characters"),
        pytest.param(bounce().replace(b'boundary="b"', b"boundary="), id="no boundary"),
        pytest.param(b"--b\nContent-Type: text/plain\n\n" * 40_000, id="a megabyte"),
    ],
)
def test_hostile_mails_do_no_harm(raw: bytes) -> None:
    mail = read_mail(raw[: MOST_BYTES + 10])
    assert mail.kind in Kind
    assert mail.sender in {"", LAYLA}


@given(
    st.lists(
        st.sampled_from([*bounce(token=_TOKEN).splitlines(), *complaint(_TOKEN).splitlines(), *wish().splitlines()])
        | st.binary(max_size=40),
        max_size=40,
    )
)  # fmt: skip
def test_no_mixture_of_lines_raises(lines: list[bytes]) -> None:
    mail = read_mail(b"\n".join(lines))
    assert (mail.kind is Kind.OTHER) == bool(mail.why)
