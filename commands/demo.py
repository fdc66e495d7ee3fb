"""`tingfeng demo`: an invented brand's month, played through the real chain on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.shared import AsJson, local, note, safe, say, say_json, say_table

if TYPE_CHECKING:
    from demo.report import DemoReport

app = typer.Typer(help="Play an invented brand's month with a crisis. 演示", pretty_exceptions_enable=False)

_PHASES = {"backfill": "补抓历史 back-fill", "live": "实时监测 live", "digest": "生成简报 digest"}
_ZONE = "Asia/Shanghai"


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where everything it makes goes. 输出目录")
    ] = Path("tingfeng-demo"),
    once: Annotated[bool, typer.Option("--once", help="Play once and exit, for scripts. 仅运行一次")] = False,
    as_json: AsJson = False,
) -> None:
    """Play an invented brand's month with a crisis: crawl, score, alert, mail and digest, all real, all on loopback.

    Exit code 0 only if the planted crisis was alerted, nothing else was, and every mail arrived. The folder is emptied
    first if it is a demo's, and refused if it holds anything else. It plays once and exits with or without --once;
    scripts should say --once all the same.

    演示:在本机仿真服务器上播放一个虚构品牌的一个月,真实抓取、评分、预警、发信、出简报。
    """
    from demo.play import play

    with _progress(quiet=as_json) as step:
        told = play(folder, progress=step)
    if as_json:
        say_json(told)
    else:
        _tell(told)
    raise typer.Exit(0 if told.ok else 1)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int, datetime, str], object] | None]:
    """A bar on a terminal, a line a step elsewhere, nothing when only JSON is wanted."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda done, of, at, phase: bar.update(
                task, completed=done, total=of, description=f"{_PHASES[phase]} {at:%m-%d %H:%M}"
            )
    else:
        yield lambda done, of, at, phase: note(f"{done + 1}/{of}  {at:%m-%d %H:%M}  {_PHASES[phase]}")


def _tell(told: DemoReport) -> None:
    """The report for people."""
    say()
    say("听风演示：虚构茶饮品牌“云麂”的一个月  A month of an invented tea brand")
    say()
    _tell_numbers(told)
    say()
    _tell_incidents(told)
    say()
    say(f"邮件 Mails: {len(told.mails)}")
    for mail in told.mails:
        say(f"  {mail.html or '-'}")
    say()
    for problem in told.problems:
        say(f"✗ {problem}")
    if told.ok:
        say("✓ 只有埋下的那场危机触发了预警，邮件全部送达。Only the planted crisis was alerted; every mail arrived.")
    say(f"用时 {told.seconds['total']:.1f} 秒 (seconds)")
    say()
    say("接下来 What to look at:")
    say(f"  在浏览器打开上面的 .html，或用邮件程序打开同名 .eml    {told.folder / 'mails'}")
    say(f"  配置 Configuration:  {told.config}")
    say(f"  事件 Incidents:      tingfeng incidents list -c {told.config}")
    say("  换成自己的品牌 Your own brand:  tingfeng init")


def _tell_numbers(told: DemoReport) -> None:
    crawls = "  ".join(f"{status} {n}" for status, n in told.crawls.items())
    say_table(
        ("来源 Source", "提及 Mentions"),
        [*told.mentions.items(), ("合计 Total", sum(told.mentions.values())), ("抓取次数 Crawls", crawls)],
    )
    say()
    rows = [(brand, n["negative"], n["neutral"], n["positive"]) for brand, n in told.labels.items()]
    say_table(("品牌 Brand", "负面 −", "中性 0", "正面 +"), rows)
    say()
    say(f"问卷 Survey answers: {told.survey['added']}    判断次数 Times judged: {told.judged}")


def _tell_incidents(told: DemoReport) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(_ZONE)
    say(f"埋下的危机 Planted crisis:  {local(told.crisis_at, zone)}")
    for i in told.incidents:
        say(
            f"预警 Alert: {safe(i.subject)}  {local(i.opened_at, zone)}  {i.minutes:.0f} 分钟后 minutes later: "
            f"{i.observed} 条负面 negative, 预期 expected {i.expected:.1f}, p = {i.p_value:.1e}, 通知 told {i.told}×, "
            f"平息 resolved {local(i.resolved_at, zone)}"
        )
    if not told.incidents:
        say("没有预警 No alert")
