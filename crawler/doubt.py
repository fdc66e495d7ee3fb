"""Whether a crawl that went well by all appearances can be believed: its yields against those of the past.

A run that is doubted has failed under a name, so it covers nothing and its window is read again by the next one; as
soon as posts appear, all is well, and what was hidden meanwhile has been caught up on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from crawler.outcome import MAX_DETAIL, Result, name_of
from store import runs, series
from store.database import Session
from tingfeng.model import Query, Run, RunStatus
from tingfeng.yields import LEAST_RUNS, PAGE_P, SELDOM, Doubt, Rates, Seen, judge_gap, judge_pages

REMEMBERED = 300  # good runs: a day of a source that is asked every five minutes
HISTORY = timedelta(days=28)
ACCEPTED_AFTER = timedelta(days=3)  # what a search has shown for so long is how it is now
CUT = "search/first_page_only"  # counted by spiders: more was announced than the first page, and nothing came


def doubted(s: Session, run: Run, result: Result, queries: Sequence[Query], *, p: float) -> Result:
    """`result`, or the same as failed when it is too little to be true. Reads only."""
    if result.status is not RunStatus.OK:
        return result
    before = run.window_until - ACCEPTED_AFTER
    past = runs.good(s, run.source, limit=REMEMBERED, accept="last_page_only", accept_before=before)
    if len(past) < LEAST_RUNS:
        return result
    doubts = list(_doubts(s, run, result.stats, past, queries, p=p))
    if not doubts:
        return result
    told = [asdict(one) | {"since": one.since.isoformat() if one.since else None} for one in doubts]
    return replace(
        result,
        status=RunStatus.FAILED,
        reason=doubts[0].name,
        detail="; ".join(_in_words(one) for one in doubts)[:MAX_DETAIL],
        finished={},  # no window moves on: what is hidden now is asked for again
        filled=(),
        stats=result.stats | {"doubts": told},
    )


def unseen_since(result: Result) -> datetime | None:
    """Since when nothing was seen although runs went well; None where no run was believed too early."""
    told = result.stats.get("doubts") or ()
    return min((datetime.fromisoformat(one["since"]) for one in told if one["since"]), default=None)


def _doubts(
    s: Session, run: Run, stats: Mapping[str, Any], past: Sequence[Run], queries: Sequence[Query], *, p: float
) -> Iterator[Doubt]:
    at = run.window_until
    for name, found in _table(stats, "yields").items():
        then = [_seen(one.stats, [name], one.window_until) for one in past if name in _table(one.stats, "yields")]
        if doubt := judge_pages(name, Seen(at=at, found=int(found), newest=None), then):
            yield doubt
    if stats.get(CUT):
        as_cut = sum(bool(one.stats.get(CUT)) for one in past)
        chance = (as_cut + SELDOM) / (len(past) + 1 + SELDOM)
        if chance < PAGE_P:
            yield Doubt(name="last_page_only", query="", expected=0, seen=0, p=chance, since=past[0].window_until)
    for brand, names in _names_by_brand(queries).items():
        now = _seen(stats, names, at)
        then = [_seen(one.stats, names, one.window_until) for one in past]
        since = max((one.newest for one in (now, *then) if one.newest is not None), default=None)
        if since is None or at - since < timedelta(minutes=1):
            continue
        history = series.series_of(s, brand, run.source, since=since - HISTORY, until=since)
        if doubt := judge_gap(brand, now, then, Rates.learn(history), p=p):
            yield doubt


def _names_by_brand(queries: Iterable[Query]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for query in queries:
        names.setdefault(query.brand, []).append(name_of(query))
    return names


def _seen(stats: Mapping[str, Any], names: Sequence[str], at: datetime) -> Seen:
    """What a run saw on behalf of these queries together.

    Of a source that is read as a whole the newest of all brands stands for each: a gap looks shorter, never longer.
    """
    yields, newest = _table(stats, "yields"), _table(stats, "newest")
    known = [name for name in names if name in newest] or [""]
    times = [datetime.fromisoformat(newest[name]) for name in known if name in newest]
    return Seen(at=at, found=sum(int(yields.get(name, 0)) for name in names), newest=max(times, default=None))


def _table(stats: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = stats.get(key)
    return value if isinstance(value, dict) else {}


def _in_words(doubt: Doubt) -> str:
    if not doubt.expected:
        return f"more was announced than the first page, and there was none (p={doubt.p:.1g})"
    since = f" since {doubt.since:%Y-%m-%d %H:%M} UTC" if doubt.since else ""
    return f"{doubt.query or 'a search'}: {doubt.seen} posts{since}, {doubt.expected:.3g} expected (p={doubt.p:.1g})"
