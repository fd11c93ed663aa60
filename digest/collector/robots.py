"""What a site's robots.txt lets us read (RFC 9309), through Protego. Pure: whoever has the file hands it in."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from protego import Protego

#: Bytes of a robots.txt that are read; RFC 9309, section 2.5, asks for as many.
MOST_BYTES = 500 * 1024
#: Seconds between two requests that a site may ask of us at most.
MOST_DELAY = 30.0
# The name before the version in `Mujaz/1.0`: all that robots.txt is about (RFC 9309, section 2.2.1).
_TOKEN = re.compile(r"[A-Za-z_-]+")
# As Protego reads it: with or without hyphen and colon.
_AGENT_LINE = re.compile(r"\s*user(?:-|\s+)?agent(?:\s*:|\s)\s*(?P<name>[^#]*)", re.IGNORECASE)
# Stands for everybody whom the question is not about; no product token holds a digit.
_SOMEBODY_ELSE = "0"
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_EVERYTHING, _NOTHING = "", "User-agent: *\nDisallow: /"


def robots_url(url: str) -> str:
    """Return the address of the robots.txt for an http(s) URL: at its scheme, host and port; "" for what is none.

    >>> robots_url("https://news.example:8443/world/1?page=2")
    'https://news.example:8443/robots.txt'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    authority = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{authority}/robots.txt" if authority else ""


class Robots:
    """One site's rules; ask it with a product token such as `Mujaz`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rules: dict[str, Protego] = {}

    @classmethod
    def read(cls, http_status: int, body: bytes) -> Robots:
        """Return the rules that an answer for robots.txt means.

        No such file (4xx, or redirects that lead nowhere) means that everything is allowed; a server in trouble
        (5xx) or no answer at all (0) that nothing is (RFC 9309, section 2.3.1). A web page in its place is no
        rules. Never fails.
        """
        if 200 <= http_status < 300:
            return cls(_text_of(body))
        return cls(_EVERYTHING if 300 <= http_status < 500 else _NOTHING)

    def allows(self, url: str, agent: str) -> bool:
        """Tell whether the agent may fetch a URL; one that is no URL it may not."""
        try:
            return self._of(agent).can_fetch(url, _token(agent))
        except ValueError:
            return False

    def delay(self, agent: str) -> float:
        """Return the seconds that the site wants between two requests of the agent, at most MOST_DELAY; 0 for any."""
        rules, token = self._of(agent), _token(agent)
        waits = [rules.crawl_delay(token) or 0.0]
        rate = rules.request_rate(token)
        if rate:
            # Whole numbers of any size: only their ratio is sure to fit a float.
            waits.append(min(rate.seconds, int(MOST_DELAY) * rate.requests) / rate.requests)
        return min(max(waits), MOST_DELAY)

    def _of(self, agent: str) -> Protego:
        token = _token(agent)
        if token not in self._rules:
            self._rules[token] = Protego.parse(_as_seen_by(token, self._text))
        return self._rules[token]


def _token(agent: str) -> str:
    found = _TOKEN.match(agent.strip())
    return found.group().lower() if found else "*"


def _as_seen_by(token: str, text: str) -> str:
    """Return the rules with one name for all agents but this one.

    Protego takes a group for ours whose name merely begins ours, misses `Mujaz/1.0`, and keeps each rule once for
    each agent of its group: thousands of both would fill the memory.
    """
    lines = []
    for line in text.splitlines():
        found = _AGENT_LINE.match(line)
        if found:
            name = found["name"].strip()
            seen = name if name == "*" else token if _token(name) == token else _SOMEBODY_ELSE
            line = f"User-agent: {seen}"
        lines.append(line)
    return "\n".join(lines)


def _text_of(body: bytes) -> str:
    codec = next((codec for mark, codec in _MARKS if body.startswith(mark)), "utf-8")
    text = body[:MOST_BYTES].decode(codec, "replace").lstrip("\ufeff")
    if len(body) > MOST_BYTES:
        # Half a line is another rule: of `Disallow: /private` may be left `Disallow: /`.
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    # UTF-16 without its mark; every rule is ASCII.
    text = text.replace("\0", "")
    return _EVERYTHING if text.lstrip().startswith("<") else text
