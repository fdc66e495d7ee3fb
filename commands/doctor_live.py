"""What the first contact with each source says: one line, in English and Chinese, and what to do if it is bad news."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from alerts.advice import cause_of
from commands.shared import age
from tingfeng.model import RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.outcome import Result
    from tingfeng.config import Config, SourceConfig

State = Literal["ok", "warn", "fail"]
CLOCK_OFF = 60  # seconds between two clocks that still agree
OLD = timedelta(days=7)  # of the newest post on a first page
MEASURED = ("posts", "newest", "clock", "lists", "entries")
WORDS = {
    "login": "login 登录",
    "quota": "quota 额度",
    "whoami": "account 账号",
    "billed": "billed 计费",
    "listed": "listed 列出",
}


def contacted(config: Config, source: SourceConfig, *, now: datetime) -> tuple[State, str]:
    """Make contact through the source's own spider; how it went."""
    from crawler.jobs import contact

    secret = config.secret(source.credential)
    result = contact(source, config.brands, secret=secret, now=now, state_dir=config.data_dir)
    return explained(result, now=now)


def explained(result: Result, *, now: datetime) -> tuple[State, str]:
    """State and sentences for what a contact has found."""
    findings = result.stats.get("findings", {})
    told = [f"{WORDS.get(name, name)}: {value}" for name, value in findings.items() if name not in MEASURED]
    clock = findings.get("clock", 0)
    if abs(clock) > CLOCK_OFF:
        told.append(f"its clock differs from yours by {clock:+d} s 对方时钟与本机相差 {clock:+d} 秒，请校时")
    if result.status is not RunStatus.OK:
        return "fail", "; ".join((_bad_news(result), *told))
    good, words = _posts(findings, now=now)
    state: State = "ok" if good and abs(clock) <= CLOCK_OFF else "warn"
    return state, "; ".join(filter(None, ("reached 已连通", words, *told)))


def _posts(findings: Mapping[str, object], *, now: datetime) -> tuple[bool, str]:
    """Whether the first page looks alive, and what is on it."""
    posts, newest = findings.get("posts", 0), findings.get("newest")
    if entries := findings.get("entries"):
        lists = findings.get("lists")
        told = f"{lists} hot lists with {entries} entries, {posts} of yours"
        return True, f"{told} 热榜 {lists} 个共 {entries} 条，与您有关 {posts} 条"
    if not posts and "listed" in findings:
        return True, "nothing of yours among what is listed now 目前列出的内容与您无关"
    if not posts or not isinstance(newest, str):
        return False, "no post of yours on the first page: check the queries 首页没有相关内容，请检查查询词"
    old = now - datetime.fromisoformat(newest)
    return old <= OLD, f"{posts} posts on the first page, the newest {age(old)} ago 首页 {posts} 条，最新 {age(old)} 前"


def _bad_news(result: Result) -> str:
    cause = cause_of(result.reason)
    word = "refused 被拒" if result.status is RunStatus.REFUSED else "failed 失败"
    detail = f" ({result.detail})" if result.detail else ""
    waiting = f"; come back after 可重试时间 {said}" if (said := result.stats.get("retry_after")) else ""
    return f"{word}: {result.reason}{detail}{waiting}. {cause.text}{''.join(cause.to_do)}"
