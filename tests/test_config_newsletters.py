"""What is set of schedules, sending and alerts: what comes of it, and how a fault of it is told."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.model import Newsletter
from tests.configuring import NEWSLETTER, faults_of, load

_FILE = "config/digest.toml"


def _newsletter(lines: str) -> Newsletter:
    return load(NEWSLETTER + lines).newsletters["daily"]


# --------------------------------------------------------------------------- what comes of it


def test_a_newsletter_of_which_nothing_is_said_appears_every_day() -> None:
    newsletter = _newsletter("")
    assert (newsletter.weekdays, newsletter.days_off) == (frozenset(), frozenset())
    assert (newsletter.compose_minutes, newsletter.spread_minutes) == (10, 0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("[]", set(), id="none: all"),
        pytest.param('["mon"]', {0}, id="Monday is 0, as in Python"),
        pytest.param('["sun", "mon", "tue", "wed", "thu"]', {6, 0, 1, 2, 3}, id="the Gulf's week"),
        pytest.param('["sat", "sat"]', {5}, id="twice"),
    ],
)
def test_weekdays(given: str, expected: set[int]) -> None:
    assert _newsletter(f"weekdays = {given}\n").weekdays == expected


def test_days_off_are_dates_of_toml_or_texts() -> None:
    newsletter = _newsletter('days_off = [2026-12-25, "2027-01-01"]\n')
    assert newsletter.days_off == {dt.date(2026, 12, 25), dt.date(2027, 1, 1)}


@pytest.mark.parametrize(
    ("key", "given"),
    [
        pytest.param("compose_minutes", 0, id="not ahead"),
        pytest.param("compose_minutes", 720, id="half a day ahead"),
        pytest.param("spread_minutes", 0, id="not spread"),
        pytest.param("spread_minutes", 2.5, id="spread over minutes and a half"),
        pytest.param("spread_minutes", 720, id="spread over half a day"),
        pytest.param("late_minutes", 1439, id="late until the next day"),
    ],
)
def test_minutes(key: str, given: float) -> None:
    assert getattr(_newsletter(f"{key} = {given}\n"), key) == given


def test_a_warm_up_is_a_list_of_numbers() -> None:
    assert load().mail.warm_up == []
    assert load("[mail]\nwarm_up = [200, 500]\n" + NEWSLETTER).mail.warm_up == [200, 500]
    listed = "[mail]\nwarm_up = [200, 500]\n" + NEWSLETTER
    assert load(listed, environment={"DIGEST_MAIL__WARM_UP": ""}).mail.warm_up == []


def test_nobody_is_alerted_where_nobody_is_named() -> None:
    alerts = load().alerts
    assert (alerts.to, alerts.bounce_percent, alerts.failing_sources_percent) == (None, 5, 50)
    assert load('[alerts]\nto = ""\n' + NEWSLETTER).alerts == alerts


# --------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        pytest.param('weekdays = ["sun", "funday"]', "weekdays number 2", ["'funday'", "mon, tue, wed"], id="no weekday"),
        pytest.param('weekdays = ["Sunday"]', "weekdays number 1", ["'Sunday'", "mon, tue, wed"], id="a weekday in full"),
        pytest.param('weekdays = "sun"', "weekdays", ["'sun'", "list", "mon, tue, wed"], id="one weekday, no list"),
        pytest.param("weekdays = [6]", "weekdays number 1", ["6", "mon, tue, wed"], id="a weekday's number"),
        pytest.param('days_off = ["2026-02-30"]', "days_off number 1", ["'2026-02-30'", "dates such as 2026-12-25"], id="no such date"),
        pytest.param('days_off = ["25.12.2026"]', "days_off number 1", ["'25.12.2026'", "dates such as 2026-12-25"], id="another order"),
        pytest.param('days_off = [2026-12-24, "Eid"]', "days_off number 2", ["'Eid'", "dates such as 2026-12-25"], id="a feast's name"),
        pytest.param("days_off = [2026-12-25T06:00:00]", "days_off number 1", ["dates such as 2026-12-25"], id="a moment"),
        pytest.param("days_off = 2026-12-25", "days_off", ["list", "dates such as 2026-12-25"], id="one date, no list"),
        pytest.param("compose_minutes = -1", "compose_minutes", ["-1", "minutes from 0 to 720"], id="composed afterwards"),
        pytest.param("compose_minutes = 721", "compose_minutes", ["721", "minutes from 0 to 720"], id="composed too early"),
        pytest.param("compose_minutes = 2.5", "compose_minutes", ["2.5", "minutes from 0 to 720"], id="half a minute"),
        pytest.param('compose_minutes = "ten"', "compose_minutes", ["'ten'", "minutes from 0 to 720"], id="minutes in words"),
        pytest.param("spread_minutes = -0.5", "spread_minutes", ["-0.5", "minutes from 0 to 720"], id="spread backwards"),
        pytest.param("spread_minutes = 721", "spread_minutes", ["721", "minutes from 0 to 720"], id="spread too far"),
        pytest.param("spread_minutes = inf", "spread_minutes", ["inf", "minutes from 0 to 720"], id="spread for ever"),
        pytest.param("spread_minutes = nan", "spread_minutes", ["nan", "minutes from 0 to 720"], id="no number"),
        pytest.param("late_minutes = 1440", "late_minutes", ["1440", "minutes from 1 to 1439"], id="late by a day"),
        pytest.param("weekday = []", "weekday", ["Did you mean 'weekdays'?"], id="a near name"),
        pytest.param("day_off = []", "day_off", ["Did you mean 'days_off'?"], id="another near name"),
    ],
)  # fmt: skip
def test_a_fault_of_a_newsletter_names_the_key_and_what_would_be_right(
    line: str, key: str, words: list[str]
) -> None:
    [fault] = faults_of(NEWSLETTER + line + "\n")
    assert (fault.where, fault.key) == (_FILE, f"newsletter 'daily', {key}")
    assert [word for word in words if word not in str(fault)] == []


@pytest.mark.parametrize(
    ("table", "line", "key", "words"),
    [
        pytest.param("mail", "warm_up = [200, 0]", "mail, warm_up number 2", ["0", "such as [200, 500, 1000]"], id="a day of none"),
        pytest.param("mail", "warm_up = [200, 2.5]", "mail, warm_up number 2", ["2.5", "such as [200, 500, 1000]"], id="half a message"),
        pytest.param("mail", "warm_up = 200", "mail.warm_up", ["200", "such as [200, 500, 1000]"], id="one day, no list"),
        pytest.param("smtp", 'return_path = "bounces"', "smtp.return_path", ["is no mail address", "bounces come back to"], id="no return path"),
        pytest.param("smtp", 'verp = "perhaps"', "smtp.verp", ["true or false"], id="VERP perhaps"),
        pytest.param("sendgrid", "sandbox = 2", "sendgrid.sandbox", ["true or false"], id="sandbox of 2"),
        pytest.param("delivery", "soft_bounces = 0", "delivery.soft_bounces", ["0", "from 1 to 100"], id="no soft bounce"),
        pytest.param("delivery", "drain_seconds = -1", "delivery.drain_seconds", ["-1", "seconds up to 3600"], id="drained before"),
        pytest.param("alerts", 'to = "the desk"', "alerts.to", ["'the desk' is no mail address", "the operator's"], id="alerts to nobody"),
        pytest.param("alerts", "bounce_percent = 0", "alerts.bounce_percent", ["0", "a percentage, more than 0"], id="every bounce"),
        pytest.param("alerts", "bounce_percent = 101", "alerts.bounce_percent", ["101", "a percentage"], id="more than all"),
        pytest.param("alerts", "failing_sources_percent = 0", "alerts.failing_sources_percent", ["a percentage"], id="every failure"),
        pytest.param("alerts", 'too = "a@example.org"', "alerts.too", ["Did you mean 'to'?"], id="a near name"),
        pytest.param("alert", 'to = "a@example.org"', "alert", ["Did you mean 'alerts'?"], id="a near table"),
    ],
)  # fmt: skip
def test_a_fault_of_a_table_names_the_key_and_what_would_be_right(
    table: str, line: str, key: str, words: list[str]
) -> None:
    [fault] = faults_of(f"[{table}]\n{line}\n{NEWSLETTER}")
    assert (fault.where, fault.key) == (_FILE, key)
    assert [word for word in words if word not in str(fault)] == []


def test_each_wrong_step_of_a_warm_up_is_a_fault_of_the_variable() -> None:
    faults = faults_of(environment={"DIGEST_MAIL__WARM_UP": "200,many,0"})
    assert {(fault.where, fault.key) for fault in faults} == {("DIGEST_MAIL__WARM_UP", "")}
    assert [fault.wrong.split()[0] for fault in faults] == ["'many'", "'0'"]
