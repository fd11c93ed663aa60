"""Names of places, and of people and bodies that stand for a place, found in text.

A name is found as whole words, the longest first; its first word may carry the clitics و ف ب ل ك, so that
`بالقاهرة` and `للقاهرة` are القاهرة while `ambassador` holds no Assad. Names that mean several things count only
for what the words around them say; Latin names only in the capitals that they are listed with.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from digest.ranker.names import (
    TOKEN,
    Ambiguity,
    Case,
    Mention,
    Name,
    NameKind,
    Phrase,
    demonym_forms,
    is_latin,
    phrase,
    without_clitics,
)
from digest.text.arabic import light_stem, normalise, word_set

# Words that say that what follows is where something happens.
_LOCATIVES = word_set(
    """
    في داخل شمال جنوب شرق غرب شمالي جنوبي شرقي غربي وسط قرب مدينه بلده قريه محافظه ولايه مقاطعه منطقه
    اقليم ريف ضواحي ساحل عاصمه العاصمه قاعده مطار ميناء
    in at near inside across northern southern eastern western central à en au aux dans près
    """
)
# Bodies that act at home: beside one of them a demonym says where something happens, and not only who acts.
_HOME_BODIES = word_set(
    """
    محكمه المحكمه المحاكم القضاء قضاء الشرطه شرطه السلطات سلطات النيابه الادعاء البرلمان برلمان النواب نواب الانتخابات
    انتخابات الناخبين الناخبون الاقتصاد اقتصاد البورصه السوق سوق المركزي الليره الجنيه الدينار الريال الدرهم العمله
    الامن مدينه المدن العاصمه بلديه الدستور الشعب الشارع المعارضه الاحزاب الحكومه حكومه الاراضي اراضي الحدود الداخليه
    الصحه الجنوب الشمال ريف الدوري المنتخب
    court police authorities prosecutors parliament election elections economy government opposition city town
    tribunal justice autorités parquet parlement gouvernement élections économie ville
    """
)
_AFTER_TOPIC = re.compile(r"\s*(?::|\.{2,}|…|\s[-–—|]\s)")
# Words that are remembered with the names that they may begin: those of some days' news.
_REMEMBERED_WORDS = 65_536


class _Text:
    """A text cut into words: as written, where they begin, and in comparison form."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = list(TOKEN.finditer(text.replace("_", " ")))
        # All at once: one call for each word costs more than the search itself.
        self.tokens = normalise("\n".join([match[0] for match in self._found])).split("\n")

    @cached_property
    def around(self) -> frozenset[str]:
        """All forms that its words may have."""
        return frozenset(form for token in self.tokens if token for form in without_clitics(token))

    def start(self, at: int) -> int:
        return self._found[at].start()

    def written(self, at: int, length: int) -> str:
        """Return so many words from one on, as the author wrote them."""
        return self._text[self._found[at].start() : self._found[at + length - 1].end()]

    def _before(self, at: int) -> list[str]:
        return without_clitics(self.tokens[at - 1]) if at and self.tokens[at - 1] else []

    def is_located(self, at: int) -> bool:
        """Say whether the word before says that a place follows."""
        return any(word in _LOCATIVES for word in self._before(at))

    def is_topic(self, at: int, length: int) -> bool:
        """Say whether a name is what a headline says it is about: `مالي: المعارضة تتظاهر`."""
        return not at and _AFTER_TOPIC.match(self._text, self._found[length - 1].end()) is not None

    def happens_at(self, at: int, length: int, name: Name) -> bool:
        """Say whether the words beside a name tell that something happens there."""
        if name.kind is not NameKind.DEMONYM:
            return self.is_located(at)
        before = self._before(at)
        # English says it the other way round: `a Norwegian court`.
        return any(word in _HOME_BODIES for word in (*before, *self.tokens[at + length : at + length + 1]))


class Gazetteer:
    """All names, ready to be found."""

    def __init__(self) -> None:
        self._names: dict[Phrase, list[Name]] = {}
        self._ambiguous: dict[Phrase, Ambiguity] = {}
        self._silent: set[Phrase] = set()
        #: By first word, how many words its names have.
        self._lengths: dict[str, set[int]] = {}
        #: Every phrase that is known, with how it must be written.
        self._cases: dict[Phrase, Case] = {}
        # News repeats its words: most begin no name, and that is told by one look.
        self._openings = lru_cache(_REMEMBERED_WORDS)(self._openings_of)

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
        self._reach(words, text)

    def add_ambiguous(self, text: str, ambiguity: Ambiguity) -> None:
        """Let the words around decide what a name means, whatever else it was added as."""
        self._ambiguous[phrase(text)] = ambiguity
        self._reach(phrase(text), text)

    def add_silent(self, text: str) -> None:
        """Let a phrase mean no place, nor anything within it: platforms, agencies, currencies."""
        self._silent.add(phrase(text))
        self._reach(phrase(text), text)

    def _reach(self, words: Phrase, text: str) -> None:
        self._lengths.setdefault(words[0], set()).add(len(words))
        self._cases[words] = min(self._cases.get(words, Case.CAPITALS), Case.of(text))
        self._openings.cache_clear()

    def _openings_of(self, token: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Return the forms of a word that begin names, with how many words these have, most first."""
        if not token:
            return ()
        return tuple(
            (form, tuple(sorted(self._lengths[form], reverse=True)))
            for form in without_clitics(token)
            if form in self._lengths
        )

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all names of one word, but for those that mean no place."""
        return frozenset(
            light_stem(words[0])
            for words, names in self._names.items()
            if len(words) == 1 and names[0].kind is not NameKind.TOPIC
        )

    def __len__(self) -> int:
        """Count the spellings."""
        return len(self._names)

    def find(self, text: str, day: dt.date) -> list[Mention]:
        """Return the names in a text as they are meant on that day, in their order."""
        read = _Text(text)
        mentions: list[Mention] = []
        at = 0
        for begin, token in enumerate(read.tokens):
            openings = self._openings(token)
            if begin < at or not openings:
                continue
            length, words = self._longest_name(read, begin, openings)
            at = begin + length
            meaning = self._meaning(words, read, begin, day) if length else None
            if meaning is not None:
                prefixed = words[0] != token and token.lstrip("وف").startswith("ب")
                mentions.append(
                    Mention(
                        words=read.written(begin, length),
                        start=read.start(begin),
                        name=meaning,
                        locative=prefixed or read.happens_at(begin, length, meaning),
                    )
                )
        return mentions

    def _longest_name(
        self, read: _Text, at: int, openings: Iterable[tuple[str, tuple[int, ...]]]
    ) -> tuple[int, Phrase]:
        """Return how many words the longest name here takes, and those in the form in which it is known."""
        best: tuple[int, Phrase] = (0, ())
        for form, lengths in openings:
            for length in lengths:
                # Fewer than asked for at the end of a text.
                words = (form, *read.tokens[at + 1 : at + length])
                if len(words) <= best[0]:
                    break
                case = self._cases.get(words)
                if case is Case.ANY or (case is not None and case.fits(read.written(at, len(words)))):
                    best = (len(words), words)
                    break
        return best

    def _meaning(self, words: Phrase, read: _Text, at: int, day: dt.date) -> Name | None:
        if words in self._silent:
            return None
        meanings = [name for name in self._names.get(words, []) if name.holds(day)]
        if words in self._ambiguous:
            stands_as_place = read.is_topic(at, len(words)) or read.is_located(at)
            country = self._ambiguous[words].resolve(read.around, stands_as_place=stands_as_place)
            kind = next((name.kind for name in meanings if name.country == country), NameKind.CITY)
            return Name(kind=kind, country=country) if country else None
        return meanings[0] if meanings else None


def build_gazetteer(
    territories: Mapping[str, Iterable[str]],
    files: Mapping[str, Mapping[str, object]],
    regions: Mapping[str, str],
) -> Gazetteer:
    """Build the gazetteer.

    `territories` are CLDR's names by country; `files` the parsed files of config/gazetteer/ by their stem, each of
    which may hold any kind of entry; `regions` our region of each country, which also says which countries there are.
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
        self._files = [files[stem] for stem in sorted(files)]
        self._regions = regions
        self._gazetteer = Gazetteer()

    def build(self) -> Gazetteer:
        for country, names in self._territories.items():
            if country in self._regions:
                self._add(names, Name(kind=NameKind.TERRITORY, country=country))
        self._countries()
        self._institutions()
        self._leaders()
        self._ambiguities()
        return self._gazetteer

    def _add(self, names: Iterable[str], name: Name) -> None:
        for text in names:
            self._gazetteer.add(text, name)

    def _tables(self) -> Iterator[tuple[str, Mapping[str, list[str]]]]:
        for file in self._files:
            for key, value in file.items():
                if isinstance(value, Mapping):
                    yield key, value

    def _rows(self, key: str) -> Iterator[Mapping[str, object]]:
        for file in self._files:
            rows = file.get(key, [])
            yield from rows if isinstance(rows, list) else []

    def _countries(self) -> None:
        entries = list(self._tables())
        for key, kind in (("names", NameKind.TERRITORY), ("capital", NameKind.CAPITAL)):
            for country, entry in entries:
                self._add(entry.get(key, []), Name(kind=kind, country=country))
        for country, entry in entries:
            demonym = Name(kind=NameKind.DEMONYM, country=country)
            for word in entry.get("demonyms", []):
                self._add(demonym_forms(word), demonym)
            for word in entry.get("plurals", []):
                self._add((word,) if is_latin(word) else (word, f"ال{word}"), demonym)
        for country, entry in entries:
            self._add(entry.get("cities", []), Name(kind=NameKind.CITY, country=country))

    def _institutions(self) -> None:
        kinds = {"region": NameKind.CITY, "water": NameKind.CITY}
        for row in self._rows("institution"):
            country, region = str(row.get("country", "")), str(row.get("region", ""))
            kind = kinds.get(str(row.get("kind")), NameKind.INSTITUTION) if country else NameKind.REGION
            if row.get("kind") == "topic":
                kind = NameKind.TOPIC
            if country or region:
                self._add(_strings(row, "names"), Name(kind=kind, country=country, region=region))
            else:
                for text in _strings(row, "names"):
                    self._gazetteer.add_silent(text)

    def _leaders(self) -> None:
        for row in self._rows("leader"):
            country = str(row.get("country", ""))
            leader = Name(
                kind=NameKind.LEADER, country=country, since=_day(row, "from"), until=_day(row, "to")
            )
            if country:
                self._add(_strings(row, "names"), leader)

    def _ambiguities(self) -> None:
        for file in self._files:
            for text in _strings(file, "not_places"):
                self._gazetteer.add_silent(text)
        for row in self._rows("ambiguous"):
            contexts = row.get("context", [])
            pairs = contexts if isinstance(contexts, list) else []
            ambiguity = Ambiguity(
                default=str(row.get("default", "")),
                as_place=str(row.get("as_place", "")),
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
