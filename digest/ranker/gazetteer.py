"""Names of places, and of people and bodies that stand for a place, found in text.

A name is found as whole words, the longest first; its first word may carry the clitics و ف ب ل ك, so that
`بالقاهرة` and `للقاهرة` are القاهرة while `ambassador` holds no Assad. Names that mean several things count only
for what the words around them say.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from digest.text.arabic import light_stem, normalise, word_set

_TOKEN = re.compile(r"[\w\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]+")
#: A clitic is taken off only where this many letters stay.
_SHORTEST_BARE = 3
# Endings of a demonym: feminine, plural, dual, adverbial; `ي` closes the masculine singular.
_DEMONYM_ENDINGS = ("", "ه", "ون", "ين", "ان", "ات", "تان", "تين", "ا")
# Words that say that what follows is where something happens, or where somebody goes.
_LOCATIVES = word_set(
    """
    في داخل شمال جنوب شرق غرب شمالي جنوبي شرقي غربي وسط قرب مدينه بلده قريه محافظه ولايه مقاطعه منطقه
    اقليم ريف ضواحي ساحل عاصمه العاصمه الي يزور تزور زار زارت زياره تستضيف يستضيف استضافت
    """
)


class NameKind(enum.StrEnum):
    """What a name is; how much it says about where a story belongs differs."""

    TERRITORY = "territory"
    CITY = "city"
    CAPITAL = "capital"
    REGION = "region"
    DEMONYM = "demonym"
    INSTITUTION = "institution"
    LEADER = "leader"


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

    def resolve(self, words: frozenset[str]) -> str:
        """Return the country that the name means among these words, or an empty string."""
        return next((country for country, telling in self.contexts if telling & words), self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A name as it stands in a text."""

    #: As the author wrote it.
    words: str
    name: Name
    #: Whether the words before it say that something happens there.
    locative: bool


Phrase = tuple[str, ...]


def phrase(text: str) -> Phrase:
    """Return a name's words in comparison form.

    >>> phrase("الولايات المتّحدة")
    ('الولايات', 'المتحده')
    """
    return tuple(filter(None, (normalise(word) for word in _TOKEN.findall(text.replace("_", " ")))))


def demonym_forms(demonym: str) -> Iterable[str]:
    """Yield the forms of a demonym in comparison form: gender, number, definiteness.

    >>> sorted(demonym_forms("قبرصي"))[:4]
    ['القبرصي', 'القبرصيا', 'القبرصيات', 'القبرصيان']
    """
    *before, last = phrase(demonym)
    for ending in _DEMONYM_ENDINGS:
        form = " ".join([*before, last + ending])
        yield form
        yield "ال" + form


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


class Gazetteer:
    """All names, ready to be found."""

    def __init__(self) -> None:
        self._names: dict[Phrase, list[Name]] = {}
        self._ambiguous: dict[Phrase, Ambiguity] = {}
        self._silent: set[Phrase] = set()
        self._longest: dict[str, int] = {}

    def add(self, text: str, name: Name) -> None:
        """Add one spelling of a name; a second meaning for the same country changes nothing."""
        words = phrase(text)
        if not words:
            return
        if name.kind is NameKind.DEMONYM and words in self._names:
            # A form of a demonym that is itself a name (سوريا, نيجيريا) is that name.
            return
        meanings = self._names.setdefault(words, [])
        if all(known.country != name.country or known.region != name.region for known in meanings) or (
            name.kind is NameKind.LEADER and (name.since or name.until)
        ):
            meanings.append(name)
        self._reach(words)

    def add_ambiguous(self, text: str, ambiguity: Ambiguity) -> None:
        """Let the words around decide what a name means, whatever else it was added as."""
        self._ambiguous[phrase(text)] = ambiguity
        self._reach(phrase(text))

    def add_silent(self, text: str) -> None:
        """Let a phrase mean no place, nor anything within it: platforms, agencies, currencies."""
        self._silent.add(phrase(text))
        self._reach(phrase(text))

    def _reach(self, words: Phrase) -> None:
        self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all names of one word."""
        return frozenset(light_stem(words[0]) for words in self._names if len(words) == 1)

    def __len__(self) -> int:
        """Count the spellings."""
        return len(self._names)

    def find(self, text: str, day: dt.date) -> list[Mention]:
        """Return the names in a text as they are meant on that day, in their order."""
        spans = [
            (found.group(), found.start(), found.end()) for found in _TOKEN.finditer(text.replace("_", " "))
        ]
        tokens = [normalise(word) for word, _, _ in spans]
        around = frozenset(form for token in tokens if token for form in without_clitics(token))
        mentions: list[Mention] = []
        at = 0
        while at < len(tokens):
            length, meaning, prefixed = self._at(tokens, at, around, day)
            if meaning is not None:
                words = text[spans[at][1] : spans[at + length - 1][2]]
                before = without_clitics(tokens[at - 1]) if at and tokens[at - 1] else []
                locative = prefixed or any(word in _LOCATIVES for word in before)
                mentions.append(Mention(words=words, name=meaning, locative=locative))
            at += max(length, 1)
        return mentions

    def _at(
        self, tokens: Sequence[str], at: int, around: frozenset[str], day: dt.date
    ) -> tuple[int, Name | None, bool]:
        """Return how many tokens the longest name here takes, what it means, and whether `ب` stands before it."""
        if not tokens[at]:
            return 1, None, False
        best: tuple[int, Name | None, bool] = (0, None, False)
        for form in without_clitics(tokens[at]):
            for length in range(self._longest.get(form, 0), best[0], -1):
                words = (form, *tokens[at + 1 : at + length])
                if len(words) != length or not self._knows(words):
                    continue
                prefixed = form != tokens[at] and tokens[at].lstrip("وف").startswith("ب")
                best = (length, self._meaning(words, around, day), prefixed)
                break
        return best

    def _knows(self, words: Phrase) -> bool:
        return words in self._names or words in self._ambiguous or words in self._silent

    def _meaning(self, words: Phrase, around: frozenset[str], day: dt.date) -> Name | None:
        if words in self._silent:
            return None
        meanings = [name for name in self._names.get(words, []) if name.holds(day)]
        if words in self._ambiguous:
            country = self._ambiguous[words].resolve(around)
            kind = next((name.kind for name in meanings if name.country == country), NameKind.CITY)
            return Name(kind=kind, country=country) if country else None
        return meanings[0] if meanings else None


def build_gazetteer(
    territories: Mapping[str, Iterable[str]],
    files: Mapping[str, Mapping[str, object]],
    regions: Mapping[str, str],
) -> Gazetteer:
    """Build the gazetteer.

    `territories` are CLDR's names by country; `files` the parsed files of config/gazetteer/ by their stem;
    `regions` our region of each country, which also says which countries there are.
    """
    return _Builder(territories, files, regions).build()


class _Builder:
    def __init__(
        self,
        territories: Mapping[str, Iterable[str]],
        files: Mapping[str, Mapping[str, object]],
        regions: Mapping[str, str],
    ) -> None:
        self._territories = territories
        self._files = files
        self._regions = regions
        self._gazetteer = Gazetteer()

    def build(self) -> Gazetteer:
        for country, names in self._territories.items():
            if country in self._regions:
                self._add(names, Name(kind=NameKind.TERRITORY, country=country))
        self._countries()
        for country, entry in self._tables("cities"):
            self._add(entry.get("cities", []), Name(kind=NameKind.CITY, country=country))
        self._institutions()
        self._leaders()
        self._ambiguities()
        return self._gazetteer

    def _add(self, names: Iterable[str], name: Name) -> None:
        for text in names:
            self._gazetteer.add(text, name)

    def _tables(self, stem: str) -> Iterable[tuple[str, Mapping[str, list[str]]]]:
        for key, value in self._files.get(stem, {}).items():
            if isinstance(value, Mapping):
                yield key, value

    def _rows(self, stem: str, key: str) -> Iterable[Mapping[str, object]]:
        rows = self._files.get(stem, {}).get(key, [])
        return rows if isinstance(rows, list) else []

    def _countries(self) -> None:
        entries = list(self._tables("territories"))
        for country, entry in entries:
            self._add(entry.get("names", []), Name(kind=NameKind.TERRITORY, country=country))
            self._add(entry.get("capital", []), Name(kind=NameKind.CAPITAL, country=country))
        for country, entry in entries:
            demonym = Name(kind=NameKind.DEMONYM, country=country)
            for word in entry.get("demonyms", []):
                self._add(demonym_forms(word), demonym)
            for word in entry.get("plurals", []):
                self._add((word, f"ال{word}"), demonym)

    def _institutions(self) -> None:
        for row in self._rows("institutions", "institution"):
            country, region = str(row.get("country", "")), str(row.get("region", ""))
            kind = {"region": NameKind.CITY, "water": NameKind.CITY}.get(
                str(row.get("kind")), NameKind.INSTITUTION
            )
            if not country:
                kind = NameKind.REGION
            if country or region:
                self._add(_strings(row, "names"), Name(kind=kind, country=country, region=region))
            else:
                for text in _strings(row, "names"):
                    self._gazetteer.add_silent(text)

    def _leaders(self) -> None:
        for row in self._rows("leaders", "leader"):
            country = str(row.get("country", ""))
            leader = Name(
                kind=NameKind.LEADER, country=country, since=_day(row, "from"), until=_day(row, "to")
            )
            if country:
                self._add(_strings(row, "names"), leader)

    def _ambiguities(self) -> None:
        for text in _strings(self._files.get("ambiguous", {}), "not_places"):
            self._gazetteer.add_silent(text)
        for row in self._rows("ambiguous", "ambiguous"):
            contexts = row.get("context", [])
            pairs = contexts if isinstance(contexts, list) else []
            ambiguity = Ambiguity(
                default=str(row.get("default", "")),
                contexts=tuple(
                    (str(pair["country"]), frozenset(normalise(word) for word in pair["words"]))
                    for pair in pairs
                ),
            )
            self._gazetteer.add_ambiguous(str(row["name"]), ambiguity)


def _strings(row: Mapping[str, object], key: str) -> list[str]:
    value = row.get(key, [])
    return [str(item) for item in value] if isinstance(value, list) else []


def _day(row: Mapping[str, object], key: str) -> dt.date | None:
    value = row.get(key)
    if value is None:
        return None
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
