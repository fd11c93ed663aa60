"""Whether the sender's domain vouches for its letters: SPF, DKIM, DMARC, and where answers go. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.doctor.dkim_key import dkim_findings
from digest.doctor.dmarc import DmarcFacts, dmarc_findings
from digest.doctor.findings import Finding, fault, good, warning
from digest.doctor.spf import MOST_LOOKUPS, MOST_VOID_LOOKUPS, SpfReading, read_spf
from digest.mailer.signing import DkimSigner
from digest.ports.probing import NameOutcome, Names

_SENDGRID = "sendgrid.net"
#: Selectors that SendGrid's domain authentication publishes.
_SENDGRID_SELECTORS = ("s1", "s2")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """In whose name letters leave, and how."""

    #: `smtp` or `sendgrid`.
    transport: str
    from_domain: str
    #: Where bounces come back to, by SMTP.
    bounce_domain: str
    #: Where unsubscribe mails go to.
    unsubscribe_domain: str
    #: The server that carries our mail, where it is another's or our own at a public address; else empty.
    carrier: str = ""
    signer: DkimSigner | None = None
    #: Whether it is known what signs: not by a carrier that does it by itself, nor with a key that cannot be read.
    knows_signer: bool = True


def mail_domain_findings(mail: MailFacts, names: Names) -> list[Finding]:
    """Return what the domain name system says of the sender's domain."""
    first = names.look_up(mail.from_domain, "MX")
    if first.outcome is NameOutcome.SILENT:
        says = f"No name server answers ({first.words}): nothing can be said of {mail.from_domain}."
        remedy = "Look at this machine's name servers (/etc/resolv.conf) and its network, or ask another: --nameserver."
        return [fault("dns.silent", says, remedy)]
    if first.outcome is NameOutcome.NO_NAME:
        says = f"The sender's domain {mail.from_domain} does not exist: receivers refuse its mail."
        return [
            fault("dns.no-domain", says, "Correct [mail] from, or register the domain.", mail.from_domain)
        ]
    if not first.is_known:
        return [_unanswered(mail.from_domain, f"The domain {mail.from_domain}", first.words)]
    return [*_spf(mail, names), *_dkim(mail, names), *_dmarc(mail, names), *_mx(mail, names)]


def _unanswered(where: str, what: str, words: str) -> Finding:
    remedy = (
        "See whether the name servers of that domain are well, its DNSSEC signatures included, and ask again."
    )
    return fault("dns.unanswered", f"{what} could not be looked up: {words}.", remedy, where)


# --------------------------------------------------------------------------- SPF


def _spf(mail: MailFacts, names: Names) -> list[Finding]:
    by_sendgrid = mail.transport == "sendgrid"
    # SPF is about the envelope's sender; SendGrid's is a name of its own unless the domain says otherwise.
    domain = mail.from_domain if by_sendgrid else mail.bounce_domain
    found = read_spf(domain, names)
    if len(found.records) > 1:
        says = f"{domain} has {len(found.records)} SPF records: receivers take none of them."
        return [fault("dns.spf-several", says, "Make one of them, with all their terms.", domain)]
    if found.unknown:
        unanswered = _unanswered(domain, f"SPF of {domain}", found.unknown[0])
        return [unanswered, *_spf_faults(domain, found)]
    if not found.records:
        judge = warning if by_sendgrid else fault
        says = f"{domain} has no SPF record: receivers cannot know which servers may send for it."
        remedy = f"Publish TXT at {domain}: v=spf1 include:... -all, with what your carrier names."
        return [judge("dns.spf-missing", says, remedy, domain)]
    faults = [*_spf_faults(domain, found), *_spf_carrier(mail, domain, found, names)]
    faults += _spf_doubts(domain, found)
    told = f"SPF of {domain} takes {found.lookups} of {MOST_LOOKUPS} lookups."
    return faults or [good("dns.spf", told, domain)]


def _spf_faults(domain: str, found: SpfReading) -> Iterator[Finding]:
    for words in found.faults:
        says = f"SPF of {domain} is broken: {words}."
        yield fault("dns.spf-broken", says, "Mend the record: receivers take it for none.", domain)
    if found.lookups > MOST_LOOKUPS:
        yield fault(
            "dns.spf-lookups",
            f"SPF of {domain} takes {found.lookups} lookups, and receivers give up after {MOST_LOOKUPS}.",
            "Take away what no longer sends for you; name networks by ip4 and ip6 instead of a, mx and include.",
            domain,
        )
    if found.voids > MOST_VOID_LOOKUPS:
        yield fault(
            "dns.spf-voids",
            f"SPF of {domain} names {found.voids} things that do not exist, and receivers give up after {MOST_VOID_LOOKUPS}.",
            "Take away the terms whose names are gone.",
            domain,
        )
    if found.is_open:
        says = f"SPF of {domain} lets every server of the world send for it."
        yield fault(
            "dns.spf-open", says, "End the record with -all or ~all, and name your carriers only.", domain
        )


def _spf_doubts(domain: str, found: SpfReading) -> Iterator[Finding]:
    if found.default in {"", "?"}:
        says = f"SPF of {domain} says nothing of servers that it does not name."
        yield warning("dns.spf-weak", says, "End it with -all, or ~all while you are not sure.", domain)
    if found.uses_ptr:
        says = f"SPF of {domain} uses ptr, which is slow, and which many receivers pass over."
        yield warning("dns.spf-ptr", says, "Name the networks by ip4 and ip6 instead.", domain)


def _spf_carrier(mail: MailFacts, domain: str, found: SpfReading, names: Names) -> Iterator[Finding]:
    if mail.transport == "sendgrid":
        if not any(name == _SENDGRID or name.endswith(f".{_SENDGRID}") for name in found.domains):
            says = f"SPF of {domain} does not include SendGrid."
            remedy = "Nothing to do where its domain authentication is on: bounces go to a name of its own then. Else add include:sendgrid.net."
            yield warning("dns.spf-carrier", says, remedy, domain)
        return
    kinds = ("A", "AAAA") if mail.carrier else ()
    addresses = [one for kind in kinds for one in names.look_up(mail.carrier, kind).records]
    if addresses and not any(map(found.passes, addresses)):
        says = f"SPF of {domain} does not let {mail.carrier} ({addresses[0]}) send for it."
        remedy = "Add what your carrier names for it; nothing to do where its mail leaves from other addresses that are in the record."
        yield warning("dns.spf-carrier", says, remedy, domain)


# --------------------------------------------------------------------------- DKIM and DMARC


def _dkim(mail: MailFacts, names: Names) -> list[Finding]:
    if mail.transport == "sendgrid":
        return _sendgrid_dkim(mail, names)
    if not mail.knows_signer:
        return []
    if mail.signer is None:
        says = "Letters are not signed: large receivers refuse or hide unsigned newsletters."
        remedy = "Set [smtp] dkim_key_file, dkim_selector and dkim_domain, unless your carrier signs in your domain's name."
        return [warning("dns.dkim-unsigned", says, remedy, "smtp.dkim_key_file")]
    name = f"{mail.signer.selector}._domainkey.{mail.signer.domain}".lower()
    answer = names.look_up(name, "TXT")
    if not answer.is_known:
        return [_unanswered(name, f"The DKIM record at {name}", answer.words)]
    return dkim_findings(mail.signer, name, answer)


def _sendgrid_dkim(mail: MailFacts, names: Names) -> list[Finding]:
    for selector in _SENDGRID_SELECTORS:
        name = f"{selector}._domainkey.{mail.from_domain}"
        if any("p=" in text.replace(" ", "") for text in names.look_up(name, "TXT").records):
            return [good("dns.dkim", f"SendGrid's DKIM key is at {name}.", name)]
    says = f"There is no DKIM key of SendGrid's under {mail.from_domain}: its letters are not signed in your name."
    remedy = "Authenticate the domain in SendGrid's settings; nothing to do where you gave it a selector of your own."
    return [warning("dns.dkim-carrier", says, remedy, mail.from_domain)]


def _dmarc(mail: MailFacts, names: Names) -> list[Finding]:
    signing = mail.signer.domain.lower() if mail.signer else ""
    facts = DmarcFacts(
        from_domain=mail.from_domain,
        signing_domain=signing if mail.knows_signer else None,
        bounce_domain=None if mail.transport == "sendgrid" else mail.bounce_domain,
    )
    return dmarc_findings(facts, names)


# --------------------------------------------------------------------------- answers


def _mx(mail: MailFacts, names: Names) -> list[Finding]:
    """Return whether the addresses that readers and servers write back to can be reached."""
    uses: dict[str, list[str]] = {}
    for domain, what in (
        (mail.from_domain, "answers"),
        (mail.unsubscribe_domain, "unsubscribe mails"),
        (mail.bounce_domain if mail.transport == "smtp" else "", "bounces"),
    ):
        uses.setdefault(domain, []).append(what)
    uses.pop("", None)
    found = [
        finding for domain, lost in uses.items() for finding in _reachable(domain, " and ".join(lost), names)
    ]
    return found or [good("dns.mx", f"Mail reaches {', '.join(uses)}.", ", ".join(uses))]


def _reachable(domain: str, what: str, names: Names) -> Sequence[Finding]:
    answer = names.look_up(domain, "MX")
    if not answer.is_known:
        return [_unanswered(domain, f"The MX records of {domain}", answer.words)]
    servers = [record.partition(" ")[2] for record in answer.records]
    remedy = f"Publish an MX record at {domain}, or use an address of a domain that has one."
    if servers and not any(servers):
        says = f"{domain} says that it takes no mail (a null MX): {what} are lost, and some receivers refuse its letters."
        return [fault("dns.mx-null", says, remedy, domain)]
    # Without an MX the domain's own address is tried (RFC 5321, 5.1).
    if not servers and all(names.look_up(domain, kind).is_void for kind in ("A", "AAAA")):
        says = f"{domain} has no mail server: {what} are lost."
        return [fault("dns.mx-missing", says, remedy, domain)]
    if servers and all(
        names.look_up(host, kind).is_void for host in servers if host for kind in ("A", "AAAA")
    ):
        says = f"The mail servers of {domain} do not exist ({', '.join(servers[:3])}): {what} are lost."
        return [fault("dns.mx-dead", says, f"Correct the MX record of {domain}.", domain)]
    return []
