"""Names out of a table, for the checks that are pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digest.ports.probing import NameAnswer, NameOutcome

#: Instead of records.
FAILED, SILENT = NameOutcome.FAILED, NameOutcome.SILENT


class TableNames:
    """Knows what stands in the table: for `example.org TXT` the values, or how the question ends."""

    def __init__(self, table: Mapping[str, Sequence[str] | NameOutcome]) -> None:
        self._table = table
        self.asked: list[str] = []

    def look_up(self, name: str, kind: str) -> NameAnswer:
        """See `ports.probing.Names`."""
        self.asked.append(f"{name} {kind}")
        told = self._table.get(f"{name.lower().rstrip('.')} {kind}")
        if isinstance(told, NameOutcome):
            return NameAnswer(outcome=told, words="SERVFAIL" if told is FAILED else "no answer within 3 s")
        if told:
            return NameAnswer(outcome=NameOutcome.FOUND, records=tuple(told))
        is_there = any(key.startswith(f"{name} ") for key in self._table)
        return NameAnswer(outcome=NameOutcome.NO_RECORDS if is_there else NameOutcome.NO_NAME)
