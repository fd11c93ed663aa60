"""Mails that come back, of our own invention: wishes to leave, bounces (RFC 3464), complaints (RFC 5965)."""

from __future__ import annotations

LAYLA = "layla@example.org"
VERP = "bounces+17@example.org"


def wish(
    subject: str = "unsubscribe", sender: str = f"Layla <{LAYLA}>", body: str = "", more: str = ""
) -> bytes:
    """Return a mail that a mail program or a person sends to leave."""
    return f"From: {sender}\r\nTo: mujaz@example.org\r\nSubject: {subject}\r\n{more}\r\n{body}\r\n".encode()


def original(token: str = "", recipient: str = LAYLA) -> str:
    """Return the headers of a letter of ours."""
    link = (
        f"List-Unsubscribe: <https://news.example.org/u/{token}>,\n <mailto:a@example.org>\n" if token else ""
    )
    return f"From: mujaz@example.org\nTo: {recipient}\nSubject: news\n{link}"


def bounce(
    status: str = "5.1.1",
    action: str = "failed",
    final: str = LAYLA,
    to: str = VERP,
    token: str = "",
    returned: str = "text/rfc822-headers",
) -> bytes:
    """Return a delivery status notification about the reader `final`."""
    return f"""From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I am sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {final}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: {returned}

{original(token, final)}
--b--
""".encode()


def complaint(token: str = "", kind: str = "abuse") -> bytes:
    """Return a feedback report about a letter with this unsubscribe link."""
    return f"""From: feedback@provider.example.net
To: mujaz@example.org
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is a complaint.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Loop/1.0
Version: 1

--b
Content-Type: message/rfc822

{original(token, "redacted@example.net")}
the letter
--b--
""".encode()
