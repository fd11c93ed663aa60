"""Mixed text on a page: as in the mail, but with a class where a mail needs a style, which our pages may not hold."""

from __future__ import annotations

from markupsafe import Markup

from digest.mailer.render import bidi_html

#: What `bidi_html` says of a run that is not to be cut; feed text cannot, its quotation marks are escaped.
_STYLE, _CLASS = ' style="white-space:nowrap"', Markup(' class="whole-run"')


def bidi_page(text: str, around: str = "rtl") -> Markup:
    """Return text as a page's HTML in which the runs against the direction `around` are held together.

    >>> str(bidi_page("فوز البرازيل 3-1", "rtl"))
    'فوز البرازيل <span dir="ltr" class="whole-run">3-1</span>'
    """
    return bidi_html(text, around).replace(_STYLE, _CLASS)
