"""Spelling variants of one name among the words of a day's articles, learned from the articles themselves.

That two words sound alike (`spelling_key`) is not enough: قتل and قاتل do. Two things make it safe. A word
that the patterns of Arabic cannot make is foreign, and two foreign words with the same four or five consonants
are hardly ever two names. And variants keep company with the same words: دونالد stands before ترامب and before
ترمب. The shorter and the more native a pair looks, the more company it must share.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from digest.text.arabic import STOP_WORDS, bare_stems, light_stem, without_article
from digest.text.sounds import looks_native, may_transcribe, spelling_distance, spelling_key

#: Shorter names have too many namesakes, and too many neighbours by chance.
SHORTEST_NAME = 4
#: Of the words that share a key, so many of the commonest are compared with one another.
_LARGEST_GROUP = 6
#: Of the places where a word stands, and of the articles that hold it, so many are looked at.
_MOST_PLACES, _MOST_ARTICLES = 24, 6
#: A day is a sample out of a stream: else the words of its greatest event would count as common words.
_UNSEEN_ARTICLES = 3000
#: The weight of a stem that is everywhere.
_LEAST_RARITY = 0.01

#: The company (that of neighbours and that of articles) which variants must share, by the number of consonants
#: in their key (two or fewer, three, four, more), where neither, one, or both may be native words.
_NEEDED = ((0.8, 0.5, 0.1, 0.0), (0.9, 0.6, 0.25, 0.05), (9.0, 0.75, 0.75, 0.75))
#: Pairs that need more are not looked at: hardly one of them has it.
_MOST_NEEDED = 1.0
#: Native pairs need this much from their neighbours alone: words of one root stand in the same articles.
_NEIGHBOURS_OF_NATIVE = 0.45
#: What each shared neighbour but the first (the next two at most) adds to the likeness of neighbours; what one
#: adds that stands beside these two words and no other (دونالد), and how often it has to occur for that.
_SHARED_NEIGHBOUR, _BOND, _BONDED_TIMES = 0.2, 0.35, 3
#: So much more is needed for each step of spelling that they are apart beyond the first.
_FURTHER_APART = 0.1
#: And so much where they stand in the same articles as a rule: an author keeps to one spelling.
_SAME_ARTICLES = 0.3
#: Two stems are linked where the words found make up this share of each: that جيرمي is جريمي is no reason to
#: read it as جريمه.
_SHARE_OF_STEM = 1 / 3
#: What an Arabic and a Latin word need, by consonants as above; languages share little but names.
_NEEDED_ACROSS = ((9.0, 0.3, 0.0, 0.0), (9.0, 0.4, 0.08, 0.0))


_Weights = dict[Any, float]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two words, without article, that may be one name."""

    one: str
    other: str
    #: The company that they must share.
    needed: float
    #: The part of it that neighbours must bring.
    from_neighbours: float = 0.0
    #: Whether one is Arabic and one Latin.
    across: bool = False


def learn_spellings(articles: Iterable[Sequence[str]], protected: Container[str] = ()) -> dict[str, str]:
    """Return the stems to be read as another stem: rarer spellings of a name, and words with a particle.

    Each article is its words in comparison form, in order, stop words included. `protected` holds the stems
    whose first letter is never taken for a particle. No stem that another is read as is itself in the result.
    The order of the articles makes no difference; the time grows with the number of words.

    >>> news = ["الرييس دونالد ترامب يصل", "الرييس دونالد ترامب يغادر", "الرييس دونالد ترمب يصل"]
    >>> learn_spellings([line.split() for line in news])
    {'ترمب': 'ترامب'}
    """
    # Sorted, so that sums and ties come out alike whatever order the articles came in.
    ordered = sorted(map(tuple, articles))
    lexicon = _Lexicon(ordered)
    links = [*bare_stems(lexicon.stems, protected).items(), *_spelling_links(lexicon, ordered)]
    return _read_as(links, lexicon.stems)


class _Lexicon:
    """The words of all articles, and in how many they stand."""

    def __init__(self, articles: Iterable[Sequence[str]]) -> None:
        held = Counter(chain.from_iterable(map(dict.fromkeys, articles)))
        #: By word, its stem.
        self.stem_of = {word: light_stem(word) for word in held}
        #: By stem, how often it is held.
        self.stems: Counter[str] = Counter()
        #: By word long enough for a name, the word without its article.
        self.bare_of: dict[str, str] = {}
        #: By word without article, how often it is held, and its stem.
        self.bare: Counter[str] = Counter()
        self.stem_of_bare: dict[str, str] = {}
        for word, count in held.items():
            stem = self.stem_of[word]
            self.stems[stem] += count
            if len(bare := without_article(word)) >= SHORTEST_NAME and word not in STOP_WORDS:
                self.bare_of[word] = bare
                self.bare[bare] += count
                self.stem_of_bare[bare] = stem


def _spelling_links(lexicon: _Lexicon, articles: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of stems that are spellings of one name."""
    # Languages share names only: those found first make the company of the rest.
    pairs = sorted(_pairs(lexicon), key=lambda pair: (pair.across, pair.needed))
    company = _Company(articles, lexicon, {word for pair in pairs for word in (pair.one, pair.other)})
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for pair in pairs:
        if company.suffices(pair):
            one, other = lexicon.stem_of_bare[pair.one], lexicon.stem_of_bare[pair.other]
            found[min(one, other), max(one, other)] |= {pair.one, pair.other}
            if pair.across:
                company.read_as[one] = other
    for link, words in found.items():
        told = Counter(dict.fromkeys(link, 0))
        for word in words:
            told[lexicon.stem_of_bare[word]] += lexicon.bare[word]
        if all(told[stem] >= _SHARE_OF_STEM * lexicon.stems[stem] for stem in link):
            yield link


def _pairs(lexicon: _Lexicon) -> Iterator[_Pair]:
    """Yield the pairs of words that may be one name, bounded for each key."""
    groups: dict[str, list[str]] = defaultdict(list)
    for bare in lexicon.bare:
        if not bare[0].isdigit():
            groups[spelling_key(bare)].append(bare)
    for key, group in groups.items():
        if len(key) < 2 or len(group) < 2:
            continue
        group.sort(key=lambda word: (-lexicon.bare[word], word))
        arabic = [word for word in group if _is_arabic(word)][:_LARGEST_GROUP]
        latin = [word for word in group if word[0].isascii()][:_LARGEST_GROUP]
        consonants = max(min(len(key.lstrip("اوي")), 5) - 2, 0)
        yield from _arabic_pairs(arabic, lexicon.stem_of_bare, consonants)
        yield from _mixed_pairs(latin, arabic, consonants)


def _is_arabic(word: str) -> bool:
    return "ء" <= word[0] <= "ۓ"


def _arabic_pairs(words: Sequence[str], stem_of: Mapping[str, str], consonants: int) -> Iterator[_Pair]:
    native = [looks_native(word) for word in words]
    for place, one in enumerate(words):
        for second in range(place + 1, len(words)):
            other = words[second]
            needed = _NEEDED[native[place] + native[second]][consonants]
            if needed > _MOST_NEEDED or not _end_alike(one, other) or stem_of[one] == stem_of[other]:
                continue
            needed += _FURTHER_APART * max(spelling_distance(one, other) - 1, 0)
            if needed <= _MOST_NEEDED:
                both_native = native[place] and native[second]
                yield _Pair(one, other, needed, _NEIGHBOURS_OF_NATIVE if both_native else 0.0)


def _end_alike(one: str, other: str) -> bool:
    """Say whether two words end in the same sound; those that do not are inflections or relatives."""
    if one[-1] in "اه" and other[-1] in "اه":
        # فرنسا and فرانسوا are two names, امريكا and اميركا one.
        return one[-2] == other[-2] or (one[-2] not in "وي" and other[-2] not in "وي")
    return one[-1] == other[-1] or bool(spelling_key(one[-1]) == spelling_key(other[-1]) != "")


def _mixed_pairs(latin: Sequence[str], arabic: Sequence[str], consonants: int) -> Iterator[_Pair]:
    """Yield each Latin word with the commonest Arabic word that may be its transcription."""
    for word in latin:
        heard = next((candidate for candidate in arabic if may_transcribe(candidate, word)), None)
        if heard is not None:
            yield _Pair(word, heard, _NEEDED_ACROSS[looks_native(heard)][consonants], across=True)


class _Company:
    """What stands beside words, and in their articles."""

    def __init__(self, articles: Sequence[Sequence[str]], lexicon: _Lexicon, wanted: Container[str]) -> None:
        self._articles = articles
        self._lexicon = lexicon
        #: By word, its stem; nothing for stop words.
        self._telling = lexicon.stem_of | dict.fromkeys(STOP_WORDS & lexicon.stem_of.keys(), "")
        #: Stems that are counted as another.
        self.read_as: dict[str, str] = {}
        stream = math.log(1 + len(articles) + _UNSEEN_ARTICLES)
        # A stem of several words may be held more often than there are articles.
        self._rarity = {
            stem: max(stream - math.log(1 + count), _LEAST_RARITY) for stem, count in lexicon.stems.items()
        }
        #: Where each word stands: article and place in it.
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._weighed: dict[str, _Weights] = {}
        sought = {
            word: self._places.setdefault(bare, [])
            for word, bare in lexicon.bare_of.items()
            if bare in wanted
        }
        for number, words in enumerate(articles):
            for place, word in enumerate(words):
                if word in sought and len(sought[word]) < _MOST_PLACES:
                    sought[word].append((number, place))

    def suffices(self, pair: _Pair) -> bool:
        """Say whether two words share the company that one name would."""
        near = self._neighbours_alike(pair) if pair.needed else 0.0
        # The articles' company is at most 1, and dear to reckon.
        if near < max(pair.from_neighbours, pair.needed - 1):
            return False
        ours, theirs = ({number for number, _ in self._places[word]} for word in (pair.one, pair.other))
        both = ours & theirs
        together = pair.needed > 0 and 2 * len(both) >= min(len(ours), len(theirs))
        needed = pair.needed + (_SAME_ARTICLES if together else 0.0)
        if near >= needed:
            return True
        own = {self._lexicon.stem_of_bare[word] for word in (pair.one, pair.other)}
        return near + _cosine(*(self._articles_of(held - both, own) for held in (ours, theirs))) >= needed

    def _neighbours_alike(self, pair: _Pair) -> float:
        ours, theirs = self._neighbours(pair.one), self._neighbours(pair.other)
        shared = [beside for beside in ours if beside in theirs]
        if not shared:
            return 0.0
        near = _cosine(ours, theirs) + _SHARED_NEIGHBOUR * min(len(shared) - 1, 2)
        bond = 0.0
        for beside in shared:
            held = self._lexicon.stems[beside[1]]
            if held >= _BONDED_TIMES:
                together = (ours[beside] + theirs[beside]) / self._rarity[beside[1]]
                bond = max(bond, min(together / held, 1.0))
        return near + _BOND * bond

    def _neighbours(self, word: str) -> _Weights:
        """Return the stems beside a word, by side: what stands before a name seldom stands behind it."""
        weights = self._weighed.get(word)
        if weights is None:
            weights = self._weighed[word] = {}
            for number, place in self._places[word]:
                words = self._articles[number]
                for side, at in ((-1, place - 1), (1, place + 1)):
                    if 0 <= at < len(words) and (stem := self._telling[words[at]]):
                        weights[side, stem] = weights.get((side, stem), 0.0) + self._rarity[stem]
        return weights

    def _articles_of(self, numbers: Iterable[int], own: Container[str]) -> _Weights:
        """Return the stems of some of these articles, without the words that are compared."""
        bag: Counter[str] = Counter()
        for number in sorted(numbers)[:_MOST_ARTICLES]:
            words = self._articles[number]
            stems = dict.fromkeys(map(self._telling.__getitem__, words))
            bag.update(self.read_as.get(stem, stem) for stem in stems if stem and stem not in own)
        return {stem: count * self._rarity[stem] for stem, count in bag.items()}


def _cosine(one: _Weights, other: _Weights) -> float:
    if len(one) > len(other):
        one, other = other, one
    shared = sum(weight * other[stem] for stem, weight in one.items() if stem in other)
    if not shared:
        return 0.0
    return shared / math.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))


def _read_as(links: Iterable[tuple[str, str]], counts: Mapping[str, int]) -> dict[str, str]:
    """Return for each linked stem the commonest of all that it is linked with, by however many steps."""
    parent: dict[str, str] = {}

    def root(stem: str) -> str:
        while (above := parent.setdefault(stem, stem)) != stem:
            parent[stem] = parent[above]
            stem = above
        return stem

    for pair in links:
        one, other = sorted(map(root, pair), key=lambda stem: (-counts[stem], stem))
        parent[other] = one
    return {stem: root(stem) for stem in sorted(parent) if root(stem) != stem}
