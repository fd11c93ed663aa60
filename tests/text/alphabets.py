"""Hypothesis strategies for text as Arabic feeds bring it: letters, marks, digits, Latin, and what hides between."""

from __future__ import annotations

from hypothesis import strategies as st

LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئىةپچژگکیۀۃ"
MARKS = "".join(map(chr, [*range(0x064B, 0x0656), 0x0670, 0x0640, 0x06D6, 0x0610]))
DIGITS = "0123٠١٢٣۴۵۶٫٬"
PUNCTUATION = " .,:;،؛؟!«»()[]-–/%+$€#@&_'\"…"
LATIN = "aZéŁß"
#: Joiners, marks, embeddings, overrides, isolates, separators, controls, odd spaces: nothing of it shows.
HIDDEN = "".join(
    map(
        chr,
        [
            *range(0x200B, 0x2010),
            *range(0x2028, 0x202F),
            *range(0x2060, 0x2070),
            *(0x00, 0x07, 0x09, 0x0A, 0x0B, 0x1C, 0x1F, 0x7F, 0x85, 0x9F, 0xA0, 0xAD, 0x061C, 0xFEFF),
        ],
    )
)
#: Letters in their positional shapes, ligatures, and phrases of one character.
SHAPES = "ﺍﻟﻘﻤﺔﻻﻼﷲﷺﱠﹰ﴾﷽"

#: What a person may write.
written = st.text(alphabet=LETTERS + MARKS + DIGITS + PUNCTUATION + LATIN)
#: What a feed may bring.
arabic = st.text(alphabet=LETTERS + MARKS + DIGITS + PUNCTUATION + LATIN + HIDDEN + SHAPES)
#: Anything that a `str` may hold, lone surrogates too.
anything = arabic | st.text(alphabet=st.characters())
