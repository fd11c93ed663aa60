"""`digest demo`: the sample's own numbers, what it makes, and that it leaves everything else alone."""

from __future__ import annotations

import collections
import datetime as dt
import json
import pathlib
import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from digest.demo.feeds import feed_bytes
from digest.demo.news import SampleArticle, sample_articles, sample_outlets
from digest.model import Edition, Story
from digest.ranker.rank import rank
from tests.cli.running import REGIONS, Ran, digest, opened
from tests.conftest import NOW

_READERS = ["layla@example.org", "omar@example.com", "reader@example.net"]
#: What a tester may have set, and the demo must not heed.
_HOSTILE_ENVIRONMENT = {
    "SENDGRID_API_KEY": "SG.not.used",
    "DIGEST_MAIL__TRANSPORT": "smtp",
    "DIGEST_SMTP__HOST": "127.0.0.1",
    "DIGEST_SMTP__PORT": "9",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
    "DIGEST_RANK__WINDOW_HOURS": "0.001",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, Ran]:
    """The demo's folder, and how it ended; without --to it lies under the home."""
    home = tmp_path_factory.mktemp("demo")
    return home / "var" / "demo", digest(home, "demo", extra=_HOSTILE_ENVIRONMENT)


def _edition(home: pathlib.Path) -> Edition:
    with opened(home) as app:
        latest = app.store.editions.latest_edition_id()
        assert latest is not None
        return app.edition(latest)


def _sample() -> dict[str, SampleArticle]:
    return {article.id: article for article in sample_articles(NOW)}


def _sample_id(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _letter(path: pathlib.Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


# --------------------------------------------------------------------------- the sample


def test_the_sample_is_as_large_and_as_varied_as_it_must_be() -> None:
    outlets, articles = sample_outlets(), sample_articles(NOW)
    assert len(outlets) >= 8
    assert len(articles) >= 140
    assert len({article.event for article in articles}) >= 40
    assert {article.region for article in articles} == set(REGIONS)
    assert len({article.id for article in articles}) == len(articles)
    assert {article.outlet for article in articles} <= {outlet.id for outlet in outlets if not outlet.fault}
    ages = [NOW - article.published for article in articles]
    assert min(ages) >= dt.timedelta(), "nothing is of the future"
    assert max(ages) > dt.timedelta(days=1)


def test_one_feed_is_in_windows_1256_and_one_is_broken() -> None:
    outlets = sample_outlets()
    assert [outlet.id for outlet in outlets if outlet.encoding == "windows-1256"] == ["mashrabiya"]
    assert [outlet.id for outlet in outlets if outlet.fault] == ["qafila"]
    assert {outlet.format for outlet in outlets} == {"rss", "rdf", "atom"}
    [old] = [outlet for outlet in outlets if outlet.encoding == "windows-1256"]
    _, body = feed_bytes(old, [article for article in sample_articles(NOW) if article.outlet == old.id], "")
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    assert "مصر" in body.decode("windows-1256")


def test_the_sample_holds_what_is_hard_in_arabic_news() -> None:
    articles = sample_articles(NOW)
    texts = [f"{article.title} {article.summary}" for article in articles]
    for pattern in (r"\d%", r"[A-Z][a-z]+", r"\d,\d{3}", r"\d\.\d", r"«[^»]+»", r"\d-\d"):
        assert sum(bool(re.search(pattern, text)) for text in texts) >= 3, pattern
    # Wire copies: one text in several outlets.
    copies = collections.Counter((article.title, article.summary) for article in articles)
    assert max(copies.values()) >= 2


# --------------------------------------------------------------------------- what it makes


def test_the_demo_ends_well_and_says_what_happened(shown: tuple[pathlib.Path, Ran]) -> None:
    home, ran = shown
    assert ran.code == 0, ran.err
    [collected] = [line for line in ran.out.splitlines() if line.startswith("1. ")]
    found = re.search(r"(\d+) feeds: (\d+) ok with (\d+) articles, 1 failed\.", collected)
    assert found
    assert (int(found[1]), int(found[2]), int(found[3])) == (10, 9, len(_sample()))
    assert "failed, as it is meant to: not a feed: a web page" in ran.out
    for words in (
        r"2\. .* stories in 9 regions",
        r"3\. .*edition mujaz-",
        r"4\. .*3 sent, as files",
        r"5\. .* (\d+) of \1 inbox checks",
    ):
        assert re.search(words, ran.out), words
    # Each file that it says to open is there.
    paths = re.findall(rf"^   ({re.escape(str(home))}.*)$", ran.out, flags=re.M)
    assert len(paths) == 2
    assert [path for path in paths if not pathlib.Path(path).is_file()] == []


def test_three_letters_lie_in_the_outbox(shown: tuple[pathlib.Path, Ran]) -> None:
    home, _ = shown
    letters = {path.stem: _letter(path) for path in (home / "var" / "outbox").rglob("*.eml")}
    assert sorted(letters) == _READERS
    for email, letter in letters.items():
        assert letter.defects == []
        assert letter["To"] == email
        assert "موجز" in letter["From"]
        assert re.search(r"[\u0621-\u064a]", letter["Subject"])
        assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    texts = {email: str(letter.get_body(("plain",))) for email, letter in letters.items()}
    assert texts["layla@example.org"] == texts["reader@example.net"] != texts["omar@example.com"]


def test_each_section_holds_news_of_its_region(shown: tuple[pathlib.Path, Ran]) -> None:
    edition, sample = _edition(shown[0]), _sample()
    assert [section.region for section in edition.sections] == REGIONS
    for section in edition.sections:
        for story in section.stories:
            labels = collections.Counter(sample[_sample_id(article.url)].region for article in story.articles)
            assert story.region == section.region == labels.most_common(1)[0][0], story.headline


def test_no_story_and_no_article_stands_twice(shown: tuple[pathlib.Path, Ran]) -> None:
    stories = list(_edition(shown[0]).stories())
    articles = [article.id for story in stories for article in story.articles]
    assert len({story.id for story in stories}) == len(stories) >= 15
    assert len(set(articles)) == len(articles)
    events = collections.Counter(_sample_id(story.articles[0].url).rpartition("-")[0] for story in stories)
    assert {event: count for event, count in events.items() if count > 1} == {}


def test_the_demos_stories_are_the_samples_events(shown: tuple[pathlib.Path, Ran]) -> None:
    home, _ = shown
    sample = _sample()
    edition = _edition(home)
    with opened(home) as app:
        since = edition.composed_at - dt.timedelta(hours=app.rank_settings.window_hours)
        articles = app.store.articles.articles(since, edition.composed_at)
        stories = rank(articles, app.placer, app.rank_settings, edition.composed_at)
    assert len(articles) == edition.articles_read >= 120
    precision, recall, f1 = _pairwise(stories, sample)
    print(f"pairwise: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}")
    assert f1 >= 0.9


def _pairwise(stories: list[Story], sample: dict[str, SampleArticle]) -> tuple[float, float, float]:
    """Return precision, recall and F1 over the pairs of articles that stand in one story (Bagga and Baldwin)."""

    def pairs(counts: collections.Counter[str] | collections.Counter[tuple[str, str]]) -> int:
        return sum(count * (count - 1) // 2 for count in counts.values())

    placed = [(story.id, sample[_sample_id(one.url)].event) for story in stories for one in story.articles]
    both = pairs(collections.Counter(placed))
    precision = both / pairs(collections.Counter(story for story, _ in placed))
    recall = both / pairs(collections.Counter(event for _, event in placed))
    return precision, recall, 2 * precision * recall / (precision + recall)


def test_every_inbox_check_passes(shown: tuple[pathlib.Path, Ran]) -> None:
    report = json.loads((shown[0] / "var" / "preview" / "report.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in report["checks"] if not check["passed"]] == []


def test_the_demos_folder_is_a_home_to_play_with(shown: tuple[pathlib.Path, Ran]) -> None:
    home, _ = shown
    edition = _edition(home)
    states = digest(home, "deliveries", edition.id, "--json").json["states"]
    assert states == {"sent": 3}
    assert digest(home, "send", edition.id, "--json").json["states"] == {"sent": 3}


# --------------------------------------------------------------------------- what it leaves alone


def test_the_demo_runs_again_in_its_own_folder(shown: tuple[pathlib.Path, Ran]) -> None:
    home, first = shown
    again = digest(home, "demo", "--to", str(home))
    assert again.code == 0
    dates = re.compile(r"\d{4}-\d\d-\d\d")
    assert dates.sub("", again.out) == dates.sub("", first.out)
    assert sorted(path.stem for path in (home / "var" / "outbox").rglob("*.eml")) == _READERS


@pytest.mark.parametrize("kept", ["config/sources.toml", "config/digest.toml", "var/digest.db"])
def test_somebodys_own_home_is_not_overwritten(kept: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / kept
    path.parent.mkdir()
    path.write_text("# mine\n", encoding="utf-8")
    ran = digest(tmp_path, "demo", "--to", ".")
    assert (ran.code, ran.out) == (2, "")
    assert "holds a digest of your own" in ran.err
    assert path.read_text(encoding="utf-8") == "# mine\n"
    assert [entry for entry in tmp_path.rglob("*") if entry.is_file()] == [path]
