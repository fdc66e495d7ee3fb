"""`tingfeng sources parse`: what our readers make of a saved body, one JSON line per post.

A contract: other programs read these lines, and who sees a parser fail reports it with this command.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import DEFAULT_CONFIG, ConfigPath, load, note, say_json_line
from tingfeng.clock import utc_now
from tingfeng.errors import CrawlError, LayoutChanged, Refused, TingfengError, UnknownName, Unreachable
from tingfeng.registry import nearest

if TYPE_CHECKING:
    from crawler.bodies.recognise import Understood

CHINA = timezone(timedelta(hours=8))


def parse(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A reader, a platform or a configured source. 解析器、平台或数据源")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A saved body, also gzipped; - is stdin. 保存的响应")],
    url: Annotated[str, typer.Option(help="The address it came from. 来源网址")] = "",
    seen_at: Annotated[
        str | None,
        typer.Option("--seen-at", metavar="TIME", help="When it was fetched; default the file's time. 抓取时间"),
    ] = None,
    path: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Read a saved body and print one JSON object per post. Exit code 1, and one line that names it, for a refusal.

    解析保存下来的网页或接口响应，每条帖子输出一行 JSON；被平台拒绝或改版时输出一行说明，退出码为 1。
    """
    named, others = readers_for(source, path)
    body, at = _body(file), _seen_at(seen_at, file)
    try:
        found = _understand(named, others, body, url=url, seen_at=at)
    except CrawlError as e:
        say_json_line({"refusal": e.reason, "detail": e.detail, "kind": kind_of(e), "reader": named or source})
        _advise(e)
        raise typer.Exit(1) from None
    reading = found.reading
    if not reading.posts and (reading.gone or reading.notes["deleted"]):
        detail = f"the platform says so of {', '.join(reading.gone) or 'the post asked for'}"
        say_json_line({"refusal": "deleted", "detail": detail, "kind": "refused", "reader": found.reader})
        note("the post is deleted 原帖已被删除: a crawl keeps it as a tombstone 抓取时会标记为已删除")
        raise typer.Exit(1)
    for post in reading.posts:
        say_json_line(post.as_json())
    _summarise(found)


def readers_for(source: str, config_path: Path) -> tuple[str | None, tuple[str, ...]]:
    """The reader that `source` names, if it names one, and the others to try.

    The configuration is opened only for a name that is neither a reader's nor a platform's. UnknownName otherwise.
    """
    from crawler.bodies import FAMILIES, READERS, members_of, relatives_of

    for name in (source, _kind_of_source(source, config_path) if source not in {*READERS, *FAMILIES} else ""):
        if name in READERS:
            return name, relatives_of(name)
        if members := members_of(name):
            return None, members
    known = sorted({*READERS, *(family for family in FAMILIES if members_of(family))})
    raise UnknownName("reader, platform or source", source, known, nearest(source, known))


def _kind_of_source(name: str, config_path: Path) -> str:
    """The kind of a configured source; "" when there is none, or no configuration that can be read."""
    try:
        return next((source.kind for source in load(config_path).sources if source.name == name), "")
    except TingfengError as e:
        note(f"no configuration to look for a source in 没有可用的配置: {str(e).splitlines()[0]}")
        return ""


def _body(file: Path) -> bytes:
    from crawler.imports.files import MAX_BYTES, load, too_large, unpacked

    if str(file) != "-":
        return load(file)
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise too_large(file)
    return unpacked(raw, file)


def _seen_at(told: str | None, file: Path) -> datetime:
    if told is not None:
        try:
            at = datetime.fromisoformat(told.strip())
            return (at if at.tzinfo else at.replace(tzinfo=CHINA)).astimezone(UTC)
        except (ValueError, OverflowError):
            hint = f"expected a time such as 2026-11-20T08:05+08:00; got '{told}'"
            raise typer.BadParameter(hint, param_hint="--seen-at") from None
    if str(file) == "-":
        at, why = utc_now(), "now 现在"
    else:
        at, why = datetime.fromtimestamp(file.stat().st_mtime, UTC), "the file's time 文件时间"
    note(f"seen at 抓取时间: {at.isoformat(timespec='seconds')}, {why}; --seen-at sets another")
    return at


def _understand(named: str | None, others: Sequence[str], body: bytes, *, url: str, seen_at: datetime) -> Understood:
    from crawler.bodies.recognise import read_any, read_as

    if named is None:
        return read_any(others, body, url=url, seen_at=seen_at)
    found, unknown = read_as(named, body, others=others, url=url, seen_at=seen_at)
    if unknown is not None:
        note(f"{named} does not know this body ({unknown.detail}); {found.reader} does. 由 {found.reader} 解析")
    return found


def kind_of(error: CrawlError) -> str:
    """The branch of the error tree, as the contract words it."""
    branches = ((Refused, "refused"), (LayoutChanged, "layout_changed"), (Unreachable, "unreachable"))
    return next((word for branch, word in branches if isinstance(error, branch)), "failed")


def _advise(error: CrawlError) -> None:
    from alerts.advice import cause_of

    cause = cause_of(error.reason)
    what = "refused by the platform" if isinstance(error, Refused) else "not a body this reader knows"
    note(f"{what} 解析失败: {error}. {cause.text}{''.join(cause.to_do)}")


def _summarise(found: Understood) -> None:
    reading = found.reading
    parts = [f"{found.reader}: posts 帖子 {len(reading.posts)}"]
    if not reading.posts:
        empty, unreadable = "understood, and nothing in it 内容为空", "none of its posts could be read 帖子均无法解析"
        parts.append(unreadable if reading.skipped else empty)
    for word, counts in (("skipped 跳过", reading.skipped), ("notes 备注", reading.notes)):
        if counts:
            parts.append(f"{word} " + ", ".join(f"{what} {n}" for what, n in sorted(counts.items())))
    if reading.gone:
        parts.append(f"deleted 已删除 {len(reading.gone)}")
    note("; ".join(parts))
