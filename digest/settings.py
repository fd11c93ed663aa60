"""What can be set: the tables of the TOML files, with what each value may be.

Every field's description says what would be right; faults of a configuration quote it.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from functools import cache
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from digest.mailer.address import normal_address
from digest.mailer.colours import PAPER, READABLE, contrast, readable_by_day
from digest.model import Newsletter, Region, Source

_COUNTRY = re.compile(r"^[A-Z]{2}$")
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"


@cache
def _zones() -> frozenset[str]:
    # Asked for each source: looking through the folders of the zones each time would take most of a command's start.
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """Return the name of an IANA zone. Raises ValueError where it is none."""
    if name not in _zones():
        near = difflib.get_close_matches(name, _zones(), n=1)
        raise ValueError(f"is no IANA time zone{f'; did you mean {near[0]!r}?' if near else ''}")
    return name


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no http(s) address")
    return url


def _country(code: str) -> str:
    if not _COUNTRY.match(code):
        raise ValueError("is no ISO 3166 alpha-2 code")
    return code


def _mail_address(address: str) -> str:
    try:
        address = normal_address(address)
    except ValueError as error:
        raise ValueError("is no mail address") from error
    if not address.isascii():
        raise ValueError("has letters beyond ASCII before the @, which not every server takes")
    return address


def _numbers(value: object) -> object:
    # The environment has them in one line: 200,500,1000.
    return [part for part in re.split(r"[\s,]+", value) if part] if isinstance(value, str) else value


def _locale(name: str) -> str:
    try:
        Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError("is no locale that CLDR knows") from error
    return name


def _readable_accent(colour: str) -> str:
    if contrast(colour, PAPER) < READABLE:
        raise ValueError(
            f"is too pale to be read on paper (contrast {contrast(colour, PAPER):.1f}, "
            f"and {READABLE} are needed); the nearest that is not is {readable_by_day(colour)}"
        )
    return colour


_Zone = Annotated[str, AfterValidator(known_zone)]
_Url = Annotated[str, AfterValidator(_web_address)]
_CountryCode = Annotated[str, AfterValidator(_country)]
_Address = Annotated[str, AfterValidator(_mail_address)]
#: An empty variable of the environment is as good as none.
_OptionalAddress = Annotated[_Address | None, BeforeValidator(lambda address: address or None)]
_LocaleName = Annotated[str, AfterValidator(_locale)]
_Accent = Annotated[str, AfterValidator(_readable_accent)]
_Id = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Latin letters, digits, and . _ - within")
]


class Table(BaseModel):
    """A table of settings; unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class MailSettings(Table):
    """How messages leave, and in whose name."""

    transport: Literal["outbox", "smtp", "sendgrid"] | None = Field(
        None, description="outbox, smtp or sendgrid"
    )
    from_: _Address = Field("mujaz@example.org", alias="from", description="the sender's address")
    unsubscribe_to: _OptionalAddress = Field(
        None, description="the address that unsubscribe mails go to; default: from"
    )
    rate_per_second: float = Field(0, ge=0, description="messages a second, 0 for no limit")
    warm_up: Annotated[list[Annotated[int, Field(ge=1)]], BeforeValidator(_numbers)] = Field(
        default=[], description="how many messages each of the first days may have, such as [200, 500, 1000]"
    )


class SmtpSettings(Table):
    """The server that carries messages."""

    host: str = Field("localhost", min_length=1, description="the server's name")
    port: int = Field(587, ge=1, le=65535, description="a port from 1 to 65535")
    username: str = Field("", description="the login, empty for none")
    password: SecretStr = Field(SecretStr(""), description="the login's password")
    security: Literal["none", "starttls", "tls"] = Field("starttls", description="none, starttls or tls")
    connections: int = Field(4, ge=1, le=100, description="connections at a time, from 1 to 100")
    timeout_seconds: float = Field(30, gt=0, le=600, description="seconds, more than 0")
    return_path: _OptionalAddress = Field(
        None, description="the address that bounces come back to; default: the sender's"
    )
    verp: bool = Field(False, description="true or false")
    dkim_key_file: str = Field(
        "", description="the file of the private key that signs, empty for no signature"
    )
    dkim_selector: str = Field(
        "",
        pattern=rf"^({_LABEL}(\.{_LABEL})*)?$",
        description="the name under which DNS has the public key, such as mujaz1",
    )
    dkim_domain: str = Field(
        "",
        pattern=rf"^({_LABEL}(\.{_LABEL})*)?$",
        description="the domain that signs, the sender's own or one above it; empty for the sender's own",
    )


class SendgridSettings(Table):
    """SendGrid's web interface."""

    host: _Url = Field(
        "https://api.sendgrid.com", description="https://api.sendgrid.com or https://api.eu.sendgrid.com"
    )
    api_key: SecretStr = Field(SecretStr(""), description="set SENDGRID_API_KEY in the environment instead")
    chunk: int = Field(250, ge=1, le=1000, description="recipients a request, from 1 to 1000")
    timeout_seconds: float = Field(30, gt=0, le=600, description="seconds, more than 0")
    sandbox: bool = Field(False, description="true or false")
    webhook_public_key: str = Field("", description="the event webhook's verification key")
    webhook_slack_seconds: float = Field(
        600, gt=0, le=86_400, description="seconds that an event's time may be off, up to 86400"
    )


class CollectSettings(Table):
    """How feeds are fetched."""

    interval_minutes: float = Field(15, gt=0, description="minutes between two collects of the worker")
    timeout_seconds: float = Field(20, gt=0, le=600, description="seconds for one feed, more than 0")
    max_megabytes: float = Field(10, gt=0, le=100, description="megabytes of one feed, up to 100")
    concurrency: int = Field(20, ge=1, le=200, description="fetches at a time, from 1 to 200")
    per_host: int = Field(2, ge=1, le=50, description="fetches of one host at a time, from 1 to 50")
    host_spacing_seconds: float = Field(
        0.2, ge=0, le=60, description="seconds between two requests to one host, up to 60"
    )
    parsers: int = Field(2, ge=1, le=32, description="processes that read feeds, from 1 to 32")
    parse_seconds: float = Field(10, gt=0, le=600, description="seconds for reading one feed, more than 0")
    allow_private_addresses: bool = Field(False, description="true or false")
    contact: str = Field("", description="a URL or an address where outlets reach you")


class RankTable(Table):
    """What counts as today."""

    window_hours: float = Field(30, gt=0, le=240, description="hours, up to 240")


class DeliverySettings(Table):
    """How sending is guarded."""

    lease_seconds: float = Field(120, ge=1, le=3600, description="seconds from 1 to 3600")
    soft_bounces: int = Field(
        5,
        ge=1,
        le=100,
        description="editions in a row, from 1 to 100, after which a soft bounce is a hard one",
    )
    drain_seconds: float = Field(20, ge=0, le=3600, description="seconds up to 3600")
    keep_days: int = Field(0, ge=0, le=3660, description="days from 60 to 3660, 0 for ever")

    @field_validator("keep_days")
    @classmethod
    def _as_long_as_they_matter(cls, value: int) -> int:
        # Soft bounces in a row, a provider's late events and the doctor look at the last weeks' deliveries.
        if 0 < value < 60:
            raise ValueError(
                "is less than 60, and the last weeks' deliveries are still looked at; 0 keeps all for ever"
            )
        return value


class WorkerSettings(Table):
    """What a worker tells of itself."""

    metrics_port: int = Field(0, ge=0, le=65535, description="a port, 0 for none")
    metrics_address: str = Field("127.0.0.1", description="the address to listen on")


class AlertSettings(Table):
    """What the operator is told of, and where."""

    to: _OptionalAddress = Field(None, description="the operator's mail address; empty: nothing is mailed")
    webhook_url: SecretStr = Field(
        SecretStr(""), description="an http or https address that takes a POST, empty for none"
    )
    bounce_percent: float = Field(5, gt=0, le=100, description="a percentage, more than 0")
    failing_sources_percent: float = Field(50, gt=0, le=100, description="a percentage, more than 0")

    @field_validator("webhook_url")
    @classmethod
    def _leads_to_the_web(cls, value: SecretStr) -> SecretStr:
        # Without the value: it is a secret.
        if value.get_secret_value():
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("is no http or https address")
        return value


class WebSettings(Table):
    """The public pages."""

    index: bool = Field(True, description="true or false")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="what /metrics asks for, empty: there is no such page"
    )
    proxies: int = Field(
        0, ge=0, le=5, description="how many of your own proxies stand before the pages, from 0 to 5"
    )


class NewsletterTable(Table):
    """One [[newsletter]]."""

    id: _Id = Field(description="Latin letters, digits, and . _ - within")
    title: str = Field(min_length=1, description="the name that readers see")
    tagline: str = Field("", description="one line under the title")
    locale: _LocaleName = Field("ar", description="a locale such as ar, ar_EG or en")
    timezone: _Zone = Field("Asia/Riyadh", description="an IANA zone such as Asia/Riyadh")
    send_at: str = Field("06:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="a local time as HH:MM")
    late_minutes: int = Field(180, ge=1, le=1439, description="minutes from 1 to 1439")
    regions: list[str] = Field(
        min_length=1, description="region ids of config/regions.toml in the sections' order"
    )
    stories_per_region: int = Field(3, ge=1, le=20, description="a number from 1 to 20")
    brief_stories: int = Field(6, ge=0, le=50, description="a number from 0 to 50")
    most_stories: int = Field(20, ge=1, le=200, description="a number from 1 to 200")
    sources: list[str] = Field(default=[], description="source ids of config/sources.toml; empty for all")
    accent: _Accent = Field("#8c2f1b", pattern=r"^#[0-9a-fA-F]{6}$", description="a colour as #rrggbb")
    postal_address: str = Field("", description="the sender's postal address")
    template: str = Field("email", pattern=r"^[a-z0-9_-]+$", description="a folder of templates/")
    months: Literal["", "gulf", "levant", "maghreb", "morocco"] = Field(
        "", description="gulf, levant, maghreb or morocco; empty for the locale's own"
    )
    digits: Literal["latin", "arab"] = Field("latin", description="latin or arab")
    hijri: bool | None = Field(None, description="true or false; left out: where the locale is Arabic")
    images: Literal["none", "lead"] = Field("none", description="none or lead")
    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        default=[], description="mon, tue, wed, thu, fri, sat, sun; empty for all"
    )
    days_off: list[dt.date] = Field(default=[], description="dates such as 2026-12-25")
    compose_minutes: int = Field(10, ge=0, le=720, description="minutes from 0 to 720")
    spread_minutes: float = Field(0, ge=0, le=720, description="minutes from 0 to 720")
    approval: Literal["none", "manual"] = Field("none", description="none or manual")
    unapproved: Literal["hold", "send"] = Field("hold", description="hold or send")
    logo_width: int = Field(0, ge=0, le=528, description="pixels up to 528")
    logo_height: int = Field(0, ge=0, le=300, description="pixels up to 300")
    logo: str = Field("", description="an https address of a picture, with logo_width and logo_height")

    @field_validator("logo")
    @classmethod
    def _shown_at_its_size(cls, value: str, info: ValidationInfo) -> str:
        if value and not (info.data.get("logo_width") and info.data.get("logo_height")):
            raise ValueError("is given without logo_width and logo_height")
        if value and (urlsplit(value).scheme != "https" or not urlsplit(value).hostname):
            raise ValueError("is no https address")
        return value


class SourceTable(Table):
    """One [[source]]."""

    id: _Id = Field(description="Latin letters, digits, and . _ - within")
    outlet: str = Field(min_length=1, description="the publisher's name as readers see it")
    name: str = Field("", description="the feed's own name")
    url: _Url = Field(description="the feed's address, http or https")
    country: _CountryCode = Field(description="where the outlet sits, ISO 3166 alpha-2")
    language: str = Field("ar", min_length=2, max_length=16, description="a language code such as ar")
    weight: float = Field(1.0, gt=0, le=10, description="a number above 0, up to 10; 1 is usual")
    regions: list[str] = Field(default=[], description="region ids of config/regions.toml")
    timezone: _Zone | None = Field(None, description="an IANA zone for dates that carry none")
    full_text: bool = Field(False, description="true or false")
    enabled: bool = Field(True, description="true or false")


class RegionTable(Table):
    """One [[region]]."""

    id: _Id = Field(description="Latin letters, digits, and . _ - within")
    name: dict[str, str] = Field(min_length=1, description='the name by locale: { ar = "...", en = "..." }')
    countries: list[_CountryCode] = Field(description="ISO 3166 alpha-2 codes")
    weight: float = Field(1.0, gt=0, le=10, description="a number above 0, up to 10; 1 is usual")


class SettingsFile(Table):
    """config/digest.toml."""

    mail: MailSettings = MailSettings()
    smtp: SmtpSettings = SmtpSettings()
    sendgrid: SendgridSettings = SendgridSettings()
    collect: CollectSettings = CollectSettings()
    rank: RankTable = RankTable()
    delivery: DeliverySettings = DeliverySettings()
    worker: WorkerSettings = WorkerSettings()
    alerts: AlertSettings = AlertSettings()
    web: WebSettings = WebSettings()
    newsletter: list[NewsletterTable] = Field(min_length=1, description="at least one [[newsletter]]")


class SourcesFile(Table):
    """config/sources.toml."""

    source: list[SourceTable] = Field(default=[], description="[[source]] tables")


class RegionsFile(Table):
    """config/regions.toml."""

    region: list[RegionTable] = Field(min_length=1, description="[[region]] tables")


class Settings(BaseModel):
    """Everything that is configured."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    mail: MailSettings
    smtp: SmtpSettings
    sendgrid: SendgridSettings
    collect: CollectSettings
    rank: RankTable
    delivery: DeliverySettings
    worker: WorkerSettings
    alerts: AlertSettings
    web: WebSettings
    newsletters: dict[str, Newsletter]
    sources: dict[str, Source]
    regions: dict[str, Region]
    #: Where the public pages are, without a slash at its end; empty where there are none.
    base_url: str = ""
    #: What signs readers' links, the newest first, parted by commas.
    secret_key: SecretStr = SecretStr("")
    #: The hash of the desk's password (see `digest desk-password`); empty: there is no desk.
    desk_password: SecretStr = SecretStr("")

    @property
    def secret_keys(self) -> list[str]:
        """The keys that sign readers' links, the newest first."""
        parts = (part.strip() for part in self.secret_key.get_secret_value().split(","))
        return [part for part in parts if part]

    @property
    def transport(self) -> str:
        """The transport as set, else sendgrid where there is a key for it, else the outbox."""
        return self.mail.transport or ("sendgrid" if self.sendgrid.api_key.get_secret_value() else "outbox")

    @property
    def region_of(self) -> dict[str, str]:
        """The region id of each country."""
        return {country: region.id for region in self.regions.values() for country in region.countries}
