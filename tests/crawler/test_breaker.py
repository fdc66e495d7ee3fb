"""How long a source rests after a refusal: as a table, in any order of runs, and through real crawls."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Response
from sqlalchemy import select

from crawler.breaker import JITTER, LONGEST_SAID, Breaker, State
from crawler.jobs import rests
from crawler.refusals import STATUSES, http_date, retry_after
from store import runs
from store.database import Database
from tests.crawler.test_jobs import run, source
from tests.support.factories import NOW
from tests.support.web import Reply, reply_json, serve
from tests.support.weibo_pages import NOTHING
from tingfeng.model import RunStatus

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OK, REFUSED, FAILED = RunStatus.OK, RunStatus.REFUSED, RunStatus.FAILED


@pytest.mark.parametrize(
    ("why", "ends", "rest"),
    [
        ("all well", [(OK, "")], None),
        ("a captcha wants a person", [(REFUSED, "captcha")], 4 * HOUR),
        ("a dead cookie is a login wall", [(REFUSED, "cookie_expired")], 4 * HOUR),
        ("and again", [(REFUSED, "captcha")] * 2, 8 * HOUR),
        ("all day", [(REFUSED, "captcha")] * 9, 24 * HOUR),
        ("an expired cookie wants one, too", [(REFUSED, "cookie_expired")], 4 * HOUR),
        ("the day's quota, at noon in Shanghai", [(REFUSED, "quota_exhausted")], 4 * HOUR),
        ("it is there again after midnight", [(REFUSED, "budget_used_up")] * 9, 12 * HOUR + 5 * MINUTE),
        ("too fast", [(REFUSED, "too_many_requests")], 15 * MINUTE),
        ("too fast for ever", [(REFUSED, "rate_limited")] * 40, 6 * HOUR),
        ("a refusal nobody knows", [(REFUSED, "code_777")], 30 * MINUTE),
        ("nobody answers", [(FAILED, "unreachable")], 2 * MINUTE),
        ("nobody answers for long", [(FAILED, "unreachable")] * 9, 30 * MINUTE),
        ("it went well in between", [(REFUSED, "captcha"), (OK, ""), (REFUSED, "captcha")], 4 * HOUR),
        ("our own trouble", [(FAILED, "layout_changed"), (FAILED, "crash"), (FAILED, "stopped")], None),
        ("our own trouble does not end a rest", [(REFUSED, "captcha"), (FAILED, "config")], 4 * HOUR),
    ],
)
def test_rests_grow_by_kind(why, ends, rest):
    breaker = Breaker()
    for status, reason in ends:
        breaker = breaker.after(status, reason, retry_after=None, now=NOW, dice=0)
    assert breaker.until == (None if rest is None else NOW + rest), why


def test_closed_open_half_open():
    breaker = Breaker()
    assert breaker.state(NOW) is State.CLOSED
    breaker = breaker.after(REFUSED, "teapot", retry_after=None, now=NOW, dice=0)
    assert breaker.state(NOW + 14 * MINUTE) is State.OPEN
    assert breaker.state(NOW + 15 * MINUTE) is State.HALF_OPEN
    longer = breaker.after(REFUSED, "teapot", retry_after=None, now=NOW + 15 * MINUTE, dice=0)
    assert longer.until == NOW + 45 * MINUTE
    assert longer.after(OK, "", retry_after=None, now=NOW + HOUR, dice=0).state(NOW + HOUR) is State.CLOSED


REASONS = [*STATUSES.values(), "unreachable", "layout_changed", "timeout", "code_1", ""]


@given(
    ends=st.lists(st.tuples(st.sampled_from([OK, REFUSED, FAILED]), st.sampled_from(REASONS)), max_size=30),
    said=st.none() | st.integers(-10, 40 * 24 * 60),
    dice=st.floats(0, 1),
)
def test_never_shorter_than_the_platforms_word_and_never_for_ever(ends, said, dice):
    breaker, word = Breaker(), None if said is None else NOW + said * MINUTE
    for status, reason in ends:
        breaker = breaker.after(status, reason, retry_after=word, now=NOW, dice=dice)
        if status is OK:
            assert breaker == Breaker()
        elif word is not None and word > NOW:
            assert breaker.until is not None and breaker.until >= min(word, NOW + LONGEST_SAID)
    assert breaker.until is None or NOW <= breaker.until <= NOW + max(LONGEST_SAID, 24 * HOUR * (1 + JITTER))


@pytest.mark.parametrize(
    ("why", "headers", "seconds"),
    [
        ("nothing said", {}, None),
        ("seconds", {"Retry-After": "120"}, 120),
        ("no word", {"Retry-After": "soon"}, None),
        ("negative", {"Retry-After": "-5"}, None),
        ("other digits", {"Retry-After": "١٢"}, None),
        ("for ever", {"Retry-After": "999999999"}, 30 * 86_400),
        ("a date", {"Retry-After": format_datetime(NOW + 90 * MINUTE, usegmt=True)}, 5_400),
        (
            "a date by a clock that is an hour ahead",
            {
                "Retry-After": format_datetime(NOW + 90 * MINUTE, usegmt=True),
                "Date": format_datetime(NOW + HOUR, usegmt=True),
            },
            1_800,
        ),
        ("a date that has passed", {"Retry-After": format_datetime(NOW - HOUR, usegmt=True)}, 0),
        ("a date of no calendar", {"Retry-After": "Fri, 31 Feb 2026 04:00:00 GMT"}, None),
        ("an offset of a day", {"Retry-After": "Mon, 01 Jan 2001 00:00:00 +2359"}, 0),
    ],
)
def test_retry_after_in_both_forms(why, headers, seconds):
    at = retry_after(Response("http://x/", status=429, headers={k: v.encode() for k, v in headers.items()}), now=NOW)
    assert at == (None if seconds is None else NOW + timedelta(seconds=seconds)), why


@given(st.text(max_size=80))
def test_no_date_makes_reading_it_fail(text):
    assert http_date(text) is None or http_date(text).tzinfo is not None


def test_what_the_platform_says_is_kept_with_the_run_and_outlives_a_restart(db, db_url, tmp_path):
    def busy(asked):
        headers = {"Retry-After": "7200"}
        return Reply(b"", 429, headers=headers) if "getIndex" in asked.path else Reply(b"", 404)

    with serve(busy) as site:
        refused = run(db, source(site.url), tmp_path)
    assert (refused.status, refused.reason) == (REFUSED, "too_many_requests") and "7200" in refused.detail
    again = Database(db_url)
    rest = rests(again, "weibo", NOW + HOUR)
    again.close()
    assert rest is not None and (rest.reason, rest.failures, rest.until) == ("too_many_requests", 1, rest.retry_after)
    assert NOW + 2 * HOUR <= rest.until < NOW + 2 * HOUR + MINUTE
    with db.read() as s:
        stats = s.execute(select(runs.RUN.c.stats).where(runs.RUN.c.id == refused.id)).scalar_one()
    assert stats["retry_after"] == rest.until.isoformat()
    with serve(lambda asked: reply_json(NOTHING) if "getIndex" in asked.path else Reply(b"", 404)) as site:
        assert run(db, source(site.url), tmp_path).status is OK, "an operator is not held up"
    assert rests(db, "weibo", NOW + HOUR) is None


@pytest.mark.parametrize(("wait", "times"), [("1", 2), ("3600", 1)])
def test_a_retry_waits_as_long_as_it_is_told_or_is_not_made(sqlite_db, tmp_path, wait, times):
    asked = []

    def busy(request):
        if "getIndex" not in request.path:
            return Reply(b"", 404)
        asked.append(request)
        return Reply(b"", 503, headers={"Retry-After": wait}) if len(asked) == 1 else reply_json(NOTHING)

    with serve(busy) as site:
        done = run(sqlite_db, source(site.url), tmp_path)
    assert len(asked) == times
    assert done.status is (OK if times == 2 else FAILED), done
    rest = rests(sqlite_db, "weibo", NOW + 10 * MINUTE)
    assert (rest.reason if rest else None) == (None if times == 2 else "unreachable")
