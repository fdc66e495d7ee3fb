"""A person at the desk says what is not the brand, and lets a filter learn: the real commands on a real folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scheduler import House
from sentiment.jobs import score_pending
from store import mentions, reports
from store.database import Database
from tests.sentiment.domain import Blind
from tests.support.factories import make_mention
from tingfeng.clock import utc_now
from tingfeng.config import load_config

NOW = utc_now()  # the commands read the clock
HOSTILE = "云雀\x1b[31m\u202e叫了"
US = [f"云雀{what}{how}" for what in ("汽车", "客服", "门店", "车机") for how in ("降价了", "很差", "在保修", "断轴")]
BIRDS = [
    f"{how}云雀{what}" for what in ("在地里", "的羽毛", "和麻雀", "的鸟窝") for how in ("听见", "看", "画了", "拍到")
]


def put(db: Database, *texts: str) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(text=text, published_at=NOW) for text in texts])


def total(db: Database) -> int:
    with db.read() as s:
        return reports.totals(s, ["云雀"], NOW.replace(year=2020), NOW.replace(year=2099))["云雀"].total


@pytest.fixture
def scored(desk: Path, desk_db: Database) -> Database:
    put(desk_db, *US, *BIRDS, HOSTILE)
    house = House(load_config(desk / "tingfeng.toml"))
    score_pending(desk_db, Blind(), words=house.words)
    house.close()
    return desk_db


def test_mark_list_and_take_back(call, scored):
    assert total(scored) == 33
    done = call("brands", "mark", "33", "1", "--brand", "skylark", "--not-us", "--author", "李", "--note", "鸟")
    assert done.exit_code == 0, done.output
    assert "mark 标记 1: mention 帖子 33 → not us 无关 (云雀)" in done.stdout
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert total(scored) == 31
    call("brands", "mark", "1", "--brand", "云雀", "--us")
    assert total(scored) == 32
    listed = json.loads(call("brands", "marks", "--json").stdout)
    assert [(m["state"], m["mark"]["relevant"]) for m in listed] == [
        ("in force", True),
        ("superseded", False),
        ("in force", False),
    ]
    text = call("brands", "marks", "--brand", "云雀").stdout
    assert "superseded 被取代" in text and "\x1b" not in text
    assert call("brands", "unmark", "3").exit_code == 0
    again = call("brands", "unmark", "3")
    assert (again.exit_code, "was revoked before" in again.stdout) == (1, True)
    assert total(scored) == 31  # it waits to be judged again


def test_from_marks_to_a_filter(call, desk, scored):
    rows = [{"id": i, "mark": "us" if i <= 16 else "not us"} for i in range(1, 33)]
    (desk / "marks.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert call("brands", "mark", "--brand", "云雀", "--file", "marks.jsonl").exit_code == 0
    tried = call("brands", "learn", "--brand", "云雀", "--dry-run")
    assert tried.exit_code == 0 and "tried only 仅试算" in tried.stdout, tried.output
    house = House(load_config(desk / "tingfeng.toml"))
    judge = house.words.relevance
    assert judge.filter("云雀") is None
    done = call("brands", "learn", "--brand", "云雀")
    assert "installed and current 已安装并启用" in done.stdout, done.output
    assert judge.filter("云雀") is not None  # the daemon's, without a new start
    house.close()
    told = call("brands", "test", "--brand", "云雀", "云雀车机又黑屏，客服不理")
    assert "us 相关" in told.stdout and "topic:" in told.stdout and "stands alone 独立成词" in told.stdout
    seen = json.loads(call("brands", "quality", "--json").stdout)[0]
    assert (seen["marks"], seen["plain"]["precision"]) == (32, 0.5) and seen["learnt"]["precision"] > 0.5
    assert "过滤器" in call("brands", "quality").stdout
    assert "等待重新判断的帖子: 1" in call("brands", "rejudge", "--brand", "云雀").stdout  # 32 are marked
    assert "→" in call("brands", "learn", "--brand", "云雀", "--list").stdout
    listed = json.loads(call("brands", "learn", "--brand", "云雀", "--list", "--json").stdout)
    assert call("brands", "learn", "--brand", "云雀", "--use", "none").exit_code == 0
    wrong = call("brands", "learn", "--brand", "云雀", "--use", listed["current"][:-1])
    assert wrong.exit_code != 0


def test_review_shows_what_to_mark(call, scored):
    done = call("brands", "review", "--brand", "云雀", "--limit", "3")
    assert done.exit_code == 0 and "0.50" in done.stdout, done.output
    assert len(json.loads(call("brands", "review", "--brand", "云雀", "--limit", "3", "--json").stdout)) == 3


def test_too_few_marks_are_refused(call, scored):
    done = call("brands", "learn", "--brand", "云雀")
    assert done.exit_code == 1 and "too few" in done.output


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("mark", "--brand", "云雀", "--us"), "give MENTION_ID"),
        (("mark", "1", "--brand", "云雀"), "--us or --not-us"),
        (("mark", "1", "--brand", "云雀", "--us", "--file", "x.csv"), "either MENTION_ID"),
        (("mark", "1", "--brand", "云却", "--us"), "did you mean '云雀'"),
        (("mark", "1", "--brand", "山雀", "--us"), "not about '山雀' but about 云雀"),
        (("mark", "99", "--brand", "云雀", "--us"), "no mention 99"),
        (("unmark", "9"), "no mark 9"),
    ],
)
def test_what_cannot_be_done_says_why(call, scored, args, says):
    done = call("brands", *args)
    assert done.exit_code == 2 and says in done.output


def test_a_text_is_explained_without_a_filter(call, desk):
    told = call("brands", "test", "--brand", "云雀", "skylarking about")
    assert "not us 无关" in told.stdout and "inside 属于 “skylarking”" in told.stdout, told.output
    assert "does not hold the name" in call("brands", "test", "--brand", "云雀", "别的").output
