"""Which desk of a newsroom an article comes from, told from its section and its address.

Five outlets on a transfer of a footballer are no more than three on an earthquake: a general digest tells sport,
culture and gadgets where they are great, and asks more of them.
"""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import unquote

from digest.model import Article
from digest.text.arabic import normalise, word_set


class Desk(StrEnum):
    """A desk of a newsroom."""

    NEWS = "news"
    SPORT = "sport"
    CULTURE = "culture"
    TECHNOLOGY = "technology"
    LIFE = "life"


# Words of sections and of an address's first folders, in comparison form.
_WORDS = {
    word: desk
    for desk, listed in {
        Desk.SPORT: """
            sport sports football soccer tennis basketball olympics worldcup formula1 cricket
            الرياضه رياضه رياضي رياضيه كوره الكوره ملاعب
            """,
        Desk.CULTURE: """
            culture cultures art arts entertainment celebrity celebrities movies cinema music books media
            الثقافه ثقافه ثقافي الفن فن فنون الفنون فنيه مشاهير سينما موسيقي ترفيه
            """,
        Desk.TECHNOLOGY: """
            tech technology technologies science sciences sciencetech gadgets gaming games
            تكنولوجيا التكنولوجيا تقنيه التقنيه علوم العلوم
            """,
        Desk.LIFE: """
            lifestyle life style travel food fashion beauty varieties misc weird cars autos motors bizarre voyage
            منوعات المنوعات سياحه السياحه سفر موضه جمال مطبخ المراه سيارات طرايف غرايب لايف
            """,
    }.items()
    for word in word_set(listed)
}
#: Folders of an address that are looked at: what follows is a date or the headline.
_FOLDERS = 2
#: Characters of a section and an address that are read.
_LONGEST = 1000
_BETWEEN = re.compile(r"[\W_]+")


def desk_of(article: Article) -> Desk:
    """Return the desk; NEWS where nothing names another.

    The section speaks before the address, since outlets move articles between folders less than between sections.
    """
    # Without its scheme and host; an address of another shape has no folders. The last part is the article's name.
    _, _, path = article.url[:_LONGEST].partition("://")[2].partition("/")
    folders = unquote(path.partition("?")[0].partition("#")[0]).strip("/").split("/")
    for text in (article.section[:_LONGEST], *folders[:-1][:_FOLDERS]):
        for word in _BETWEEN.split(normalise(text)):
            if word in _WORDS:
                return _WORDS[word]
    return Desk.NEWS
