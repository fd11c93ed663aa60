"""What one drill has to tell: what was broken, what the operator saw, what became of it all."""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_WIDTH = 118
#: Characters of a quote, and quotes of one kind, beyond which a report would not be read.
_LONGEST_QUOTE = 300
_MOST_QUOTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Something that the operator saw, and where: `log`, `mail`, `status` or `doctor`."""

    where: str
    words: str


@dataclass(slots=True)
class Report:
    """Filled while a drill runs."""

    broken: list[str] = field(default_factory=list)
    seen: list[Sight] = field(default_factory=list)
    #: What was to be true, and was.
    right: list[str] = field(default_factory=list)
    #: What was to be true, and was not, with what was there instead.
    wrong: list[str] = field(default_factory=list)
    #: What is not as it should be, and known.
    lacking: list[str] = field(default_factory=list)

    def breaks(self, words: str) -> None:
        """Say what is broken now."""
        self.broken.append(words)

    def saw(self, where: str, words: str) -> None:
        """Take in what the operator sees; the same in the same place counts once."""
        sight = Sight(where=where, words=words)
        if sight not in self.seen:
            self.seen.append(sight)

    def expect(self, is_so: bool, words: str, instead: object = "", known: str = "") -> None:
        """Take in whether something holds; `instead` says what was found where it does not.

        `known` names a fault of the program that is known: then it must not hold, so that whoever mends the fault
        takes the name away.
        """
        not_so = f"not so: {words}{f'; instead: {instead}' if str(instead) else ''}"
        if is_so and known:
            self.wrong.append(f"{words}: the known fault is mended, expect it from now on ({known})")
        elif is_so:
            self.right.append(words)
        elif known:
            self.lacking.append(f"{not_so}. Known: {known}")
        else:
            self.wrong.append(not_so)

    def expect_seen(self, where: str, part: str) -> None:
        """Expect the operator to have seen some words somewhere."""
        there = [sight.words for sight in self.seen if sight.where == where]
        found = any(part in words for words in there)
        self.expect(found, f"the operator sees “{part}” ({where})", there or "nothing")

    @property
    def passed(self) -> bool:
        """Whether all was as it should be."""
        return bool(self.right) and not self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill: it breaks something in a home of its own, in an empty folder."""

    name: str
    title: str
    run: Callable[[pathlib.Path, Report], None]
    #: What must be on the machine, and is not everywhere; empty for nothing.
    needs: str = ""


def lines_of(drill: Drill, report: Report, seconds: float) -> Iterator[str]:
    """Yield a finished drill's report in plain words."""
    yield f"== {drill.name}: {drill.title}"
    yield from _items("Broken", report.broken)
    yield from _items("Seen", [f"{sight.where:<6} {sight.words}" for sight in _shortened(report.seen)])
    yield from _items("Right", report.right)
    yield from _items("LACKING", report.lacking)
    yield from _items("WRONG", report.wrong)
    yield f"   {'OK' if report.passed else 'FAILED'} ({seconds:.1f} s)"


def _shortened(seen: list[Sight]) -> Iterator[Sight]:
    for where in ("log", "mail", "status", "doctor"):
        quotes = [sight for sight in seen if sight.where == where]
        for sight in quotes[:_MOST_QUOTES]:
            words = " ".join(sight.words.split())
            short = words if len(words) <= _LONGEST_QUOTE else f"{words[:_LONGEST_QUOTE]}..."
            yield Sight(where=where, words=short)
        if len(quotes) > _MOST_QUOTES:
            yield Sight(where=where, words=f"(and {len(quotes) - _MOST_QUOTES} more)")


def _items(name: str, words: list[str]) -> Iterator[str]:
    for number, item in enumerate(words):
        head = f"   {name if not number else '':<7} "
        yield textwrap.fill(
            item, _WIDTH, initial_indent=head, subsequent_indent=" " * 18, break_on_hyphens=False
        )
