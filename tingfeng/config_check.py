"""What a configuration must keep beyond the kind of each value: names that exist, secrets elsewhere, sane spans.

The checks read the raw table, so that one wrong value hides no other mistake; they shrug at values of the wrong kind,
which pydantic tells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel

from tingfeng.config_lines import Path
from tingfeng.config_model import AlertRule, BrandConfig, Config, SourceConfig
from tingfeng.config_problems import Problem, did_you_mean
from tingfeng.config_types import in_words, is_loopback, parse_duration, shown
from tingfeng.errors import ConfigError
from tingfeng.model import Brand

SHORTEST_INTERVAL = timedelta(seconds=60)  # politeness: more often than this no platform is asked
ENVIRONMENT_ONLY = frozenset({"password", "author_secret", "credentials"})
_SECRET_KEY = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|secrets?|tokens?|cookies?|api_?key|access_?key|credentials)$", re.IGNORECASE
)
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_USUAL_INTERVAL = SourceConfig.model_fields["interval"].default
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")

Table = Mapping[str, Any]


def cross_checks(table: Table) -> list[Problem]:
    """Everything wrong between the tables of a file."""
    checks = (_duplicates, _references, _aspects, _spans, _mail, _database)
    return [problem for check in checks for problem in check(table)]


def take_secrets(table: dict[str, Any], path: Path = ()) -> list[Problem]:
    """Problems for every key that holds a secret; removes them from `table`, so no later message can show them."""
    problems: list[Problem] = []
    for key in list(table):
        here, value = (*path, key), table[key]
        if _SECRET_KEY.search(key):
            del table[key]
            problems.append(Problem(here, f"a secret does not belong in this file; {_instead(here)}"))
            continue
        for at, inner in [(here, value)] if isinstance(value, dict) else _numbered(here, value):
            if isinstance(inner, dict):
                problems += take_secrets(inner, at)
    return problems


def _numbered(path: Path, value: object) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        yield from (((*path, i), inner) for i, inner in enumerate(value))


def _instead(path: Path) -> str:
    if path[0] == "sources":
        return 'give the source `credential = "name"` and set TINGFENG_CREDENTIAL_NAME or TINGFENG_CREDENTIAL_NAME_FILE'
    if path[0] == "mail":
        return "set TINGFENG_MAIL_PASSWORD or TINGFENG_MAIL_PASSWORD_FILE"
    if str(path[-1]).startswith("author"):
        return "set TINGFENG_AUTHOR_SECRET or TINGFENG_AUTHOR_SECRET_FILE"
    if "database" in str(path[-1]):
        return "set TINGFENG_DATABASE_URL or TINGFENG_DATABASE_URL_FILE"
    return "set TINGFENG_CREDENTIAL_<NAME> or TINGFENG_CREDENTIAL_<NAME>_FILE"


def tables(table: Table, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The well-formed tables of an array of tables, each with its path."""
    for at, inner in _numbered((key,), table.get(key)):
        if isinstance(inner, dict):
            yield at, inner


def _texts(table: Table, key: str, path: Path) -> Iterator[tuple[Path, str]]:
    for at, inner in _numbered((*path, key), table.get(key)):
        if isinstance(inner, str):
            yield at, inner.strip()


def names(table: Table, key: str) -> list[str]:
    return [t["name"].strip() for _, t in tables(table, key) if isinstance(t.get("name"), str)]


def _duplicates(table: Table) -> Iterator[Problem]:
    for key in ("brands", "sources", "recipients"):
        seen: Counter[str] = Counter()
        for path, t in tables(table, key):
            if isinstance(t.get("name"), str):
                name = t["name"].strip()
                seen[name] += 1
                if seen[name] > 1:
                    yield Problem((*path, "name"), f"{shown(name)} is already the name of another one")


def _references(table: Table) -> Iterator[Problem]:
    brands, recipients = names(table, "brands"), names(table, "recipients")
    if not table.get("brands"):
        yield Problem((), "no brand to listen for; add a [[brands]] table with a name")
    for path, t in tables(table, "brands"):
        yield from _known("brand", _texts(t, "competitor_of", path), brands)
        for at, name in _texts(t, "competitor_of", path):
            if name == t.get("name"):
                yield Problem(at, "a brand cannot compete with itself")
    for path, t in tables(table, "sources"):
        for at, query in tables(t, "queries"):
            if isinstance(query.get("brand"), str):
                yield from _known("brand", [((*path, *at, "brand"), query["brand"].strip())], brands)
    for path, t in tables(table, "routes"):
        yield from _known("recipient", _texts(t, "to", path), recipients)
        yield from _known("brand", _texts(t, "brands", path), brands)


def _known(kind: str, used: Iterable[tuple[Path, str]], known: Iterable[str]) -> Iterator[Problem]:
    for at, name in used:
        if name not in known:
            yield Problem(at, f"unknown {kind} {shown(name)}{did_you_mean(name, known)}")


def _aspects(table: Table) -> Iterator[Problem]:
    for path, t in tables(table, "brands"):
        owner: dict[str, str] = {}
        for aspect, words in _dict(t.get("aspects")).items():
            for at, word in _texts({"": words}, "", ()):
                other = owner.setdefault(word.casefold(), aspect)
                if other != aspect:
                    place = (*path, "aspects", aspect, at[-1])
                    yield Problem(place, f"{shown(word)} already belongs to {shown(other)}; keep it in one of both")


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _span(table: Table, key: str, default: timedelta | None = None) -> timedelta | None:
    try:
        span = parse_duration(table.get(key, default))
    except ValueError:
        return None
    return span if isinstance(span, timedelta) else None


def _spans(table: Table) -> Iterator[Problem]:
    for path, t in tables(table, "sources"):
        interval, stale = _span(t, "interval", _USUAL_INTERVAL), _span(t, "stale_after")
        if interval and interval < SHORTEST_INTERVAL and not _local(t.get("base_url")):
            yield Problem((*path, "interval"), "a platform is asked at most once a minute; use '60s' or more")
        if interval and stale and stale < interval:
            yield Problem((*path, "stale_after"), f"shorter than the interval of {in_words(interval)}: always stale")
    rule = table.get("alerts")
    if isinstance(rule, dict):
        default = AlertRule()
        history, warm_up = _span(rule, "history", default.history), _span(rule, "warm_up", default.warm_up)
        window = _span(rule, "window", default.window)
        if history and warm_up and warm_up > history:
            at = "warm_up" if "warm_up" in rule else "history"
            yield Problem(("alerts", at), f"warm_up ({in_words(warm_up)}) is longer than history ({in_words(history)})")
        if window and warm_up and window > warm_up:
            at = "window" if "window" in rule else "warm_up"
            yield Problem(("alerts", at), f"window ({in_words(window)}) is longer than warm_up ({in_words(warm_up)})")


def _local(url: object) -> bool:
    try:
        return isinstance(url, str) and is_loopback(urlsplit(url).hostname)
    except ValueError:
        return False


def _mail(table: Table) -> Iterator[Problem]:
    mail = table.get("mail")
    if table.get("routes") and mail is None:
        yield Problem(("routes",), "there are routes but no [mail] section: nothing could be sent")
    if isinstance(mail, dict) and mail.get("user") and mail.get("security") == "none":
        host = mail.get("host")
        if not (isinstance(host, str) and is_loopback(host)):
            yield Problem(("mail", "security"), "a password would travel readable; use 'starttls' or 'tls'")


def _database(table: Table) -> Iterator[Problem]:
    url = table.get("database_url")
    if not isinstance(url, str):
        return
    scheme, sign, rest = url.partition("://")
    if not sign or scheme not in _DATABASES:
        hint = did_you_mean(scheme, _DATABASES[:2])
        yield Problem(("database_url",), f"expected sqlite:///file or postgresql://host/name{hint}")
    elif scheme == "sqlite" and rest.strip("/").partition("?")[0] in ("", ":memory:"):
        yield Problem(("database_url",), "a database in memory cannot be shared with crawls; name a file")
    elif "@" in rest and ":" in rest.rpartition("@")[0]:
        yield Problem(("database_url",), f"a password does not belong in this file; {_instead(('database_url',))}")


def unknown_key(path: Path) -> str:
    """What to say of a key the file must not have: the nearest it may have there, or the table where it belongs."""
    *table, key = path
    here = _section(tuple(table))
    keys = _keys(here) if here else []
    near = did_you_mean(key, keys)
    if "did you mean" not in near:
        homes = [name or "the top of the file" for name, section in _sections() if key in _keys(section)]
        near = f"; it belongs to {' or '.join(homes)}" if homes else near
    return f"unknown key{near}"


def _keys(section: type[BaseModel]) -> list[str]:
    return [k for k in section.model_fields if k not in ENVIRONMENT_ONLY]


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    yield "", Config
    for name, info in Config.model_fields.items():
        if found := _section_in(info.annotation):
            yield name, found


def _section(path: Path) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Config
    for part in path:
        if isinstance(part, str):
            info = model.model_fields.get(part) if model else None
            model = _section_in(info.annotation) if info else None
    return model


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, Brand | BaseModel):
        return BrandConfig if issubclass(annotation, Brand) else annotation
    return next((found for a in get_args(annotation) if (found := _section_in(a))), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that other rooms register, as the ground cannot import them.

    `check_source` (a source's table, whether it is on this machine) gives (key, problem) for what its spider refuses;
    `check_aspect` (its name) says what is wrong with an aspect.
    """

    spiders: Collection[str]
    scorers: Collection[str]
    detectors: Collection[str]
    check_source: Callable[[Table, bool], Iterable[tuple[str, str]]] | None = None
    check_aspect: Callable[[str], str | None] | None = None


def registered(table: Table, known: Known) -> Iterator[Problem]:
    """Kinds, scorers, detectors nobody registered; options their spider, aspects the taxonomy refuses.

    A dotted path "pkg.mod:Class" passes: whether it can be imported shows when it is resolved.
    """
    alerts = table.get("alerts")
    used = [((*path, "kind"), "kind of source", t.get("kind"), known.spiders) for path, t in tables(table, "sources")]
    scorer = table.get("scorer")  # "name@version" is looked up by its name; versions are files of this installation
    scorer = scorer.partition("@")[0] if isinstance(scorer, str) else scorer
    used.append((("scorer",), "scorer", scorer, known.scorers))
    if isinstance(alerts, dict):
        used.append((("alerts", "detector"), "detector", alerts.get("detector"), known.detectors))
    for at, what, name, names_ in used:
        if isinstance(name, str) and name not in names_ and not _DOTTED.fullmatch(name):
            yield Problem(at, f"unknown {what} {shown(name)}{did_you_mean(name, names_)}")
    yield from _refused(table, known)


def _refused(table: Table, known: Known) -> Iterator[Problem]:
    if known.check_source is not None:
        for path, t in tables(table, "sources"):
            if _sound(t, known):
                found = known.check_source(t, _local(t.get("base_url")))
                yield from (Problem((*path, *key.split(".")), text) for key, text in found)
    if known.check_aspect is not None:
        for path, t in tables(table, "brands"):
            for aspect in _dict(t.get("aspects")):
                if told := known.check_aspect(aspect.strip()):
                    yield Problem((*path, "aspects", aspect), told)


def _sound(source: Table, known: Known) -> bool:
    """Whether a source is right enough to be shown to its spider."""
    kind, options = source.get("kind"), source.get("options", {})
    return (
        isinstance(options, dict) and isinstance(kind, str) and bool(kind in known.spiders or _DOTTED.fullmatch(kind))
    )


def check_names(
    config: Config, *, spiders: Collection[str], scorers: Collection[str], detectors: Collection[str]
) -> None:
    """ConfigError, with file and line, for every kind of source, scorer or detector that is not registered."""
    table = {
        "sources": [{"kind": source.kind} for source in config.sources],
        "scorer": config.scorer,
        "alerts": {"detector": config.alerts.detector},
    }
    if problems := list(registered(table, Known(spiders=spiders, scorers=scorers, detectors=detectors))):
        raise ConfigError(config.origin.tell_all(problems))
