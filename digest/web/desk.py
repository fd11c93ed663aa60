"""The desk: a slot's draft as a page, an editor's acts on it, its preview, a test copy, and the word that it may leave.

Each form is a POST that ends with "see other" at the place of the page where it was sent from; all of it works
without JavaScript. What an editor does is kept as an edit, never as a changed edition: see digest.editing.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, get_flashed_messages, request

from digest.app import App
from digest.errors import ConfigurationError, DigestError, UnknownNewsletter
from digest.mailer.address import normal_address
from digest.mailer.language import Language
from digest.model import Approval, Newsletter, Slot
from digest.schedule import appears_on, current_slot, is_late, next_slot, slot_of
from digest.studio.proof import Proof, editors_language
from digest.studio.views import in_scheme, links_outside
from digest.text.tidy import shorten, tidy
from digest.web.desk_acts import LONGEST, Asked, Refused, read_form
from digest.web.desk_drafts import Drafts, OnDesk
from digest.web.desk_login import editor, password_hash, see_other, signed_in
from digest.web.desk_sending import may_send_copy, send_copy
from digest.web.desk_view import STATE_WORDS, DeskView
from digest.web.pages import Pages

_log = logging.getLogger("digest.web")

#: Days ahead that an editor can already work on.
_AHEAD = dt.timedelta(days=7)
#: No edition is older; days near the beginning of time have no moment in other zones.
_OLDEST = dt.date(2000, 1, 1)
# A letter's styles are its own; scripts, forms and other people's servers are not for it.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_OF_SLOT = "/desk/edition/<newsletter_id>/<day>"


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the desk's pages; none where no password is configured."""
    part = Blueprint("desk", __name__)
    if not password_hash(app):
        return part
    desk = _Desk(app, pages)

    @part.get("/desk/")
    @signed_in(app)
    def first() -> Response:
        newsletter = app.newsletter()
        return see_other(_page_of(newsletter, desk.at_hand(newsletter)))

    @part.get(_OF_SLOT)
    @signed_in(app)
    def show(newsletter_id: str, day: str) -> Response:
        return desk.show(*desk.meant(newsletter_id, day))

    @part.get(f"{_OF_SLOT}/<any(light, dark):scheme>.html")
    @signed_in(app)
    def letter(newsletter_id: str, day: str, scheme: str) -> Response:
        return desk.letter(*desk.meant(newsletter_id, day), dark=scheme == "dark")

    @part.post(f"{_OF_SLOT}/edit")
    @signed_in(app)
    def edit(newsletter_id: str, day: str) -> Response:
        return desk.edit(*desk.meant(newsletter_id, day))

    @part.post(f"{_OF_SLOT}/<any(approve, withdraw):act>")
    @signed_in(app)
    def decide(newsletter_id: str, day: str, act: str) -> Response:
        return desk.decide(*desk.meant(newsletter_id, day), approved=act == "approve")

    @part.post(f"{_OF_SLOT}/test")
    @signed_in(app)
    def test(newsletter_id: str, day: str) -> Response:
        return desk.send_test(*desk.meant(newsletter_id, day))

    return part


def _page_of(newsletter: Newsletter, slot: Slot, anchor: str = "") -> str:
    page = f"/desk/edition/{quote(newsletter.id)}/{slot.local_date}"
    return f"{page}#{quote(anchor)}" if anchor else page


class _Desk:
    """Answers what the desk's forms and links ask for."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages
        self._drafts = Drafts(app)

    def meant(self, newsletter_id: str, day: str) -> tuple[Newsletter, Slot]:
        """Return what an address means: a slot of the days to come, or one that has its edition. Else 404."""
        try:
            newsletter, date = self._app.newsletter(newsletter_id), dt.date.fromisoformat(day)
        except (UnknownNewsletter, ValueError):
            abort(404)
        today = current_slot(newsletter, self._app.clock.now()).local_date
        if not _OLDEST <= date <= today + _AHEAD:
            abort(404)
        slot = slot_of(newsletter, date)
        to_come = date >= today and appears_on(newsletter, date)
        if not to_come and self._app.store.editions.edition_of(slot) is None:
            abort(404)
        return newsletter, slot

    def at_hand(self, newsletter: Newsletter) -> Slot:
        """Return the slot that an editor works on: today's until it has left or is too late, then the next."""
        now = self._app.clock.now()
        today = current_slot(newsletter, now)
        waits = appears_on(newsletter, today.local_date) and not is_late(today, newsletter, now)
        if waits and self._app.store.editions.edition_of(today) is None:
            return today
        return next_slot(newsletter, "", now)

    def show(self, newsletter: Newsletter, slot: Slot) -> Response:
        """Return the page of a slot."""
        lying, now = self._drafts.of(newsletter, slot), self._app.clock.now()
        language = self._language(newsletter)
        proof, fault = self._proof(lying)
        view = DeskView(lying, self._app.settings.regions, language)
        ledger = self._app.store.ledger
        opened = lying.frozen and lying.edition is not None and ledger.is_open(lying.edition.id)
        return self._pages.page(
            "desk.html.j2",
            newsletter,
            language=language,
            say=language.say,
            count=language.count,
            lying=lying,
            here=_page_of(newsletter, slot),
            editor=editor(),
            said=list(get_flashed_messages(with_categories=True)),
            newsletters=[(one, _page_of(one, self.at_hand(one))) for one in self._app.newsletters()],
            days=[
                (day, language.long_date(day.local_date), _page_of(newsletter, day))
                for day in self._days(newsletter, slot)
            ],
            groups=list(view.groups()),
            waiting=list(view.waiting()),
            acts=view.acts(),
            regions=view.regions(),
            proof=proof,
            fault=fault,
            longest={kind.value: most for kind, most in LONGEST.items()},
            approval=self._drafts.approval(lying),
            opened=opened,
            due=language.clock(slot.due_at, newsletter.timezone),
            is_due=now >= slot.due_at,
            skipped=language.clock(
                slot.due_at + dt.timedelta(minutes=newsletter.late_minutes), newsletter.timezone
            ),
            clock=lambda moment: language.clock(moment, newsletter.timezone),
            state_words=STATE_WORDS,
            states=ledger.counts(lying.edition.id) if opened and lying.edition else {},
        )

    def letter(self, newsletter: Newsletter, slot: Slot, *, dark: bool) -> Response:
        """Return the letter for a frame: its links open beside the desk, and nothing of others is loaded."""
        proof, _ = self._proof(self._drafts.of(newsletter, slot))
        if proof is None:
            abort(404)
        page = links_outside(in_scheme(proof.html, "dark" if dark else "light"))
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = _LETTER_POLICY
        return response

    def edit(self, newsletter: Newsletter, slot: Slot) -> Response:
        """Keep what an editor does, or take it back."""
        before, now = self._drafts.of(newsletter, slot), self._app.clock.now()
        language = self._language(newsletter)
        try:
            asked = read_form(request.form, before, editor(), now)
        except Refused as refusal:
            flash(refusal.why.told(language.say), "bad")
            return see_other(_page_of(newsletter, slot, _anchor(before, request.form.get("story", ""))))
        self._keep(asked, newsletter, slot, now)
        flash(_sentence(asked, language), "good")
        after = self._drafts.of(newsletter, slot)
        return see_other(_page_of(newsletter, slot, _place_after(asked, before, after)))

    def decide(self, newsletter: Newsletter, slot: Slot, *, approved: bool) -> Response:
        """Keep that the edition may leave, or that it may not."""
        say, desk = self._language(newsletter).say, self._app.store.desk
        edition = self._app.store.editions.edition_of(slot)
        if newsletter.approval != "manual":
            flash(say("This newsletter leaves without an approval."), "bad")
        elif edition and self._app.store.ledger.is_open(edition.id):
            flash(say("It is on its way already."), "bad")
        elif approved:
            approval = Approval(approved_by=editor(), approved_at=self._app.clock.now())
            desk.approve(newsletter.id, slot.local_date, approval)
            flash(say("The edition may leave."), "good")
        else:
            desk.withdraw(newsletter.id, slot.local_date)
            flash(say("The approval was taken back."), "good")
        return see_other(_page_of(newsletter, slot, "approval"))

    def send_test(self, newsletter: Newsletter, slot: Slot) -> Response:
        """Send a test copy of what lies there to an address."""
        category, sentence = self._test(newsletter, slot, self._language(newsletter))
        flash(sentence, category)
        return see_other(_page_of(newsletter, slot, "test"))

    def _test(self, newsletter: Newsletter, slot: Slot, language: Language) -> tuple[str, str]:
        try:
            email = normal_address(request.form.get("email", "").strip())
        except ValueError:
            return "bad", language.say("This is no mail address.")
        lying = self._drafts.of(newsletter, slot)
        if lying.edition is None:
            return "bad", language.say("There is nothing to send.")
        if not may_send_copy(self._app):
            return "bad", language.say("Too many test copies in an hour. Please try again later.")
        try:
            carrier = send_copy(self._app, newsletter, lying.edition, email)
        except DigestError as error:
            _log.warning("a test copy did not leave: %s", type(error).__name__)
            return "bad", language.say(
                "The test copy did not leave: {why}", why=shorten(tidy(str(error)), 200)
            )
        return "good", language.say(
            "A test copy left for {address} through {carrier}.", address=email, carrier=carrier
        )

    def _keep(self, asked: Asked, newsletter: Newsletter, slot: Slot, now: dt.datetime) -> None:
        desk = self._app.store.desk
        for edit in asked.edits:
            desk.record(newsletter.id, slot.local_date, edit)
        for edit_id in asked.undone:
            desk.undo(edit_id, editor(), now)

    def _language(self, newsletter: Newsletter) -> Language:
        return editors_language(self._pages.language(newsletter))

    def _days(self, newsletter: Newsletter, shown: Slot) -> list[Slot]:
        """Return the slots to choose from: today's, the next, and the one that is shown."""
        now = self._app.clock.now()
        today, coming = current_slot(newsletter, now), next_slot(newsletter, "", now)
        after = next_slot(newsletter, "", coming.due_at)
        days = {slot.local_date: slot for slot in (coming, after, shown)}
        if appears_on(newsletter, today.local_date):
            days[today.local_date] = today
        return [days[day] for day in sorted(days)]

    def _proof(self, lying: OnDesk) -> tuple[Proof | None, str]:
        """Return the letter, or what is wrong with its templates."""
        try:
            return self._drafts.proof(lying), ""
        except ConfigurationError as error:
            _log.warning("no preview: %s", error)
            return None, " ".join(str(fault) for fault in error.faults)


def _sentence(asked: Asked, language: Language) -> str:
    story = shorten(tidy(asked.story.headline), 60) if asked.story else ""
    return language.say(asked.said.message, story=story)


def _anchor(lying: OnDesk, article: str) -> str:
    story = lying.stories.get(article)
    return f"s-{story.articles[0].id}" if story else "record"


def _place_after(asked: Asked, before: OnDesk, after: OnDesk) -> str:
    """Return where an editor goes on: at the story; where it left the edition, at the one that came after it."""
    if asked.story is None:
        return "edition" if asked.edits else "record"
    told = set(_told(after))
    if asked.story.articles[0].id in told:
        return f"s-{asked.story.articles[0].id}"
    were = list(_told(before))
    place = were.index(asked.story.articles[0].id) if asked.story.articles[0].id in were else 0
    return next((f"s-{one}" for one in [*were[place:], *reversed(were[:place])] if one in told), "edition")


def _told(lying: OnDesk) -> Iterator[str]:
    """Yield the first article of each story of the edition, in its order."""
    if lying.edition:
        yield from (story.articles[0].id for story in lying.edition.stories())
