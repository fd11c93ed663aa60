"""The desk's page of subscribers: search, add, suppress, the history of one, and lists from a file.

A list is judged first, without writing anything, and kept for a quarter of an hour under var/imports; the button on
that page does what the page has told. A list that is longer is the command line's: `digest subscribers import`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from itertools import islice
from typing import ParamSpec

from flask import Blueprint, Response, abort, flash, get_flashed_messages, request

from digest.adapters.store.people import SqlPeople
from digest.adapters.store.subscribing import Wish
from digest.adapters.subscriber_rows import WishReader, address_of, person_of
from digest.adapters.subscriber_table import opened_table
from digest.adapters.uploads import Uploads
from digest.app import App
from digest.errors import UsageError
from digest.mailer.language import Language
from digest.mailer.view import shown
from digest.model import AddOutcome, Consent, Suppression, SuppressionReason
from digest.studio.proof import editors_language
from digest.text.tidy import tidy
from digest.web.desk_health import moment_words, state_words
from digest.web.desk_login import editor, see_other, signed_in
from digest.web.pages import Pages

_P = ParamSpec("_P")
#: Bytes of the longest list; some forty thousand people.
MOST_BYTES = 2 * 1024 * 1024
_FIELDS_BYTES = 256 * 1024
#: People, past deliveries and rows at fault that a page shows.
_FOUND, _HISTORY, _FAULTS = 50, 60, 50
_BATCH = 2000
_LONGEST = 200
_HOME = "/desk/subscribers"


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What a list would come to, or has."""

    counts: dict[str, int] = field(default_factory=lambda: {"new": 0, "known": 0, "left": 0, "refused": 0})
    #: Line and what is wrong with it, the first ones.
    faults: list[tuple[int, str]] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    #: New people who get nothing until they say yes.
    unasked: int = 0


def _longer(view: Callable[_P, Response]) -> Callable[_P, Response]:
    """Let a form be as long as a list; nothing of it is read before the session is known."""

    @wraps(view)
    def reading(*args: _P.args, **kwargs: _P.kwargs) -> Response:
        request.max_content_length = MOST_BYTES
        # Werkzeug counts the piece of the file that it is just reading with the fields.
        request.max_form_memory_size = _FIELDS_BYTES
        return view(*args, **kwargs)

    return reading


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the pages and what their forms do."""
    part = Blueprint("desk_subscribers", __name__)
    desk = _Desk(app, pages)

    part.get(_HOME)(signed_in(app)(desk.search))
    part.get(f"{_HOME}/<int:subscriber_id>")(signed_in(app)(desk.history))
    part.post(f"{_HOME}/add")(signed_in(app)(desk.add))
    part.post(f"{_HOME}/suppress")(signed_in(app)(desk.suppress))
    part.post(f"{_HOME}/import")(_longer(signed_in(app)(desk.judge)))
    part.post(f"{_HOME}/import/confirm")(signed_in(app)(desk.confirm))
    return part


def _reason_words(say: Callable[[str], str]) -> Mapping[str, str]:
    return {
        SuppressionReason.UNSUBSCRIBED: say("left"),
        SuppressionReason.BOUNCED: say("bounced"),
        SuppressionReason.COMPLAINED: say("complained"),
        SuppressionReason.BY_HAND: say("blocked by hand"),
        SuppressionReason.FORGOTTEN: say("forgotten"),
    }


class _Desk:
    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages
        self._uploads = Uploads(app.var / "imports")

    def _page(self, template: str, status: int = 200, trouble: str = "", **values: object) -> Response:
        language = self._language
        return self._pages.page(
            template,
            None,
            status,
            language=language,
            say=language.say,
            count=language.count,
            editor=editor(),
            said=[
                *get_flashed_messages(with_categories=True),
                *([("bad", trouble)] if trouble else []),
            ],
            moment=moment_words(language),
            timezone=self._app.newsletter().timezone,
            newsletters={one.id: shown(one.title) for one in self._app.newsletters()},
            reason_words=_reason_words(language.say),
            state_words=state_words(language.say),
            **values,
        )

    @property
    def _language(self) -> Language:
        return editors_language(self._pages.language(self._app.newsletter()))

    # ----------------------------------------------------------------- looking

    def search(self) -> Response:
        """Show the people whose address or name holds what was asked for, and the forms."""
        return self._home()

    def _home(self, status: int = 200, trouble: str = "", detail: str = "") -> Response:
        text = tidy(request.args.get("q", ""))[:_LONGEST]
        found = SqlPeople(self._app.store.engine).search(text, _FOUND + 1) if text else []
        return self._page(
            "desk_subscribers.html.j2",
            status,
            trouble,
            query=text,
            people=found[:_FOUND],
            more=len(found) > _FOUND,
            suppression=self._app.store.subscribers.suppression_of(text) if "@" in text else None,
            detail=detail,
        )

    def history(self, subscriber_id: int) -> Response:
        """Show one person with all that was sent, or should have been."""
        person = SqlPeople(self._app.store.engine).person(subscriber_id) if subscriber_id < 2**62 else None
        if person is None:
            abort(404)
        people = self._app.store.subscribers
        return self._page(
            "desk_subscribers_one.html.j2",
            person=person,
            suppression=people.suppression_of(person.email),
            past=list(islice(people.history(person.email), _HISTORY)),
        )

    # ----------------------------------------------------------------- one person

    def add(self) -> Response:
        """Subscribe somebody who has agreed, by the editor's word."""
        say = self._language.say
        row = {name: request.form.get(name, "") for name in ("email", "name", "newsletter")}
        if not request.form.get("agreed"):
            return self._home(400, say("Nobody is subscribed who has not agreed."))
        try:
            person = person_of(self._app.newsletter, row, confirmed=True)
        except UsageError as error:
            return self._home(400, say("This address cannot be added."), str(error))
        people = self._app.store.subscribers
        subscribe = people.revive if request.form.get("returning") else people.add
        outcome = subscribe(person, consent=Consent(at=self._app.clock.now(), how="desk", source=editor()))
        if outcome is AddOutcome.LEFT:
            return self._home(
                409,
                say(
                    "This address left, bounced or complained. Say so where the person has asked to come back."
                ),
            )
        new = say("{email} is subscribed.", email=person.email)
        known = say("{email} was subscribed already.", email=person.email)
        flash(new if outcome is AddOutcome.NEW else known, "good")
        return self._to(person.email)

    def suppress(self) -> Response:
        """Have an address never written to again."""
        say = self._language.say
        try:
            email = address_of(request.form.get("email", ""))
        except UsageError as error:
            return self._home(400, say("This is no address."), str(error))
        detail = tidy(request.form.get("detail", ""))[:_LONGEST]
        new = Suppression(
            email=email,
            reason=SuppressionReason.BY_HAND,
            since=self._app.clock.now(),
            detail=f"{editor()}: {detail}" if detail else editor(),
        )
        is_new = self._app.store.subscribers.suppress(new)
        done = say("{email} is not written to any more.", email=email)
        known = say("{email} was not written to already.", email=email)
        flash(done if is_new else known, "good")
        return self._to(email)

    def _to(self, email: str) -> Response:
        """Go to a person's page, the search where there is none."""
        found = [one for one in SqlPeople(self._app.store.engine).search(email, 9) if one.email == email]
        return see_other(f"{_HOME}/{found[0].id}" if found else _HOME)

    # ----------------------------------------------------------------- lists

    def judge(self) -> Response:
        """Show what a list would come to."""
        say = self._language.say
        file = request.files.get("file")
        content = file.read() if file else b""
        name = tidy((file.filename if file else "") or "")[:_LONGEST] or "list.csv"
        if not content:
            return self._home(400, say("There is no file, or nothing in it."))
        try:
            judgement = self._read(content, name)
        except UsageError as error:
            return self._home(400, say("This file cannot be read."), str(error))
        outcomes = SqlPeople(self._app.store.engine).judged(judgement.wishes)
        for wish, outcome in zip(judgement.wishes, outcomes, strict=True):
            judgement.counts[outcome] += 1
            judgement.unasked += outcome is AddOutcome.NEW and not wish.person.confirmed
        return self._page(
            "desk_subscribers_import.html.j2",
            judgement=judgement,
            file_name=name,
            upload=self._uploads.keep(content, self._app.clock.now()),
            newsletter_id=request.form.get("newsletter", ""),
            agreed=bool(request.form.get("agreed")),
        )

    def confirm(self) -> Response:
        """Do what a list was judged to come to."""
        say = self._language.say
        upload = request.form.get("upload", "")
        content = self._uploads.read(upload, self._app.clock.now())
        if content is None:
            return self._home(410, say("The list is not here any more. Please send it again."))
        try:
            judgement = self._read(content, tidy(request.form.get("file_name", ""))[:_LONGEST] or "list.csv")
        except UsageError as error:
            return self._home(400, say("This file cannot be read."), str(error))
        rest = iter(judgement.wishes)
        while batch := list(islice(rest, _BATCH)):
            for outcome in self._app.store.subscribers.add_all(batch):
                judgement.counts[outcome] += 1
        self._uploads.drop(upload)
        counts = judgement.counts
        flash(
            say(
                "Done. New: {new}; known: {known}; left out: {out}.",
                new=counts["new"],
                known=counts["known"],
                out=counts["left"] + counts["refused"],
            ),
            "good",
        )
        return see_other(_HOME)

    def _read(self, content: bytes, name: str) -> Judgement:
        """Read a list's rows; those of people who are gone are counted. Raises UsageError."""
        app, found = self._app, Judgement()
        newsletter = app.newsletter(request.form.get("newsletter") or None)
        reader = WishReader(app.newsletter, name, app.clock.now(), confirmed=bool(request.form.get("agreed")))
        with opened_table(io.BytesIO(content), name) as table:
            for number, row in table.rows:
                try:
                    wish = reader.read({"newsletter": newsletter.id} | row)
                except UsageError as error:
                    found.counts["refused"] += 1
                    if len(found.faults) < _FAULTS:
                        found.faults.append((number, str(error)))
                    continue
                if wish is None:
                    found.counts["left"] += 1
                else:
                    found.wishes.append(wish)
        return found
