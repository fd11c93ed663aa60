"""The site on PostgreSQL: what the other tests see on SQLite, for the flows in which SQL matters."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.conftest import new_database
from tests.web import (
    test_archive,
    test_archive_stories,
    test_desk,
    test_desk_decisions,
    test_desk_health,
    test_preferences,
    test_subscribe,
    test_unsubscribe,
)
from tests.web.busy import fill
from tests.web.desk_site import WITH_DESK, Editor, desk_site
from tests.web.reading import readers_site
from tests.web.site import Site, add_reader, opened_site


@pytest.fixture(scope="module")
def archive(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with opened editions, for all tests that only look at them."""
    with (
        new_database(postgresql) as url,
        opened_site(tmp_path_factory.mktemp("home"), {"DATABASE_URL": url}) as opened,
    ):
        yield opened


class TestArchive:
    """Lists, pages and the search, which is SQL of our own."""

    @pytest.fixture
    def site(self, archive: Site) -> Site:
        return archive

    test_home = staticmethod(test_archive.test_home_says_what_it_is_and_leads_to_the_latest_edition)
    test_edition = staticmethod(
        test_archive.test_an_edition_leads_to_the_days_beside_it_and_to_each_storys_page
    )
    test_lists = staticmethod(test_archive.test_the_archive_lists_editions_by_date_and_by_month)
    test_addresses = staticmethod(test_archive.test_addresses_that_lead_somewhere_and_that_do_not)
    test_search = staticmethod(test_archive_stories.test_search_finds_headlines_newest_first)
    test_nothing = staticmethod(test_archive_stories.test_search_says_what_it_did_not_find)
    test_any_query = staticmethod(test_archive_stories.test_no_query_is_our_fault)
    test_days = staticmethod(test_archive_stories.test_a_storys_days_are_in_order_and_its_own_is_marked)


class TestReaders:
    """From the form to leaving: each a writing transaction with locks of its own."""

    @pytest.fixture
    def site(self, postgresql_url: str, tmp_path: pathlib.Path) -> Iterator[Site]:
        with readers_site(tmp_path, {"DATABASE_URL": postgresql_url}) as opened:
            yield opened

    test_subscribing = staticmethod(test_subscribe.test_from_the_form_to_the_subscription)
    test_coming_back = staticmethod(test_subscribe.test_who_left_and_asks_again_comes_back)
    test_forgotten = staticmethod(test_subscribe.test_who_was_forgotten_comes_back_by_a_new_wish_only)
    test_limit = staticmethod(test_subscribe.test_one_address_gets_three_letters_an_hour)


class TestReadersOfTwo:
    """The same with two newsletters, of which Layla has one."""

    @pytest.fixture
    def site(self, postgresql_url: str, tmp_path: pathlib.Path) -> Iterator[Site]:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "digest.toml").write_text(test_preferences._TWO, encoding="utf-8")
        with readers_site(tmp_path, {"DATABASE_URL": postgresql_url}) as opened:
            add_reader(opened.app, "layla@example.org")
            yield opened

    test_choosing = staticmethod(test_preferences.test_what_is_chosen_is_kept_and_shown)
    test_another = staticmethod(test_preferences.test_another_newsletter_is_taken_and_left)
    test_export = staticmethod(test_preferences.test_the_export_holds_everything_that_is_kept)
    test_erasing = staticmethod(test_preferences.test_who_asks_to_be_erased_is)
    test_leaving = staticmethod(test_unsubscribe.test_of_two_newsletters_one_is_left_or_both)
    test_regret = staticmethod(test_unsubscribe.test_who_erred_is_back_with_everything_as_it_was)


class TestDesk:
    """Edits, their undoing and the approval."""

    @pytest.fixture
    def site(self, postgresql_url: str, tmp_path: pathlib.Path) -> Iterator[Site]:
        with desk_site(tmp_path, extra={"DATABASE_URL": postgresql_url}) as opened:
            yield opened

    @pytest.fixture
    def editor(self, site: Site) -> Editor:
        seated = Editor(site=site)
        assert seated.sign_in().status_code == 303
        return seated

    test_merging = staticmethod(test_desk.test_three_stories_become_one)
    test_approval = staticmethod(test_desk_decisions.test_an_edition_is_approved_and_the_approval_taken_back)


class TestSubscribersAtTheDesk:
    """People looked for, added and imported by an editor."""

    @pytest.fixture
    def editor(self, postgresql_url: str, tmp_path: pathlib.Path) -> Iterator[Editor]:
        environment = {**WITH_DESK, "DATABASE_URL": postgresql_url}
        with opened_site(tmp_path, environment, editions=False) as site:
            fill(site)
            someone = Editor(site=site)
            someone.sign_in()
            yield someone

    test_health = staticmethod(test_desk_health.test_the_health_page_tells_how_it_stands)
    test_history = staticmethod(test_desk_health.test_one_persons_history_is_shown)
    test_list = staticmethod(test_desk_health.test_a_list_is_judged_before_anything_is_written_and_then_done)
