"""A feed's bytes to UTF-8, whatever they claim to be.

feedparser believes declarations, and Arabic feeds are often wrong about theirs: windows-1256 that says UTF-8
or nothing, UTF-8 that says windows-1256, one damaged byte that turns a whole feed to garbage. So we decide from
the bytes: byte-order mark, strict UTF-8, damaged UTF-8, then what is declared, then windows-1256 where that
gives Arabic.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from digest.text.arabic import letters_share

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    # No mark, but UTF-16's first "<" (XML 1.0, appendix F.1). Its Arabic letters are valid UTF-8, of nonsense.
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']", re.IGNORECASE)
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
_REFERENCE = re.compile(r"&#(?:x0*(?P<hex>[0-9a-f]+)|0*(?P<decimal>[0-9]+));?", re.IGNORECASE)
#: Of the letters beyond ASCII this share may be lost, and the text is still UTF-8: of windows-1256 read as UTF-8
#: nearly all are.
_DAMAGE = 0.3
#: Of all characters this share may be missing from a declared encoding; more, and the declaration is wrong.
_MISSING = 0.05
#: Of the letters of windows-1256 text this share is Arabic at least, when it is Arabic text.
_ARABIC = 0.3
#: Characters that are looked at for that.
_SAMPLE = 50_000
# Character encodings by Python's names: a declaration must not reach its codecs for other ends (hex, idna, zlib).
_CHARACTERS = re.compile(
    r"ascii|utf-(?:8(?:-sig)?|16(?:-[bl]e)?|32(?:-[bl]e)?)|cp\d+|iso8859-\d+|mac-\w+|koi8-\w|gb\w+|big5\w*|euc_\w+|shift_jis\w*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A feed as text, and what had to be done to read it."""

    text: str
    #: Codec that the bytes turned out to be in.
    encoding: str
    #: What was wrong, in words; empty where the declaration was right.
    repair: str = ""

    def as_utf8(self) -> bytes:
        """Return the feed as UTF-8 that says so."""
        body = _DECLARED.sub("", self.text, count=1).lstrip("\ufeff \t\r\n")
        return b'<?xml version="1.0" encoding="utf-8"?>\n' + _whole_references(body).encode(
            "utf-8", "replace"
        )


def _whole_references(text: str) -> str:
    """Return the text with an emoji for each pair of references to its UTF-16 halves.

    Half a character, or one that there is not, would cost the whole feed: expat and feedparser both give up.
    """
    kept = _REFERENCE.sub(_reference, text)
    return kept if kept == text else kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _reference(found: re.Match[str]) -> str:
    digits = found["hex"] or found["decimal"]
    number = int(digits, 16 if found["hex"] else 10) if len(digits) <= 7 else 0
    if 0xD800 <= number <= 0xDFFF:
        return chr(number)
    return found.group() if number in {9, 10, 13} or 0x20 <= number <= 0x10FFFF else ""


def _codec(name: str | None) -> str | None:
    if not name:
        return None
    try:
        found = codecs.lookup({"1256": "cp1256", "windows1256": "cp1256"}.get(name.lower(), name)).name
    except (LookupError, ValueError):
        return None
    if not _CHARACTERS.fullmatch(found):
        return None
    # Newspapers that declare Latin-1 mean Windows' superset of it, as browsers read it (WHATWG Encoding).
    return "cp1252" if found in {"iso8859-1", "ascii"} else found


def _damaged_utf8(body: bytes) -> str | None:
    """Return the text where the body is UTF-8 but for a few bytes; None where it is something else."""
    text = body.decode("utf-8", "replace")
    beyond_ascii = sum(char > "\x7f" for char in text)
    bad = text.count("\ufffd")
    return text if beyond_ascii and bad / beyond_ascii <= _DAMAGE else None


def decode(body: bytes, http_charset: str | None = None) -> Decoded:
    """Return a feed's text and what was wrong with its bytes; never fails.

    `http_charset` is the charset parameter of Content-Type, which RFC 7303 sets above the declaration.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return Decoded(text=body.decode(codec, "replace").lstrip("\ufeff"), encoding=codec)
    declared = _DECLARATION.match(body)
    claimed = _codec(declared.group(1).decode("ascii")) if declared else None
    from_http = _codec(http_charset)
    claims = [codec for codec in (from_http, claimed) if codec]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        wrong = [codec for codec in claims if codec not in {"utf-8", "cp1252"}] if not body.isascii() else []
        repair = f"is UTF-8 but says {wrong[0]}" if wrong else ""
        return Decoded(text=text, encoding="utf-8", repair=repair)
    damaged = _damaged_utf8(body)
    if damaged is not None:
        return Decoded(text=damaged, encoding="utf-8", repair="damaged UTF-8: some letters are lost")
    return _decode_legacy(body, claims)


def _decode_legacy(body: bytes, claims: list[str]) -> Decoded:
    arabic = body.decode("cp1256", "replace")
    looks_arabic = letters_share(re.sub(r"<[^<>]*>", " ", arabic[:_SAMPLE])) >= _ARABIC
    for codec in claims:
        if codec == "utf-8" or (codec == "cp1252" and looks_arabic):
            continue
        text = body.decode(codec, "replace")
        missing = text.count("\ufffd")
        # Where ISO 8859-6 has no letter, Windows has the letters that Arabic newspapers need.
        if missing and codec == "iso8859-6" and looks_arabic:
            continue
        if missing <= len(text) * _MISSING:
            return Decoded(text=text, encoding=codec)
    if looks_arabic:
        says = f"says {claims[0]}" if claims else "says nothing"
        return Decoded(text=arabic, encoding="cp1256", repair=f"is windows-1256 but {says}")
    return Decoded(
        text=body.decode("cp1252", "replace"), encoding="cp1252", repair="unknown encoding, read as Latin"
    )
