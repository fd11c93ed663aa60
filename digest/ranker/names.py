"""What a name in the gazetteer is, and the forms in which writers bend it."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from digest.text.arabic import normalise

TOKEN = re.compile(r"[\w\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]+")
#: A clitic is taken off only where this many letters stay.
_SHORTEST_BARE = 3
# Endings of a demonym: feminine, plural, dual, adverbial; `ي` closes the masculine singular.
_DEMONYM_ENDINGS = ("", "ه", "ون", "ين", "ان", "ات", "تان", "تين", "ا")
_LAST_LATIN_LETTER = "\u024f"


class NameKind(enum.StrEnum):
    """What a name is; how much it says about where a story belongs differs."""

    TERRITORY = "territory"
    CITY = "city"
    CAPITAL = "capital"
    REGION = "region"
    DEMONYM = "demonym"
    INSTITUTION = "institution"
    LEADER = "leader"
    #: What the whole world shares: oil, gold, the markets. It counts where it opens a headline.
    TOPIC = "topic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One thing that a name means."""

    kind: NameKind
    #: ISO 3166 alpha-2; empty where it means no one country.
    country: str = ""
    #: A region of ours, for names wider than a country.
    region: str = ""
    #: When the person held the part; open where None.
    since: dt.date | None = None
    until: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        """Say whether the name means this on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """A name that means a country only beside certain words."""

    #: What it means without them; empty for nothing.
    default: str
    #: Country, and the comparison forms of which one must stand in the text.
    contexts: tuple[tuple[str, frozenset[str]], ...]
    #: What it means where it stands as only a place does; empty for nothing.
    as_place: str = ""

    def resolve(self, words: frozenset[str], *, stands_as_place: bool) -> str:
        """Return the country that the name means among these words, or an empty string."""
        without_context = (stands_as_place and self.as_place) or self.default
        return next((country for country, telling in self.contexts if telling & words), without_context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A name as it stands in a text."""

    #: As the author wrote it.
    words: str
    #: Where it begins, in characters.
    start: int
    name: Name
    #: Whether the words before it say that something happens there.
    locative: bool


class Case(enum.IntEnum):
    """How a Latin name must be written to be meant: `polish` is no Pole, and `us` no country."""

    ANY = 0
    INITIAL = 1
    CAPITALS = 2

    @classmethod
    def of(cls, text: str) -> Case:
        """Return what a name asks for by the way in which it is listed."""
        if not is_latin(text) or not text[0].isupper():
            return cls.ANY
        return cls.CAPITALS if len(text) > 1 and text.isupper() else cls.INITIAL

    def fits(self, text: str) -> bool:
        """Say whether a text has the name in capitals enough."""
        return self is Case.ANY or (text.isupper() if self is Case.CAPITALS else text[0].isupper())


Phrase = tuple[str, ...]


def is_latin(text: str) -> bool:
    """Say whether a text begins with a Latin letter."""
    return "A" <= text[:1] <= _LAST_LATIN_LETTER


def phrase(text: str) -> Phrase:
    """Return a name's words in comparison form.

    >>> phrase("الولايات المتّحدة")
    ('الولايات', 'المتحده')
    """
    words = normalise("\n".join(TOKEN.findall(text.replace("_", " "))))
    return tuple(filter(None, words.split("\n")))


def demonym_forms(demonym: str) -> Iterable[str]:
    """Yield the forms of a demonym: gender, number, definiteness.

    >>> sorted(demonym_forms("قبرصي"))[:4]
    ['القبرصي', 'القبرصيا', 'القبرصيات', 'القبرصيان']
    >>> sorted(demonym_forms("Norwegian")), sorted(demonym_forms("danois"))
    (['Norwegian', 'Norwegians'], ['danois', 'danoise', 'danoises'])
    """
    if is_latin(demonym):
        yield from _latin_forms(demonym)
        return
    *before, last = phrase(demonym)
    for ending in _DEMONYM_ENDINGS:
        form = " ".join([*before, last + ending])
        yield form
        yield "ال" + form


def _latin_forms(demonym: str) -> Iterable[str]:
    """Yield an English demonym with its plural, or a French one, which is listed in small letters, with all four."""
    yield demonym
    if not demonym.endswith(("s", "x", "sh", "ch", "ese")):
        yield demonym + "s"
    if demonym[0].islower() and not demonym.endswith("e"):
        feminine = demonym + ("ne" if demonym.endswith("en") else "e")
        yield from (feminine, feminine + "s")


def without_clitics(word: str) -> list[str]:
    """Return the forms that a word may be with clitics in front, itself first.

    >>> without_clitics("وللقاهره")
    ['وللقاهره', 'للقاهره', 'القاهره', 'لقاهره']
    """
    forms = [word]
    bare = word[1:] if word[0] in "وف" and len(word) > _SHORTEST_BARE else word
    if bare != word:
        forms.append(bare)
    if bare.startswith("لل") and len(bare) > _SHORTEST_BARE + 1:
        forms.append("ال" + bare[2:])
    if bare[0] in "بلك" and len(bare) > _SHORTEST_BARE:
        forms.append(bare[1:])
    return forms
