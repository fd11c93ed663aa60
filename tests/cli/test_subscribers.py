"""`digest subscribers`."""

from __future__ import annotations

import pathlib

import pytest

from tests.cli.running import digest, opened, subscribe, write_newsletter


def _people(home: pathlib.Path) -> dict[str, tuple[str, list[str], bool]]:
    """Return name, regions and consent of each active subscriber by the address."""
    with opened(home) as app:
        return {
            person.email: (person.name, list(person.regions), person.confirmed)
            for person in app.store.subscribers.subscribers("mujaz")
        }


def _counts(new: int = 0, known: int = 0, suppressed: int = 0, refused: int = 0) -> dict[str, int]:
    return {"new": new, "known": known, "suppressed": suppressed, "refused": refused}


# --------------------------------------------------------------------------- add, list, remove


def test_add_is_idempotent_and_keeps_what_is_not_given(blank: pathlib.Path) -> None:
    first = digest(
        blank, "subscribers", "add", "Layla@Example.org", "--name", "ليلى", "--regions", "gulf,asia"
    )
    assert (first.code, first.out) == (0, "Layla@Example.org is subscribed to mujaz.\n")
    again = digest(blank, "subscribers", "add", "layla@example.org")
    assert (again.code, again.out) == (0, "layla@example.org was subscribed already to mujaz.\n")
    assert list(_people(blank).values()) == [("ليلى", ["gulf", "asia"], True)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["layla"], "'layla' is no mail address.", id="no address"),
        pytest.param(["a b@example.org"], "is no mail address.", id="a space"),
        pytest.param(["a@example.org\nBcc: b@example.org"], "is no mail address.", id="a second line"),
        pytest.param(["a@example.org", "--regions", "moon"], "'moon' is no region of mujaz; regions are gulf, ", id="no region"),
        pytest.param(["a@example.org", "--newsletter", "x"], "There is no newsletter 'x'.", id="no newsletter"),
    ],
)  # fmt: skip
def test_add_refuses_what_cannot_be_used(words: list[str], says: str, blank: pathlib.Path) -> None:
    ran = digest(blank, "subscribers", "add", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert _people(blank) == {}


def test_an_international_domain_is_kept_in_its_ascii_form(blank: pathlib.Path) -> None:
    digest(blank, "subscribers", "add", "layla@موقع.إختبار")
    [email] = _people(blank)
    assert email.startswith("layla@xn--")
    assert email.isascii()


def test_remove_ends_a_subscription_for_good(blank: pathlib.Path) -> None:
    subscribe(blank, "layla@example.org")
    gone = digest(blank, "subscribers", "remove", "LAYLA@example.org")
    assert (gone.code, gone.out) == (0, "1 subscription of LAYLA@example.org ended.\n")
    assert (
        digest(blank, "subscribers", "remove", "layla@example.org").out
        == "layla@example.org had no subscription.\n"
    )
    assert _people(blank) == {}
    back = digest(blank, "subscribers", "add", "layla@example.org")
    assert (back.code, back.out) == (2, "")
    assert "left or bounced" in back.err


def test_list_names_one_a_line(blank: pathlib.Path) -> None:
    digest(blank, "subscribers", "add", "b@example.org", "--regions", "asia gulf")
    digest(blank, "subscribers", "import", "-", given="a@example.org\n")
    ran = digest(blank, "subscribers", "list")
    assert ran.out == "a@example.org mujaz all (not confirmed)\nb@example.org mujaz asia,gulf\n"
    [first, second] = digest(blank, "subscribers", "list", "--json", "--newsletter", "mujaz").lines
    assert first == {
        "email": "a@example.org",
        "name": "",
        "newsletter": "mujaz",
        "regions": [],
        "confirmed": False,
    }
    assert second["regions"] == ["asia", "gulf"]


# --------------------------------------------------------------------------- import


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("email,name,regions\na@example.org,علي,asia gulf\nb@example.org,,\n", {"a@example.org": ("علي", ["asia", "gulf"], False), "b@example.org": ("", [], False)}, id="heading"),
        pytest.param("Name , EMAIL\nعلي,a@example.org\n", {"a@example.org": ("علي", [], False)}, id="heading in another order and case"),
        pytest.param("\ufeffemail,name\na@example.org,علي\n", {"a@example.org": ("علي", [], False)}, id="BOM before the heading"),
        pytest.param("\ufeffa@example.org\n", {"a@example.org": ("", [], False)}, id="BOM before an address"),
        pytest.param("Ali@Example.org\r\nB@example.org\r\n", {"Ali@Example.org": ("", [], False), "B@example.org": ("", [], False)}, id="no heading"),
        pytest.param("علي,a@example.org\nليلى,b@example.org\n", {"a@example.org": ("", [], False), "b@example.org": ("", [], False)}, id="no heading, the address second"),
        pytest.param('email,name\n"a@example.org","علي، أبو ""زيد"""\n\n,\n', {"a@example.org": ('علي، أبو "زيد"', [], False)}, id="quotes and empty rows"),
        pytest.param("email,phone\na@example.org,123\n", {"a@example.org": ("", [], False)}, id="a column that is not ours"),
        pytest.param("email,name,regions\na@example.org\n", {"a@example.org": ("", [], False)}, id="a short row"),
        pytest.param("email\na@example.org\na@example.org\nA@EXAMPLE.ORG\n", {"a@example.org": ("", [], False)}, id="twice in the file"),
        pytest.param("email,name\na@example.org,\u202eعلي\u2028\n", {"a@example.org": ("علي", [], False)}, id="a hostile name"),
    ],
)  # fmt: skip
def test_import_reads(
    given: str, expected: dict[str, tuple[str, list[str], bool]], blank: pathlib.Path
) -> None:
    ran = digest(blank, "subscribers", "import", "-", given=given)
    assert (ran.code, ran.err) == (0, "")
    assert {key.casefold(): value for key, value in _people(blank).items()} == {
        key.casefold(): value for key, value in expected.items()
    }


def test_an_address_is_kept_as_it_is_written(blank: pathlib.Path) -> None:
    digest(blank, "subscribers", "import", "-", given="Ali.Hassan@Example.org\nLayla@Example.org\n")
    assert list(_people(blank)) == ["Ali.Hassan@Example.org", "Layla@Example.org"]


def test_importing_again_changes_nothing(blank: pathlib.Path) -> None:
    path = blank / "people.csv"
    path.write_text("email,name\na@example.org,علي\nb@example.org,ليلى\n", encoding="utf-8")
    assert digest(blank, "subscribers", "import", str(path), "--json").json == _counts(new=2)
    before = _people(blank)
    assert digest(blank, "subscribers", "import", str(path), "--json").json == _counts(known=2)
    assert _people(blank) == before


def test_people_who_agreed_already_are_imported_as_confirmed(blank: pathlib.Path) -> None:
    given = "email\na@example.org\n"
    assert digest(blank, "subscribers", "import", "-", given=given).code == 0
    assert _people(blank)["a@example.org"][2] is False
    assert digest(blank, "subscribers", "import", "-", "--confirmed", given=given).code == 0
    assert _people(blank)["a@example.org"][2] is True
    # A later import without the word does not take consent back.
    assert digest(blank, "subscribers", "import", "-", given=given).code == 0
    assert _people(blank)["a@example.org"][2] is True


def test_rows_that_cannot_be_used_are_named_and_left_out(blank: pathlib.Path) -> None:
    given = (
        "email,newsletter,regions\n"
        "a@example.org,,\n"
        "nobody,,\n"
        "b@example.org,evening,\n"
        "c@example.org,,moon\n"
        ",mujaz,asia\n"
        "d@example.org,mujaz,asia\n"
    )
    ran = digest(blank, "subscribers", "import", "-", "--json", given=given)
    assert ran.code == 1
    assert ran.json == _counts(new=2, refused=4)
    assert list(_people(blank)) == ["a@example.org", "d@example.org"]
    for number, words in ((3, "'nobody' is no mail address"), (4, "no newsletter 'evening'"), (5, "'moon' is no region"), (6, "'' is no mail address")):  # fmt: skip
        [line] = [line for line in ran.err.splitlines() if f"line {number} is left out" in line]
        assert words in line


def test_people_who_left_are_skipped_and_counted(blank: pathlib.Path) -> None:
    subscribe(blank, "a@example.org")
    digest(blank, "subscribers", "remove", "a@example.org")
    ran = digest(
        blank, "subscribers", "import", "-", "--confirmed", given="email\nA@example.org\nb@example.org\n"
    )
    assert (ran.code, ran.out) == (
        0,
        "1 new subscriber, 0 known, 1 skipped because they left or bounced, 0 left out.\n",
    )
    assert list(_people(blank)) == ["b@example.org"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(b"name,phone\n\xd8\xb9,1\n", "has no column `email`", id="no addresses"),
        pytest.param(b"", "has no column `email`", id="empty"),
        pytest.param("email,name\na@example.org,علي\n".encode("utf-16"), "is not UTF-8", id="UTF-16"),
        pytest.param("email,name\na@example.org,علي\n".encode("windows-1256"), "is not UTF-8", id="windows-1256"),
        pytest.param(b'email\n"' + b"x" * 200_000 + b'"\n', "line 2 cannot be read", id="a field without end"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_refused(given: bytes, says: str, blank: pathlib.Path) -> None:
    ran = digest(blank, "subscribers", "import", "-", given=given)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_rows_without_a_newsletter_go_to_the_named_one(blank: pathlib.Path) -> None:
    write_newsletter(blank, regions=["gulf"])
    assert digest(blank, "subscribers", "import", "-", "--newsletter", "x", given="a@example.org\n").code == 2
    ran = digest(
        blank, "subscribers", "import", "-", "--newsletter", "daily", "--json", given="a@example.org\n"
    )
    assert ran.json == _counts(new=1)
    [line] = digest(blank, "subscribers", "list", "--newsletter", "daily", "--json").lines
    assert (line["email"], line["newsletter"]) == ("a@example.org", "daily")
