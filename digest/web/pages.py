"""Pages from templates, in the words and the direction of a newsletter's locale."""

from __future__ import annotations

from flask import Response, make_response, render_template

from digest.app import App
from digest.mailer.language import Language
from digest.mailer.view import shown
from digest.model import Newsletter


class Pages:
    """Renders templates of templates/web."""

    def __init__(self, app: App) -> None:
        self._app = app

    def language(self, newsletter: Newsletter) -> Language:
        """Return how a newsletter's pages speak."""
        return self._app.language(newsletter.locale).written(newsletter.months, newsletter.digits)

    def page(
        self, template: str, newsletter: Newsletter | None = None, status: int = 200, **values: object
    ) -> Response:
        """Return a page of a newsletter, the first one's where none is given.

        Templates get `newsletter`, `language`, `say`, `count`, `title` (the newsletter's), `base_url` and the values.
        """
        of = newsletter or self._app.newsletter()
        language = self.language(of)
        common = {
            "newsletter": of,
            "language": language,
            "say": language.say,
            "count": language.count,
            "title": shown(of.title),
            "base_url": self._app.settings.base_url,
            "noindex": True,
            "status": status,
        }
        return make_response(render_template(template, **{**common, **values}), status)
