"""Whether a domain's DMARC policy is there, and whether our letters pass it (RFC 7489). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from digest.doctor.findings import Finding, fault, good, warning
from digest.doctor.tags import read_tags
from digest.ports.probing import Names

_POLICIES = ("none", "quarantine", "reject")
#: Labels of the name at which the walk up to an organisation goes on, where a name has more.
_MOST_LABELS = 7
_RECORD = re.compile(r"\s*v\s*=\s*DMARC1\s*(;|$)")
_MAILTO = re.compile(r"mailto:[^@]+@([^!,\s]+)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcFacts:
    """What DMARC compares."""

    from_domain: str
    #: The domain that signs with DKIM; empty where nothing is signed, None where the carrier signs.
    signing_domain: str | None
    #: The domain of the envelope's sender, which SPF is about; None where the carrier sets it.
    bounce_domain: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Policy:
    """What a walk up from a domain found."""

    #: The domain whose policy holds, and its records; empty where there is none.
    domain: str = ""
    records: tuple[str, ...] = ()
    #: The highest domain that has a policy: the organisation's.
    organisation: str = ""
    #: Why it could not be found.
    unknown: str = ""


def dmarc_findings(facts: DmarcFacts, names: Names) -> list[Finding]:
    """Return whether there is a policy for the sender's domain, and whether our letters pass it."""
    found = _walk_up(facts.from_domain, names)
    records, where = found.records, f"_dmarc.{found.domain or facts.from_domain}"
    if found.unknown:
        says = f"The DMARC record of {facts.from_domain} could not be looked up: {found.unknown}."
        return [fault("dns.unanswered", says, "See whether the domain's name servers are well.", where)]
    if not records:
        remedy = (
            f"Publish TXT at {where}: v=DMARC1; p=none; rua=mailto:... to begin with, and read the reports."
        )
        says = f"{facts.from_domain} has no DMARC policy; Gmail and Yahoo refuse large senders without one."
        return [warning("dns.dmarc-missing", says, remedy, where)]
    if len(records) > 1:
        says = f"There are {len(records)} DMARC records at {where}: receivers take none of them."
        return [fault("dns.dmarc-several", says, "Leave one.", where)]
    try:
        tags = read_tags(records[0])
    except ValueError as error:
        return [_broken(where, str(error))]
    is_inherited = found.domain != facts.from_domain
    policy = (tags.get("sp", tags.get("p", "")) if is_inherited else tags.get("p", "")).lower()
    if policy not in _POLICIES:
        return [_broken(where, f"p={policy} is none of {', '.join(_POLICIES)}")]
    return [
        *_alignment(facts, where, tags, found.organisation),
        *_strictness(facts, where, tags, policy),
        *_reports(names, where, tags, found),
    ]


def _broken(where: str, why: str) -> Finding:
    remedy = "Publish it as v=DMARC1; p=none; rua=mailto:..., with the tags that you want."
    return fault("dns.dmarc-broken", f"The DMARC record at {where} cannot be read: {why}.", remedy, where)


def _walk_up(domain: str, names: Names) -> _Policy:
    """Return the policy of a domain, from the name itself up to the one below the top level.

    That finds the organisation's without a list of public suffixes, and is how DMARC's revision does it.
    """
    labels = domain.split(".")
    found = _Policy()
    for up in [labels] + [
        labels[at:] for at in range(1, len(labels) - 1) if len(labels) - at <= _MOST_LABELS
    ]:
        here = ".".join(up)
        answer = names.look_up(f"_dmarc.{here}", "TXT")
        records = tuple(text for text in answer.records if _RECORD.match(text))
        if found.records:
            found = replace(found, organisation=here) if records else found
        elif not answer.is_known:
            return _Policy(domain=here, unknown=answer.words)
        elif records:
            found = _Policy(domain=here, records=records, organisation=here)
    return found


def _strictness(facts: DmarcFacts, where: str, tags: Mapping[str, str], policy: str) -> Iterator[Finding]:
    if policy == "none":
        says = f"The DMARC policy at {where} is none: whoever forges {facts.from_domain} is delivered all the same."
        remedy = "When the reports show only your own carriers, go on to p=quarantine, then to p=reject."
        yield warning("dns.dmarc-none", says, remedy, where)
    else:
        yield good("dns.dmarc", f"The DMARC policy for {facts.from_domain} is {policy}.", where)
    if tags.get("pct", "100") != "100":
        says = f"The DMARC policy at {where} holds for {tags['pct']} % of the mail, and for all of it at some receivers."
        yield warning("dns.dmarc-share", says, "Take pct= away.", where)


def _alignment(
    facts: DmarcFacts, where: str, tags: Mapping[str, str], organisation: str
) -> Iterator[Finding]:
    """Yield what keeps our letters from passing: neither DKIM nor SPF speaks for the sender's domain (3.1)."""
    signing, bounces = facts.signing_domain, facts.bounce_domain
    if signing is None or bounces is None:
        return
    if signing and _aligned(signing, facts.from_domain, tags.get("adkim"), organisation):
        return
    signs = f"{signing} signs" if signing else "nothing signs"
    remedy = "Set [smtp] dkim_key_file, dkim_selector and dkim_domain, so that the sender's own domain signs."
    if _aligned(bounces, facts.from_domain, tags.get("aspf"), organisation):
        says = f"Letters pass DMARC by SPF alone ({signs}): whoever forwards one breaks it."
        yield warning("dns.dmarc-spf-only", says, remedy, where)
        return
    says = f"Letters fail DMARC: {signs}, and bounces go to {bounces}; neither is {facts.from_domain}'s."
    yield fault("dns.dmarc-unaligned", says, remedy, where)


def _aligned(domain: str, sender: str, mode: str | None, organisation: str) -> bool:
    if domain == sender or (mode or "r").lower() == "s":
        return domain == sender
    return sender.endswith(f".{domain}") or domain.endswith(f".{sender}") or _is_of(domain, organisation)


def _is_of(domain: str, organisation: str) -> bool:
    return domain == organisation or domain.endswith(f".{organisation}")


def _reports(names: Names, where: str, tags: Mapping[str, str], found: _Policy) -> Iterator[Finding]:
    """Yield whether reports are asked for, and whether a foreign address that they go to wants them (7.1)."""
    domains = {domain.lower() for domain in _MAILTO.findall(tags.get("rua", ""))}
    if not domains:
        says = f"The DMARC record at {where} asks for no reports: you do not see who sends in your name."
        yield warning("dns.dmarc-reports", says, "Add rua=mailto:... to it.", where)
    for domain in sorted(one for one in domains if not _is_of(one, found.organisation)):
        consent = f"{found.domain}._report._dmarc.{domain}"
        answer = names.look_up(consent, "TXT")
        if answer.is_known and not any(_RECORD.match(text) for text in answer.records):
            says = f"DMARC reports go to {domain}, which has not said that it wants them: none will come."
            remedy = f"{domain} must publish v=DMARC1 as TXT at {consent}."
            yield warning("dns.dmarc-consent", says, remedy, where)
