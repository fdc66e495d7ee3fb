"""What Tingfeng can be told of alerts: when, how sensitive, to whom, through what, and when not to disturb."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StrictBool, StrictFloat, StrictInt

from tingfeng.clock import BUCKET
from tingfeng.config_types import (
    AspectName,
    CredentialName,
    Duration,
    Email,
    HttpUrl,
    Line,
    Section,
    Sender,
    SourceName,
    Word,
    shown,
)

MessageKind = Literal["alert", "digest", "operator"]
EVERY_KIND: tuple[MessageKind, ...] = ("alert", "digest", "operator")
SeverityName = Literal["info", "warning", "critical"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Hours(NamedTuple):
    """A stretch of every day, "22:00-08:00": [begin, end) in the report zone; one that ends before it begins spans
    midnight."""

    begin: time
    end: time


def _hours(value: object) -> object:
    if isinstance(value, Hours):
        return value
    problem = f"expected hours such as '22:00-08:00', got {shown(value)}"
    if not isinstance(value, str) or value.count("-") != 1:
        raise ValueError(problem)
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in value.split("-"))
    except ValueError:
        raise ValueError(problem) from None
    if begin == end or begin.tzinfo or end.tzinfo:
        raise ValueError(problem)
    return Hours(begin, end)


QuietHours = Annotated[Hours, BeforeValidator(_hours)]


class Reachable(Section):
    """Whoever can be told something, and when they would rather not be."""

    name: Word = Field(description="Your name for them, used in routes.")
    quiet: tuple[QuietHours, ...] = Field(
        default=(), description="Hours of every day in which nothing is sent, such as '22:00-08:00', in report_zone."
    )
    quiet_days: tuple[Weekday, ...] = Field(
        default=(), description="Days of the week on which nothing is sent: mon, tue, wed, thu, fri, sat, sun."
    )
    break_quiet: SeverityName | None = Field(
        default="critical",
        description="Alerts from this severity on are sent in quiet time too; what is held is sent at its end.",
    )


class RecipientConfig(Reachable):
    """Somebody who can be written to by mail."""

    email: Email = Field(description="Their address.")


class ChannelConfig(Reachable):
    """A group robot or webhook; routes name it like a recipient."""

    kind: Line = Field(description="wecom, dingtalk, feishu, webhook or apprise, or a dotted path 'pkg.mod:Class'.")
    credential: CredentialName = Field(
        description="Name of a credential: TINGFENG_CREDENTIAL_<NAME> or …_FILE holds the address, whose key is in it."
    )
    signature: CredentialName | None = Field(
        default=None, description="Name of the credential that holds the key messages are signed with."
    )
    options: Mapping[str, Any] = Field(default_factory=dict, description="The channel's own settings.")


class RouteConfig(Section):
    """What goes to whom, and to whom next when nobody acknowledges."""

    to: tuple[Word, ...] = Field(min_length=1, description="Names of recipients or channels.")
    brands: tuple[Word, ...] = Field(default=(), description="Only these brands; empty = all.")
    kinds: tuple[MessageKind, ...] = Field(
        default=EVERY_KIND,
        min_length=1,
        description="alert = trouble for a brand, digest = reports, operator = blind sources.",
    )
    severity: SeverityName = Field(default="info", description="Only alerts of at least this: info, warning, critical.")
    sources: tuple[SourceName, ...] = Field(
        default=(), description="Only alerts that one of these sources carries; empty = all."
    )
    aspects: tuple[AspectName, ...] = Field(default=(), description="Only alerts about these aspects; empty = all.")
    escalate_to: tuple[Word, ...] = Field(
        default=(), description="Whom to tell, one after the other, when nobody acknowledges in time."
    )
    escalate_after: Duration = Field(
        default=timedelta(minutes=30), description="How long each has to acknowledge before the next is told."
    )


_PORTS = {"none": 25, "starttls": 587, "tls": 465}


class MailConfig(Section):
    """The mail server that takes our mail."""

    host: Line = Field(description="Name or address of the mail server.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="none, starttls (upgrade after connecting) or tls (from the first byte)."
    )
    port: StrictInt = Field(
        default_factory=lambda known: _PORTS[known["security"]],
        ge=1,
        le=65_535,
        description="Default 587 for starttls, 465 for tls, 25 for none.",
    )
    user: Line | None = Field(default=None, description="Login name; the password is TINGFENG_MAIL_PASSWORD or …_FILE.")
    password: SecretStr | None = Field(default=None, description="Only from the environment.")
    sender: Sender = Field(description="What recipients see, such as '听风 <tingfeng@example.com>'.")
    timeout: Duration = Field(default=timedelta(seconds=30), description="Longest wait for any answer of the server.")


def _in_buckets(window: timedelta) -> timedelta:
    if window % BUCKET or window > timedelta(days=1):
        raise ValueError("counts are kept per five minutes; expected a multiple of '5m' of at most '1d'")
    return window


Window = Annotated[Duration, AfterValidator(_in_buckets)]


class AlertRule(Section):
    """When a rise of negative posts is worth a mail."""

    sensitivity: Literal["low", "medium", "high"] = Field(
        default="medium",
        description="How easily it alerts: low, medium or high; each states its false alarms per brand and week.",
    )
    levels: Mapping[Word, StrictFloat] = Field(
        default_factory=dict,
        description="A threshold per brand instead of the sensitivity's, as `tingfeng alerts tune` suggests it.",
    )
    min_authors: StrictInt = Field(
        default=3, ge=1, description="Never alert when fewer different authors than this wrote the negative posts."
    )
    detector: Line = Field(default="seasonal", description="Which detector, or a dotted path 'pkg.mod:Class'.")
    max_p: StrictFloat = Field(
        default=1e-4, gt=0, lt=1, description="Alert when chance alone would do this less often than this probability."
    )
    min_negative: StrictInt = Field(
        default=8, ge=1, description="Never alert below this many negative posts in the window."
    )
    window: Window = Field(
        default=timedelta(hours=1), description="Length of the window that is judged, in steps of 5 m."
    )
    history: Duration = Field(default=timedelta(days=28), description="How far back the expectation looks.")
    warm_up: Duration = Field(
        default=timedelta(days=7), description="Before a brand has this much history, only an extreme rise alerts."
    )
    calm: Duration = Field(default=timedelta(hours=2), description="Quiet for this long = the incident is over.")
    repeat: Duration = Field(default=timedelta(hours=4), description="Say it again after this long while it goes on.")
    reopen: Duration = Field(
        default=timedelta(hours=24), description="A rise this soon after the end is the same incident again."
    )
    silence_p: StrictFloat = Field(
        default=1e-4,
        gt=0,
        lt=1,
        description="A source more silent than chance allows is blind; this is how improbable.",
    )


class WebConfig(Section):
    """The pages the daemon serves itself: /healthz, and what links in messages lead to."""

    enabled: StrictBool = Field(default=True, description="false = no pages, and no links in messages.")
    host: Line = Field(default="127.0.0.1", description="Address to listen on; put a reverse proxy with TLS before it.")
    port: StrictInt = Field(default=8420, ge=1, le=65_535, description="Port to listen on.")
    base_url: HttpUrl | None = Field(
        default=None,
        description="How recipients reach these pages, such as 'https://tingfeng.example.com'; none = no links.",
    )
    link_expires: Duration = Field(default=timedelta(days=3), description="How long a link in a message works.")
    heartbeat: CredentialName | None = Field(
        default=None,
        description="Name of the credential that holds an address to call while all is well (a dead-man's switch).",
    )
    heartbeat_every: Duration = Field(default=timedelta(minutes=5), description="Time between two calls.")
