"""The editor's own subject line, in letters that open with the edition's lead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.mailer.subject import subject_line, subject_of
from digest.model import Newsletter
from digest.text.bidi import LRI, LRM, PDI, RLM
from tests.mailer.making import ARABIC, ENGLISH, edition, story, viewed

_LONG = "صباح المرافئ: " + "كلمة " * 30 + "أخيرة"
_OTHER = story(2, "levant", headline="خبر من مكان آخر")


@pytest.mark.parametrize(
    ("own", "newsletter", "subject"),
    [
        pytest.param("صباح المرافئ", ARABIC, "صباح المرافئ", id="as it was written"),
        pytest.param(_LONG, ARABIC, _LONG, id="a long one is the editor's to shorten"),
        pytest.param("G7 في الرياض", ARABIC, f"{RLM}{LRI}G7{PDI} في الرياض", id="a Latin name first"),
        pytest.param("7 ports", ENGLISH, f"{LRM}7 ports", id="English, a figure first"),
        pytest.param("سطر\r\nBcc: x@example.org", ARABIC, f"سطر {LRI}Bcc: x@example.org{PDI}", id="one line"),
    ],
)  # fmt: skip
def test_an_editor_s_own_subject(own: str, newsletter: Newsletter, subject: str) -> None:
    made = replace(edition([[story(1)], [story(2, "levant")]], lead=story(1).id), subject=own)
    assert subject_of(made, viewed(made, newsletter)) == subject


@pytest.mark.parametrize("own", ["", " \n", "\u202e"])
def test_without_one_the_lead_s_headline_is_the_subject(own: str) -> None:
    made = replace(edition([[story(1)]], lead=story(1).id), subject=own)
    assert subject_of(made, viewed(made)) == subject_line(viewed(made))


def test_a_letter_that_another_story_opens_has_its_own_subject() -> None:
    whole = replace(edition([[story(1)], [_OTHER]], lead=story(1).id), subject="صباح المرافئ")
    without_lead = replace(whole, sections=whole.sections[1:])
    assert subject_of(whole, viewed(whole)) == "صباح المرافئ"
    assert subject_of(whole, viewed(without_lead)) == _OTHER.headline
