"""The newsletters that the mailer's tests render: each theme that ships, in each locale that is written for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.mailer.making import ARABIC, ENGLISH

THEMES = ("email", "plain")
FRENCH = replace(
    ARABIC,
    title="Moujaz",
    tagline="Le jour vu par les sources arabes",
    locale="fr",
    postal_address="7, rue de la Presse, Le Caire",
)
HEBREW = replace(
    ARABIC,
    title="תקציר",
    tagline="חדשות היום מן המקורות הערביים",
    locale="he",
    postal_address="רחוב הדפוס 7, קהיר",
)
#: Every locale in every theme.
NEWSLETTERS = [
    pytest.param(replace(newsletter, template=theme), id=f"{newsletter.locale}, {theme}")
    for theme in THEMES
    for newsletter in (ARABIC, ENGLISH, FRENCH, HEBREW)
]
#: The newsletter of each direction in every theme.
BOTH_WAYS = [
    pytest.param(replace(newsletter, template=theme), id=f"{newsletter.locale}, {theme}")
    for theme in THEMES
    for newsletter in (ARABIC, ENGLISH)
]
