"""The commands on PostgreSQL say and do what they say and do on SQLite, over the whole path."""

from __future__ import annotations

import pathlib
import re
import shutil

from digest.adapters.store.moving import move
from digest.app import App
from digest.pipeline import no_progress
from tests.cli.conftest import AT
from tests.cli.inside import inside
from tests.conftest import NOW

_EDITION = "mujaz-2026-11-22"
_LIST = """email,name,regions,consent_at
layla@example.org,ليلى,levant gulf,2026-01-05T10:00:00Z
OMAR@example.org,عمر,,2026-02-05T10:00:00Z
zayd@example.org,,asia,2026-03-05T10:00:00Z
no address,,,2026-03-05T10:00:00Z
hind@example.org,هند,,2026-04-05T10:00:00Z
"""
_PATH: tuple[list[str], ...] = (
    ["articles", "--since", "2026-11-21T00:00:00Z", "--json"],
    ["sources", "list", "--json"],
    ["subscribers", "import", "{home}/readers.csv", "--confirmed", "--json"],
    ["subscribers", "import", "{home}/readers.csv", "--confirmed", "--json"],
    ["subscribers", "add", "salma@example.org"],
    ["subscribers", "remove", "hind@example.org"],
    ["subscribers", "list"],
    ["subscribers", "list", "--suppressed"],
    ["compose", "--at", AT, "--json"],
    ["compose", "--at", AT, "--json"],
    ["explain", _EDITION, "--json"],
    ["status", "--at", AT],
    ["send", _EDITION, "--json"],
    ["send", _EDITION, "--json"],
    ["deliveries", _EDITION, "--json"],
    ["deliveries", _EDITION, "--state", "sent"],
    ["deliveries", "export", _EDITION],
    ["deliveries", "settle", _EDITION, "--as", "sent", "--json"],
    ["deliveries", "resend-failed", _EDITION, "--json"],
    ["cancel", _EDITION, "--json"],
    ["pause", "mujaz", "--why", "عطلة"],
    ["pause", "mujaz"],
    ["resume", "mujaz"],
    ["subscribers", "forget", "zayd@example.org", "--yes"],
    ["subscribers", "export"],
    ["deliveries", _EDITION, "--json", "--state", "sent"],
    ["deliveries", _EDITION, "--email", "nobody@example.org"],
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+00:00|Z| UTC)?")


def _same(said: str, home: pathlib.Path) -> str:
    """Return what was said without what differs between two runs: the moment and the place."""
    said = _MOMENT.sub("(a moment)", said.replace(str(home), "(home)"))
    # Articles a day: until now, and the one asks a second later than the other.
    return re.sub(r'day": [\d.]+', 'day": (some)', said)


def test_every_step_of_the_path_is_the_same_on_both(
    home: pathlib.Path, postgresql_url: str, tmp_path: pathlib.Path
) -> None:
    (home / "readers.csv").write_text(_LIST, encoding="utf-8")
    twin = shutil.copytree(home, tmp_path / "twin")
    move(twin / "var" / "digest.db", postgresql_url, NOW, no_progress)
    (twin / "var" / "digest.db").unlink()
    extra = {"DATABASE_URL": postgresql_url}
    for words in _PATH:
        one = inside(home, *(word.format(home=home) for word in words))
        other = inside(twin, *(word.format(home=twin) for word in words), extra=extra)
        assert one.code == other.code, (words, one.err, other.err)
        assert _same(other.out, twin) == _same(one.out, home), words
        assert _same(other.err, twin) == _same(one.err, home), words
    # It came to something, and nothing was looked for in a file.
    letters = sorted(path.name for path in (twin / "var" / "outbox").glob("*/*.eml"))
    assert letters == sorted(path.name for path in (home / "var" / "outbox").glob("*/*.eml"))
    assert len(letters) == 4
    assert not (twin / "var" / "digest.db").exists()
    app = App(home=twin, environment=extra)
    assert sum(app.store.ledger.counts(_EDITION).values()) == app.store.ledger.recipients(_EDITION) == 4
    app.close()
