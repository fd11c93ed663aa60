"""What the composition root refuses to put together."""

from __future__ import annotations

import pathlib

import pytest

from digest.app import App
from digest.errors import ConfigurationError, DatabaseError


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_that_ends_with_each_command_is_refused(url: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(DatabaseError, match="a database in memory"):
        _ = App(home=tmp_path, environment={"DATABASE_URL": url}).store


@pytest.mark.parametrize(
    ("key", "says"),
    [
        pytest.param("", "is not set", id="none"),
        pytest.param("abc", "is too short", id="guessed at once"),
        pytest.param("fifteen letters", "is too short", id="a letter too few"),
        pytest.param("short,and then an older one of many letters", "is too short", id="the one that signs"),
    ],
)
def test_a_key_that_is_easily_guessed_signs_nothing(key: str, says: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        ConfigurationError, match=f"DIGEST_SECRET_KEY: {says}.*32 random characters"
    ) as refused:
        _ = App(home=tmp_path, environment={"DIGEST_SECRET_KEY": key}).links
    assert key == "" or key not in str(refused.value)


def test_an_older_key_may_be_as_it_is(tmp_path: pathlib.Path) -> None:
    keys = "the new one has many letters,old"
    assert App(home=tmp_path, environment={"DIGEST_SECRET_KEY": keys}).links is not None
