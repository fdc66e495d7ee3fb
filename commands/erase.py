"""`tingfeng erase author|receipts`: honour a person's request to be deleted, and prove it."""

from __future__ import annotations

import getpass
import re
from typing import Annotated

import typer

from commands.shared import DEFAULT_CONFIG, AsJson, ConfigPath, load, local, note, opened, say, say_json, say_table
from tingfeng.clock import utc_now

app = typer.Typer(
    no_args_is_help=True, help="Erase an author on request. 按个人请求删除", pretty_exceptions_enable=False
)
_KEY = re.compile(r"[0-9a-f]{32}")


@app.callback(invoke_without_command=True)
def erase(
    ctx: typer.Context,
    author: Annotated[
        str | None,
        typer.Option(
            metavar="PLATFORM:ID",
            help="Who: weibo:1234567890, zhihu:name:昵称, or a pseudonym of 32 hex digits. 平台:用户编号，或匿名键",
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the receipt. 原因（写入回执）")] = "",
    by: Annotated[str | None, typer.Option(help="Who does it; default the user of this shell. 操作人")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. 不再确认")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only print what is stored of the author. 仅导出，不删除"),
    ] = False,
    path: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Erase all that an author said: posts, their scores and labels, copies in sent messages. Counts stay.

    删除某位作者的全部内容，并阻止再次采集；五分钟计数（不含个人信息）保留。执行后打印回执。
    """
    if ctx.invoked_subcommand is not None:
        return
    if author is None or not (reason.strip() or dry_run):
        missing = "--author" if author is None else "--reason"
        raise typer.BadParameter("is needed: an erasure names whom and why", param_hint=missing)
    from store.jobs import erase as erase_author
    from store.jobs import posts_of

    config = load(path)
    key = _key_of(author, config.author_secret.get_secret_value())
    if dry_run:
        with opened(config) as db:
            say_json([shown.mention for shown in posts_of(db, key)])
        return
    if not yes:
        typer.confirm(f"Erase for good 永久删除 {author}?", abort=True)
    with opened(config) as db:
        receipt = erase_author(db, key, by=by or getpass.getuser(), reason=reason.strip(), now=utc_now())
    if as_json:
        say_json(receipt)
        return
    say(f"receipt 回执 {receipt.id}  {local(receipt.at, config.report_zone)}  by 操作人 {receipt.by}")
    say(f"author 作者匿名键 {receipt.author_key}")
    say(f"reason 原因 {receipt.reason}")
    for name, rows in receipt.removed.items():
        say(f"  {name:22} {rows}")
    if not receipt.mentions:
        note("nothing of this author was stored; later posts will not be taken in 未存有此人内容，今后也不会采集")
    note("Backups and mail in other people's boxes are out of reach. 备份与已发到他人邮箱的邮件需另行处理。")


@app.command()
def receipts(path: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every erasure there was.

    历次删除的回执。
    """
    from store.jobs import erasures

    config = load(path)
    with opened(config) as db:
        found = erasures(db)
    if as_json:
        say_json(found)
        return
    say_table(
        ("ID", "AT 时间", "BY 操作人", "AUTHOR 匿名键", "POSTS 条数", "REASON 原因"),
        [(r.id, local(r.at, config.report_zone), r.by, r.author_key, r.mentions, r.reason) for r in found],
    )


def _key_of(author: str, secret: str) -> str:
    from tingfeng.privacy import Pseudonyms

    if _KEY.fullmatch(author):
        return author
    platform, colon, who = author.strip().partition(":")
    key = Pseudonyms(secret).of(platform.strip(), who.strip())
    if not colon or not platform.strip() or key is None:
        raise typer.BadParameter(
            "expected PLATFORM:ID such as weibo:1234567890, or zhihu:name:昵称 where only a name is known",
            param_hint="--author",
        )
    return key
