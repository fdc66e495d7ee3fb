"""`tingfeng once stories` groups, `tingfeng stories` shows."""

from __future__ import annotations

import json
from datetime import timedelta

from store import mentions
from tests.support.factories import make_mention, stored_scored
from tingfeng.clock import utc_now

NOW = utc_now()  # the commands read the clock
WAVE = "云雀的电池起火了，客服让我自己处理，求扩散！"


def test_the_largest_stories_come_first(call, desk_db):
    def posts(n, text, days=0, **fields):
        at = NOW - timedelta(days=days, hours=2)
        return [
            make_mention(text=text, published_at=at + timedelta(minutes=i), author_key=f"{text[:2]}{i}", **fields)
            for i in range(n)
        ]

    with desk_db.write() as s:
        stored_scored(s, [*posts(3, "山雀的新车试驾了一圈，座椅很舒服\x1b[31m", brands=("山雀",)), *posts(5, WAVE)])
        stored_scored(
            s, [*posts(4, "早就过去的一件事：云雀召回了一批车", days=20), *posts(1, "只有一个人说过的话，没有人抄")]
        )
    done = call("once", "stories").stdout
    assert "mentions=13" in done
    assert "stories=4" in done
    listed = json.loads(call("stories", "--json").stdout)
    assert [(one["copies"], one["authors"]) for one in listed] == [(5, 5), (3, 3)]
    assert listed[0]["text"] == WAVE
    assert listed[0]["first"]["platform"] == "weibo"
    assert [one["copies"] for one in json.loads(call("stories", "--brand", "Skylark", "--json").stdout)] == [5]
    assert len(json.loads(call("stories", "--since", "30d", "--json").stdout)) == 3
    assert len(json.loads(call("stories", "--limit", "1", "--json").stdout)) == 1
    shown = call("stories").stdout
    assert "电池起火" in shown
    assert "\x1b" not in shown


def test_nothing_grouped_and_a_wrong_brand(call, desk_db):
    with desk_db.write() as s:
        mentions.add(s, [make_mention(published_at=NOW)])
    assert json.loads(call("stories", "--json").stdout) == []
    assert call("stories").stdout.startswith("COPIES")
    result = call("stories", "--brand", "云却")
    assert result.exit_code == 2
    assert "did you mean '云雀'" in result.stderr
