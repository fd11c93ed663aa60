"""Words that say nothing about an event, in Arabic, English and French, and what language they give away.

All stand in comparison form, and are of our own choice. Those of English and French go further than those of Arabic:
most articles of a day are Arabic, so that `after` or `said` would be rare words, and bind whatever few articles hold
them. Arabic's own filler (قال، أعلن) is left to inverse document frequency.

Left out are the words that are another's name or noun in one of the two languages: `us` and `ai`, `car` and `pays`.
"""

from __future__ import annotations

from collections.abc import Iterable


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as running text, as they stand."""
    return frozenset(text.split())


_ARABIC = word_set(
    """
    في من علي الي عن مع بعد قبل بين حتي منذ خلال عند لدي حول ضد دون تحت فوق امام خلف عبر نحو
    ان انه انها انهم اذا اذ ثم او ام بل لكن لان كما كان كانت يكون تكون كانوا ليس ليست
    هذا هذه ذلك تلك هولاء هو هي هم هن نحن انت انا التي الذي الذين اللذين اللواتي ما ماذا لماذا كيف متي اين
    لا لم لن قد لقد سوف كل بعض غير اي ايضا فقط هناك هنا حيث وفق وفقا بشان بسبب اثر اثناء ضمن
    وقد ولا ولم ومن وفي وعلي والي وهو وهي وكان وكانت فيما مما عما به بها له لها منه منها فيه فيها عليه عليها
    """
)
# Words that want another behind them: no sentence ends with one.
_ENGLISH_LINKS = word_set(
    """
    the a an of in on at to for and or nor but if than as by with from into onto upon about against amid among
    between beyond through throughout during before after since until till under without within toward towards
    across along around behind beside besides despite following including via per near
    because although though while whereas unless whether when where why how who whom whose which what
    is are was were be been being am has have had having do does did doing will would shall should can could may
    might must cannot not no so very my your his her its our their these those every each such any both either
    neither
    """
)
_ENGLISH_OTHERS = word_set(
    """
    i me you he she it we they him them himself herself itself themselves ourselves yourself mine yours hers theirs
    this that there here then thus therefore now again also just only even still yet too more most much many few
    fewer less least some other others another same own ever never always often once almost already however rather
    quite well back away over out up off down apart ahead all one ones nobody nothing anyone anything everyone
    everything someone something
    say says said saying tell tells told telling according report reports reported reportedly added adds adding
    announce announces announced amongst get gets got make makes made take takes took come comes came go goes went
    gone new people mr mrs ms today yesterday tomorrow tonight day days week weeks month months year years ago
    monday tuesday wednesday thursday friday saturday sunday
    don doesn didn isn aren wasn weren hasn haven hadn couldn wouldn shouldn ll ve re
    """
)
_FRENCH_LINKS = word_set(
    """
    le la les un une des du de au aux à et ou où ni mais que qu qui dont quand comme si lorsque lorsqu puisque tandis
    en dans par pour sur sous avec sans entre vers chez contre depuis pendant avant après dès selon malgré parmi
    jusque jusqu lors afin envers hormis outre durant
    ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs chaque quelque quelques
    plusieurs certains certaines aucun aucune quel quelle quels quelles
    est sont était étaient être suis sommes fut furent sera seront serait seraient soit soient étant
    ont avait avaient avoir avons avez eu eut aura auront aurait auraient ait aient ayant
    peut peuvent pouvait pourra pourrait pourraient doit doivent devait devra devrait devraient va vont ne très
    """
)
_FRENCH_OTHERS = word_set(
    """
    il elle ils elles on nous vous je tu se lui eux moi toi soi été ceci cela ça celui celle ceux celles
    ici là aussi ainsi alors donc encore déjà toujours jamais souvent plus moins trop peu beaucoup assez presque tout
    toute tous toutes autre autres même mêmes tel telle tels telles pas rien bien mieux puis enfin ensuite
    également notamment environ près cependant toutefois pourtant ailleurs surtout autour face
    dit dits disent disait déclaré déclare affirmé affirme annoncé annonce annoncent indiqué indique précisé
    précise ajouté ajoute expliqué explique assuré assure rapporté rapporte estimé estime souligné souligne
    fait faite faits faites faire font mis mise nouveau nouvel nouvelle nouveaux nouvelles
    hier aujourd hui demain jour jours semaine semaines mois an ans année années mme mm
    lundi mardi mercredi jeudi vendredi samedi dimanche
    """
)

_ENGLISH = _ENGLISH_LINKS | _ENGLISH_OTHERS
_FRENCH = _FRENCH_LINKS | _FRENCH_OTHERS
_ENGLISH_ONLY, _FRENCH_ONLY = _ENGLISH - _FRENCH, _FRENCH - _ENGLISH

#: Words that say nothing about the event.
STOP_WORDS = _ARABIC | _ENGLISH | _FRENCH
#: Of them, those that want another word behind them.
LINKING_WORDS = _ARABIC | _ENGLISH_LINKS | _FRENCH_LINKS


def latin_language(its_words: Iterable[str]) -> str:
    """Return `en` or `fr`, whichever has more of its words in a text; "" where neither has.

    >>> [latin_language(text.split()) for text in ("the mayor of rouen", "le maire de rouen", "rouen")]
    ['en', 'fr', '']
    """
    told = list(its_words)
    english, french = (sum(word in known for word in told) for known in (_ENGLISH_ONLY, _FRENCH_ONLY))
    if english == french:
        return ""
    return "en" if english > french else "fr"
