"""Every named reason a crawl can end with has a sentence and a step for the operator; brand steps fit the facts."""

from __future__ import annotations

import re
from pathlib import Path

import crawler
from alerts.advice import CAUSES, alert_steps, cause_of
from alerts.freshness import OWN_DOING
from crawler import refusals
from tingfeng.model import Reason
from tingfeng.refusals import NAMES

UNRECORDED = {"busy", "lease_lost"}  # never becomes a run


def names_in_crawler() -> set[str]:
    """Those in its tables of refusals, and those written where errors are raised."""
    named_ones = ((name, table) for name, table in vars(refusals).items() if name.isupper() and name != "LOGIN_WALLS")
    tables = [table for _, table in named_ones if isinstance(table, dict | tuple)]
    ends = [row for table in tables for row in (table.values() if isinstance(table, dict) else (r[-1] for r in table))]
    named = {end for end in ends if isinstance(end, str) and re.fullmatch(r"[a-z_]+", end)}
    raised = re.compile(r'(?:Refused|CrawlError|LayoutChanged|Unreachable)\(\s*"(\w+)"|reason="(\w+)"')
    sources = [path.read_text(encoding="utf-8") for path in Path(crawler.__path__[0]).rglob("*.py")]
    written = {a or b for text in sources for a, b in raised.findall(text)}
    assert {"captcha", "login_required", "too_many_requests"} <= named and "layout_changed" in written
    return named | written


def test_every_reason_a_crawl_ends_with_is_explained():
    assert names_in_crawler() - UNRECORDED <= set(NAMES)
    assert set(NAMES) - OWN_DOING == set(CAUSES)
    assert all(0 < len(words) <= 16 for words in NAMES.values())
    assert all(cause.text.endswith("。") and cause.to_do for cause in CAUSES.values())


def test_unknown_reasons_are_not_silence():
    assert cause_of("from_a_plugin").text and cause_of("from_a_plugin").to_do


def test_brand_steps_fit_what_is_known():
    plain = alert_steps(Reason.OPENED, most_copies=1, unseen=())
    assert not any("复制" in step or "看不到" in step for step in plain)
    full = alert_steps(Reason.OPENED, most_copies=7, unseen=("zhihu",))
    assert any("7 次" in step for step in full) and any("zhihu" in step for step in full)
    assert alert_steps(Reason.RESOLVED, most_copies=7, unseen=("zhihu",)) != full
