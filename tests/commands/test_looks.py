"""What a person at the desk asks: sources, incidents, messages, silences."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from store import breakers, incidents, outbox, spending, windows
from tests.support.factories import make_incident, make_message, stored_run
from tingfeng.clock import utc_now
from tingfeng.model import IncidentKind, Reason, RunStatus

NOW = utc_now()  # the commands read the clock


@pytest.mark.parametrize(
    ("why", "runs", "health", "reason"),
    [
        ("never crawled", [], "never", ""),
        ("fresh", [(10, RunStatus.OK, "")], "ok", ""),
        ("too long ago", [(60, RunStatus.OK, "")], "stale", ""),
        (
            "refused since",
            [(20, RunStatus.OK, ""), (5, RunStatus.REFUSED, "login_required")],
            "refused",
            "login_required",
        ),
        ("failed, then well again", [(20, RunStatus.FAILED, "timeout"), (5, RunStatus.OK, "")], "ok", ""),
    ],
)
def test_sources(call, desk_db, why, runs, health, reason):
    with desk_db.write() as s:
        for minutes, status, named in runs:
            until = NOW - timedelta(minutes=minutes)
            stored_run(s, since=until - timedelta(hours=1), until=until, status=status, reason=named)
    lines = {line["name"]: line for line in json.loads(call("sources", "--json").stdout)}
    assert (lines["weibo"]["health"], lines["weibo"]["reason"]) == (health, reason), why
    assert lines["news"]["health"] == "off"
    assert health in call("sources").stdout


def test_sources_tell_what_was_spent_what_rests_and_what_is_missing(call, desk_db):
    with desk_db.write() as s:
        stored_run(s, since=NOW - timedelta(hours=2), until=NOW, status=RunStatus.OK)
        spending.reserve(s, "weibo", records=20, cap=2000, now=NOW)
        until = NOW + timedelta(hours=3)
        breakers.put(s, "weibo", failures=1, until=until, reason="captcha", retry_after=None, now=NOW)
        window = (NOW - timedelta(hours=2), NOW)
        windows.advance(s, "weibo", ("云雀", "云雀"), window=window, read_since=window[1], reason="max_pages", now=NOW)
    text = call("sources").stdout
    assert "已用20" in text and "被拒后暂停至" in text and "有 1 段时间未读到" in text and "--source weibo" in text
    [weibo, _] = json.loads(call("sources", "--json").stdout)
    assert (weibo["spent"]["records"], weibo["gaps"], weibo["rests_until"]) == (20, 1, until.isoformat())


def test_incidents(call, desk_db):
    at = NOW - timedelta(hours=3)
    with desk_db.write() as s:
        made = incidents.insert(s, make_incident(opened_at=at, last_spike_at=at, last_told_at=at, since=at))
        incidents.add_step(s, made, at=at, reason=Reason.OPENED)
        other = make_incident(kind=IncidentKind.FRESHNESS, subject="a\x1b[31m", opened_at=at, resolved_at=NOW)
        incidents.insert(s, other)
    listed = json.loads(call("incidents", "list", "--json").stdout)
    assert {i["subject"] for i in listed} == {"云雀", "a\x1b[31m"}
    assert [i["subject"] for i in json.loads(call("incidents", "list", "--open", "--json").stdout)] == ["云雀"]
    assert [i["kind"] for i in json.loads(call("incidents", "list", "--brand", "skylark", "--json").stdout)] == [
        "negative_spike"
    ]
    assert json.loads(call("incidents", "list", "--since", "1h", "--json").stdout)[0]["subject"] in (
        "云雀",
        "a\x1b[31m",
    )
    text = call("incidents", "list").stdout
    assert "20 / 2.5" in text
    assert "\x1b" not in text
    shown = call("incidents", "show", str(made.id))
    assert "opened" in shown.stdout
    assert "1.0e-09" in shown.stdout
    assert json.loads(call("incidents", "show", str(made.id), "--json").stdout)["steps"][0]["reason"] == "opened"


def test_an_unknown_incident_and_brand(call, desk):
    assert "no incident 7" in call("incidents", "show", "7").stderr
    result = call("incidents", "list", "--brand", "云却")
    assert result.exit_code == 2
    assert "did you mean '云雀'" in result.stderr


def test_outbox(call, desk_db):
    with desk_db.write() as s:
        outbox.put(s, [make_message(subject="甲"), make_message(subject="乙")], now=NOW - timedelta(hours=1))
        item = outbox.claim(s, now=NOW, lease=timedelta(minutes=1))
        outbox.failed(s, item, error="550 no such user", permanent=True, now=NOW)
    state = json.loads(call("outbox", "list", "--json").stdout)
    assert [w["subject"] for w in state["parked"]] == ["甲"]
    assert [w["subject"] for w in state["waiting"]] == ["乙"]
    assert "550 no such user" in call("outbox", "list").stdout
    number = str(state["parked"][0]["id"])
    assert call("outbox", "retry", number).exit_code == 0
    assert json.loads(call("outbox", "list", "--json").stdout)["parked"] == []
    again = call("outbox", "retry", number)
    assert again.exit_code == 1
    assert f"not parked 未搁置: {number}" in again.stderr
    assert call("outbox", "retry", "--all").stdout == "retried 重新发送: 0\n"
    assert call("outbox", "retry").exit_code == 2


def test_silences(call, desk_db):
    made = json.loads(
        call(
            "silence", "add", "--brand", "Skylark", "--for", "2h", "--reason", "发布会", "--author", "李", "--json"
        ).stdout
    )
    assert (made["brand"], made["author"], made["reason"]) == ("云雀", "李", "发布会")
    assert "发布会" in call("silence", "list").stdout
    assert call("silence", "end", str(made["id"])).exit_code == 0
    assert call("silence", "end", str(made["id"])).exit_code == 1
    assert json.loads(call("silence", "list", "--json").stdout) == []
    assert len(json.loads(call("silence", "list", "--all", "--json").stdout)) == 1


@pytest.mark.parametrize(
    ("why", "args", "says"),
    [
        ("for whom?", ["--for", "2h"], "--all-brands"),
        ("both", ["--brand", "云雀", "--all-brands", "--for", "2h"], "--all-brands"),
        ("how long?", ["--brand", "云雀"], "--until"),
        ("over before it began", ["--brand", "云雀", "--until", "2020-01-01"], "must end after"),
        ("not a duration", ["--brand", "云雀", "--for", "soon"], "duration"),
        ("not a brand", ["--brand", "云却", "--for", "2h"], "did you mean '云雀'"),
    ],
)
def test_silences_that_cannot_be(call, desk, why, args, says):
    result = call("silence", "add", "--reason", "x", *args)
    assert result.exit_code == 2, why
    assert says in " ".join(result.stderr.replace("│", " ").split()), why


def test_all_brands_until_a_time_from_another(call, desk):
    args = ["--all-brands", "--from", "2030-01-01", "--until", "2030-01-02 08:00", "--reason", "年会"]
    made = json.loads(call("silence", "add", *args, "--json").stdout)
    assert (made["brand"], made["starts_at"]) == (None, "2029-12-31T16:00:00+00:00")
    assert made["ends_at"] == "2030-01-02T00:00:00+00:00"


def test_a_database_that_is_not_there(call, desk):
    (desk / "data" / "tingfeng.db").unlink()
    result = call("sources")
    assert result.exit_code == 2
    assert result.stderr == "tingfeng: there is no Tingfeng database yet; run: tingfeng db upgrade\n"
    assert call("db", "current").exit_code == 2
    assert call("db", "upgrade").exit_code == 0
    assert call("db", "current").exit_code == 0
    assert call("sources").exit_code == 0
