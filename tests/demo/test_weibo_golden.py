"""What Weibo's readers make of the replica's bodies, word for word: tests/golden/weibo_posts.jsonl.

A change that is meant: `python -m tests.demo.test_weibo_golden` writes the file anew; read the difference.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.bodies import load_reader
from demo.replica.app import Replica
from demo.replica.http import Request
from demo.replica.posts import Author, Post, StoryClock, World, mid_at
from demo.replica.weibo_cli import TOKEN
from tests.support.factories import NOW

GOLDEN = Path(__file__).parents[1] / "golden" / "weibo_posts.jsonl"
AUTHOR = Author(uid=9_000_000_001, name="示例用户1", followers=123_456, verified_type=3)


def _post(n: int, text: str, **more: object) -> Post:
    at = NOW - timedelta(minutes=13 * n)
    told: dict[str, object] = {"platform": "weibo", "id": mid_at(at, n), "at": at, "text": text, "author": AUTHOR}
    return Post(**told | {"region": "浙江", "reposts": 4, "comments": 2, "likes": 1_234_567} | more)  # type: ignore[arg-type]


PLAIN = _post(1, "云麂#新品#[怒] 3<5 & @某某\n不值", reposts=0)
LONG = _post(2, "云麂" + "说来话长，" * 40, long=True)
REPOST = _post(3, "转发//@某某:对", original=LONG)
SEARCH = "/api/container/getIndex?containerid=100103type%3D61%26q%3D%E4%BA%91%E9%BA%82%26t%3D0&page=1"
INVOKE = {
    "group": "search",
    "action": "statuses/limited",
    "args": {"q": "云麂", "type": "1", "count": "20", "page": "1"},
}
ASKED = {
    "weibo_mobile search": Request("GET", SEARCH, {}),
    "weibo_mobile extend": Request("GET", f"/statuses/extend?id={LONG.id}", {}),
    "weibo_mobile show": Request("GET", f"/statuses/show?id={REPOST.id}", {}),
    "weibo_mobile hotflow": Request("GET", f"/comments/hotflow?id={PLAIN.id}", {}),
    "weibo_html search": Request("GET", "/realtime?q=%E4%BA%91%E9%BA%82", {}),
    "weibo_cli search": Request(
        "POST", "/cli/api/cli/invoke", {"authorization": f"Bearer {TOKEN}"}, json.dumps(INVOKE).encode()
    ),
}


def lines(name: str) -> list[str]:
    replica, asked = Replica(World([PLAIN, LONG, REPOST], StoryClock(NOW))), ASKED[name]
    body = replica.answer(asked).body
    reading = load_reader(name.split()[0])(body, url=f"https://m.weibo.cn{asked.target}", seen_at=NOW)
    assert not reading.skipped and not reading.notes
    return [json.dumps({"of": name, **post.as_json()}, ensure_ascii=False) for post in reading.posts]


@pytest.mark.parametrize("name", ASKED)
def test_readers_say_what_they_said(name: str) -> None:
    golden = [line for line in GOLDEN.read_text("utf-8").splitlines() if json.loads(line)["of"] == name]
    assert lines(name) == golden and golden


if __name__ == "__main__":
    GOLDEN.write_text("".join(f"{line}\n" for name in ASKED for line in lines(name)), "utf-8")
