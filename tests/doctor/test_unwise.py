"""What is said of settings that are legal and unwise."""

from __future__ import annotations

from typing import Any

import pytest

from digest.doctor import SettingFacts, unwise_findings

_PUBLIC = {"base_url": "https://news.mujaz.net", "base_host": "news.mujaz.net"}


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        pytest.param({}, [], id="as it should be"),
        pytest.param({"transport": "outbox"}, ["outbox"], id="public pages, letters for nobody"),
        pytest.param({"carrier_seconds": 121}, ["lease"], id="a claim ends before an answer"),
        pytest.param({"carrier_seconds": 120}, [], id="a claim holds as long as an answer"),
        pytest.param({"transport": "sendgrid", "verifies_events": False}, ["events"], id="events that nobody takes"),
        pytest.param({"private_addresses": True}, ["private"], id="feeds of the own network"),
        pytest.param({"has_desk": False}, ["desk"], id="no desk"),
    ],
)  # fmt: skip
def test_what_is_unwise(changes: dict[str, Any], ids: list[str]) -> None:
    facts: dict[str, Any] = {
        "transport": "smtp",
        "from_address": "news@mujaz.net",
        "alerts_to": "me@mujaz.net",
    }
    found = unwise_findings(SettingFacts(**facts | _PUBLIC | changes))
    assert [one.id.removeprefix("settings.") for one in found] == ids
