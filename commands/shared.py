"""What the commands share: options, opening what they need, and printing without letting anybody's text act."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from tingfeng.errors import UnknownName
from tingfeng.registry import nearest

if TYPE_CHECKING:
    from store.database import Database
    from tingfeng.config import Config, Known
    from tingfeng.model import Brand

ConfigPath = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="TINGFENG_CONFIG", metavar="FILE", help="The configuration file. 配置文件"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON")]
Layers = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="With what was learnt: data/sentiment/layers. 含个性化层的目录")
]
DEFAULT_CONFIG = Path("tingfeng.toml")

# Everything that moves the cursor, changes colours or turns the direction of writing, and what cannot be encoded.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def safe(text: object) -> str:
    """Text from outside on one line of a terminal: without control characters and direction marks, breaks as spaces."""
    return _UNSAFE.sub("", re.sub(r"[\t\r\n\v\f\x85\u2028\u2029]+", " ", str(text)))


def say(text: object = "") -> None:
    """A line to standard output, made safe."""
    typer.echo(safe(text))


def note(text: object) -> None:
    """A line to standard error, made safe: progress and warnings, which no pipe should carry."""
    typer.echo(safe(text), err=True)


def width_of(text: str) -> int:
    """Columns of a terminal: Chinese signs take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else not unicodedata.combining(sign) for sign in text)


def say_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns, also with Chinese in them; the last column is not padded."""
    cells = [[safe(cell) for cell in row] for row in (head, *rows)]
    widths = [max(width_of(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        padded = [cell + " " * (widths[i] - width_of(cell)) for i, cell in enumerate(row)]
        typer.echo("  ".join(padded).rstrip())


def cut(text: str, columns: int) -> str:
    """At most that many columns of a terminal, an ellipsis at the end of what was longer."""
    text = safe(text)
    if width_of(text) <= columns:
        return text
    while width_of(text) > columns - 1:
        text = text[:-1]
    return text + "…"


def say_json(value: object) -> None:
    """One JSON document. Signs that would act in a terminal are escaped."""
    typer.echo(_escaped(json.dumps(plain(value), ensure_ascii=False, indent=2)))


def say_json_line(value: object) -> None:
    """One JSON document on one line, in UTF-8 whatever the terminal speaks: programs read it."""
    typer.echo(_escaped(json.dumps(plain(value), ensure_ascii=False)).encode())


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda m: m[0] if m[0] == "\n" else f"\\u{ord(m[0]):04x}", text)


def plain(value: object) -> Any:
    """Records as what JSON knows: times as ISO 8601 with offset, durations in seconds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    match value:
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case str() | bool() | int() | float() | None:
            return value
        case Sequence() | set() | frozenset():
            return [plain(inner) for inner in value]
        case _:
            return str(value)


def say_record(value: object) -> None:
    """A record, or each of a list, on one line as "name=value"; empty values are left out."""
    for one in value if isinstance(value, list | tuple) else [value]:
        made = plain(one)
        say("  ".join(_pairs(made)) if isinstance(made, dict) else made)


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    for key, inner in table.items():
        if key == "stats":
            continue  # a page of figures: they are in the JSON
        if isinstance(inner, dict):
            yield from _pairs(inner)
        elif inner not in (None, "", []):
            yield f"{key}={round(inner, 3) if isinstance(inner, float) else inner}"


def local(at: datetime | None, zone: ZoneInfo) -> str:
    """A moment as people of `zone` write it, to the minute; "-" for none."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "-"


def age(span: timedelta | None) -> str:
    """How long ago, in its largest unit: "45s", "12m", "3h", "5d"."""
    if span is None:
        return "-"
    seconds = max(0, int(span.total_seconds()))
    for sign, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size or (sign == "m" and seconds >= 60):
            return f"{seconds // size}{sign}"
    return f"{seconds}s"


def parse_span(text: str, option: str) -> timedelta:
    """ "2h" → two hours. BadParameter, naming `option`, otherwise."""
    from tingfeng.config_types import parse_duration

    try:
        span = parse_duration(int(text) if text.isdecimal() else text)
    except ValueError as e:
        raise typer.BadParameter(str(e), param_hint=option) from None
    assert isinstance(span, timedelta)
    return span


def parse_moment(text: str, option: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """ "2026-11-02", "2026-11-02 18:00" in `zone`, or "30d" before `now`. BadParameter, naming `option`, otherwise."""
    if re.fullmatch(r"\d+\s*[smhdw]", text.strip()):
        return now - parse_span(text, option)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        hint = f"expected a day such as 2026-11-02, '2026-11-02 18:00', or an age such as 30d; got '{safe(text)}'"
        raise typer.BadParameter(hint, param_hint=option) from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(now.tzinfo)


def load(path: Path, *, known: Known | None = None) -> Config:
    """The configuration, its names checked against what the rooms register."""
    from tingfeng.config import load_config

    return load_config(path, known=known or known_names())


def known_names() -> Known:
    """What the rooms register, by name; nothing heavy is imported for it."""
    from alerts.detectors import DETECTORS
    from crawler.spiders import SPIDERS
    from sentiment.scorers import SCORERS
    from tingfeng.config import Known

    return Known(spiders=SPIDERS, scorers=SCORERS, detectors=DETECTORS, check_aspect=_check_aspect)


def _check_aspect(name: str) -> str | None:
    from sentiment.aspects import problem_of

    return problem_of(name)


@contextmanager
def opened(config: Config, *, create: bool = False, unused: bool = False) -> Iterator[Database]:
    """The database. `create` brings it to this program's schema first; else another schema is an error.

    `unused`: it is only passed on to a job that will not touch it, and need not be there.
    """
    from store.database import Database, check, upgrade

    if not unused:
        (upgrade if create else check)(config.database_url)
    db = Database(config.database_url)
    try:
        yield db
    finally:
        db.close()


def brand_named(config: Config, name: str) -> Brand:
    """The configured brand of this name or alias. UnknownName, with the nearest, otherwise."""
    for brand in config.brands:
        if name == brand.name or name.casefold() in {word.casefold() for word in brand.words}:
            return brand
    names = [brand.name for brand in config.brands]
    raise UnknownName("brand", name, names, nearest(name, names))


class _SafeFormatter(logging.Formatter):
    """Log lines quote what the web says; none of it may act in a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(safe(line) for line in super().format(record).split("\n"))


def log_to_stderr(level: int = logging.INFO) -> None:
    """Log lines on standard error, where systemd and docker look for them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    for chatty in ("apscheduler", "alembic"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function (done, of): a bar on a terminal, a line every tenth of the way elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, of: bar.update(task, completed=done, total=of)
        return
    last = -1

    def line(done: int, of: int) -> None:
        nonlocal last
        if (tenth := done * 10 // max(of, 1)) > last:
            last = tenth
            note(f"{what}: {done}/{of}")

    yield line
