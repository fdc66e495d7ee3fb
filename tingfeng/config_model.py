"""What Tingfeng can be told: one frozen model per table of the file, with default, sentence and unit per setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    GetPydanticSchema,
    PrivateAttr,
    SecretStr,
    StrictBool,
    StrictFloat,
    StrictInt,
)
from pydantic_core import core_schema

from tingfeng.clock import BUCKET
from tingfeng.config_problems import Origin
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
    UserWord,
    Word,
    is_loopback,
)
from tingfeng.model import Brand

MessageKind = Literal["alert", "digest", "operator"]
EVERY_KIND: tuple[MessageKind, ...] = ("alert", "digest", "operator")
_SHORTEST_STALE = timedelta(minutes=30)


class BrandConfig(Section):
    """What we listen for; words count where they stand as words, upper and lower case alike."""

    name: Word = Field(description="The brand's name, as reports show it.")
    aliases: tuple[Word, ...] = Field(default=(), description="Other names it goes by.")
    must: tuple[Word, ...] = Field(
        default=(), description="A post that names the brand counts only with all of these, each standing as a word."
    )
    any: tuple[Word, ...] = Field(default=(), description="… and at least one of these, if any are given.")
    none: tuple[Word, ...] = Field(default=(), description="… and none of these.")
    competitor_of: tuple[Word, ...] = Field(
        default=(), description="Names of our brands it competes with; empty for our own."
    )
    aspects: Mapping[AspectName, Annotated[tuple[Word, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Words that name an aspect of this brand, by aspect: more for a known one, or one of your own.",
    )


def _as_brand(value: Any, validate: Any) -> Brand:
    return value if isinstance(value, Brand) else Brand(**dict(validate(value)))


# Everyone else knows only tingfeng.model.Brand; in the file it is checked as strictly as every other table.
_Brand = Annotated[
    Brand,
    GetPydanticSchema(
        lambda _source, handler: core_schema.no_info_wrap_validator_function(
            _as_brand,
            handler(BrandConfig),
            serialization=core_schema.plain_serializer_function_ser_schema(asdict),
        )
    ),
]


class QueryConfig(Section):
    """The words a source is searched for on behalf of a brand."""

    brand: Word = Field(description="Name of a configured brand.")
    text: Line = Field(description="What to search for.")


class SourceConfig(Section):
    """Where we look, how often and with which credential."""

    name: SourceName = Field(description="Your name for it: letters, digits, '_', '-' and '.'; it must never change.")
    kind: Line = Field(
        description="Which spider: feed, weibo_cli … (see docs/sources.md), or a dotted path 'pkg.mod:Class'."
    )
    enabled: StrictBool = Field(default=True, description="false = keep the settings, but do not look.")
    queries: tuple[QueryConfig, ...] = Field(
        default=(), description="Searches; none given = every brand by its own name."
    )
    interval: Duration = Field(default=timedelta(minutes=5), description="Time between two crawls, at least 60 s.")
    time_limit: Duration = Field(
        default=timedelta(minutes=10), description="A crawl that takes longer is ended and failed."
    )
    base_url: HttpUrl | None = Field(default=None, description="Another address than the platform's own, http(s).")
    credential: CredentialName | None = Field(
        default=None, description="Name of a credential; its secret is TINGFENG_CREDENTIAL_<NAME> or …_FILE."
    )
    robots_override_reason: Line | None = Field(
        default=None, description="Obeying robots.txt is switched off only with this written reason, which is logged."
    )
    stale_after: Duration = Field(
        default_factory=lambda known: max(3 * known["interval"], _SHORTEST_STALE),
        description="Without a finished crawl for this long the operator is told; default 3 × interval, at least 30 m.",
    )
    options: Mapping[str, Any] = Field(default_factory=dict, description="The spider's own settings.")

    @property
    def is_local(self) -> bool:
        """Whether it asks only this machine (replica, tests)."""
        return self.base_url is not None and is_loopback(urlsplit(self.base_url).hostname)


class RecipientConfig(Section):
    """Somebody who can be written to."""

    name: Word = Field(description="Your name for them, used in routes.")
    email: Email = Field(description="Their address.")


class RouteConfig(Section):
    """What goes to whom."""

    to: tuple[Word, ...] = Field(min_length=1, description="Names of recipients.")
    brands: tuple[Word, ...] = Field(default=(), description="Only these brands; empty = all.")
    kinds: tuple[MessageKind, ...] = Field(
        default=EVERY_KIND,
        min_length=1,
        description="alert = trouble for a brand, digest = reports, operator = blind sources.",
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
    silence_p: StrictFloat = Field(
        default=1e-4,
        gt=0,
        lt=1,
        description="A source more silent than chance allows is blind; this is how improbable.",
    )


class DigestRule(Section):
    """When the summary goes out."""

    daily: StrictBool = Field(default=True, description="Yesterday's summary every day.")
    weekly: StrictBool = Field(default=True, description="Last week's summary every Monday.")
    hour: StrictInt = Field(default=9, ge=0, le=23, description="Hour of the day in the report zone, 0–23.")


class RetentionRule(Section):
    """How long rows are kept; the five-minute counts stay for ever."""

    mentions: Duration = Field(default=timedelta(days=180), description="Posts with their text.")
    deleted: Duration = Field(
        default=timedelta(days=7), description="The words of a post after its platform was seen to have deleted it."
    )
    scores: Duration = Field(default=timedelta(days=180), description="Scores of texts.")
    runs: Duration = Field(default=timedelta(days=90), description="Records of crawls.")
    outbox: Duration = Field(default=timedelta(days=90), description="Messages that were sent.")
    surveys: Duration | None = Field(default=None, description="Survey answers; left out = for ever.")
    corrections: Duration | None = Field(default=None, description="Labels people gave; left out = for ever.")


class PrivacyRule(Section):
    """What is kept of the people who wrote."""

    author_names: StrictBool = Field(
        default=False, description="Keep authors' screen names beside their pseudonyms; needs a purpose you can name."
    )


def _printable(path: Path) -> Path:
    if not str(path).isprintable():
        raise ValueError("must not contain line breaks or control characters")
    return path


Folder = Annotated[Path, AfterValidator(_printable)]


class Config(Section):
    """Everything Tingfeng is told. Frozen; secrets never show in its repr."""

    brands: tuple[_Brand, ...] = Field(default=(), description="The brands we listen for, competitors included.")
    sources: tuple[SourceConfig, ...] = Field(default=(), description="Where we look.")
    recipients: tuple[RecipientConfig, ...] = Field(default=(), description="Who can be written to.")
    routes: tuple[RouteConfig, ...] = Field(default=(), description="What goes to whom.")
    mail: MailConfig | None = Field(default=None, description="The mail server; needed as soon as there is a route.")
    alerts: AlertRule = Field(default_factory=AlertRule, description="When to alert.")
    digest: DigestRule = Field(default_factory=DigestRule, description="When to summarise.")
    retention: RetentionRule = Field(default_factory=RetentionRule, description="How long to keep.")
    privacy: PrivacyRule = Field(default_factory=PrivacyRule, description="What is kept of people.")
    scorer: Line = Field(default="tingfeng", description="Which scorer, or a dotted path 'pkg.mod:Class'.")
    words: tuple[UserWord, ...] = Field(
        default=(), description="Words of your trade that are never cut in two; brand names and aliases never are."
    )
    report_zone: ZoneInfo = Field(
        default_factory=lambda: ZoneInfo("Asia/Shanghai"), description="Time zone of days, hours and mails."
    )
    data_dir: Folder = Field(default=Path("data"), description="Folder of database and state; relative to the file.")
    database_url: str = Field(
        default_factory=lambda known: f"sqlite:///{known['data_dir'] / 'tingfeng.db'}",
        repr=False,
        description="SQLite in data_dir, or postgresql://host/name; with a password only as TINGFENG_DATABASE_URL.",
    )
    author_secret: SecretStr = Field(
        min_length=16,
        description="Key of the author pseudonyms; TINGFENG_AUTHOR_SECRET, …_FILE or data_dir/author_secret.",
    )
    credentials: Mapping[str, SecretStr] = Field(
        default_factory=dict, repr=False, description="Secrets by credential name; only from the environment."
    )

    _origin: Origin = PrivateAttr(default=Origin("configuration"))

    @property
    def whole_words(self) -> tuple[str, ...]:
        """What the segmenter keeps whole: the words configured, names and aliases of all brands; each once."""
        return tuple(dict.fromkeys((*self.words, *(word for brand in self.brands for word in brand.words))))

    @property
    def origin(self) -> Origin:
        """Where each setting stands, for problems that only the commands can see."""
        return self._origin

    def set_origin(self, origin: Origin) -> None:
        self._origin = origin

    def secret(self, name: str | None) -> str | None:
        """The secret of the credential called `name`; None when there is no such name or secret."""
        found = self.credentials.get(name) if name else None
        return found.get_secret_value() if found else None
